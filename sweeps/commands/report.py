"""`sweeps report`: a sweep's report, figures and tables."""

from __future__ import annotations

import sys
import webbrowser
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sweeps import completing, terminal
from sweeps.commands.cluster import AddressOption
from sweeps.commands.figure_files import Files, files
from sweeps.commands.options import (
    HomeOption,
    SubmissionOption,
    TrackingOption,
    check_folder,
    check_output,
)
from sweeps.commands.reading import read_results, tracking_of
from sweeps.errors import UserError, did_you_mean

if TYPE_CHECKING:
    from sweeps.home import Home
    from sweeps.results import Results


def report(
    names: Annotated[
        list[str],
        typer.Argument(metavar="NAME...", help="sweeps' names", autocompletion=completing.sweeps),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="the HTML file, or the figure  [default: in HOME/reports]",
        ),
    ] = None,
    figure: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FIGURE",
            help="draw a figure as LMC has it, of all these sweeps side by side: fig3, "
            "app-d, ...; or as Unmasking has it: u-fig2, u-app-d, ...",
        ),
    ] = None,
    figures: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="where to write the figures as files, too"),
    ] = None,
    formats: Annotated[
        str | None,
        typer.Option(
            "--format",
            metavar="FORMAT,...",
            help="of figures' files: svg, pdf (with its fonts), png (300 dpi)  [default: svg]",
        ),
    ] = None,
    width: Annotated[
        str | None,
        typer.Option(
            metavar="WIDTH",
            help="of figures' files, in in, cm, mm, px or pt  [default: the style's]",
        ),
    ] = None,
    style: Annotated[
        str | None,
        typer.Option(
            metavar="STYLE",
            help="of figures' files: page (10in wide, text of 8 to 9 pt), or paper (3.25in, 7 to "
            "7.5 pt: a column of two)  [default: page]",
        ),
    ] = None,
    markdown: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="where to write findings and tables as Markdown, too"),
    ] = None,
    open_: Annotated[bool, typer.Option("--open", help="open the report in the browser")] = False,
    submission: SubmissionOption = None,
    home: HomeOption = None,
    tracking: TrackingOption = None,
    address: AddressOption = None,
) -> None:
    """Write the report of a sweep, or of several side by side: one self-contained HTML file.

    \b
    Examples:
      sweeps report digits-mlp --open
      sweeps report digits-mlp -o digits.html --figures figures --markdown digits.md
      sweeps report digits-mlp --figures figures --format pdf --style paper --width 3.25in
      sweeps report resnet20-cifar10 vgg16-cifar10
      sweeps report resnet20-cifar10 vgg16-cifar10 --figure fig3
    """
    from analysis import records
    from sweeps import display
    from sweeps.home import resolve

    output = check_output("--output", output)
    figures = check_folder("--figures", figures)
    markdown = check_output("--markdown", markdown)
    written = _files(formats, width, style, bool(figures or figure), output if figure else None)
    _check_figures(names, figure or [], output, also=bool(figures or markdown), open_=open_)
    place = resolve(home, None, tracking_of(tracking, address))
    every = [read_results(place, name, submission) for name in names]
    if figure:
        for path in _draw(every, figure, output, place, written):
            terminal.console().print(f"wrote {path}", soft_wrap=True)
        return
    found = every[0]
    key = found.submission.data.tags[records.SWEEP_KEY] if submission else None
    default = place.report("+".join(names), key, alone=key is not None)
    path = write_report(every, output or default)
    also = _write_figures(found, figures, written) if figures else []
    if markdown:
        _write_markdown(found, markdown)
        also.append(markdown)
    console = terminal.console()
    for one in every:
        if len(every) > 1:
            console.print(f"{one.name}:", soft_wrap=True)
        display.print_findings(console, one)
    console.print(f"report: {path}", soft_wrap=True)
    for file in also:
        console.print(f"wrote {file}", soft_wrap=True)
    if open_:
        _open(path)


def _files(
    formats: str | None, width: str | None, style: str | None, wanted: bool, output: Path | None
) -> Files:
    """Return how figures are written; a single one as its `output` says. Raises UserError."""
    from analysis.figures.svg import FORMATS

    given = {"--format": formats, "--width": width, "--style": style}
    for option, value in given.items():
        if value is not None and not wanted:
            raise UserError(f"{option} is of the files that --figures FOLDER, or --figure, writes")
    if output is None:
        return files(formats, width, style)
    if output.suffix.lower().removeprefix(".") not in FORMATS:
        allowed = " or ".join(f"FILE.{one}" for one in FORMATS)
        raise UserError(f"--output {output}: a figure is {allowed}")
    if formats is not None:
        raise UserError("--output names one file, whose ending is its format: leave out --format")
    return files(output.suffix.removeprefix("."), width, style)


def _open(path: Path) -> None:
    """Open a file in the user's browser; say so where there is none."""
    if not webbrowser.open(path.resolve().as_uri()):
        print(f"--open: no browser was found; open {path} yourself", file=sys.stderr)


def _check_figures(
    names: list[str], figures: list[str], output: Path | None, *, also: bool, open_: bool
) -> None:
    """Raise UserError where a figure is unknown, or options do not go together."""
    from analysis.figures.papers import FIGURES

    for one in figures:
        if one not in FIGURES:
            raise UserError(f"--figure: no figure {one!r}{did_you_mean(one, FIGURES)}")
    if len(set(names)) < len(names):
        raise UserError("a sweep is named twice")
    if len(names) > 1 and not figures and also:
        raise UserError("--figures and --markdown are of one sweep's report: name one sweep")
    if figures and (also or open_):
        raise UserError(
            "--figures, --markdown and --open are of a report; --figure writes a figure alone"
        )
    if output and len(figures) > 1:
        raise UserError("--output is one file, and these are several figures")


def _draw(
    sweeps: list[Results], figures: list[str], output: Path | None, place: Home, written: Files
) -> Iterator[Path]:
    """Write figures of some sweeps side by side; yield where they lie. Raises UserError."""
    from analysis.figures import svg
    from analysis.figures.style import styled
    from sweeps.reporting import paper_figures

    for name in figures:
        with styled(written.style):
            drawn, lacking = paper_figures(sweeps, name)
        if drawn is None:
            raise UserError(
                f"--figure {name}: none of these sweeps has what it shows; `sweeps specs --paper "
                f"{'unmasking' if name.startswith('u-') else 'lmc'}` lists specs by figure"
            )
        for sweep in lacking:
            print(f"{name}: {sweep} has nothing that it shows", file=sys.stderr)
        first = output or place.figure([one.name for one in sweeps], name)
        for kind in written.formats:
            path = first if output else first.with_name(f"{first.stem}.{kind}")
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                with styled(written.style):
                    svg.save(drawn, path)
            except OSError as error:
                raise UserError(f"cannot write {path}: {error.strerror}") from None
            yield path


def write_report(sweeps: Sequence[Results], output: Path) -> Path:
    """Write the report of one or several sweeps; return where it lies. Raises UserError."""
    from sweeps import reporting

    try:
        if len(sweeps) > 1:
            return reporting.write_joint_report(sweeps, output)
        return reporting.write_report(sweeps[0], output)
    except OSError as error:
        raise UserError(
            f"cannot write the report: {error.strerror}: {error.filename}; "
            f"sweeps report {' '.join(one.name for one in sweeps)} --output FILE writes it "
            "elsewhere"
        ) from None


def _write_figures(results: Results, folder: Path, written: Files) -> list[Path]:
    from sweeps.reporting import write_figures

    try:
        return write_figures(results, folder, written.formats, written.style)
    except OSError as error:
        raise UserError(f"cannot write figures: {error.strerror}: {error.filename}") from None


def _write_markdown(results: Results, path: Path) -> None:
    from sweeps.reporting import markdown

    try:
        path.write_text(markdown(results), encoding="utf-8")
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror}") from None
