"""What LMC's appendix G says of the train set."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.claims.claim import Claim, Shown
from analysis.claims.evidence import Evidence, all_of, by_init, compared, smaller
from analysis.claims.quoting import errors, quoted, sampled
from analysis.formats import number
from analysis.records import REWIND
from analysis.statistics import difference
from analysis.strategies import IMP

if TYPE_CHECKING:
    from analysis.study import Study

ALIKE = 2.0
"""Points between test and train instability that count as nearly identical."""


def _train_like_test(study: Study) -> Shown | None:
    line = study.line(IMP, study.level)
    line = line[line["instability_test"].notna() & line["instability_train"].notna()]
    if len(line) < 2:
        return None
    apart = (line["instability_test"] - line["instability_train"]).abs()
    return Shown(
        f"test and train instability of IMP differ by {number(apart.min())} to "
        f"{number(apart.max())} points",
        all_of([_apart(study, int(k)) for k in line[REWIND]]),
    )


def _apart(study: Study, k: int) -> Evidence:
    """Whether test and train instability differ by at most `ALIKE` at one k."""
    test, train = (
        by_init(*sampled(study.usual, f"instability_{split}", IMP, study.level, k))
        for split in ("test", "train")
    )
    found, what = difference(test, train), "test less train"
    if found[0] < 0:
        found, what = difference(train, test), "train less test"
    return compared(f"{what} at k = {k}", found, ALIKE, "at most", " points")


def _train_error(study: Study) -> Shown | None:
    line = study.line(IMP, study.level)
    known = line[line["stable"].notna() & line["accuracy_train"].notna()]
    at_rest, moving = known[known["stable"].astype(bool)], known[~known["stable"].astype(bool)]
    if at_rest.empty or moving.empty:
        return None
    best = [
        int(part.sort_values("accuracy_train", kind="stable")[REWIND].iloc[-1])
        for part in (moving, at_rest)
    ]
    unstable, stable = (
        errors(sampled(study.usual, "accuracy_train", IMP, study.level, k)) for k in best
    )
    return Shown(
        f"lowest train error of IMP where unstable {quoted(unstable)} (k = {best[0]}), where "
        f"stable {quoted(stable)} (k = {best[1]})",
        smaller("error where stable less where unstable", by_init(*stable), by_init(*unstable)),
    )


CLAIMS = (
    Claim(
        name="train-like-test",
        figure="app-g",
        source="Appendix G, Figure 22",
        says="Train set and test set instability of IMP are nearly identical.",
        check=_train_like_test,
    ),
    Claim(
        name="train-error",
        figure="app-g",
        source="Appendix G, Figure 23",
        says="Unstable IMP subnetworks do not reach the train error of stable ones.",
        check=_train_error,
    ),
)
