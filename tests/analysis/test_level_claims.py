"""Claims on levels, planes and adaptive pruning: each can agree, and can differ."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from typing import Any

import pandas as pd
import pytest
from level_samples import MadeLevels, schedules

from analysis.claims import adaptive, levels, planes
from analysis.study import Study

CLAIMS = {one.name: one for one in (*levels.CLAIMS, *planes.CLAIMS, *adaptive.CLAIMS)}

Make = Callable[[Any], Study]


def chains(
    late: float = 0.0,
    early: float = 60.0,
    errors: tuple[float, ...] = (3.0, 3.0, 20.0),
    **more: Any,
) -> Make:
    """Three levels, of which two match: barriers at k = 120 and at k = 0."""

    def make(trial: Any) -> Study:
        made = MadeLevels(trial)
        every = list(combinations(range(4), 2))
        far = more.get("far", late)
        rises = {pair: late if pair[1] - pair[0] == 1 else far for pair in every}
        rises |= {(2, 3): more.get("failing", 30.0), (0, 1): more.get("first", late)}
        made.chain(list(errors), rises, rewind=120)
        at_zero = more.get("at_zero", (3.0, 20.0, 20.0))
        made.chain(list(at_zero), dict.fromkeys(every, early), rewind=0)
        return made.study()

    return make


def plane(projections: tuple[float, ...], errors: tuple[float, ...]) -> Make:
    def make(trial: Any) -> Study:
        rises = {(n, n + 1): 0.0 for n in range(len(errors))}
        return MadeLevels(trial).chain(list(errors), rises, plane=projections, rewind=120).study()

    return make


def perturbed(rise: float) -> Make:
    def make(trial: Any) -> Study:
        return MadeLevels(trial).chain([3.0], {(0, 1): rise}, strategy="perturbed").study()

    return make


def pruned(worse: float = 0.0, levels: float = 1.0) -> Make:
    """Adaptive pruning in three levels; `worse` raises its error, `levels` how much it leaves."""

    def make(trial: Any) -> Study:
        study = schedules(trial)
        trials: pd.DataFrame = study.trials
        own = trials["strategy"] == "imp-adaptive"
        for name in ("accuracy_test", "accuracy_test_1", "accuracy_test_2"):
            trials.loc[own, name] = 97.0 - worse
        if levels != 1.0:
            trials = trials[~(own & (trials["level"] == 3))]
            more = trials[trials["strategy"] == "imp"].assign(strategy="imp-adaptive")
            more["trial"] = "adaptive " + more["trial"]
            trials = pd.concat([trials[trials["strategy"] != "imp-adaptive"], more])
        return Study("made", trials.reset_index(drop=True))

    return make


AGREES: dict[str, Make] = {
    "levels-connected": chains(),
    "levels-apart": chains(),
    "levels-iff": chains(at_zero=(20.0, 20.0, 20.0)),
    "dense-apart": chains(first=5.0),
    "dense-nearer-later": chains(),
    "levels-mutually": chains(errors=(1.0, 1.0, 1.0), failing=0.0),
    "level-one-early": chains(),
    "later-matches-more": chains(),
    "projection-inside": plane((1.0, 9.0, 90.0), (1.0, 1.0, 50.0)),
    "projection-returns": plane((1.0, 9.0, 90.0), (1.0, 1.0, 50.0)),
    "projection-lost": plane((1.0, 9.0, 90.0), (1.0, 1.0, 50.0)),
    "adaptive-fewer": pruned(),
    "adaptive-no-worse": pruned(),
    "perturbed-apart": perturbed(40.0),
}

DIFFERS: dict[str, Make] = {
    "levels-connected": chains(late=9.0),
    "levels-apart": chains(failing=0.0),
    "levels-iff": chains(late=9.0),
    "dense-apart": chains(first=0.0),
    "dense-nearer-later": chains(first=80.0),
    "levels-mutually": chains(errors=(1.0, 1.0, 1.0), failing=0.0, far=25.0),
    "level-one-early": chains(at_zero=(30.0, 30.0, 30.0)),
    "later-matches-more": chains(at_zero=(3.0, 3.0, 3.0)),
    "projection-inside": plane((9.0, 9.0, 90.0), (1.0, 1.0, 50.0)),
    "projection-returns": plane((1.0, 9.0, 90.0), (1.0, 30.0, 50.0)),
    "projection-lost": plane((1.0, 9.0, 90.0), (1.0, 1.0, 1.0)),
    "adaptive-fewer": pruned(levels=0.0),
    "adaptive-no-worse": pruned(worse=9.0),
    "perturbed-apart": perturbed(0.0),
}


def test_every_claim_is_tested_both_ways() -> None:
    assert AGREES.keys() == DIFFERS.keys() == CLAIMS.keys()


@pytest.mark.parametrize("name", CLAIMS)
def test_a_claim_can_agree_and_differ(trial: Any, name: str) -> None:
    for expected, of in (("agrees", AGREES), ("differs", DIFFERS)):
        shown = CLAIMS[name].check(of[name](trial))
        assert shown is not None
        assert shown.verdict == expected, (shown.sentence, shown.reason)
        assert shown.sentence
        assert "nan" not in shown.reason


def test_claims_need_their_data(study: pd.DataFrame) -> None:
    """A sweep of copies alone has nothing to say of levels."""
    without = Study("copies", study)
    assert all(one.check(without) is None for one in CLAIMS.values())
