"""What LMC's appendix D says of instability while networks are trained."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.claims.claim import Claim, Shown
from analysis.claims.evidence import Evidence, all_of, by_init, compared, every, over_inits
from analysis.claims.quoting import Samples, quoted
from analysis.figures.lmc.throughout import COLUMN
from analysis.records import INIT_SEED, LEVEL, REWIND, STRATEGY
from analysis.statistics import PERCENT, UNBOUNDED
from analysis.strategies import DENSE, IMP

if TYPE_CHECKING:
    import pandas as pd

    from analysis.study import Study

AT_ONCE = 25.0
"""% of the final instability that is there at the first measurement if it rises at once."""


def _progress(study: Study, name: str) -> pd.DataFrame | None:
    """The records on the way of a strategy's trials, with their k and init; None without any."""
    trials = study.usual
    level = 0 if name == DENSE else study.level
    own = trials[(trials[STRATEGY] == name) & (trials[LEVEL] == level)]
    if f"{COLUMN}test" not in study.progress or own.empty:
        return None
    found = study.progress.merge(own[["trial", REWIND, INIT_SEED]], on="trial")
    found = found[found[f"{COLUMN}test"].notna()]
    return None if found.empty else found


def _by_iteration(found: pd.DataFrame, k: int) -> dict[int, Samples]:
    """Test instabilities of one k at each iteration, ascending."""
    own = found[found[REWIND] == k]
    return {
        int(str(at)): (group[f"{COLUMN}test"], group[INIT_SEED])
        for at, group in own.groupby("iteration")
    }


def _stable_throughout(study: Study, name: str) -> Shown | None:
    """Of every k that is stable at the end: whether its mean is below the threshold all the way."""
    found = _progress(study, name)
    if found is None:
        return None
    line = study.line(name, study.level)
    stable = line.loc[line["stable"].fillna(False).astype(bool), REWIND]
    said: list[str] = []
    parts: list[Evidence] = []
    for k in map(int, stable):
        along = _by_iteration(found, k)
        if not along:
            continue
        highest = max(along, key=lambda at: over_inits(*along[at])[0])
        said.append(f"{quoted(along[highest])} at {k}")
        parts.append(_below_on_the_way(study, k, along))
    if not parts:
        return None
    text = ", ".join(said).replace(" at ", " at k = ", 1)
    return Shown(
        f"highest instability on the way of those stable at the end: {text}", all_of(parts)
    )


def _below_on_the_way(study: Study, k: int, along: dict[int, Samples]) -> Evidence:
    """Whether the mean is below the threshold at each iteration: the highest that decides."""
    compare = {}
    for at, samples in along.items():
        found = over_inits(*samples, PERCENT)
        where = f"k = {k} at iteration {at}"
        compare[found[0], at] = compared(where, found, study.stable_below, "below")
    holds = every(one.holds for one in compare.values())
    return compare[max(key for key, one in compare.items() if one.holds is holds)]


def _rises_at_once(study: Study) -> Shown | None:
    found = _progress(study, DENSE)
    along = {} if found is None else _by_iteration(found, 0)
    if len(along) < 2:
        return None
    (at, first), *_, (_, last) = along.items()
    ends = by_init(*last)
    share = (100 * by_init(*first) / ends[ends > 0]).dropna()
    parts = [
        compared(
            f"instability at iteration {at}",
            over_inits(*first, PERCENT),
            study.stable_below,
            "at least",
        ),
        compared(
            "share of that at the end",
            over_inits(share, share.index.to_series(), UNBOUNDED),
            AT_ONCE,
            "at least",
        ),
    ]
    return Shown(
        f"at k = 0 instability is {quoted(first)} at iteration {at}, {quoted(last)} at the end",
        all_of(parts),
    )


CLAIMS = (
    Claim(
        name="rises-at-once",
        figure="app-d",
        source="Appendix D, Figure 13",
        says="At k = 0 instability increases rapidly.",
        check=_rises_at_once,
    ),
    Claim(
        name="dense-throughout",
        figure="app-d",
        source="Appendix D, Figure 13",
        says="Dense networks that are stable at the end are stable throughout training.",
        check=lambda study: _stable_throughout(study, DENSE),
    ),
    Claim(
        name="imp-throughout",
        figure="app-d",
        source="Appendix D, Figure 13",
        says="So are IMP subnetworks (ResNet-20).",
        check=lambda study: _stable_throughout(study, IMP),
    ),
)
