"""Studies made by hand, in which a claim of the paper holds, does not, or cannot be told."""

from __future__ import annotations

from itertools import product
from typing import Any

import pandas as pd

from analysis import records
from analysis.study import Study

PAIRS = [(1, 2), (1, 3), (2, 3)]


class Made:
    """Rows of trials of three inits and three pairs, alike but for what is said otherwise."""

    def __init__(self, trial: Any):
        self._trial = trial
        self.rows: list[dict[str, Any]] = []
        self.peaks: dict[str, float] = {}
        self.progress: list[dict[str, Any]] = []

    def cell(
        self,
        strategy: str = "dense",
        level: int = 0,
        k: int = 0,
        *,
        peak: float | None = None,
        spread: float = 0.0,
        along: dict[int, float] | None = None,
        apart: float = 0.0,
        train: float | None = None,
        accuracy: float = 97.5,
        train_accuracy: float = 100.0,
        instability: float = 0.5,
        columns: dict[str, float] | None = None,
        restart: str = "keep",
    ) -> Made:
        """Add the nine trials of a cell; `spread` moves the inits' values apart, `apart` those
        on the way."""
        for init, orders in product((1, 2, 3), PAIRS):
            row = self._trial(
                strategy,
                level,
                k,
                init=init,
                orders=orders,
                instability=max(instability + spread * (init - 2), 0.0),
                accuracies=(accuracy + 0.1 * (init - 2),) * 2,
                restart=restart,
            )
            row["instability_train"] = row["instability_test"] if train is None else train
            for arm in ("", "_1", "_2"):
                row[f"accuracy_train{arm}"] = train_accuracy
            row |= columns or {}
            self.rows.append(row)
            if peak is not None:
                self.peaks[row["trial"]] = peak + spread * (init - 2)
            for iteration, value in (along or {}).items():
                self.progress.append(
                    {
                        "trial": row["trial"],
                        "iteration": iteration,
                        "throughout_instability_test": value + apart * (init - 2),
                        "throughout_instability_train": value + apart * (init - 2),
                    }
                )
        return self

    def study(self, **options: Any) -> Study:
        names = dict.fromkeys([*records.TRIAL_COLUMNS, *records.SCALAR_METRICS, *self._trial()])
        more = dict.fromkeys(name for row in self.rows for name in row)
        curves = [
            {
                "trial": trial,
                "point": point,
                "alpha": point / 2,
                **{f"path_error_{split}": (2.0, peak, 2.0)[point] for split in records.SPLITS},
            }
            for trial, peak in self.peaks.items()
            for point in range(3)
        ]
        return Study(
            name="made",
            trials=pd.DataFrame(self.rows, columns=list(names | more)),
            curves=pd.DataFrame(
                curves, columns=["trial", "point", "alpha", "path_error_test", "path_error_train"]
            ),
            progress=pd.DataFrame(
                self.progress,
                columns=[
                    *("trial", "iteration"),
                    *("throughout_instability_test", "throughout_instability_train"),
                ],
            ),
            **options,
        )
