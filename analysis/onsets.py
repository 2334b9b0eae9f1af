"""From which rewind point on networks are stable, or matching.

Only the measured rewind points are known, so an onset is a bracket: it lies after the last k that
fails and no later than the first k from which all hold. Pure functions on the frames of
`cells.cells` and `cells.samples`; rewind points k are in iterations.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator

import numpy as np
import pandas as pd

from analysis.ends import LINE
from analysis.published import Verdict
from analysis.records import INIT_SEED, LEVEL, RECIPE, REWIND, STRATEGY, WEIGHTS_LEFT
from analysis.statistics import judged

_SAMPLE = [INIT_SEED, "order_seed_1", "order_seed_2"]

_ONSET_DTYPES = {
    RECIPE: "object",
    STRATEGY: "object",
    LEVEL: "int64",
    WEIGHTS_LEFT: "float64",
    "onset": "Int64",
    "failed": "Int64",
    "first": "Int64",
    "last": "Int64",
    "unjudged": "object",
    "n": "Int64",
    "judged": "int64",
}

_SAMPLE_DTYPES = {
    RECIPE: "object",
    STRATEGY: "object",
    LEVEL: "int64",
    INIT_SEED: "int64",
    "order_seed_1": "int64",
    "order_seed_2": "int64",
    "onset": "float64",
}

_TYPICAL_DTYPES = {
    RECIPE: "object",
    STRATEGY: "object",
    LEVEL: "int64",
    "median": "float64",
    "majority": "float64",
    "last": "int64",
    "unjudged": "object",
    "reach": "int64",
    "n": "int64",
}


def first_lasting(points: np.ndarray, holds: np.ndarray) -> float:
    """The first of the ascending `points` from which `holds` is true to the end; inf if none."""
    lasting = np.logical_and.accumulate(holds[::-1])[::-1]
    return float(points[lasting][0]) if lasting.any() else np.inf


def first(points: np.ndarray, holds: np.ndarray) -> float:
    """The first of the ascending `points` at which `holds` is true; inf if there is none."""
    return float(points[holds][0]) if holds.any() else np.inf


def onsets(cells: pd.DataFrame, verdict: Verdict) -> pd.DataFrame:
    """The bracket of the onset on each line of `cells`, by the papers' mean verdict.

    Columns: `recipe`, `strategy`, `level`, `weights_left`; `onset`, the first judged k from
    which the verdict holds at every judged k' >= k (NA if it does not hold at the last);
    `failed`, the last k before it at which the verdict does not hold (NA if there is none);
    `first`, the first judged k at which the verdict holds, whatever follows (NA if there is none);
    `last`, the largest k that is judged; `unjudged`, the k passed over because their verdict is
    NA, as text: "120, 130"; `n`, the fewest samples that count in a cell that is judged; and
    `judged`, how many k are. Where no k is judged, `last` and `n` are NA. LMC sections 3 and 4.3.
    """
    rows = []
    for where, line in cells.groupby([RECIPE, *LINE], sort=False):
        line = line.sort_values(REWIND)
        known = line[line[verdict].notna()]
        points, holds = known[REWIND].to_numpy(), known[verdict].to_numpy(dtype=bool)
        onset = first_lasting(points, holds)
        failed = points[~holds & (points < onset)]
        rows.append(
            (
                *where,
                line[WEIGHTS_LEFT].mean(),
                pd.NA if np.isinf(onset) else int(onset),
                failed[-1] if len(failed) else pd.NA,
                int(first(points, holds)) if holds.any() else pd.NA,
                points[-1] if len(points) else pd.NA,
                _numbers(line.loc[line[verdict].isna(), REWIND]),
                known["n"].min() if len(points) else pd.NA,
                len(points),
            )
        )
    return pd.DataFrame(rows, columns=list(_ONSET_DTYPES)).astype(_ONSET_DTYPES)


def sample_onsets(samples: pd.DataFrame, verdict: Verdict) -> pd.DataFrame:
    """The onset of each sample (init, pair of orders), as in LMC Figure 8.

    `onset` is the first k from which the sample passes at every later k of its line, infinite if
    it does not pass at the last. The k of a line are those at which its cell is judged (see
    `statistics.judged`) and that more than half of its samples have. Samples that lack one of
    these are left out: what they do there is not known. A k at which a sample's trial does not
    count is passed over; samples that count nowhere are left out. Columns: `recipe`, `strategy`,
    `level`, `init_seed`, `order_seed_1`, `order_seed_2`, `onset`.
    """
    rows = [
        (*where, *sample, first_lasting(known[REWIND].to_numpy(), known[verdict].to_numpy(bool)))
        for where, line in _complete(samples, verdict)
        for sample, known in line.dropna(subset=verdict).groupby(_SAMPLE)
    ]
    return pd.DataFrame(rows, columns=list(_SAMPLE_DTYPES)).astype(_SAMPLE_DTYPES)


def typical_onsets(samples: pd.DataFrame, verdict: Verdict) -> pd.DataFrame:
    """What the samples of each line say together; one row per line that `sample_onsets` has.

    Columns: `recipe`, `strategy`, `level`; `median` of the samples' onsets (LMC Figure 8), where
    never counts as infinity; `majority`, the first k from which at every judged k more than
    half of the samples that count there pass, infinite if there is none; `last`, the largest
    judged k; `unjudged`, the other k, as in `onsets`; `reach`, how many samples have an onset;
    `n`, how many samples there are. Of an even number the median is the later of the two in the
    middle, so it is finite exactly where more than half of the samples have an onset.
    """
    keys = [RECIPE, *LINE]
    own: dict[Hashable, pd.Series] = dict(
        iter(sample_onsets(samples, verdict).groupby(keys)["onset"])
    )
    measured: dict[Hashable, pd.Series] = dict(iter(samples.groupby(keys)[REWIND]))
    rows = []
    for where, line in _complete(samples, verdict):
        onsets_ = np.sort(own[where].to_numpy())
        share = line.dropna(subset=verdict).groupby(REWIND)[verdict].mean()
        points, holds = share.index.to_numpy(), share.to_numpy(dtype=float) > 0.5
        rows.append(
            (
                *where,
                onsets_[len(onsets_) // 2],
                first_lasting(points, holds),
                points[-1],
                _numbers(np.setdiff1d(measured[where], points)),
                int(np.isfinite(onsets_).sum()),
                len(onsets_),
            )
        )
    return pd.DataFrame(rows, columns=list(_TYPICAL_DTYPES)).astype(_TYPICAL_DTYPES)


def _complete(
    samples: pd.DataFrame, verdict: Verdict
) -> Iterator[tuple[tuple[Hashable, ...], pd.DataFrame]]:
    """Each line's trials at the k that its samples are judged on, of those that have them all.

    They are sorted by k. Lines without a verdict are left out.
    """
    for where, line in samples.groupby([RECIPE, *LINE], sort=False):
        of_k = line.sort_values(REWIND).groupby(REWIND)
        measured, counting = of_k.size(), of_k[verdict].count()
        common = 2 * measured > len(line.drop_duplicates(_SAMPLE))
        points = measured.index[judged(counting, measured) & common]
        there = line[line[REWIND].isin(points)].sort_values(REWIND)
        complete = there.groupby(_SAMPLE)[REWIND].transform("size") == len(points)
        if there.loc[complete, verdict].notna().any():
            yield where, there[complete]


def _numbers(points: Iterable[int]) -> str:
    return ", ".join(str(k) for k in points)
