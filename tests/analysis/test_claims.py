"""Every claim can agree, and can differ: studies by hand, in which it does."""

import pytest
from claims_samples import Made
from claims_studies import (
    dense,
    distances,
    l2,
    levels,
    on_the_way,
    onsets,
    restarted,
    rewound,
    scattered,
    sparse,
    third,
    train_errors,
    uneven,
)

from analysis import claims
from analysis.claims import CLAIMS, held_against
from analysis.figures.papers import FIGURES

BY_NAME = {claim.name: claim for claim in CLAIMS}

AGREES = {
    "guessing": lambda m: dense(m, peak=88.0),
    "becomes-stable": dense,
    "train-alike": dense,
    "length": restarted,
    "controls-guess": lambda m: sparse(m, peak=88.0),
    "table-2": lambda m: sparse(m, imp=((60.0, 94.0), (0.5, 97.5))),
    "imp-becomes-stable": sparse,
    "controls-never-stable": sparse,
    "matching-when-stable": sparse,
    "controls-never-match": sparse,
    "ranges": lambda m: levels(m, imp=(97.5, 97.5, 90), random_pruning=(97.5, 90, 90)),
    "random-only-later": lambda m: onsets(m, "random-pruning", (0, 20, 999)),
    "imp-earlier-then-later": lambda m: onsets(m, "imp", (20, 0, 120)),
    "extreme": lambda m: levels(
        m, imp=(97.5, 97.5), random_pruning=(97.5, 90), random_reinit=(90, 90)
    ),
    "error-still-falls": lambda m: third(m, stable=92.0),
    "not-converged": rewound,
    "nearer-to-init": rewound,
    "copies-apart": rewound,
    "rises-at-once": on_the_way,
    "dense-throughout": on_the_way,
    "imp-throughout": lambda m: on_the_way(m, "imp"),
    "train-like-test": sparse,
    "train-error": lambda m: train_errors(m, 98.0, 100.0),
    "falls-in-log-k": lambda m: l2(m, (50.0, 40.0, 30.0, 22.0)),
    "imp-l2-drops": lambda m: distances(m, "distance_l2"),
    "imp-answers-drop": lambda m: distances(m, "disagreement_test"),
}

DIFFERS = {
    "guessing": lambda m: dense(m, peak=40.0),
    "becomes-stable": lambda m: dense(m, stable_from=999),
    "train-alike": lambda m: [m.cell(k=k, instability=0.5, train=5.0) for k in (0, 20)] and m,
    "length": lambda m: restarted(m, over=9.0),
    "controls-guess": lambda m: sparse(m, peak=30.0),
    "table-2": lambda m: sparse(m, imp=((60.0, 97.5), (0.5, 97.5))),
    "imp-becomes-stable": lambda m: sparse(m, imp=((60.0, 95.0), (50.0, 95.0))),
    "controls-never-stable": lambda m: sparse(m, controls=((60.0, 94.0), (0.5, 94.0))),
    "matching-when-stable": lambda m: sparse(m, imp=((60.0, 97.5), (0.5, 97.5))),
    "controls-never-match": lambda m: sparse(m, controls=((60.0, 94.0), (60.0, 97.5))),
    "ranges": lambda m: levels(m, imp=(97.5, 97.5, 97.5), random_pruning=(97.5, 97.5, 97.5)),
    "random-only-later": lambda m: onsets(m, "random-pruning", (20, 0, 999)),
    "imp-earlier-then-later": lambda m: onsets(m, "imp", (0, 20, 0)),
    "extreme": lambda m: levels(
        m, imp=(97.5, 90), random_pruning=(97.5, 97.5), random_reinit=(90, 90)
    ),
    "error-still-falls": lambda m: third(m, stable=88.0),
    "not-converged": lambda m: rewound(m, error=80.0),
    "nearer-to-init": lambda m: rewound(m, back=35.0),
    "copies-apart": lambda m: rewound(m, between=5.0),
    "rises-at-once": lambda m: on_the_way(m, at_zero=(1.0, 60.0)),
    "dense-throughout": lambda m: on_the_way(m, highest=9.0),
    "imp-throughout": lambda m: on_the_way(m, "imp", highest=9.0),
    "train-like-test": lambda m: sparse(m, train=30.0),
    "train-error": lambda m: train_errors(m, 100.0, 98.0),
    "falls-in-log-k": lambda m: l2(m, (50.0, 40.0, 45.0, 44.0)),
    "imp-l2-drops": lambda m: distances(m, "distance_l2", imp=(40.0, 45.0)),
    "imp-answers-drop": lambda m: distances(m, "disagreement_test", controls=10.0),
}


def verdict(name, study):
    shown = BY_NAME[name].check(study)
    assert shown is not None
    assert shown.sentence[0] != shown.sentence[0].upper() or shown.sentence.startswith(
        ("L2", "IMP")
    )
    assert shown.reason
    assert "nan" not in shown.reason
    return shown.verdict


def test_every_claim_is_tested_both_ways():
    of_lmc = {one.name for one in CLAIMS if one.paper == "LMC"}
    assert AGREES.keys() == DIFFERS.keys() == of_lmc


@pytest.mark.parametrize("name", AGREES)
def test_a_claim_can_agree(trial, name):
    assert verdict(name, AGREES[name](Made(trial)).study()) == "agrees"


@pytest.mark.parametrize("name", DIFFERS)
def test_a_claim_can_differ(trial, name):
    assert verdict(name, DIFFERS[name](Made(trial)).study()) == "differs"


@pytest.mark.parametrize(
    ("name", "made", "why"),
    [
        ("guessing", lambda m: dense(m, peak=84.0, spread=9.0), "the interval holds "),
        (
            "dense-throughout",
            lambda m: on_the_way(m, highest=2.5, spread=1.0),
            "k = 20 at iteration 60: 2.5 % (0.0 to 5.0), the interval holds 2 %",
        ),
        (
            "length",
            lambda m: restarted(m, over=1.8, spread=1.0),
            "3 of 3 comparisons cannot be told: copies trained from 0 on at k = 20: 1.8 % (0.0 to "
            "4.3), the interval holds 2 %; ",
        ),
        (
            "controls-never-stable",
            lambda m: sparse(m, controls=((60, 94), (2.2, 94)), spread=2.0),
            "random pruning at k = 120: 2.2 % (",
        ),
        (
            "table-2",
            lambda m: uneven(sparse(m)),
            "accuracy of IMP less random pruning: 1.0 points (−4.0 to 6.0), the interval holds 0",
        ),
        (
            "matching-when-stable",
            lambda m: sparse(m, imp=((60.0, 95.0), (1.8, 97.5)), spread=1.0),
            "1 of 2 comparisons cannot be told: instability at k = 120: 1.8 % (0.0 to 4.3), the "
            "interval holds 2 %",
        ),
        (
            "ranges",
            lambda m: levels(m, imp=(90, 97.5, 90), random_pruning=(90, 90, 90)),
            "the ranges interleave: II follows III as sparsity grows; samples that match at some "
            "k: 0 of 9 of IMP and 0 of 9 of random pruning with ",
        ),
        (
            "imp-earlier-then-later",
            lambda m: onsets(m, "imp", (0, 0, 120)),
            "the first level already has the earliest, 0 with ",
        ),
        (
            "random-only-later",
            lambda m: onsets(m, "random-pruning", (999, 999, 999)),
            "the median onset is the same at all levels: never with ",
        ),
        (
            "imp-l2-drops",
            lambda m: scattered(m, "distance_l2", 20.0),
            "(−29.9 to 9.9), the interval holds 0",
        ),
    ],
)
def test_what_is_borderline_or_unseen_cannot_be_told(trial, name, made, why):
    shown = BY_NAME[name].check(made(Made(trial)).study())
    assert shown.verdict == "cannot tell"
    assert why in shown.reason


@pytest.mark.parametrize(
    ("name", "made", "why"),
    [
        (
            "becomes-stable",
            AGREES,
            "instability at k = 0: 60.0 % (60.0 to 60.0), above 2 %; instability at k = 480: 0.5 % "
            "(0.5 to 0.5), below 2 %",
        ),
        (
            "becomes-stable",
            DIFFERS,
            "1 of 2 comparisons fails: instability at k = 480: 60.0 % (60.0 to 60.0), above 2 %",
        ),
        (
            "controls-never-stable",
            AGREES,
            "all 4 comparisons hold; the closest: random pruning at k = 0: 60.0 % (60.0 to 60.0), "
            "above 2 %",
        ),
        (
            "controls-never-match",
            DIFFERS,
            "drop of accuracy: 2 of 4 comparisons fail: random pruning at k = 120: 0.0 points (0.0 "
            "to 0.0), below 0.1 points; random reinit at k = 120: ",
        ),
        ("copies-apart", DIFFERS, "share of that distance: 12.5 % (12.5 to 12.5), below 25 %"),
        ("ranges", DIFFERS, "no level is in range II or III"),
        ("random-only-later", DIFFERS, "the median onset falls from 20 with "),
        (
            "falls-in-log-k",
            DIFFERS,
            "0.80 of the means, 0.80 to 0.80 of single inits, at most −0.9 is linear",
        ),
    ],
)
def test_a_verdict_says_what_decided_it(trial, name, made, why):
    shown = BY_NAME[name].check(made[name](Made(trial)).study())
    assert why in shown.reason


@pytest.mark.parametrize("name", BY_NAME)
def test_a_claim_without_data_is_not_made(trial, name):
    """One dense cell says nothing of any claim."""
    assert BY_NAME[name].check(Made(trial).cell(k=20).study()) is None


def test_the_first_study_that_has_the_data_counts(trial):
    nothing, first, second = (
        Made(trial).cell().study(),
        dense(Made(trial)).study(),
        dense(Made(trial), stable_from=999).study(),
    )
    found = {claim.name: study for claim, study, _ in held_against([nothing, first, second])}
    assert found["becomes-stable"] is first


def test_networks_without_stability_do_not_stop_it(trial):
    """Networks alone match or do not; claims of stability are not made of them."""
    made = sparse(Made(trial))
    for row in made.rows:
        row |= {"order_seed_1": 1, "order_seed_2": 1, "instability_test": float("nan")}
    study = made.study()
    assert BY_NAME["matching-when-stable"].check(study) is None
    assert "matching-when-stable" not in {claim.name for claim, *_ in held_against([study])}


def test_claims_of_one_paper_can_be_asked_for(trial):
    of_lmc = list(held_against([sparse(Made(trial)).study()], "LMC"))
    assert of_lmc
    assert {claim.paper for claim, *_ in of_lmc} == {"LMC"}
    assert not list(held_against([sparse(Made(trial)).study()], "Unmasking"))


def test_claims_belong_to_figures():
    assert {claim.figure for claim in CLAIMS} <= set(FIGURES)
    assert len({claim.says for claim in claims.CLAIMS}) == len(CLAIMS)
