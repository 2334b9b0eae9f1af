"""What Unmasking says of the error at each level (Figure 5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from analysis.claims.claim import Claim, Shown
from analysis.claims.evidence import by_init, compared, smaller
from analysis.claims.quoting import Samples, at_each_k, errors, quoted, sampled
from analysis.levels import eps_of
from analysis.records import INIT_SEED, LEVEL, REWIND, STRATEGY
from analysis.statistics import POINTS, difference
from analysis.strategies import IMP

if TYPE_CHECKING:
    from analysis.study import Study


def _level_one(study: Study) -> Shown | None:
    """Error of level 1 at k = 0, against the latest k."""
    eps = eps_of(study)
    line = study.cells[(study.cells[STRATEGY] == IMP) & (study.cells[LEVEL] == 1)]
    ks = sorted(map(int, line[REWIND].unique()))
    if len(ks) < 2 or ks[0] != 0 or pd.isna(eps):
        return None
    of = {k: errors(sampled(study.usual, "accuracy_test", IMP, 1, k)) for k in ks}
    found = difference(by_init(*of[0]), by_init(*of[ks[-1]]), POINTS)
    what = f"error of level 1 at k = 0 less that at {ks[-1]}"
    return Shown(
        f"error of level 1: {at_each_k({k: quoted(one) for k, one in of.items()})}",
        compared(what, found, eps, "at most", " points", meaning="ε"),
    )


def _later_more(study: Study) -> Shown | None:
    """How many levels of an init match at k = 0, against the latest k."""
    counts = _matching_levels(study)
    if len(counts) < 2 or 0 not in counts:
        return None
    last = max(counts)
    return Shown(
        "levels that match, mean over inits: "
        + at_each_k({k: quoted(one, "") for k, one in counts.items()}),
        smaller(
            f"levels that match at k = 0 less those at {last}",
            by_init(*counts[0]),
            by_init(*counts[last]),
            "",
        ),
    )


def _matching_levels(study: Study) -> dict[int, Samples]:
    """How many levels of each init match by themselves, by k; of the levels that all k have."""
    samples = study.samples
    own = samples[(samples[STRATEGY] == IMP) & samples["matching"].notna()]
    ks_at = own.groupby(LEVEL)[REWIND].nunique()
    shared = ks_at.index[ks_at == own[REWIND].nunique()]
    own = own[own[LEVEL].isin(shared)].astype({"matching": "float64"})
    if own[LEVEL].nunique() < 2:
        return {}
    each = own.groupby([REWIND, INIT_SEED, LEVEL])["matching"].mean()
    found = each.groupby([REWIND, INIT_SEED]).sum().reset_index()
    return {int(str(k)): (one["matching"], one[INIT_SEED]) for k, one in found.groupby(REWIND)}


CLAIMS = (
    Claim(
        name="level-one-early",
        figure="u-fig5",
        paper="Unmasking",
        source="Appendix D, Figure 5",
        says="At level 1, rewinding to initialisation is as good as rewinding later.",
        check=_level_one,
    ),
    Claim(
        name="later-matches-more",
        figure="u-fig5",
        paper="Unmasking",
        source="Figure 5",
        says="Sparse levels match only if rewound late: late there are more levels that match.",
        check=_later_more,
    ),
)
