"""`sweeps report`: a sweep's report, figures and tables."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sweeps import terminal
from sweeps.commands.cluster import AddressOption
from sweeps.commands.options import (
    HomeOption,
    NameArgument,
    SubmissionOption,
    TrackingOption,
    check_folder,
    check_output,
)
from sweeps.commands.reading import read_results, tracking_of
from sweeps.errors import UserError

if TYPE_CHECKING:
    from sweeps.results import Results


def report(
    name: NameArgument,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="the HTML file  [default: in HOME/reports]"
        ),
    ] = None,
    figures: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="where to write the figures as SVG files, too"),
    ] = None,
    markdown: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="where to write findings and tables as Markdown, too"),
    ] = None,
    submission: SubmissionOption = None,
    home: HomeOption = None,
    tracking: TrackingOption = None,
    address: AddressOption = None,
) -> None:
    """Write a sweep's report, one self-contained HTML file.

    \b
    Examples:
      sweeps report digits-mlp
      sweeps report digits-mlp -o digits.html --figures figures --markdown digits.md
    """
    from analysis import records
    from sweeps import display
    from sweeps.home import resolve

    output = check_output("--output", output)
    figures = check_folder("--figures", figures)
    markdown = check_output("--markdown", markdown)
    place = resolve(home, None, tracking_of(tracking, address))
    found = read_results(place, name, submission)
    key = found.submission.data.tags[records.SWEEP_KEY] if submission else None
    path = write_report(found, output or place.report(name, key, alone=key is not None))
    also = _write_figures(found, figures) if figures else []
    if markdown:
        _write_markdown(found, markdown)
        also.append(markdown)
    console = terminal.console()
    display.print_findings(console, found)
    console.print(f"report: {path}", soft_wrap=True)
    for file in also:
        console.print(f"wrote {file}", soft_wrap=True)


def write_report(results: Results, output: Path) -> Path:
    """Write a report; return where it lies. Raises UserError."""
    from sweeps import reporting

    try:
        return reporting.write_report(results, output)
    except OSError as error:
        raise UserError(
            f"cannot write the report: {error.strerror}: {error.filename}; "
            f"sweeps report {results.name} --output FILE writes it elsewhere"
        ) from None


def _write_figures(results: Results, folder: Path) -> list[Path]:
    from sweeps.reporting import write_figures

    try:
        return write_figures(results, folder)
    except OSError as error:
        raise UserError(f"cannot write figures: {error.strerror}: {error.filename}") from None


def _write_markdown(results: Results, path: Path) -> None:
    from sweeps.reporting import markdown

    try:
        path.write_text(markdown(results), encoding="utf-8")
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror}") from None
