"""One self-contained HTML file: findings, figures, tables, definitions and provenance.

The same frames and context give the same bytes: anything that varies, such as the date, comes
in through `Context.provenance`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from analysis import tables
from analysis.conclusions import MAX_RECIPES, conclusions
from analysis.ends import arms
from analysis.figures import accuracy, instability, path, svg
from analysis.figures.rewind import has_intervals, singly, unjudged
from analysis.figures.scales import K
from analysis.figures.style import PAGE, Style, styled
from analysis.findings import partial
from analysis.published import beside
from analysis.records import RECIPE
from analysis.report import (
    all_tables,
    captions,
    hyperparameter_plots,
    learning_plots,
    page,
    pair_plots,
    paper_plots,
    search_plots,
    side_by_side,
)
from analysis.report.context import Context as Context
from analysis.report.context import Spec as Spec
from analysis.report.figure_data import with_data
from analysis.report.plot import Plot
from analysis.report.words import tolerance
from analysis.study import NOTHING, Study, by_recipe

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

_AXIS = f"The axis shows {K}."


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


class OneSweep(NamedTuple):
    """What is recorded of a sweep, and what a report says of it beyond its numbers."""

    trials: pd.DataFrame
    curves: pd.DataFrame
    context: Context


def write(destination: Path, trials: pd.DataFrame, curves: pd.DataFrame, context: Context) -> None:
    """Write the report to a file, in a folder that need not exist yet."""
    save(destination, render(trials, curves, context))


def save(destination: Path, html: str) -> None:
    """Write a page at once: whoever opens the file meanwhile reads the one before.

    Raises OSError.
    """
    destination.parent.mkdir(parents=True, exist_ok=True)
    if destination.is_symlink() or (destination.exists() and not destination.is_file()):
        destination.write_text(html, encoding="utf-8")  # a device or a link is not to be replaced
        return
    beside = destination.with_name(f".{destination.name}.{os.getpid()}")
    try:
        beside.write_text(html, encoding="utf-8")
        os.replace(beside, destination)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(destination)) from None
    finally:
        beside.unlink(missing_ok=True)


def markdown(trials: pd.DataFrame, context: Context) -> str:
    """The report's findings, tables and provenance, for a page of documentation."""
    study = _study(trials, context)
    others = all_tables.others(study, context)
    parts = [
        context.scope,
        partial(trials, context.planned, context.unmeasurable, context.lacking),
        "\n".join(f"- {finding}" for finding in conclusions(study, context.axes, context.tuned)),
        *(tables.markdown(table.frame) for table in all_tables.all_of(study, context)),
        tables.sources(study.cells),
        *(f"{one.title}: {one.caption}\n\n{tables.markdown(one.frame)}" for one in others),
        "\n".join(f"- {name}: {value}" for name, value in context.provenance.items()),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def write_figures(
    folder: Path,
    trials: pd.DataFrame,
    curves: pd.DataFrame,
    context: Context,
    *,
    formats: Sequence[str] = ("svg",),
    style: Style = PAGE,
) -> list[Path]:
    """Write each figure of the report to files of its own in `folder`, one in each of `formats`.

    Formats are those of `svg.FORMATS`. Returns where the files lie.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    with styled(style):
        for name, figure in figures(trials, curves, context).items():
            for kind in formats:
                paths.append(folder / f"{name}.{kind}")
                svg.save(figure, paths[-1])
    return paths


def figures(trials: pd.DataFrame, curves: pd.DataFrame, context: Context) -> dict[str, Figure]:
    """Return each figure of the report by its name."""
    study = _study(trials, context, curves)
    return {p.name: p.figure for p in _plots(study, context)}


def render(trials: pd.DataFrame, curves: pd.DataFrame, context: Context) -> str:
    """The report as HTML, from the frames of `records.trials` and `curves.curves`."""
    part = _part(OneSweep(trials, curves, context))
    return page.render(
        context.name,
        context.description,
        [part],
        list(_plots(part.study, context)),
        {},
        context.report_command or f"sweeps report {context.name}",
    )


def render_several(sweeps: Sequence[OneSweep]) -> str:
    """Return one report of several sweeps: figures side by side, joint tables, differences."""
    parts = [_part(one) for one in sweeps]
    names = [one.context.name for one in sweeps]
    return page.render(
        ", ".join(names),
        "\n".join(f"{one.context.name}: {one.context.description}" for one in sweeps),
        parts,
        list(side_by_side.plots(parts, _plots)),
        side_by_side.differences([one.context for one in sweeps]),
        f"sweeps report {' '.join(names)}",
    )


def _part(one: OneSweep) -> page.Part:
    trials, curves, context = one
    study = _study(trials, context, curves)
    return page.Part(
        study=study,
        context=context,
        findings=conclusions(study, context.axes, context.tuned),
        tables=all_tables.all_of(study, context),
        others=all_tables.others(study, context),
        partial=partial(trials, context.planned, context.unmeasurable, context.lacking),
        tolerance=tolerance(study, context.matching),
        sources=tables.sources(study.cells),
    )


def _plots(study: Study, context: Context) -> Iterator[Plot]:
    yield from with_data(_drawn(study, context), study, context)


def _drawn(study: Study, context: Context) -> Iterator[Plot]:
    yield from hyperparameter_plots.plots(study, context.axes, context.tuned)
    few = len(recipes := by_recipe(study)) <= MAX_RECIPES
    for number, (recipe, one) in enumerate(recipes.items() if few else (), 1):
        for plot in with_data(_plots_of(one, context), one, context):
            if len(recipes) == 1:
                yield plot
            else:
                yield plot._replace(
                    name=f"{plot.name}-{number}",
                    title=f"{plot.title}: {recipe}",
                    place={RECIPE: recipe},
                )
    if few:
        yield from paper_plots.plots(list(recipes.values()))
    yield from pair_plots.plots(study.pairs, study.curves)
    if context.learning is not None:
        yield from learning_plots.plots(context.learning)


def _plots_of(study: Study, context: Context) -> Iterator[Plot]:
    """The figures of one recipe; those that would show nothing are left out."""
    points, counting = study.cells, study.samples[study.samples["counts"]]
    used = points.loc[(points["n"] > 0) & points["instability_test"].notna(), "n"]
    if not used.empty:
        low, high = used.min(), used.max()
        n = f"{low} sample{'s' if low > 1 else ''}" if low == high else f"{low} to {high} samples"
        yield Plot(
            instability.figure(points, stable_below=context.stable_below, samples=counting),
            name="instability",
            title="Instability",
            caption="Test instability of networks rewound to iteration k: "
            f"{captions.means(points, counting)} of {n}. Filled markers are stable (below "
            f"{context.stable_below:g} %), hollow ones are not. {captions.beside(points)}The "
            f"upright axis is linear up to {context.stable_below:g} %, and logarithmic above. "
            f"{_AXIS} Compare LMC Figures 3 and 6.",
            alt="Line chart of test instability against the rewind iteration, a line per "
            "strategy. The numbers are in the table of results.",
        )
    if points["accuracy_test"].notna().any():
        yield _accuracy_plot(study)
    yield from search_plots.plots(study, context.searches)
    curves = study.curves[study.curves["trial"].isin(counting["trial"])]
    if not curves.empty:
        yield Plot(
            path.figure(counting, curves),
            name="path",
            title="Error along the path",
            caption="Error on the straight line between the weights of two copies trained on "
            f"different data orders (α from 0 to 1): mean{captions.bands(counting)} of {n}. A rise "
            "between the ends is what instability measures. The upright axis is logarithmic from "
            "about 1 % on. Compare LMC Figures 2 and 18 to 21.",
            alt="Line charts of test and train error along the linear path between two trained "
            "copies, a panel per strategy and sparsity, a line per rewind iteration.",
        )


def _accuracy_plot(study: Study) -> Plot:
    reference = study.reference
    cells, networks = study.cells, arms(study.usual)
    figure = accuracy.figure(cells, reference=reference, networks=networks[~networks["diverged"]])
    over = ", 95 % interval over inits (bars)" if has_intervals(cells, "accuracy_test") else ""
    each = ", and single networks (dots)" if singly(networks) else ""
    says = [f"Test accuracy after training: mean{over}{each}."]
    says.append(captions.beside(cells).strip())
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
    says += accuracy.axis_words(figure, cells)
    return Plot(
        figure,
        name="accuracy",
        title="Accuracy",
        caption=" ".join(filter(None, [*says, _AXIS, "Compare LMC Figure 7."])),
        alt="Line chart of test accuracy against the rewind iteration, a line per strategy. "
        "The numbers are in the table of results.",
    )
