"""The report's figures of hyperparameters that vary."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from analysis.figures import hyperparameter_maps as maps_of
from analysis.figures import hyperparameters as figures
from analysis.figures import parallel
from analysis.hyperparameters import Axes, courses, is_grid, placed
from analysis.records import REWIND
from analysis.report import captions
from analysis.report.plot import Plot
from analysis.tuned import Tuned

if TYPE_CHECKING:
    from analysis.study import Study

NUMBERS = "The tables have the numbers."


def plots(study: Study, axes: Axes, tuned: Tuned | None) -> Iterator[Plot]:
    """Yield the figures along each axis, and the maps of two; none where nothing varies.

    Of a search, what it tried comes first.
    """
    if tuned is not None and axes:
        dashed = (
            " Dashed lines are of combinations that are not complete, by what there is of them."
        )
        yield Plot(
            parallel.figure(study.usual, axes, tuned),
            name="search",
            title="What the search tried",
            caption=f"A line per combination, coloured by its {tuned.meaning}, the rightmost axis: "
            f"the darkest are the best.{dashed if tuned.unfinished else ''}",
            alt=f"Parallel coordinates of {', '.join(axes)} and the {tuned.meaning}. The table has "
            "the best.",
        )
    cells = placed(study.cells, axes) if axes else study.cells.iloc[:0]
    if cells["instability_test"].notna().sum() == 0:
        return
    counting = placed(study.samples[study.samples["counts"]], axes)
    # Where k is searched over, each recipe has one of its own: there is no onset.
    found = courses(cells, axes) if REWIND not in axes else []
    for axis in axes:
        own = [one for one in found if one.axis == axis]
        if own:
            yield Plot(
                figures.onsets_along(own),
                name=f"onset-{axis}",
                title=f"Onsets against {axis}",
                caption="The first rewind iteration k from which networks are stable, or match the "
                f"dense ones, against {axis}. The bar below a point goes down to the last k at "
                "which they are not: the onset lies between. Hollow at the top: not up to the "
                "last k that was measured.",
                alt=f"Points of the onset against {axis}, a panel per line of networks and "
                f"verdict. {NUMBERS}",
            )
    if len(axes) == 2 and is_grid(axes) and REWIND not in axes:
        maps = maps_of.onset_maps(cells, axes)
        if maps is not None:
            yield Plot(
                maps,
                name="onset-map",
                title=f"Onsets by {' and '.join(axes)}",
                caption="The first rewind iteration k from which networks are stable, or match the "
                "dense ones, for each combination.",
                alt=f"Heat maps of onsets by {' and '.join(axes)}. {NUMBERS}",
            )
    for axis in axes:
        yield Plot(
            figures.along(cells, axes, axis, study.stable_below, counting),
            name=f"instability-{axis}",
            title=f"Instability against {axis}",
            caption=f"Test instability against {axis}: {captions.means(cells, counting)}, a "
            "colour and a marker per rewind iteration k. Networks below the dashed line are "
            "stable; up to it the upright axis is linear, and logarithmic above.",
            alt=f"Test instability against {axis}, a line per rewind iteration. {NUMBERS}",
        )
    if len(axes) == 2 and is_grid(axes):
        yield Plot(
            maps_of.instability_maps(cells, axes),
            name="instability-map",
            title=f"Instability by {' and '.join(axes)}",
            caption="Test instability (%) for each combination, mean over samples, a map per "
            "rewind iteration k.",
            alt=f"Heat maps of test instability by {' and '.join(axes)}. {NUMBERS}",
        )
