"""One self-contained HTML file: findings, figures, tables, definitions and provenance.

The same frames and context give the same bytes: anything that varies, such as the date, comes
in through `Context.provenance`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from analysis import tables
from analysis.figures import accuracy, instability, path, svg
from analysis.onsets import Matching, cells, dense_reference
from analysis.published import beside

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Context:
    """What the report says about a sweep beyond its numbers."""

    name: str
    description: str
    spec_text: str
    """The spec as the user wrote it (YAML)."""

    provenance: Mapping[str, str]
    """Shown as it comes: versions, hyperparameters of the recipe, command, date, ..."""

    matching: Matching
    """As in `onsets.cells`: "one-std" or a number of percentage points."""

    stable_below: float
    """Percentage points."""


class _Plot(NamedTuple):
    figure: Figure
    name: str
    title: str
    caption: str
    alt: str

    @property
    def width(self) -> float:
        """Inches."""
        return self.figure.get_figwidth()

    @property
    def svg(self) -> Markup:
        # matplotlib wrote this markup; the words in it come from our code and strategies'
        # names, which it escapes.
        return Markup(svg.inline(self.figure, self.name))


def write(destination: Path, trials: pd.DataFrame, curves: pd.DataFrame, context: Context) -> None:
    """Write the report to a file, in a folder that need not exist yet."""
    destination.parent.mkdir(parents=True, exist_ok=True)
    destination.write_text(render(trials, curves, context), encoding="utf-8")


def markdown(trials: pd.DataFrame, context: Context) -> str:
    """The report's findings, tables and provenance, for a page of documentation."""
    points = _cells(trials, context)
    parts = [
        "\n".join(f"- {finding}" for finding in tables.findings(points)),
        tables.markdown(tables.summary(points)),
        tables.markdown(tables.onset_table(points)),
        tables.sources(points),
        "\n".join(f"- {name}: {value}" for name, value in context.provenance.items()),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def write_figures(
    folder: Path, trials: pd.DataFrame, curves: pd.DataFrame, context: Context
) -> list[Path]:
    """Write each figure of the report to an SVG file of its own in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for plot in _plots(trials, curves, _cells(trials, context), context):
        paths.append(folder / f"{plot.name}.svg")
        svg.save(plot.figure, paths[-1])
    return paths


def render(trials: pd.DataFrame, curves: pd.DataFrame, context: Context) -> str:
    """The report as HTML, from the frames of `records.trials` and `records.curves`."""
    points = _cells(trials, context)
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html").render(
        context=context,
        findings=tables.findings(points),
        plots=list(_plots(trials, curves, points, context)),
        tolerance=_tolerance(trials, context.matching),
        summary=tables.summary(points),
        onsets=tables.onset_table(points),
        sources=tables.sources(points),
    )


def _cells(trials: pd.DataFrame, context: Context) -> pd.DataFrame:
    return cells(trials, stable_below=context.stable_below, matching=context.matching)


def _plots(
    trials: pd.DataFrame, curves: pd.DataFrame, points: pd.DataFrame, context: Context
) -> Iterator[_Plot]:
    if points.empty:
        return
    low, high = points["n"].min(), points["n"].max()
    n = f"{low} sample{'s' if low > 1 else ''}" if low == high else f"{low} to {high} samples"
    yield _Plot(
        instability.figure(points, stable_below=context.stable_below),
        name="instability",
        title="Instability",
        caption=f"Test instability of networks rewound to iteration k: mean and standard "
        f"deviation of {n}. Filled markers are stable (below {context.stable_below:g} %). "
        "Compare LMC Figures 3 and 6.",
        alt="Line chart of test instability against the rewind iteration, a line per strategy. "
        "The numbers are in the table of results.",
    )
    reference = dense_reference(trials)
    held_against = (
        "Filled markers match the full networks, whose accuracy ± one standard deviation at the "
        "smallest rewind point is the grey band."
        if reference
        else "There are no full networks to match."
    )
    published = beside(points)["paper_accuracy"].notna().any()
    paper = " Hollow black markers, left of ours: what the paper publishes." if published else ""
    yield _Plot(
        accuracy.figure(points, reference=reference),
        name="accuracy",
        title="Accuracy",
        caption="Test accuracy after training: mean and standard deviation of the trained "
        f"networks. {held_against}{paper} Compare LMC Figure 7.",
        alt="Line chart of test accuracy against the rewind iteration, a line per strategy. "
        "The numbers are in the table of results.",
    )
    if not curves.empty:
        yield _Plot(
            path.figure(trials, curves),
            name="path",
            title="Error along the path",
            caption="Error on the straight line between the weights of two copies trained on "
            f"different data orders (α from 0 to 1): mean of {n}. A rise between the ends is "
            "what instability measures. Compare LMC Figures 2 and 18 to 21.",
            alt="Line charts of test and train error along the linear path between two trained "
            "copies, a panel per strategy and sparsity, a line per rewind iteration.",
        )


def _tolerance(trials: pd.DataFrame, matching: Matching) -> str:
    """How far below the full networks still counts as matching, in words."""
    if matching != "one-std":
        return f"at most {matching:g} points below that of the full networks (LMC section 4.4)"
    reference = dense_reference(trials)
    here = f", here {reference.std:.2f} points" if reference else ""
    return (
        "no further below that of the full networks than one standard deviation of theirs"
        f"{here} (LMC Figure 7, Unmasking appendix A)"
    )
