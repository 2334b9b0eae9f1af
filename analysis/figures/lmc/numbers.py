"""The numbers that a figure of LMC draws, as a table of strings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.figures.lmc.figure import Sheet
from analysis.figures.style import iteration
from analysis.figures.words import whole
from analysis.formats import UNKNOWN, spread

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from analysis.figures.lmc.figure import Curve

WIDE = 8
"""Columns that a page has room for."""

MOST, SOME = 20, 11
"""Points of a curve that are listed; of more than `MOST`, `SOME`, the ends among them."""

SMALL = 1.0
"""Means of a panel that are all below it have three decimals instead of one."""


def tables(drawn: Figure) -> dict[str, pd.DataFrame]:
    """Return the numbers of a figure as tables by their captions: its own, or that of its curves.

    The caption of the latter is empty: the figure's caption says what it is.
    """
    assert isinstance(drawn, Sheet)
    return drawn.tables or {"": numbers(drawn)}


def numbers(drawn: Figure) -> pd.DataFrame:
    """Return mean ± standard deviation at each x of each curve, and how many (`n`) these are over.

    A row per curve and a column per x; the other way round where there are many x, and more than
    curves. `n` is a range where it is not the same at every x.
    """
    assert isinstance(drawn, Sheet)
    panels = {panel: label_of(drawn, panel) for panel, _ in drawn.curves}
    xlabel = next(whole(text) for panel in reversed(drawn.axes) if (text := panel.get_xlabel()))
    xs = _listed(sorted({x for _, curve in drawn.curves for x in curve.x}))
    heads = {x: head for _, curve in drawn.curves for x, head in _heads(curve).items()}
    columns = {}
    for panel, curve in drawn.curves:
        name = curve.name or curve.label
        head = f"{panels[panel]}: {name}" if len(panels) > 1 else name
        said = dict(zip(curve.x, _said(curve, _digits(drawn, panel)), strict=True))
        columns[head] = [*(said.get(x, UNKNOWN) for x in xs), _count(curve)]
    table = pd.DataFrame(columns, index=[*(heads[x] for x in xs), "n"], dtype="object")
    if (table.loc["n"] == UNKNOWN).all():
        table = table.drop(index="n")
    if len(xs) > max(len(columns), WIDE):
        return table.rename_axis(xlabel).reset_index()
    return table.T.rename_axis(f"by {xlabel}").reset_index()


def _listed(xs: list[float]) -> list[float]:
    if len(xs) <= MOST:
        return xs
    return [xs[round(i * (len(xs) - 1) / (SOME - 1))] for i in range(SOME)]


def label_of(drawn: Sheet, panel: Axes) -> str:
    """What tells a panel from the others: its row's label, and its title if rows have several."""
    spec = panel.get_subplotspec()
    assert spec is not None
    grid = drawn.axes
    row = [one for one in grid if (s := one.get_subplotspec()) and s.rowspan == spec.rowspan]
    column = [one for one in grid if (s := one.get_subplotspec()) and s.colspan == spec.colspan]
    parts = [next((text for one in row if (text := one.get_ylabel())), "")]
    if len(row) > 1 or len({one.get_title() for one in grid} - {""}) > 1:
        above = [one for one in column if _row(one) <= _row(panel)]
        parts.append(next((text for one in reversed(above) if (text := one.get_title())), ""))
    return ", ".join(whole(part) for part in parts if part)


def _row(panel: Axes) -> int:
    spec = panel.get_subplotspec()
    assert spec is not None
    return int(spec.rowspan.start)


def _heads(curve: Curve) -> dict[float, str]:
    if curve.ticks is not None:
        return dict(zip(curve.x, curve.ticks, strict=True))
    return {x: iteration(int(x)) if float(x).is_integer() else f"{x:.3g}" for x in curve.x}


def _digits(drawn: Sheet, panel: Axes) -> int:
    means = [mean for at, curve in drawn.curves if at is panel for mean in curve.mean]
    return 3 if np.nanmax([*means, 0.0]) < SMALL else 1


def _said(curve: Curve, digits: int) -> Sequence[str]:
    if curve.says is not None:
        return curve.says
    pairs = list(zip(curve.mean, curve.std, strict=True))
    if digits == 1:
        return [spread(mean, std) for mean, std in pairs]
    return [
        UNKNOWN
        if np.isnan(mean)
        else f"{mean:.{digits}f}" + ("" if np.isnan(std) else f" ± {std:.{digits}f}")
        for mean, std in pairs
    ]


def _count(curve: Curve) -> str:
    """How many samples each point is over: "9", or "6 to 9"."""
    if curve.n is None or not len(curve.n):
        return UNKNOWN
    low, high = int(min(curve.n)), int(max(curve.n))
    return str(low) if low == high else f"{low} to {high}"
