"""From which rewind point on networks are stable, or matching.

Only the measured rewind points are known, so an onset is a bracket: it lies after the last k that
fails and no later than the first k from which all hold. Pure functions on the frames of
`cells.cells` and `cells.samples`; rewind points k are in iterations.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.ends import LINE
from analysis.published import Verdict
from analysis.records import INIT_SEED, LEVEL, RECIPE, REWIND, STRATEGY, WEIGHTS_LEFT

_ONSET_DTYPES = {
    RECIPE: "object",
    STRATEGY: "object",
    LEVEL: "int64",
    WEIGHTS_LEFT: "float64",
    "onset": "Int64",
    "failed": "Int64",
    "last": "Int64",
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
    "reach": "int64",
    "n": "int64",
}


def first_lasting(points: np.ndarray, holds: np.ndarray) -> float:
    """The first of the ascending `points` from which `holds` is true to the end; inf if none."""
    lasting = np.logical_and.accumulate(holds[::-1])[::-1]
    return float(points[lasting][0]) if lasting.any() else np.inf


def onsets(cells: pd.DataFrame, verdict: Verdict) -> pd.DataFrame:
    """The bracket of the onset on each line of `cells`, by the papers' mean verdict.

    Columns: `recipe`, `strategy`, `level`, `weights_left`; `onset`, the first measured k from
    which the verdict holds at every measured k' >= k (NA if it does not hold at the last);
    `failed`, the last k before it at which the verdict does not hold (NA if there is none); and
    `last`, the largest k at which the verdict is known. Cells whose verdict is NA are passed over;
    where all are, so is `last`. LMC sections 3 and 4.3.
    """
    rows = []
    for where, line in cells.groupby([RECIPE, *LINE], sort=False):
        known = line[line[verdict].notna()].sort_values(REWIND)
        points, holds = known[REWIND].to_numpy(), known[verdict].to_numpy(dtype=bool)
        onset = first_lasting(points, holds)
        failed = points[~holds & (points < onset)]
        rows.append(
            (
                *where,
                line[WEIGHTS_LEFT].mean(),
                pd.NA if np.isinf(onset) else int(onset),
                failed[-1] if len(failed) else pd.NA,
                points[-1] if len(points) else pd.NA,
            )
        )
    return pd.DataFrame(rows, columns=list(_ONSET_DTYPES)).astype(_ONSET_DTYPES)


def sample_onsets(samples: pd.DataFrame, verdict: Verdict) -> pd.DataFrame:
    """The onset of each sample (init, pair of orders), as in LMC Figure 8.

    `onset` is the first k from which the sample passes at every later measured k, infinite if it
    does not pass at the last. A trial that does not count does not pass. Samples that lack a
    rewind point of their line are left out: what they do there is not known. So are samples that
    are judged nowhere (`matching` of dense networks). Columns: `recipe`, `strategy`, `level`,
    `init_seed`, `order_seed_1`, `order_seed_2`, `onset`.
    """
    rows = []
    for where, line in samples.groupby([RECIPE, *LINE], sort=False):
        points = np.sort(line[REWIND].unique())
        if line[verdict].isna().all():
            continue
        for sample, trials in line.groupby([INIT_SEED, "order_seed_1", "order_seed_2"]):
            if len(trials) == len(points):
                holds = trials.sort_values(REWIND)[verdict].fillna(False).to_numpy(dtype=bool)
                rows.append((*where, *sample, first_lasting(points, holds)))
    return pd.DataFrame(rows, columns=list(_SAMPLE_DTYPES)).astype(_SAMPLE_DTYPES)


def typical_onsets(samples: pd.DataFrame, verdict: Verdict) -> pd.DataFrame:
    """What the samples of each line say together; one row per line that `sample_onsets` has.

    Columns: `recipe`, `strategy`, `level`; `median` of the samples' onsets (LMC Figure 8), where
    never counts as infinity; `majority`, the first k from which at every measured k more than
    half of the samples pass, infinite if there is none; `last`, the largest measured k; `reach`,
    how many samples have an onset; `n`, how many samples there are. Of an even number the median
    is the later of the two in the middle, so it is finite exactly where more than half of the
    samples have an onset.
    """
    found = sample_onsets(samples, verdict)
    rows = []
    for where, line in found.groupby([RECIPE, *LINE], sort=False):
        onsets_ = np.sort(line["onset"].to_numpy())
        of_line = samples.merge(line.drop(columns="onset"), how="inner")
        share = of_line[verdict].fillna(False).groupby(of_line[REWIND]).mean()
        points, holds = share.index.to_numpy(), share.to_numpy(dtype=float) > 0.5
        rows.append(
            (
                *where,
                onsets_[len(onsets_) // 2],
                first_lasting(points, holds),
                points[-1],
                int(np.isfinite(onsets_).sum()),
                len(onsets_),
            )
        )
    return pd.DataFrame(rows, columns=list(_TYPICAL_DTYPES)).astype(_TYPICAL_DTYPES)
