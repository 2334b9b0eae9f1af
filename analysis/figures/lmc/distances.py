"""LMC appendix H: other distances between two copies than instability."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from analysis.figures import words
from analysis.figures.lmc.figure import (
    SPARSE,
    Curve,
    PaperFigure,
    against_k,
    dashed_train,
    from_zero,
    grid,
    legend,
    look,
    on_train,
    ticks_of,
    titled,
)
from analysis.figures.lmc.means import line_of
from analysis.strategies import DENSE

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from analysis.study import Study

Row = tuple[str, tuple[str, ...], tuple[str, ...]]
"""What stands at the axis; the columns that are drawn, the second one dashed; and of what."""

ROWS: tuple[Row, ...] = (
    ("L2 distance\n(dense)", ("distance_l2",), (DENSE,)),
    ("L2 distance\n(sparse)", ("distance_l2",), SPARSE),
    ("cosine distance\n(dense)", ("distance_cosine",), (DENSE,)),
    ("cosine distance\n(sparse)", ("distance_cosine",), SPARSE),
    ("differ (%)", ("disagreement_test", "disagreement_train"), (DENSE, *SPARSE)),
    (
        "L2 of losses\n(nats)",
        ("disagreement_losses_test", "disagreement_losses_train"),
        (DENSE, *SPARSE),
    ),
)


def _rows(study: Study) -> list[Row]:
    """The rows that have values of two k or more."""
    return [row for row in ROWS if any(len(c.x) > 1 for c in _curves(study, row[1][0], row[2]))]


def _curves(study: Study, column: str, strategies: Sequence[str]) -> list[Curve]:
    found = []
    for name in strategies:
        line = line_of(study, column, name, 0 if name == DENSE else study.level)
        if len(line):
            found.append(Curve.of(line, "rewind", "mean", look(name)))
    return found


def _draw(studies: Sequence[Study]) -> Figure:
    rows = [row for row in ROWS if any(row in _rows(study) for study in studies)]
    drawn, axes = grid(len(rows), len(studies), height=1.6)
    every: list[Curve] = []
    for i, (label, (test, *train), strategies) in enumerate(rows):
        for j, study in enumerate(studies):
            curves = _curves(study, test, strategies)
            dashed = [
                on_train(curve) for column in train for curve in _curves(study, column, strategies)
            ]
            against_k(axes[i][j], [*curves, *dashed], ticks_of(curves))
            every += curves
            if i == 0:
                titled(axes[0][j], study, study.level)
            if i + 1 == len(rows):
                words.name_x(axes[i][j], "rewind iteration k")
        words.name_y(axes[i], label)
        from_zero(axes[i][0])
    legend(drawn, every, [dashed_train()])
    return drawn


FIGURE = PaperFigure(
    name="app-h",
    source="LMC appendix H",
    title="Other distances",
    needs=lambda study: bool(_rows(study)),
    draw=_draw,
    caption="How far two copies are from each other by other measures than instability: L2 and "
    "cosine distance of their parameters, the share of examples that they classify "
    "differently, and the L2 distance of their losses on each example. Mean and standard "
    "deviation over samples.",
    alt="Line charts of four distances against k, a line per strategy, a panel per sweep.",
)
