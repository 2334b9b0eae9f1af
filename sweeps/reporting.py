"""The report of a sweep's recorded results, and its parts as files of their own."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis import records
from analysis.formats import UNKNOWN
from sweeps.again import of_unknown, report_command, specs_of
from sweeps.interface import runs_link
from sweeps.results import Results
from sweeps.searched import searches_of, tuned_of
from sweeps.settings import Setting
from sweeps.telling_apart import fields_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from analysis.figures.style import Style
    from analysis.report import report


def write_report(results: Results, destination: Path) -> Path:
    """Write the HTML report of a sweep; return where it lies."""
    from analysis.report import report

    report.write(destination, results.trials, results.curves(), _context(results))
    return destination


def write_joint_report(sweeps: Sequence[Results], destination: Path) -> Path:
    """Write one HTML report of several sweeps; return where it lies."""
    from analysis.report import report

    report.save(destination, report.render_several([_one(each) for each in sweeps]))
    return destination


def _one(results: Results) -> report.OneSweep:
    from analysis.report import report

    return report.OneSweep(results.trials, results.curves(), _context(results))


def write_figures(
    results: Results, folder: Path, formats: Sequence[str], style: Style
) -> list[Path]:
    """Write the report's figures as files of these formats; return where they lie."""
    from analysis.report import report

    return report.write_figures(
        folder,
        results.trials,
        results.curves(),
        _context(results),
        formats=formats,
        style=style,
    )


def figures(results: Results) -> dict[str, Figure]:
    """Return the report's figures by name."""
    from analysis.report import report

    return report.figures(results.trials, results.curves(), _context(results))


def paper_figures(sweeps: Sequence[Results], name: str) -> tuple[Figure | None, list[str]]:
    """Return a paper's figure, of sweeps side by side, and the names of those that lack its data.

    Of each recipe of a sweep there is a panel. None where no sweep has what it shows.
    """
    from analysis.figures.papers import find
    from analysis.report import paper_plots
    from analysis.study import by_recipe

    needs = find(name).needs
    studies = {one.name: list(by_recipe(one.study).values()) for one in sweeps}
    lacking = [sweep for sweep, of in studies.items() if not any(map(needs, of))]
    plots = list(paper_plots.plots([one for of in studies.values() for one in of], [name]))
    return (plots[0].figure if plots else None), lacking


def markdown(results: Results) -> str:
    """The report's findings and tables as Markdown."""
    from analysis.report import report

    return report.markdown(results.trials, _context(results))


def _context(results: Results) -> report.Context:
    from analysis.report import report

    run = results.submission.data
    hyperparameters = _hyperparameters(results.settings)
    specs = specs_of(results)
    return report.Context(
        name=results.name,
        description=run.tags.get(records.DESCRIPTION, ""),
        specs=specs,
        report_command=report_command(results, specs),
        unknown=of_unknown(results),
        runs=runs_link(results.home, results.submission.info.experiment_id),
        written=_minute(datetime.now(UTC).isoformat()),
        fields=fields_of(results, hyperparameters),
        provenance=hyperparameters | _made_with(run.tags),
        matching=results.matching,
        stable_below=results.stable_below,
        planned=results.planned,
        unmeasurable=results.unmeasurable,
        lacking=results.lacking,
        scope=results.whose,
        quantities=results.quantities,
        learning=results.learning_curves,
        progress=results.progress,
        searches=searches_of(results),
        planes=results.planes,
        iterations=results.iterations,
        until_left=results.until_left,
        axes=results.axes,
        tuned=tuned_of(results),
        batchnorm=run.params.get(records.BATCHNORM, "interpolate"),
    )


def _hyperparameters(settings: Sequence[Setting]) -> dict[str, str]:
    """Field -> value; where recipes differ in it, the value of each."""
    names = sorted({name for setting in settings for name in setting.hyperparameters})
    values = {
        n: {one.label: worded(one.hyperparameters.get(n, "")) for one in settings} for n in names
    }
    return {
        name: "; ".join(f"{value} ({label})" for label, value in each.items())
        if len(set(each.values())) > 1
        else next(iter(each.values()))
        for name, each in values.items()
    }


def worded(recorded: str) -> str:
    """Return a hyperparameter in words: "('a', 'b')" as "a, b", "None" as "none", "" as a dash.

    `recorded` is what `str` makes of it. Numbers and names, of which a version may look like a
    number, stay as they are.
    """
    if recorded not in ("None", "True", "False") and not recorded.startswith(("(", "[", "{")):
        return recorded or UNKNOWN
    try:
        return _worded(ast.literal_eval(recorded))
    except (ValueError, SyntaxError):
        return recorded


def _worded(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {_within(one)}" for name, one in value.items()) or "none"
    if isinstance(value, list | tuple | set):
        nested = any(isinstance(one, list | tuple | set | dict) for one in value)
        return ("; " if nested else ", ").join(map(_worded, value)) or "none"
    return "none" if value is None else str(value) or UNKNOWN


def _within(value: Any) -> str:
    """Return an item of a mapping: a list in brackets, since a comma also ends the item."""
    text = _worded(value)
    return f"[{text}]" if isinstance(value, list | tuple | set) and value else text


def _made_with(tags: dict[str, Any]) -> dict[str, str]:
    """What the submission's tags say of its making."""
    made = {
        n.removeprefix(records.VERSION): v for n, v in tags.items() if n.startswith(records.VERSION)
    }
    return made | {
        "submitted": _minute(tags[records.SUBMITTED_AT]),
        "sweep key": tags[records.SWEEP_KEY],
    }


def _minute(moment: str) -> str:
    """Return a moment in ISO format to the minute."""
    return datetime.fromisoformat(moment).astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
