"""Every claim can agree, and can differ: studies by hand, in which it does."""

import pytest
from claims_samples import Made

from analysis import claims
from analysis.claims import CLAIMS, held_against
from analysis.figures.lmc import FIGURES

BY_NAME = {claim.name: claim for claim in CLAIMS}

CONTROLS = ("random-pruning", "random-reinit")


def dense(made, stable_from=20, **at_zero):
    """Dense networks at 0, 20, 120 and 480, stable from some k on."""
    for k in (0, 20, 120, 480):
        made.cell(k=k, instability=0.5 if k >= stable_from else 60.0, **(at_zero if not k else {}))
    return made


def levels(made, **of):
    """Each strategy's accuracy at levels 1, 2, ... at k = 0, 20 and 120."""
    made.cell()
    for strategy, accuracies in of.items():
        for level, accuracy in enumerate(accuracies, 1):
            for k in (0, 20, 120):
                made.cell(strategy.replace("_", "-"), level, k, accuracy=accuracy)
    return made


def onsets(made, strategy, of_levels):
    """The onset of stability of a strategy at levels 1, 2, ..."""
    made.cell()
    for level, onset in enumerate(of_levels, 1):
        for k in (0, 20, 120):
            made.cell(strategy, level, k, instability=0.5 if k >= onset else 60.0)
    return made


def sparse(made, imp=((60.0, 95.0), (0.5, 97.5)), controls=((60.0, 94.0), (60.0, 94.0)), **more):
    """Instability and accuracy at k = 0 and 120 of IMP and of both controls at level 3."""
    made.cell()
    for name, of in (("imp", imp), *((name, controls) for name in CONTROLS)):
        for k, (instability, accuracy) in zip((0, 120), of, strict=True):
            made.cell(name, 3, k, instability=instability, accuracy=accuracy, **more)
    return made


def rewound(made, error=20.0, back=10.0, ahead=30.0, between=20.0):
    """The state at k = 20, from which on the dense networks are stable; training covers 40."""
    for k in (0, 20):
        columns = {
            "rewinding_error_test": error if k else 90.0,
            "rewinding_error_train": error if k else 90.0,
            "rewinding_l2_from_init": back if k else 0.0,
            "rewinding_l2_to_end": ahead if k else 40.0,
            "rewinding_l2_between": between if k else 50.0,
        }
        made.cell(k=k, instability=0.5 if k else 60.0, columns=columns)
    return made


def on_the_way(made, strategy="dense", highest=1.0, at_zero=(30.0, 60.0), spread=0.0):
    """Instability while training, of k = 0 and of k = 20, which is stable at the end."""
    level = 0 if strategy == "dense" else 3
    if level:
        made.cell()
    made.cell(
        strategy, level, 0, instability=60.0, along=dict(zip((60, 1200), at_zero, strict=True))
    )
    made.cell(strategy, level, 20, instability=0.5, along={60: highest, 1200: 0.5}, apart=spread)
    return made


def distances(made, column, imp=(40.0, 20.0), controls=30.0):
    """A distance of IMP at k = 0 and at its onset, k = 120, and of the controls."""
    made.cell()
    for k, value in zip((0, 120), imp, strict=True):
        made.cell("imp", 3, k, instability=0.5 if k else 60.0, columns={column: value})
        for name in CONTROLS:
            made.cell(name, 3, k, instability=60.0, columns={column: controls})
    return made


def l2(made, values):
    for k, value in zip((0, 20, 120, 480), values, strict=True):
        made.cell(k=k, columns={"distance_l2": value})
    return made


def restarted(made, over=0.5, spread=0.0):
    dense(made)
    for k in (20, 120, 480):
        made.cell(k=k, restart="reset", instability=over, spread=spread)
    return made


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
    "ranges": None,
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
"""None: of ranges out of order one cannot say whether noise or the network is to blame."""


def third(made, stable):
    """Two levels at which nothing matches: error where unstable 10 %, and where stable."""
    made.cell()
    for level in (1, 2):
        for k, accuracy in ((0, 90.0), (20, stable), (120, stable)):
            made.cell("imp", level, k, instability=60.0 if not k else 0.5, accuracy=accuracy)
            made.cell("random-pruning", level, k, instability=60.0, accuracy=80.0)
    return made


def train_errors(made, unstable, stable):
    made.cell()
    for k, accuracy in ((0, unstable), (120, stable)):
        made.cell("imp", 3, k, instability=60.0 if not k else 0.5, train_accuracy=accuracy)
    return made


def verdict(name, study):
    shown = BY_NAME[name].check(study)
    assert shown is not None
    assert shown.sentence[0] != shown.sentence[0].upper() or shown.sentence.startswith(
        ("L2", "IMP")
    )
    return shown.verdict


def test_every_claim_is_tested_both_ways():
    assert AGREES.keys() == DIFFERS.keys() == BY_NAME.keys()


@pytest.mark.parametrize("name", AGREES)
def test_a_claim_can_agree(trial, name):
    assert verdict(name, AGREES[name](Made(trial)).study()) == "agrees"


@pytest.mark.parametrize("name", [name for name, made in DIFFERS.items() if made])
def test_a_claim_can_differ(trial, name):
    assert verdict(name, DIFFERS[name](Made(trial)).study()) == "differs"


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("guessing", lambda m: dense(m, peak=84.0, spread=9.0)),
        ("dense-throughout", lambda m: on_the_way(m, highest=2.5, spread=1.0)),
        ("length", lambda m: restarted(m, over=1.8, spread=1.0)),
        ("controls-never-stable", lambda m: sparse(m, controls=((60, 94), (2.2, 94)), spread=2.0)),
        ("ranges", lambda m: levels(m, imp=(90, 97.5, 90), random_pruning=(90, 90, 90))),
        ("imp-earlier-then-later", lambda m: onsets(m, "imp", (0, 0, 120))),
        ("random-only-later", lambda m: onsets(m, "random-pruning", (999, 999, 999))),
    ],
)
def test_what_is_borderline_or_unseen_cannot_be_told(trial, name, made):
    assert verdict(name, made(Made(trial)).study()) == "cannot tell"


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


def test_claims_belong_to_figures():
    assert {claim.figure for claim in CLAIMS} <= set(FIGURES)
    assert len({claim.says for claim in claims.CLAIMS}) == len(CLAIMS)
