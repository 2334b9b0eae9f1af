"""What LMC's appendix C says of the state at rewinding."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.claims.claim import Claim, Shown
from analysis.claims.dense import dense_onset
from analysis.claims.evidence import all_of, by_init, compared, over_inits, smaller
from analysis.claims.quoting import Samples, errors, quoted, sampled
from analysis.formats import number
from analysis.strategies import DENSE

if TYPE_CHECKING:
    from analysis.study import Study

SUBSTANTIAL = 25.0
"""% of the distance that training covers: the smallest that counts as substantial."""


def _at_onset(study: Study, column: str) -> tuple[int, Samples] | None:
    """The dense onset if it is after 0, and a column there; None where either is unknown."""
    onset = dense_onset(study)
    if not onset:
        return None
    found = sampled(study.usual, column, DENSE, 0, onset)
    return None if found[0].empty else (onset, found)


def _not_converged(study: Study) -> Shown | None:
    found = _at_onset(study, "rewinding_error_test")
    if found is None:
        return None
    onset, error = found
    final = errors(sampled(study.usual, "accuracy_test", DENSE, 0, onset))
    chance = 100 - float(study.samples["majority_test"].iloc[0])
    ours, theirs = by_init(*error), by_init(*final)
    halfway = (theirs + chance) / 2
    parts = [
        smaller("error at the end less that of W_k", theirs, ours),
        smaller(
            f"error of W_k less the midpoint of end and guessing, {number(halfway.mean())} %",
            ours,
            halfway,
        ),
    ]
    return Shown(
        f"error of W_k is {quoted(error)} at the onset, k = {onset}; {quoted(final)} at the "
        f"end, {number(chance)} % by guessing",
        all_of(parts),
    )


def _nearer_to_init(study: Study) -> Shown | None:
    found = _at_onset(study, "rewinding_l2_from_init")
    if found is None:
        return None
    onset, back = found
    ahead = sampled(study.usual, "rewinding_l2_to_end", DENSE, 0, onset)
    if ahead[0].empty:
        return None
    return Shown(
        f"at k = {onset} the L2 distance to W_0 is {quoted(back, '')}, to the end "
        f"{quoted(ahead, '')}",
        smaller("distance to W_0 less that to the end", by_init(*back), by_init(*ahead), ""),
    )


def _copies_apart(study: Study) -> Shown | None:
    found = _at_onset(study, "rewinding_l2_between")
    whole = sampled(study.usual, "rewinding_l2_to_end", DENSE, 0, 0)
    if found is None or whole[0].empty:
        return None
    onset, between = found
    share = (100 * by_init(*between) / by_init(*whole)).dropna()
    inits = share.index.to_series()
    return Shown(
        f"copies of k = {onset} end {quoted(between, '')} apart; training covers "
        f"{quoted(whole, '')} from k = 0",
        compared(
            "share of that distance",
            over_inits(share, inits, (0, float("inf"))),
            SUBSTANTIAL,
            "at least",
        ),
    )


CLAIMS = (
    Claim(
        name="not-converged",
        figure="app-c",
        source="Appendix C, Figure 10",
        says="When dense networks become stable, they have not converged, but are nearer to their "
        "final error than to random guessing.",
        check=_not_converged,
    ),
    Claim(
        name="nearer-to-init",
        figure="app-c",
        source="Appendix C, Figure 11",
        says="When they become stable, they are nearer to their initial weights than to their "
        "final ones (ResNet-20 and VGG-16).",
        check=_nearer_to_init,
    ),
    Claim(
        name="copies-apart",
        figure="app-c",
        source="Appendix C, Figure 11",
        says="Even then copies end far apart: at least a quarter of the distance that training "
        "covers.",
        check=_copies_apart,
    ),
)
