"""Several sweeps in one report: their figures side by side, and where their specs differ."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from analysis.conclusions import MAX_RECIPES
from analysis.figures.papers import FIGURES, find
from analysis.formats import UNKNOWN
from analysis.report import paper_plots
from analysis.report.figure_data import of_sheet
from analysis.study import by_recipe

if TYPE_CHECKING:
    from analysis.figures.lmc.figure import Sheet
    from analysis.report.context import Context
    from analysis.report.page import Part
    from analysis.report.plot import Plot
    from analysis.study import Study


def plots(
    parts: Sequence[Part], alone: Callable[[Study, Context], Iterator[Plot]]
) -> Iterator[Plot]:
    """Yield the papers' figures with a panel per recipe of each sweep, where some has the data.

    Sweeps of many recipes are drawn `alone` after these, as in a report of their own.
    """
    recipes = {part.study.name: by_recipe(part.study) for part in parts}
    few = {name: of for name, of in recipes.items() if len(of) <= MAX_RECIPES}
    studies = [study for of in few.values() for study in of.values()]
    once: dict[object, str] = {}  # Figure 6 draws of all networks what Figure 2 does of some
    for name in FIGURES:
        once.setdefault(find(name).draw, name)
    for plot in paper_plots.plots(studies, list(once.values())):
        drawn: Sheet = plot.figure  # type: ignore[assignment]
        yield plot._replace(data=of_sheet(drawn))
    for number, part in enumerate(parts, 1):
        if part.study.name not in few:
            for plot in alone(part.study, part.context):
                yield plot._replace(
                    name=f"{plot.name}-of-{number}", title=f"{plot.title}: {part.study.name}"
                )


def differences(contexts: Sequence[Context]) -> Mapping[str, list[str]]:
    """Return the fields in which the specs differ: name -> the value in each, in their order."""
    names = dict.fromkeys(name for context in contexts for name in context.fields)
    values = {name: [one.fields.get(name, UNKNOWN) for one in contexts] for name in names}
    return {name: each for name, each in values.items() if len(set(each)) > 1}
