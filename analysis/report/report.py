"""One self-contained HTML file: findings, figures, tables, definitions and provenance.

The same frames and context give the same bytes: anything that varies, such as the date, comes
in through `Context.provenance`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from analysis import hyperparameters, level_tables, pairs, quantities, searches, tables
from analysis.cells import Matching
from analysis.clauses import TOO_WIDE
from analysis.conclusions import MAX_RECIPES, conclusions
from analysis.figures import accuracy, instability, path, svg
from analysis.figures.rewind import unjudged
from analysis.findings import partial
from analysis.published import beside
from analysis.quantities import Quantity
from analysis.records import RECIPE, RESET, RESTART
from analysis.report import (
    hyperparameter_plots,
    learning_plots,
    pair_plots,
    paper_plots,
    search_plots,
    sparsity_table,
)
from analysis.report.plot import Plot
from analysis.report.words import OVER, PAIRS, tolerance
from analysis.study import NOTHING, UNTIL_LEFT, Study, by_recipe

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

_EVEN = "The axis shows the measured k at equal distances."


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
    """As in `cells.cells`: "one-std", "bands-overlap" or a number of percentage points."""
    stable_below: float
    """Percentage points."""
    planned: int | None = None
    """Trials that the sweep is to have; None if that is not known."""
    unmeasurable: int = 0
    """How many of these can never be measured, since a training that they need diverged."""
    lacking: int = 0
    """How many are recorded without some of what is to be measured of them."""
    scope: str = ""
    """A sentence that says whose trials these are, where that is not plain; or empty."""
    quantities: tuple[Quantity, ...] = ()
    """What measures other than instability say."""
    batchnorm: str = "interpolate"
    """BatchNorm's statistics along paths, as `records.BATCHNORM` has them."""
    progress: pd.DataFrame | None = None
    """What was measured while networks were trained, as `Study.progress`, if anything was."""
    searches: tuple[searches.Search, ...] = ()
    """What the sweep searched for."""
    planes: pd.DataFrame | None = None
    """Errors on planes through two levels, as `Study.planes`, if any were measured."""
    iterations: Mapping[str, int] = field(default_factory=dict)
    """As `Study.iterations`."""
    until_left: float = UNTIL_LEFT
    """As `Study.until_left`."""
    learning: pd.DataFrame | None = None
    """Learning curves, as `learning.learning_curves`, if there are any."""
    axes: hyperparameters.Axes = field(default_factory=dict)
    """The hyperparameters in which recipes differ."""


def _study(trials: pd.DataFrame, context: Context, curves: pd.DataFrame | None = None) -> Study:
    return Study(
        name=context.name,
        trials=trials,
        curves=NOTHING.copy() if curves is None else curves,
        progress=NOTHING.copy() if context.progress is None else context.progress,
        planes=NOTHING.copy() if context.planes is None else context.planes,
        stable_below=context.stable_below,
        matching=context.matching,
        iterations=context.iterations,
        until_left=context.until_left,
    )


def write(destination: Path, trials: pd.DataFrame, curves: pd.DataFrame, context: Context) -> None:
    """Write the report to a file, in a folder that need not exist yet."""
    destination.parent.mkdir(parents=True, exist_ok=True)
    destination.write_text(render(trials, curves, context), encoding="utf-8")


def markdown(trials: pd.DataFrame, context: Context) -> str:
    """The report's findings, tables and provenance, for a page of documentation."""
    study = _study(trials, context)
    others = _others(trials, context)
    parts = [
        context.scope,
        partial(trials, context.planned, context.unmeasurable, context.lacking),
        "\n".join(f"- {finding}" for finding in conclusions(study, context.axes)),
        *(tables.markdown(table) for table in _tables(study, context).values()),
        tables.sources(study.cells),
        *(f"{caption}\n\n{tables.markdown(table)}" for caption, table in others.items()),
        "\n".join(f"- {name}: {value}" for name, value in context.provenance.items()),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def write_figures(
    folder: Path, trials: pd.DataFrame, curves: pd.DataFrame, context: Context
) -> list[Path]:
    """Write each figure of the report to an SVG file of its own in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, figure in figures(trials, curves, context).items():
        paths.append(folder / f"{name}.svg")
        svg.save(figure, paths[-1])
    return paths


def figures(trials: pd.DataFrame, curves: pd.DataFrame, context: Context) -> dict[str, Figure]:
    """Return each figure of the report by its name."""
    study = _study(trials, context, curves)
    return {p.name: p.figure for p in _plots(study, context)}


def render(trials: pd.DataFrame, curves: pd.DataFrame, context: Context) -> str:
    """The report as HTML, from the frames of `records.trials` and `curves.curves`."""
    study = _study(trials, context, curves)
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html").render(
        context=context,
        partial=partial(trials, context.planned, context.unmeasurable, context.lacking),
        findings=conclusions(study, context.axes),
        plots=list(_plots(study, context)),
        tables=_tables(study, context),
        others=_others(trials, context),
        names=tables.NAME_COLUMNS,
        too_wide=TOO_WIDE,
        tolerance=tolerance(study, context.matching),
        sources=tables.sources(study.cells),
    )


def _others(trials: pd.DataFrame, context: Context) -> dict[str, pd.DataFrame]:
    """The tables of what measures other than instability say, by their captions."""
    found = quantities.tables(trials, context.quantities)
    return {n: hyperparameters.spelled(table, context.axes) for n, table in found.items()}


def _tables(study: Study, context: Context) -> dict[str, pd.DataFrame]:
    """The tables of results by their captions, with a column for each hyperparameter."""
    found = _tables_of(study, context)
    return {n: hyperparameters.spelled(table, context.axes) for n, table in found.items()}


def _tables_of(study: Study, context: Context) -> dict[str, pd.DataFrame]:
    """The tables of results by their captions; none where no instability was measured."""
    of_pairs = pairs.table(study.pairs)
    found = {PAIRS: of_pairs} if len(of_pairs) else {}
    found |= level_tables.tables(study)
    if not study.cells.empty:
        found |= _of_cells(study, context)
        several = study.cells[RECIPE].nunique() > 1
        for recipe, one in by_recipe(study).items():
            found |= _searched(one, context, recipe if several else "")
            for caption, table in sparsity_table.table(one).items():
                found[f"{recipe}. {caption}" if several else caption] = table
    if (study.trials[RESTART] == RESET).any():
        summary = tables.summary(study.restarted)
        found[OVER] = summary.drop(columns=list(tables.DETAIL_COLUMNS))
    return found


def _searched(study: Study, context: Context, recipe: str) -> dict[str, pd.DataFrame]:
    """The table of what was searched for, by its caption."""
    lines = searches.ended(study, context.searches)
    caption = f"{recipe}. {searches.caption(lines)}" if recipe else searches.caption(lines)
    return {caption: searches.table(lines)} if lines else {}


def _of_cells(study: Study, context: Context) -> dict[str, pd.DataFrame]:
    summary = tables.summary(study.cells)
    shared = [name for name in tables.IDENTITY_COLUMNS if name in summary]
    means = [searches.of_means(one, context.searches) for one in (study.cells, study.samples)]
    return {
        "Onsets: from which iteration on a network is stable, and matching, by three statistics. "
        "Of the mean: between which two measured iterations the mean over samples begins to pass "
        "(the papers’ headline onsets). Of the median sample: each sample is judged by itself, and "
        "this is the median of their onsets, with the samples that have one (LMC Figure 8). Of "
        "most samples: from where more than half of them pass. They can differ, as one sample far "
        "from the threshold moves the mean, but is only one of many by itself.": (
            tables.onset_table(*means)
        ),
        "Every rewind point: instability, mean ± standard deviation over samples, and the interval "
        "of its mean; accuracy, mean ± standard deviation over inits; drop in points, positive "
        "where accuracy is lost.": summary.drop(columns=list(tables.DETAIL_COLUMNS)),
        "Behind the verdicts: the samples that pass by themselves, the share of bootstrap samples "
        "that are stable, and 95 % intervals.": summary[[*shared, *tables.DETAIL_COLUMNS]],
    }


def _plots(study: Study, context: Context) -> Iterator[Plot]:
    yield from hyperparameter_plots.plots(study, context.axes)
    few = len(recipes := by_recipe(study)) <= MAX_RECIPES
    for number, (recipe, one) in enumerate(recipes.items() if few else (), 1):
        for plot in _plots_of(one, context):
            if len(recipes) == 1:
                yield plot
            else:
                yield plot._replace(name=f"{plot.name}-{number}", title=f"{plot.title}: {recipe}")
    if few:
        yield from paper_plots.plots(list(recipes.values()))
    yield from pair_plots.plots(study.pairs, study.curves)
    if context.learning is not None:
        yield from learning_plots.plots(context.learning)


def _plots_of(study: Study, context: Context) -> Iterator[Plot]:
    """The figures of one recipe; those that would show nothing are left out."""
    points = study.cells
    used = points.loc[(points["n"] > 0) & points["instability_test"].notna(), "n"]
    if not used.empty:
        low, high = used.min(), used.max()
        n = f"{low} sample{'s' if low > 1 else ''}" if low == high else f"{low} to {high} samples"
        yield Plot(
            instability.figure(points, stable_below=context.stable_below),
            name="instability",
            title="Instability",
            caption="Test instability of networks rewound to iteration k: mean and standard "
            f"deviation of {n}. Filled markers are stable (below {context.stable_below:g} %), "
            f"hollow ones are not. {_EVEN} Compare LMC Figures 3 and 6.",
            alt="Line chart of test instability against the rewind iteration, a line per "
            "strategy. The numbers are in the table of results.",
        )
    if points["accuracy_test"].notna().any():
        yield _accuracy_plot(study)
    yield from search_plots.plots(study, context.searches)
    counting = study.samples[study.samples["counts"]]
    curves = study.curves[study.curves["trial"].isin(counting["trial"])]
    if not curves.empty:
        yield Plot(
            path.figure(counting, curves),
            name="path",
            title="Error along the path",
            caption="Error on the straight line between the weights of two copies trained on "
            f"different data orders (α from 0 to 1): mean of {n}. A rise between the ends is "
            "what instability measures. Compare LMC Figures 2 and 18 to 21.",
            alt="Line charts of test and train error along the linear path between two trained "
            "copies, a panel per strategy and sparsity, a line per rewind iteration.",
        )


def _accuracy_plot(study: Study) -> Plot:
    reference = study.reference
    says = ["Test accuracy after training: mean and standard deviation over inits."]
    if reference is None:
        says.append("There are no dense networks to match.")
    elif study.cells["matching"].notna().any():
        says.append(
            "Filled markers match the dense networks at the smallest rewind point, hollow ones do "
            "not."
        )
    if unjudged(study.cells, "accuracy_test", "matching"):
        says.append("Small markers are not judged: dense networks, and cells without a verdict.")
    if reference and reference.inits > 1:
        says.append(
            "The grey band is the accuracy of the dense networks at the smallest rewind point "
            "± one standard deviation."
        )
    if beside(study.cells)["paper_accuracy"].notna().any():
        says.append("Hollow black markers, left of ours: what the paper publishes.")
    return Plot(
        accuracy.figure(study.cells, reference=reference),
        name="accuracy",
        title="Accuracy",
        caption=" ".join([*says, _EVEN, "Compare LMC Figure 7."]),
        alt="Line chart of test accuracy against the rewind iteration, a line per strategy. "
        "The numbers are in the table of results.",
    )
