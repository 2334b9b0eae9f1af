"""What holds at which sparsity: extreme sparsity, ranges, onsets by level (LMC 4.4, appendix B).

Pure functions on the frames of `cells.cells` and `cells.samples`. Sparsities are percentages of
weights left; accuracies and their deviations percentages and points.
"""

from __future__ import annotations

from itertools import groupby
from typing import Literal

import numpy as np
import pandas as pd

from analysis.cells import DenseReference
from analysis.formats import weights
from analysis.onsets import typical_onsets
from analysis.records import LEVEL, REWIND, STRATEGY, WEIGHTS_LEFT
from analysis.strategies import IMP, RANDOM_PRUNING

BOTH = (IMP, RANDOM_PRUNING)

Range = Literal["I", "II", "III"]
RANGES: tuple[Range, ...] = ("I", "II", "III")
"""Even random pruning matches; only IMP does; nothing does (LMC section 4.4)."""


def best_by_level(cells: pd.DataFrame) -> pd.DataFrame:
    """The highest mean test accuracy of IMP over rewind points, at each level (LMC appendix B).

    Columns: `level`, `weights_left`, `accuracy_test`, `accuracy_test_std` (over
    `accuracy_inits` inits) and `rewind`, the k that gives it; the earliest of equal ones. Of one
    recipe.
    """
    imp = cells[(cells[STRATEGY] == IMP) & cells["accuracy_test"].notna()]
    rows = imp.sort_values(["accuracy_test", REWIND], ascending=[False, True])
    columns = [
        *(LEVEL, WEIGHTS_LEFT, "accuracy_test", "accuracy_test_std", "accuracy_inits"),
        REWIND,
    ]
    return rows.drop_duplicates(LEVEL).sort_values(LEVEL)[columns].reset_index(drop=True)


def extreme_level(cells: pd.DataFrame, reference: DenseReference | None) -> int | None:
    """The sparsest level at which IMP's best accuracy and the dense networks' meet.

    They meet where their bands of one standard deviation over inits overlap (LMC appendix B). None
    where no level does, or deviations are not known.
    """
    if reference is None:
        return None
    best = best_by_level(cells)
    band = best["accuracy_test"] + best["accuracy_test_std"]
    meets = best.loc[band >= reference.mean - reference.std, LEVEL]
    return None if meets.empty else int(meets.max())


def onsets_by_level(samples: pd.DataFrame) -> pd.DataFrame:
    """The median onset of the samples at each sparsity, of one recipe (LMC Figure 8).

    A row per strategy, level and verdict: `strategy`, `level`, `weights_left`, `verdict` (stable,
    matching), `median` (never counts as infinity: finite where more than half of the samples have
    an onset), `reach`, how many have one, and `n`. Lines without a verdict are left out, and those
    of a single k.
    """
    frames = []
    several = samples.groupby([STRATEGY, LEVEL])[REWIND].transform("nunique") > 1
    samples = samples[several]
    left = samples.groupby([STRATEGY, LEVEL])[WEIGHTS_LEFT].mean()
    for verdict in ("stable", "matching"):
        found = typical_onsets(samples, verdict)
        found = found.assign(
            verdict=verdict,
            weights_left=[left[where] for where in zip(found[STRATEGY], found[LEVEL], strict=True)],
        )
        frames.append(found)
    columns = [STRATEGY, LEVEL, WEIGHTS_LEFT, "verdict", "median", "reach", "n"]
    return pd.concat(frames, ignore_index=True)[columns]


def ranges(samples: pd.DataFrame) -> pd.DataFrame:
    """In which range each sparsity lies, of one recipe (LMC section 4.4).

    A level is in range I if random pruning is matching at some rewind point by the median of its
    samples, in range II if only IMP is, else in III. A row per level at which both were judged:
    `level`, `weights_left`, `range`.
    """
    onsets = onsets_by_level(samples)
    matching = onsets[onsets["verdict"] == "matching"].set_index([STRATEGY, LEVEL])
    medians = matching["median"]
    levels = [set(onsets.loc[onsets[STRATEGY] == s, LEVEL]) for s in BOTH]
    rows = []
    for level in sorted(levels[0] & levels[1]):
        imp, pruned = (np.isfinite(medians.get((s, level), np.inf)) for s in BOTH)
        which = "I" if pruned else "II" if imp else "III"
        left = matching.loc[(IMP, level), WEIGHTS_LEFT]
        rows.append((level, left, which))
    return pd.DataFrame(rows, columns=[LEVEL, WEIGHTS_LEFT, "range"])


def range_text(found: pd.DataFrame) -> str:
    """Ranges in words, by descending weights left: "I: 80.0 to 51.2; II: 41.0 to 8.6; III: 6.9".

    A range that others interrupt is there several times.
    """
    parts = []
    for name, group in groupby(found.itertuples(index=False), key=lambda row: row.range):
        lefts = [weights(float(str(row.weights_left))) for row in group]
        parts.append(f"{name}: {' to '.join(dict.fromkeys([lefts[0], lefts[-1]]))}")
    return "; ".join(parts)
