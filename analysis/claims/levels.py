"""What Unmasking says of paths between levels, and of the error at each level (Figures 2, 5, 6)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from analysis.claims.claim import Claim, Shown
from analysis.claims.evidence import Evidence, all_of, by_init, compared, smaller
from analysis.claims.quoting import at_each_k, errors, quoted, sampled
from analysis.formats import number
from analysis.levels import agreement, eps_of, judged_pairs, level_networks, level_pairs
from analysis.records import INIT_SEED, LEVEL, LEVEL_2, REWIND, STRATEGY
from analysis.statistics import POINTS, difference
from analysis.strategies import IMP

if TYPE_CHECKING:
    from analysis.study import Study


def _pairs(study: Study) -> tuple[pd.DataFrame, float] | None:
    """IMP's pairs of levels with their verdicts, and eps; None where none can be judged."""
    eps = eps_of(study)
    found = judged_pairs(study)
    found = found[found[STRATEGY] == IMP]
    if found.empty or pd.isna(eps):
        return None
    return found[found["connected"].notna() & found["both_matching"].notna()], eps


def _barrier(row: Any, eps: float, claimed: Any) -> Evidence:
    found = row.barrier, row.barrier_low, row.barrier_high
    what = f"barrier of levels {row.level} to {row.level_2} at k = {row.rewind}"
    return compared(what, found, eps, claimed, " points", meaning="eps")


def _connected(study: Study) -> Shown | None:
    """Successive matching levels from level 1 on, at the latest k."""
    found = _pairs(study)
    if found is None:
        return None
    pairs, eps = found
    late = pairs[(pairs[REWIND] == pairs[REWIND].max()) & pairs["successive"] & (pairs[LEVEL] > 0)]
    matching = late[late["both_matching"].astype(bool)]
    if matching.empty:
        return None
    parts = [_barrier(row, eps, "below") for row in matching.itertuples(index=False)]
    highest = matching["barrier"].max()
    k = int(matching[REWIND].iloc[0])
    return Shown(
        f"at k = {k} the highest barrier of {len(matching)} pairs of successive matching levels "
        f"is {number(highest)} points; eps is {number(eps)}",
        all_of(parts),
    )


def _only_if(study: Study) -> Shown | None:
    """Successive levels of which not both match, at every k."""
    found = _pairs(study)
    if found is None:
        return None
    pairs, eps = found
    others = pairs[pairs["successive"] & ~pairs["both_matching"].astype(bool)]
    if others.empty:
        return None
    parts = [_barrier(row, eps, "at least") for row in others.itertuples(index=False)]
    joined = int(others["connected"].astype(bool).sum())
    return Shown(
        f"{joined} of {len(others)} pairs of successive levels that do not both match are "
        "connected all the same",
        all_of(parts),
    )


def _if_and_only_if(study: Study) -> Shown | None:
    """The 2 x 2 count, at every k."""
    found = _pairs(study)
    if found is None:
        return None
    count = agreement(found[0])
    if not count.total:
        return None
    text = (
        f"both match and are connected: {count.matching_connected}; match, apart: "
        f"{count.matching_apart}; not both match, connected: {count.other_connected}; neither: "
        f"{count.other_apart}"
    )
    evidence = Evidence(count.agree == count.total, f"{count.agree} of {count.total} pairs agree")
    return Shown(text, evidence)


def _dense_apart(study: Study) -> Shown | None:
    """Levels 0 and 1 at the latest k."""
    found = _pairs(study)
    if found is None:
        return None
    pairs, eps = found
    first = pairs[(pairs[LEVEL] == 0) & (pairs[LEVEL_2] == 1)]
    if first.empty:
        return None
    row = next(first[first[REWIND] == first[REWIND].max()].itertuples(index=False))
    text = f"{number(float(row.barrier))} points at k = {row.rewind}"
    return Shown(text, _barrier(row, eps, "at least"))


def _dense_nearer(study: Study) -> Shown | None:
    """The barrier of levels 0 and 1, at the first and at the latest k."""
    pairs = level_pairs(study)
    own = pairs[(pairs[STRATEGY] == IMP) & (pairs[LEVEL] == 0) & (pairs[LEVEL_2] == 1)]
    own = own[own["barrier"].notna()]
    ks = sorted(map(int, own[REWIND].unique()))
    if len(ks) < 2:
        return None
    first, last = (own[own[REWIND] == k] for k in (ks[0], ks[-1]))
    values = [by_init(rows["barrier"], rows[INIT_SEED]) for rows in (last, first)]
    text = at_each_k(
        {
            ks[0]: f"{number(values[1].mean())} points",
            ks[-1]: f"{number(values[0].mean())} points",
        }
    )
    what = f"barrier at k = {ks[-1]} less that at {ks[0]}"
    return Shown(text, smaller(what, values[0], values[1]))


def _mutually(study: Study) -> Shown | None:
    """Every pair of matching levels from 1 on at the latest k: the highest error on its path."""
    found = _pairs(study)
    if found is None or study.reference is None:
        return None
    pairs, eps = found
    late = pairs[(pairs[REWIND] == pairs[REWIND].max()) & pairs["both_matching"].astype(bool)]
    late = late[late[LEVEL] > 0]
    if late["successive"].all():  # or there are no pairs: then it says no more than successive ones
        return None
    border = 100 - study.reference.mean + eps
    parts = [
        compared(
            f"highest error of levels {row.level} to {row.level_2}",
            (row.highest, row.highest_low, row.highest_high),
            border,
            "at most",
            meaning="dense + eps",
        )
        for row in late.itertuples(index=False)
    ]
    row = late.loc[late["highest"].idxmax()]
    return Shown(
        f"of {len(late)} pairs of matching levels the highest error is {number(row['highest'])} %, "
        f"between levels {row[LEVEL]} and {row[LEVEL_2]}; dense + eps is {number(border)} %",
        all_of(parts),
    )


def _level_one(study: Study) -> Shown | None:
    """Error of level 1 at the first k, against the latest."""
    eps = eps_of(study)
    line = study.cells[(study.cells[STRATEGY] == IMP) & (study.cells[LEVEL] == 1)]
    ks = sorted(map(int, line[REWIND].unique()))
    if len(ks) < 2 or pd.isna(eps) or not len(level_pairs(study)):
        return None
    first, last = (
        errors(sampled(study.usual, "accuracy_test", IMP, 1, k)) for k in (ks[0], ks[-1])
    )
    found = difference(by_init(*first), by_init(*last), POINTS)
    what = f"error of level 1 at k = {ks[0]} less that at {ks[-1]}"
    return Shown(
        f"{quoted(first)} at k = {ks[0]}, {quoted(last)} at {ks[-1]}",
        compared(what, found, eps, "at most", " points", meaning="eps"),
    )


def _later_more(study: Study) -> Shown | None:
    """How many levels match at each k."""
    networks = level_networks(study)
    own = networks[(networks[STRATEGY] == IMP) & (networks[LEVEL] > 0)]
    own = own[own["matching"].notna()]
    counts = {
        int(k): int(own.loc[own[REWIND] == k, "matching"].astype(bool).sum())
        for k in sorted(own[REWIND].unique())
    }
    if len(counts) < 2 or not len(level_pairs(study)):
        return None
    values = list(counts.values())
    text = ", ".join(f"{value} at {k}" for k, value in counts.items()).replace(
        " at ", " at k = ", 1
    )
    holds = values[0] < values[-1] and values == sorted(values)
    return Shown(f"levels that match: {text}", Evidence(holds, "the counts themselves decide"))


_SECTION = "section 2.1, Figures 2 and 6"

CLAIMS = (
    Claim(
        name="levels-connected",
        figure="u-fig2",
        paper="Unmasking",
        source=_SECTION,
        says="Successive matching levels are connected without a barrier, where copies are made "
        "late enough.",
        check=_connected,
    ),
    Claim(
        name="levels-apart",
        figure="u-fig2",
        paper="Unmasking",
        source=_SECTION,
        says="Successive levels that do not both match are not connected.",
        check=_only_if,
    ),
    Claim(
        name="levels-iff",
        figure="u-fig2",
        paper="Unmasking",
        source="abstract, section 2.1",
        says="Successive levels are connected if and only if they match.",
        check=_if_and_only_if,
    ),
    Claim(
        name="dense-apart",
        figure="u-fig2",
        paper="Unmasking",
        source="appendix D",
        says="A small barrier separates the dense network from level 1 (but for CIFAR-10).",
        check=_dense_apart,
    ),
    Claim(
        name="dense-nearer-later",
        figure="u-fig2",
        paper="Unmasking",
        source="appendix D, Figure 6",
        says="The barrier between levels 0 and 1 gets smaller as the rewind step increases.",
        check=_dense_nearer,
    ),
    Claim(
        name="levels-mutually",
        figure="u-fig2",
        paper="Unmasking",
        source="section 2.1, Figure 2 (right)",
        says="All matching levels are connected with each other (but for the first and last on "
        "ImageNet).",
        check=_mutually,
    ),
    Claim(
        name="level-one-early",
        figure="u-fig5",
        paper="Unmasking",
        source="appendix D, Figure 5",
        says="At level 1, rewinding to initialisation is as good as rewinding later.",
        check=_level_one,
    ),
    Claim(
        name="later-matches-more",
        figure="u-fig5",
        paper="Unmasking",
        source="appendix E, Figure 5",
        says="The later the rewind step, the more levels match.",
        check=_later_more,
    ),
)
