"""What LMC's appendix H says of other distances than instability."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.claims.claim import Claim, Shown
from analysis.claims.evidence import Evidence, all_of, by_init, compared, over_inits, smaller
from analysis.claims.quoting import called, quoted, sampled
from analysis.figures.lmc.means import line_of
from analysis.onsets import onsets
from analysis.records import INIT_SEED, LEVEL, REWIND, STRATEGY
from analysis.strategies import CONTROLS, DENSE, IMP

if TYPE_CHECKING:
    from analysis.study import Study

LINEAR = -0.9
"""Correlation of distance and log k from which on the decrease counts as linear."""


def _falls_in_log_k(study: Study) -> Shown | None:
    line = line_of(study, "distance_l2", DENSE, 0)
    later = line[line[REWIND] > 0]
    if len(later) < 3:
        return None
    first, last = int(line[REWIND].iloc[0]), int(line[REWIND].iloc[-1])
    values = [sampled(study.usual, "distance_l2", DENSE, 0, k) for k in (first, last)]
    parts = [
        _linear(study, _correlation(later[REWIND], later["mean"])),
        compared(
            f"distance at k = {last}", over_inits(*values[1], (0, float("inf"))), 0.0, "above", ""
        ),
    ]
    return Shown(
        f"L2 distance of dense copies is {quoted(values[0], '')} at k = {first}, "
        f"{quoted(values[1], '')} at {last}",
        all_of(parts),
    )


def _correlation(ks: pd.Series, distances: pd.Series) -> float:
    logs = np.log(ks.to_numpy(float))
    return float(np.corrcoef(logs, distances.to_numpy(float))[0, 1])


def _linear(study: Study, of_means: float) -> Evidence:
    """Whether the correlation with log k reaches `LINEAR`, of the means and of every init."""
    trials = study.usual
    own = trials[(trials[STRATEGY] == DENSE) & (trials[LEVEL] == 0) & (trials[REWIND] > 0)]
    own = own[own["distance_l2"].notna()]
    each = [
        _correlation(line.index.to_series(), line)
        for _, of_init in own.groupby(INIT_SEED)
        if len(line := of_init.groupby(REWIND)["distance_l2"].mean()) > 2
    ]
    text = (
        f"correlation with log k: {of_means:.2f} of the means, {min(each):.2f} to {max(each):.2f} "
        f"of single inits, at most {LINEAR:g} is linear"
    ).replace("-", "−")
    agreeing = {one <= LINEAR for one in each}
    if (of_means <= LINEAR) in agreeing and len(agreeing) == 1:
        return Evidence(of_means <= LINEAR, text, abs(of_means - LINEAR))
    return Evidence(None, f"{text}; inits lie on both sides")


def _drops(column: str, what: str, unit: str) -> Callable[[Study], Shown | None]:
    """Whether a distance of IMP copies drops where they become stable, below the controls'."""

    def check(study: Study) -> Shown | None:
        found = onsets(study.line(IMP, study.level), "stable")["onset"]
        if found.empty or pd.isna(found.iloc[0]) or not found.iloc[0]:
            return None
        onset = int(found.iloc[0])

        def at(name: str, k: int) -> tuple[pd.Series, pd.Series]:
            return sampled(study.usual, column, name, study.level, k)

        first, then = at(IMP, 0), at(IMP, onset)
        controls = {name: at(name, onset) for name in CONTROLS}
        known = {name: one for name, one in controls.items() if len(one[0])}
        if first[0].empty or then[0].empty or not known:
            return None
        points = " points" if unit else ""
        own = by_init(*then)
        parts = [smaller(f"k = {onset} less k = 0", own, by_init(*first), points)]
        parts += [
            smaller(f"IMP less {called(name)}", own, by_init(*one), points)
            for name, one in known.items()
        ]
        said = ", ".join(f"{called(name)} {quoted(one, unit)}" for name, one in known.items())
        return Shown(
            f"{what} of IMP: {quoted(first, unit)} at k = 0, {quoted(then, unit)} at its onset, "
            f"k = {onset}; there {said}",
            all_of(parts),
        )

    return check


CLAIMS = (
    Claim(
        name="falls-in-log-k",
        figure="app-h",
        source="Appendix H, Figure 24",
        says="The L2 distance of dense copies falls linearly in log k and stays far from 0.",
        check=_falls_in_log_k,
    ),
    Claim(
        name="imp-l2-drops",
        figure="app-h",
        source="Appendix H, Figure 25",
        says="The L2 distance of IMP copies drops where they become stable, below the controls’.",
        check=_drops("distance_l2", "L2 distance", ""),
    ),
    Claim(
        name="imp-answers-drop",
        figure="app-h",
        source="Appendix H, Figure 28",
        says="So does the number of test examples that they classify differently.",
        check=_drops("disagreement_test", "different answers", " %"),
    ),
)
