"""What Unmasking says of paths between levels (Figures 2 and 6)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from analysis.claims.claim import Claim, Shown
from analysis.claims.evidence import Evidence, Side, all_of, by_init, compared, smaller
from analysis.claims.quoting import at_each_k, quoted
from analysis.formats import number, spans, weights
from analysis.levels import eps_of, judged_pairs, level_networks, level_pairs
from analysis.records import INIT_SEED, LEVEL, LEVEL_2, REWIND, STRATEGY, WEIGHTS_LEFT
from analysis.statistics import below
from analysis.strategies import IMP

if TYPE_CHECKING:
    from analysis.study import Study


def _pairs(study: Study) -> tuple[pd.DataFrame, float] | None:
    """IMP's pairs of levels with their verdicts, and eps; None where none can be judged."""
    eps = eps_of(study)
    found = judged_pairs(study)
    found = found[found[STRATEGY] == IMP]
    found = found[found["connected"].notna() & found["both_matching"].notna()]
    if found.empty or pd.isna(eps):
        return None
    return found.astype({"connected": bool, "both_matching": bool}), eps


def _successive(study: Study) -> tuple[pd.DataFrame, float] | None:
    """Those of successive levels from level 1 on: the dense network is told of by itself."""
    found = _pairs(study)
    if found is None:
        return None
    pairs, eps = found
    own = pairs[pairs["successive"] & (pairs[LEVEL] > 0)]
    return None if own.empty else (own, eps)


def _barrier(row: Any, eps: float, claimed: Side) -> Evidence:
    found = row.barrier, row.barrier_low, row.barrier_high
    what = f"barrier of levels {row.level} and {row.level_2} at k = {row.rewind}"
    return compared(what, found, eps, claimed, " points", meaning="ε")


def _connected(study: Study) -> Shown | None:
    """Successive matching levels from level 1 on, at the latest k."""
    found = _successive(study)
    if found is None:
        return None
    pairs, eps = found
    late = pairs[pairs[REWIND] == pairs[REWIND].max()]
    matching = late[late["both_matching"]]
    if matching.empty:
        return None
    return Shown(
        f"at k = {late[REWIND].iloc[0]} the highest barrier of {len(matching)} pairs of successive "
        f"matching levels is {_points(matching['barrier'].max(), eps)} points",
        all_of([_barrier(row, eps, "below") for row in matching.itertuples(index=False)]),
    )


def _if_matching(study: Study) -> Shown | None:
    """Successive levels that both match, at every k."""
    return _all_alike(study, both=True)


def _only_if_matching(study: Study) -> Shown | None:
    """Successive levels of which not both match, at every k."""
    return _all_alike(study, both=False)


def _all_alike(study: Study, *, both: bool) -> Shown | None:
    found = _successive(study)
    if found is None:
        return None
    pairs, eps = found
    own = pairs[pairs["both_matching"] == both]
    if own.empty:
        return None
    claimed: Side = "below" if both else "at least"
    return Shown(
        f"connected by their mean barriers are {_counts(own)}",
        all_of([_barrier(row, eps, claimed) for row in own.itertuples(index=False)]),
    )


def _if_and_only_if(study: Study) -> Shown | None:
    """Successive levels at higher sparsities: from the first level on that not every k matches at.

    Before it any mask does, as so many weights are left that good networks are easily found
    (appendix D). The text does not say where higher sparsities begin.
    """
    found = _successive(study)
    networks = level_networks(study)
    networks = networks[(networks[STRATEGY] == IMP) & networks["matching"].notna()]
    failing = networks.loc[~networks["matching"].astype(bool), LEVEL]
    if found is None or failing.empty:
        return None
    pairs, eps = found
    pairs = pairs[pairs[LEVEL_2] >= failing.min()]
    if pairs["both_matching"].nunique() < 2:
        return None
    parts = [
        _barrier(row, eps, "below" if row.both_matching else "at least")
        for row in pairs.itertuples(index=False)
    ]
    left = float(networks.loc[networks[LEVEL] == failing.min(), WEIGHTS_LEFT].mean())
    return Shown(
        f"with {weights(left)} % left or less, where not every k gives a matching level, connected "
        f"by their mean barriers are {_counts(pairs)}",
        all_of(parts),
    )


def _counts(pairs: pd.DataFrame) -> str:
    """Count the connected among pairs that match and among others, by k."""
    said = {}
    for k, own in pairs.groupby(REWIND):
        matching, others = (own[own["both_matching"] == both] for both in (True, False))
        counts = [
            f"{int(rows['connected'].sum())} of {len(rows)} pairs that {verb}"
            for rows, verb in ((matching, "match"), (others, "do not match"))
            if len(rows)
        ]
        said[k] = " and ".join(counts)
    return "; ".join(f"{text} at {k}" for k, text in said.items()).replace(" at ", " at k = ", 1)


def _points(value: float, eps: float) -> str:
    """A barrier beside eps, with as many digits as tell them apart."""
    digits = 1 if number(value) != number(eps) else 2
    return f"{value:.{digits}f} and ε {eps:.{digits}f}"


def _dense_apart(study: Study) -> Shown | None:
    """Levels 0 and 1 at the latest k."""
    found = _pairs(study)
    if found is None:
        return None
    pairs, eps = found
    first = pairs[(pairs[LEVEL] == 0) & (pairs[LEVEL_2] == 1)].sort_values(REWIND)
    if first.empty:
        return None
    row: Any = next(first.tail(1).itertuples(index=False))
    return Shown(
        f"at k = {row.rewind} the barrier is {_points(row.barrier, eps)} points",
        _barrier(row, eps, "at least"),
    )


def _dense_nearer(study: Study) -> Shown | None:
    """The barrier of levels 0 and 1 at the latest k, against the first."""
    pairs = level_pairs(study)
    own = pairs[(pairs[STRATEGY] == IMP) & (pairs[LEVEL] == 0) & (pairs[LEVEL_2] == 1)]
    own = own[own["barrier"].notna()]
    values = {int(str(k)): (rows["barrier"], rows[INIT_SEED]) for k, rows in own.groupby(REWIND)}
    if len(values) < 2:
        return None
    (first, early), *_, (last, late) = values.items()
    return Shown(
        f"barrier {at_each_k({k: quoted(one, ' points') for k, one in values.items()})}",
        smaller(f"barrier at k = {last} less that at {first}", by_init(*late), by_init(*early)),
    )


def _matching_late(study: Study) -> tuple[pd.DataFrame, list[int], float] | None:
    """Pairs of matching levels from 1 on at the latest k, these levels, and the matching error."""
    found = _pairs(study)
    if found is None or study.reference is None:
        return None
    pairs, eps = found
    late = pairs[(pairs[REWIND] == pairs[REWIND].max()) & pairs["both_matching"]]
    late = late[late[LEVEL] > 0]
    levels = sorted({*map(int, late[LEVEL]), *map(int, late[LEVEL_2])})
    return late, levels, 100 - study.reference.mean + eps


def _highest(row: Any, border: float, claimed: Side) -> Evidence:
    found = row.highest, row.highest_low, row.highest_high
    what = f"highest error between levels {row.level} and {row.level_2}"
    return compared(what, found, border, claimed, meaning="dense + ε")


def _mutually(study: Study) -> Shown | None:
    """Every two matching levels between the first and the last, as the heat map has them."""
    found = _matching_late(study)
    if found is None or len(found[1]) < 5:  # of fewer all pairs between are successive ones
        return None
    late, levels, border = found
    own = late[late[[LEVEL, LEVEL_2]].isin(levels[1:-1]).all(axis=1)]
    if own.empty or own["successive"].all():
        return None
    rows: list[Any] = list(own.sort_values("highest").itertuples(index=False))
    within, worst = sum(below(row.highest, border, inclusive=True) for row in rows), rows[-1]
    return Shown(
        f"at k = {worst.rewind} levels {spans(levels)} match; of the {len(rows)} pairs of levels "
        f"between the first and the last, {within} have paths whose mean highest error is at most "
        f"{number(border)} %; the highest, {number(worst.highest)} %, is that of levels "
        f"{worst.level} and {worst.level_2}",
        all_of([_highest(one, border, "at most") for one in own.itertuples(index=False)]),
    )


def _not_convex(study: Study) -> Shown | None:
    """The first and the last of the matching levels."""
    found = _matching_late(study)
    if found is None or len(found[1]) < 3:
        return None
    late, levels, border = found
    ends = late[(late[LEVEL] == levels[0]) & (late[LEVEL_2] == levels[-1])]
    if ends.empty:
        return None
    row: Any = next(ends.itertuples(index=False))
    return Shown(
        f"at k = {row.rewind} levels {spans(levels)} match; on the path from the first to the last "
        f"the highest error is {number(row.highest)} %",
        _highest(row, border, "above"),
    )


_SECTION = "Section 2.1, Figures 2 and 6"

CLAIMS = (
    Claim(
        name="levels-connected",
        figure="u-fig2",
        paper="Unmasking",
        source=_SECTION,
        says="At a late rewind step successive matching levels are connected without a barrier.",
        check=_connected,
    ),
    Claim(
        name="connected-if-matching",
        figure="u-fig2",
        paper="Unmasking",
        source="Section 2.1",
        says="A level that matches is connected to the one before it, which matches, too.",
        check=_if_matching,
    ),
    Claim(
        name="connected-only-if-matching",
        figure="u-fig2",
        paper="Unmasking",
        source="Section 2.1",
        says="Conversely, a level that does not match is not connected to the one before it.",
        check=_only_if_matching,
    ),
    Claim(
        name="if-and-only-if",
        figure="u-fig2",
        paper="Unmasking",
        source="Abstract",
        says="At higher sparsities successive levels are connected if and only if they match.",
        check=_if_and_only_if,
    ),
    Claim(
        name="dense-apart",
        figure="u-fig2",
        paper="Unmasking",
        source="Appendix D",
        says="A small barrier separates the dense network from level 1 (but for CIFAR-10).",
        check=_dense_apart,
    ),
    Claim(
        name="dense-nearer-later",
        figure="u-fig2",
        paper="Unmasking",
        source="Appendix D, Figure 6",
        says="The barrier between levels 0 and 1 gets smaller as the rewind step increases.",
        check=_dense_nearer,
    ),
    Claim(
        name="levels-mutually",
        figure="u-fig2",
        paper="Unmasking",
        source="Section 2.1, Figure 2 (right)",
        says="All matching levels at intermediate sparsities are connected with each other.",
        check=_mutually,
    ),
    Claim(
        name="not-convex",
        figure="u-fig2",
        paper="Unmasking",
        source="Section 2.1, Figure 2 (right)",
        says="Yet not all matching levels need be: between the first and the last there can be a "
        "barrier (ImageNet).",
        check=_not_convex,
    ),
)
