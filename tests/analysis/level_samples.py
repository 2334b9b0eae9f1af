"""Studies of levels made by hand, whose barriers and verdicts are known by construction."""

from __future__ import annotations

import math
from itertools import product
from typing import Any

import pandas as pd

from analysis import records
from analysis.study import Study

DENSE = {1: 2.0, 2: 3.0, 3: 4.0}
"""Errors of the dense networks by init: 3 ± 1."""
EPS = 1.0


class MadeLevels:
    """Rows of networks alone and of pairs of levels, of three inits."""

    def __init__(self, trial: Any):
        self._trial = trial
        self.rows: list[dict[str, Any]] = []
        self.paths: list[tuple[str, int, float, float]] = []
        self.planes: list[tuple[str, int, float, float, float]] = []

    def chain(
        self,
        errors: list[float],
        rises: dict[tuple[int, int], float],
        *,
        strategy: str = "imp",
        rewind: int = 0,
        plane: tuple[float, ...] = (),
    ) -> MadeLevels:
        """Add a dense network and its levels 1, 2, ... with these errors.

        Each init's are as much higher or lower as its dense one's. `rises` (level, level_2) -> how
        far the middle of the path is above the line between its ends. `plane` has the errors of the
        projections of successive pairs; a plane of 3 x 3 points is added for each.
        """
        of = dict(enumerate([3.0, *errors]))
        for init, dense in DENSE.items():
            error = {level: value + dense - 3 for level, value in of.items()}
            alone = {"init": init, "orders": (1, 1), "instability": math.nan}
            for level, value in error.items():
                name = strategy if level else "dense"
                row = self._trial(name, level, rewind, accuracies=(100 - value,) * 2, **alone)
                self.rows.append(row)
            for (level, level_2), rise in rises.items():
                ends = error[level], error[level_2]
                middle = sum(ends) / 2 + rise
                row = self._trial(
                    *(strategy, level, rewind),
                    **{**alone, "instability": max(*ends, middle) - sum(ends) / 2},
                    accuracies=(100 - ends[0], 100 - ends[1]),
                    level_2=level_2,
                )
                row["barrier_test"] = max(rise, 0.0)
                heights = ends[1], middle, ends[0]  # alpha 1 is network 1, w(level)
                self.paths += [(row["trial"], n, n / 2, height) for n, height in enumerate(heights)]
                if level < len(plane):
                    self._plane(row, plane[level], ends)
                self.rows.append(row)
        return self

    def _plane(self, row: dict[str, Any], projection: float, ends: tuple[float, float]) -> None:
        row |= {"plane_length_x": 2.0, "plane_length_y": 1.0}
        row |= {"plane_error_1": ends[0], "plane_error_2": ends[1]}
        row["plane_error_projection"] = projection
        at = {(0, 0): projection, (1, 0): ends[1], (0, 1): ends[0]}
        for point, (y, x) in enumerate(product((-1.0, 0.0, 1.0), repeat=2)):
            self.planes.append((row["trial"], point, x, y, at.get((int(x), int(y)), 50.0)))

    def study(self, **options: Any) -> Study:
        names = dict.fromkeys([*records.TRIAL_COLUMNS, *records.SCALAR_METRICS, *self._trial()])
        more = dict.fromkeys(name for row in self.rows for name in row)
        once = {row["trial"]: row for row in self.rows}
        return Study(
            name="made",
            trials=pd.DataFrame(list(once.values()), columns=list(names | more)),
            curves=pd.DataFrame(
                [(*path, path[-1] / 2) for path in self.paths],
                columns=["trial", "point", "alpha", "path_error_test", "path_error_train"],
            ),
            planes=pd.DataFrame(
                self.planes, columns=["trial", "point", "plane_x", "plane_y", "plane_error"]
            ),
            **options,
        )


def schedules(trial: Any, **options: Any) -> Study:
    """Both schedules from k = 200, of two inits; adaptive pruning leaves 60, 30, 8 %."""
    rows: list[dict[str, Any]] = []

    def network(strategy: str, level: int, init: int, error: float, left: float) -> None:
        alone = {"init": init, "orders": (1, 1), "instability": math.nan}
        row = trial(strategy, level, 200, accuracies=(100 - error,) * 2, **alone)
        rows.append(row | {"weights_left": left, "weights_left_2": left})

    for init in (1, 2):
        network("dense", 0, init, 3.0 + init / 10, 100.0)
        for level in range(1, 13):
            network("imp", level, init, 3.0, 100 * 0.8**level)
        for level, left in enumerate((60.0, 30.0, 8.0), 1):
            network("imp-adaptive", level, init, 3.0 + init / 2, left)
    names = [*records.TRIAL_COLUMNS, *records.SCALAR_METRICS, *trial()]
    return Study("made", pd.DataFrame(rows, columns=list(dict.fromkeys(names))), **options)
