"""Claims on levels, planes and adaptive pruning: each can agree, and can differ."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import combinations
from typing import Any

import pandas as pd
import pytest
from level_samples import MadeLevels, schedules

from analysis.claims import CLAIMS as EVERY
from analysis.study import Study

CLAIMS = {one.name: one for one in EVERY if one.paper == "Unmasking"}

Make = Callable[[Any], Study]

NEAR = (1.0,) * 5
"""Errors of five levels below those of the dense networks, 3 ± 1: paths stay below 4."""


def chains(
    late: float = 0.0,
    early: float = 60.0,
    errors: tuple[float, ...] = (3.0, 3.0, 20.0),
    at_zero: tuple[float, ...] = (3.0, 20.0, 20.0),
    **more: float,
) -> Make:
    """Levels at k = 120 and 0 with their errors; up to 4 % match.

    `late` and `early` are the barriers there. At k = 120 `far` is that of levels further apart,
    `first` that of 0 and 1, `failing` that of 2 and 3.
    """

    def make(trial: Any) -> Study:
        made = MadeLevels(trial)
        rises = {}
        for pair in combinations(range(len(errors) + 1), 2):
            rises[pair] = late if pair[1] - pair[0] == 1 else more.get("far", late)
        rises |= {(2, 3): more.get("failing", 30.0), (0, 1): more.get("first", late)}
        made.chain(list(errors), rises, rewind=120)
        every = combinations(range(len(at_zero) + 1), 2)
        made.chain(list(at_zero), dict.fromkeys(every, early), rewind=0)
        return made.study()

    return make


def spread_out(make: Make, where: str, barriers: tuple[float, ...]) -> Make:
    """Return a study whose barrier differs from init to init at one pair, "120: 1, 2"."""

    def changed(trial: Any) -> Study:
        study = make(trial)
        k, _, pair = where.partition(": ")
        trials = study.trials
        own = (trials[["level", "level_2"]] == [int(level) for level in pair.split(", ")]).all(
            axis=1
        )
        trials.loc[own & (trials["rewind"] == int(k)), "barrier_test"] = barriers
        return study

    return changed


def plane(projections: tuple[float, ...], errors: tuple[float, ...]) -> Make:
    def make(trial: Any) -> Study:
        rises = {(n, n + 1): 0.0 for n in range(len(errors))}
        return MadeLevels(trial).chain(list(errors), rises, plane=projections, rewind=120).study()

    return make


def perturbed(rise: float) -> Make:
    """The barrier at the latest k; at 0 there always is one."""

    def make(trial: Any) -> Study:
        made = MadeLevels(trial)
        made.chain([3.0], {(0, 1): 40.0}, strategy="perturbed")
        return made.chain([3.0], {(0, 1): rise}, strategy="perturbed", rewind=120).study()

    return make


def pruned(worse: float = 0.0, levels: float = 1.0) -> Make:
    """Adaptive pruning in three levels; `worse` raises its error, `levels` how much it leaves."""

    def make(trial: Any) -> Study:
        study = schedules(trial, iterations={"digits": 1200})
        trials: pd.DataFrame = study.trials
        own = trials["strategy"] == "imp-adaptive"
        for name in ("accuracy_test", "accuracy_test_1", "accuracy_test_2"):
            trials.loc[own, name] = 97.0 - worse
        if levels != 1.0:
            trials = trials[~(own & (trials["level"] == 3))]
            more = trials[trials["strategy"] == "imp"].assign(strategy="imp-adaptive")
            more["trial"] = "adaptive " + more["trial"]
            trials = pd.concat([trials[trials["strategy"] != "imp-adaptive"], more])
        return replace(study, trials=trials.reset_index(drop=True))

    return make


AGREES: dict[str, Make] = {
    "levels-connected": chains(),
    "connected-if-matching": chains(at_zero=(20.0, 20.0, 20.0)),
    "connected-only-if-matching": chains(),
    "if-and-only-if": chains(at_zero=(20.0, 20.0, 20.0)),
    "dense-apart": chains(first=5.0),
    "dense-nearer-later": chains(),
    "levels-mutually": chains(errors=NEAR, failing=0.0),
    "not-convex": chains(errors=NEAR, failing=0.0, far=25.0),
    "level-one-early": chains(),
    "later-matches-more": chains(),
    "projection-inside": plane((1.0, 9.0, 90.0), (1.0, 1.0, 50.0)),
    "projection-returns": plane((1.0, 9.0, 90.0), (1.0, 1.0, 50.0)),
    "projection-lost": plane((1.0, 9.0, 90.0), (1.0, 1.0, 50.0)),
    "adaptive-fewer": pruned(),
    "adaptive-no-worse": pruned(),
    "adaptive-saves": pruned(),
    "perturbed-apart": perturbed(40.0),
}

DIFFERS: dict[str, Make] = {
    "levels-connected": chains(late=9.0),
    "connected-if-matching": chains(at_zero=(3.0, 3.0, 20.0)),
    "connected-only-if-matching": chains(failing=0.0),
    "if-and-only-if": chains(late=9.0),
    "dense-apart": chains(first=0.0),
    "dense-nearer-later": chains(first=80.0),
    "levels-mutually": chains(errors=NEAR, failing=0.0, far=25.0),
    "not-convex": chains(errors=NEAR, failing=0.0),
    "level-one-early": chains(at_zero=(30.0, 30.0, 30.0)),
    "later-matches-more": chains(at_zero=(3.0, 3.0, 3.0)),
    "projection-inside": plane((9.0, 9.0, 90.0), (1.0, 1.0, 50.0)),
    "projection-returns": plane((1.0, 9.0, 90.0), (1.0, 30.0, 50.0)),
    "projection-lost": plane((1.0, 9.0, 1.0), (1.0, 1.0, 50.0)),
    "adaptive-fewer": pruned(levels=0.0),
    "adaptive-no-worse": pruned(worse=9.0),
    "adaptive-saves": pruned(levels=0.0),
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
        assert "nan" not in shown.sentence + shown.reason


WIDE = (0.0, 0.5, 2.5)
"""Barriers whose interval holds ε, which is 1."""


@pytest.mark.parametrize(
    ("name", "made", "why"),
    [
        (
            "levels-connected",
            spread_out(chains(), "120: 1, 2", WIDE),
            "barrier of levels 1 and 2 at k = 120: 1.00 points (0.00 to 4.29), the interval holds "
            "1 points (ε)",
        ),
        ("connected-only-if-matching", spread_out(chains(), "120: 2, 3", WIDE), "1 of 3 "),
        (
            "if-and-only-if",
            spread_out(chains(at_zero=(20.0, 20.0, 20.0)), "120: 1, 2", WIDE),
            "1 of 4 comparisons cannot be told: ",
        ),
        ("dense-apart", spread_out(chains(), "120: 0, 1", WIDE), "the interval holds"),
        ("not-convex", chains(errors=(3.0,) * 3, failing=0.0), "the interval holds 4 % (dense + ε"),
    ],
)
def test_what_is_borderline_cannot_be_told(trial: Any, name: str, made: Make, why: str) -> None:
    shown = CLAIMS[name].check(made(trial))
    assert shown is not None
    assert shown.verdict == "cannot tell"
    assert why in shown.reason


@pytest.mark.parametrize(
    ("name", "made", "said"),
    [
        (
            "if-and-only-if",
            chains(),
            "with 64.0 % left or less, where not every k gives a matching level, connected by "
            "their mean barriers are 0 of 2 pairs that do not match at k = 0; 1 of 1 pairs that "
            "match and 0 of 1 pairs that do not match at 120",
        ),
        (
            "connected-only-if-matching",
            chains(),
            "connected by their mean barriers are 0 of 2 pairs that do not match at k = 0; 0 of 1 "
            "pairs that do not match at 120",
        ),
        (
            "later-matches-more",
            chains(),
            "levels that match, mean over inits: 1.0 at k = 0, 2.0 at 120",
        ),
        ("dense-nearer-later", chains(), "barrier 60.0 points at k = 0, 0.0 points at 120"),
        (
            "projection-returns",
            plane((1.0, 9.0, 90.0), (1.0, 1.0, 50.0)),
            "so at levels 1; at level 1 the projection has an error of 9.0 %, the next level of "
            "1.0 %",
        ),
    ],
)
def test_a_sentence_has_the_numbers(trial: Any, name: str, made: Make, said: str) -> None:
    shown = CLAIMS[name].check(made(trial))
    assert shown is not None
    assert shown.sentence == said


def test_both_directions_need_pairs_of_their_kind(trial: Any) -> None:
    """If all levels match at every k, nothing is said of those that do not."""
    study = chains(errors=NEAR, at_zero=NEAR, failing=0.0)(trial)
    assert CLAIMS["connected-only-if-matching"].check(study) is None
    assert CLAIMS["if-and-only-if"].check(study) is None
    assert CLAIMS["connected-if-matching"].check(study) is not None


def test_planes_without_eps_are_not_judged(trial: Any) -> None:
    study = plane((1.0, 9.0, 90.0), (1.0, 1.0, 50.0))(trial)
    alone = replace(study, trials=study.trials[study.trials["init_seed"] == 1])
    assert all(CLAIMS[name].check(alone) is None for name in CLAIMS if "projection" in name)


def test_claims_need_their_data(study: pd.DataFrame) -> None:
    """A sweep of copies alone has nothing to say of levels."""
    without = Study("copies", study)
    assert all(one.check(without) is None for one in CLAIMS.values())
