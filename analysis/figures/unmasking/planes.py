"""Unmasking Figures 3, 7 and 8: the error landscape around a step of pruning."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
from matplotlib.colors import LogNorm
from matplotlib.lines import Line2D

from analysis.figures import colors, words
from analysis.figures.lmc.figure import PaperFigure, Sheet
from analysis.figures.panels import per_row, sheet
from analysis.figures.style import INK, ON_LIGHT, area, current, scaled
from analysis.figures.unmasking.common import SMALLEST, chain_of, percent_ticks, threshold_of
from analysis.formats import number, weights
from analysis.levels import neighbours
from analysis.records import INIT_SEED, LEVEL, REWIND, STRATEGY, WEIGHTS_LEFT

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from analysis.study import Study

STRETCHED = 2.0
"""How many times as long as along x a length is drawn along y (Unmasking appendix C)."""

SHADES = 14

GREY, ORANGE, PURPLE = "#8C8C8C", "#E8743B", "#7B3FA0"

POINTS = (("^", GREY, "w(L)"), ("X", ORANGE, "its projection"), ("^", ORANGE, "w(L+1)"))
"""Marker, colour and name of the three networks of a plane."""


def _marks() -> list[Line2D]:
    """The legend's entries."""
    networks = [
        Line2D([], [], ls="", marker=marker, color=color, mec=INK, mew=0.7, ms=scaled(6), label=of)
        for marker, color, of in POINTS
    ]
    axial = Line2D([], [], color=PURPLE, lw=scaled(1.4), ls="--", label="axial subspace of L+1")
    border = Line2D([], [], color=INK, lw=scaled(1.2), ls=":", label="matching error")
    return [*networks, axial, border]


Choice = Callable[[pd.DataFrame], pd.DataFrame]


def planes_of(study: Study) -> pd.DataFrame:
    """Return the trials whose planes are drawn, by level: of the latest k and the first init.

    Of IMP where it was measured. Added column: `limit`, the error (%) of the dotted contour. It is
    the dense networks' plus eps; where a sweep has no eps, that of w(L). Columns of the measure
    `plane` go by their names without options.
    """
    trials = study.trials[study.trials["trial"].isin(study.planes["trial"])]
    trials = trials[neighbours(trials)]
    chosen = trials[trials[STRATEGY] == chain_of(study, trials)]
    chosen = chosen[chosen[REWIND] == chosen[REWIND].max()]
    chosen = chosen[chosen[INIT_SEED] == chosen[INIT_SEED].min()]
    chosen = chosen.rename(columns=lambda name: str(name).partition("/")[0])
    chosen = chosen.loc[:, ~chosen.columns.duplicated()].sort_values(LEVEL, ignore_index=True)
    limit = threshold_of(study)
    own = chosen["plane_error_1"] if len(chosen) else math.nan
    return chosen.assign(limit=own if math.isnan(limit) else limit)


def telling(planes: pd.DataFrame) -> pd.DataFrame:
    """Return at most four planes that show what becomes of the projection (Figure 3).

    The first; the first of the others whose projection matches; the middle one of those whose
    projection does not match while w(L+1) does; and the first from which on no w(L+1) matches.
    """
    inside = planes["plane_error_projection"] <= planes["limit"]
    returns = planes["plane_error_2"] <= planes["limit"]
    low = planes.index[inside & (planes.index != planes.index.min())][:1]
    middle = planes.index[~inside & returns]
    failing = planes.index[planes.index > planes.index[returns].max()] if returns.any() else low
    groups = (planes.index[:1], low, middle[len(middle) // 2 :][:1], failing[:1])
    return planes.loc[sorted({int(one) for group in groups for one in group})]


class _Picture(NamedTuple):
    x: Any
    """Places along x, in lengths of the axis."""
    y: Any
    """Places along y, in the same unit."""
    error: Any
    """% [y, x]."""


def _picture(study: Study, plane: Any) -> _Picture:
    points = study.planes[study.planes["trial"] == plane.trial]
    grid = points.pivot(index="plane_y", columns="plane_x", values="plane_error")
    unit = plane.plane_length_y / plane.plane_length_x
    return _Picture(grid.columns.to_numpy(), grid.index.to_numpy() * unit, grid.to_numpy())


def _drawer(choose: Choice) -> Callable[[Sequence[Study]], Figure]:
    return lambda studies: _draw(studies, choose)


def _draw(studies: Sequence[Study], choose: Choice) -> Figure:
    found = [(study, choose(planes_of(study))) for study in studies]
    columns = per_row(max(len(planes) for _, planes in found), least=12.0)
    rows = sum(math.ceil(len(planes) / columns) for _, planes in found)
    style = current()
    height = min(2.1 * max(style.height, 0.62), style.tallest / rows)
    drawn = sheet(rows * height + 0.3, Sheet)
    assert isinstance(drawn, Sheet)
    axes: Any = drawn.subplots(rows, columns, squeeze=False)
    places = iter(axes)
    for study, planes in found:
        every = list(planes.itertuples())
        pictures = [_picture(study, plane) for plane in every]
        highest = max(float(np.nanmax(one.error)) for one in pictures)
        lowest = max(min(float(np.nanmin(one.error)) for one in pictures), SMALLEST)
        shades = np.geomspace(lowest, max(highest, 2 * lowest), SHADES)
        panels = []
        for start in range(0, len(every), columns):
            row = next(places)
            part = zip(row, every[start : start + columns], pictures[start:], strict=False)
            for panel, plane, picture in part:
                mesh = _draw_plane(panel, plane, picture, shades)
            for panel in row[len(every) - start :]:
                panel.remove()
            panels += list(row[: len(every) - start])
        bar = drawn.colorbar(mesh, ax=panels, label="test error (%)", aspect=30)
        percent_ticks(bar, lowest, highest)
        if len(studies) > 1:
            words.name_y(row[:1], study.name)
        drawn.tables[f"{study.name}: errors (%) and distances"] = _table(planes)
    words.legend(drawn, _marks())
    return drawn


def _draw_plane(panel: Axes, plane: Any, picture: _Picture, shades: Any) -> Any:
    error = np.maximum(picture.error, shades[0])
    mesh = panel.contourf(
        *(picture.x, picture.y, error),
        levels=shades,
        norm=LogNorm(shades[0], shades[-1]),
        cmap=colors.HEIGHTS,
        extend="min",
    )
    if np.nanmin(picture.error) < plane.limit < np.nanmax(picture.error):
        panel.contour(
            *(picture.x, picture.y, picture.error),
            levels=[plane.limit],
            colors=ON_LIGHT,
            linewidths=scaled(1.3),
            linestyles="dotted",
        )
    height = plane.plane_length_y / plane.plane_length_x
    panel.axhline(0, color=PURPLE, lw=scaled(1.4), ls="--")
    for (x, y), (marker, color, _) in zip(((0, height), (0, 0), (1, 0)), POINTS, strict=True):
        look: dict[str, Any] = {"marker": marker, "color": color, "edgecolors": ON_LIGHT, "lw": 0.7}
        panel.scatter(x, y, s=area(6.5), zorder=5, **look)
    panel.set_aspect(STRETCHED)
    panel.grid(visible=False)
    panel.set_xticks([])
    panel.set_yticks([])
    words.title(panel, f"L = {plane.level}, {weights(getattr(plane, WEIGHTS_LEFT))} % left")
    for spine in panel.spines.values():
        spine.set(visible=True, color=INK)
    return mesh


def _table(planes: pd.DataFrame) -> pd.DataFrame:
    columns = {
        "L": [str(level) for level in planes[LEVEL]],
        "weights left %": [weights(left) for left in planes[WEIGHTS_LEFT]],
        "w(L)": [number(one) for one in planes["plane_error_1"]],
        "projection": [number(one) for one in planes["plane_error_projection"]],
        "w(L+1)": [number(one) for one in planes["plane_error_2"]],
        "matching error": [number(one) for one in planes["limit"]],
        "projection to w(L)": [number(one) for one in planes["plane_length_y"]],
        "projection to w(L+1)": [number(one) for one in planes["plane_length_x"]],
    }
    return pd.DataFrame(columns, dtype="object")


CAPTION = (
    "Test error on the plane through the network w(L) of a level (grey triangle), its projection "
    "onto the weights that the next level keeps (cross) and the network w(L+1) that is retrained "
    "there (orange triangle): {which}, at the latest k, of the first init. Along the dashed line "
    "lie networks of those weights alone. The dotted contour is the matching error, the dense "
    "networks’ plus its standard deviation ε; where a sweep has one init and so no ε, the error of "
    "w(L). Distances along y are drawn twice as long as along x. Colours are logarithmic."
)

FIGURE = PaperFigure(
    name="u-fig3",
    source="Unmasking Figure 3",
    title="Planes through a level, its projection and the next",
    needs=lambda study: len(planes_of(study)) > 0,
    draw=_drawer(telling),
    caption=CAPTION.format(
        which="the first level, then one where the projection matches, one where only w(L+1) does, "
        "and the first from which on no w(L+1) matches"
    ),
    alt="Filled contours of test error on planes, a panel per level, with three networks marked.",
)

ALL = replace(
    FIGURE,
    title="Planes of all levels",
    draw=_drawer(lambda planes: planes),
    caption=CAPTION.format(which="all levels"),
)

DRAWN = {
    "u-fig3": FIGURE,
    "u-fig7": replace(ALL, name="u-fig7", source="Unmasking Figures 7 and 8"),
    "u-fig8": replace(ALL, name="u-fig8", source="Unmasking Figures 7 and 8", beyond=False),
}
