import math

import pytest

from analysis.cells import cells
from analysis.findings import findings, partial

nan = math.nan


def of(frame, *rows, **rules):
    return findings(cells(frame(*rows), **rules))


def test_findings_of_a_study(study):
    assert findings(cells(study)) == [
        "Dense networks become stable between iteration 0 and 20 (instability 60.0 % at iteration "
        "0, 0.5 to 1.5 % from 20 on).",
        "IMP subnetworks with 8.6 % of weights left become stable between iteration 0 and 120 "
        "(instability 40.0 % at iteration 0, 0.5 % at 120). They become matching between iteration "
        "0 and 120 (accuracy drop 2.0 points at iteration 0, 0.2 points at 120).",
        "Randomly pruned subnetworks with 8.6 % of weights left are not stable up to iteration 120 "
        "(every k measured: 0, 120; instability 70.0 to 80.0 %). They are not matching up to "
        "iteration 120 (every k measured: 0, 120; accuracy drop 3.5 to 4.0 points).",
        "Subnetworks are stable and matching, or neither, in 4 of 4 cells (strategy, sparsity, "
        "rewind point). 0 of 4 are matching but not stable.",
    ]


@pytest.mark.parametrize(
    ("instabilities", "says"),
    [
        ({0: 1.0}, "are stable at iteration 0, the only one measured (instability 1.0 %)"),
        ({5: 9.0}, "are not stable at iteration 5, the only one measured (instability 9.0 %)"),
        (
            {0: 1.0, 20: 0.5, 120: 0.5},
            "are stable from iteration 0 on (every k measured: 0, 20, 120; instability 0.5 to "
            "1.0 %)",
        ),
        (
            {20: 1.0, 60: 0.5},
            "are stable from iteration 20 on (every k measured: 20, 60; instability 0.5 to 1.0 %)",
        ),
        (
            {0: 9.0, 20: 2.0},
            "are not stable up to iteration 20 (every k measured: 0, 20; instability 2.0 to 9.0 %)",
        ),
        (
            {0: 9.0, 120: 0.5},
            "become stable between iteration 0 and 120 (instability 9.0 % at iteration 0, 0.5 % "
            "at 120)",
        ),
        (
            {0: 9.0, 20: 8.0, 60: 1.0, 120: 0.5},
            "become stable between iteration 20 and 60 (instability 9.0 % at iteration 0, 8.0 % "
            "at 20, 0.5 to 1.0 % from 60 on)",
        ),
        (
            {0: 9.0, 20: 1.0, 60: 3.0, 120: 0.5},
            "become stable between iteration 60 and 120, though they are at 20 (instability 9.0 % "
            "at iteration 0, 1.0 % at 20, 3.0 % at 60, 0.5 % at 120)",
        ),
        (
            {0: 1.0, 20: 0.5, 60: 5.0},
            "are stable when rewound to iteration 0 and 20 but not at 60, the last one measured "
            "(instability 1.0 % at iteration 0, 0.5 % at 20, 5.0 % at 60)",
        ),
    ],
)
def test_what_is_said_of_dense_networks(frame, twice, instabilities, says):
    rows = (twice(rewind=k, instability=v) for k, v in instabilities.items())
    assert of(frame, *(row for two in rows for row in two)) == [f"Dense networks {says}."]


# --- no more than was measured ----------------------------------------------------------


def test_one_sample_has_numbers_and_no_verdict(frame, trial):
    rows = [trial(instability=60.0), trial(rewind=20, instability=1.5)]
    imp = trial("imp", 11, 20, instability=0.5, accuracies=(97.0, 97.0))
    found = of(frame, *rows, imp, matching=0.2)
    assert found == [
        "Dense networks have an instability of 60.0 % at iteration 0, 1.5 % at 20 (one sample "
        "each, so no verdict).",
        "IMP subnetworks with 8.6 % of weights left have an instability of 0.5 % at iteration 20 "
        "(one sample each, so no verdict). They have an accuracy drop of 0.5 points at iteration "
        "20 (one sample each, so no verdict).",
    ]
    assert not any("stable" in sentence for sentence in found)


def test_one_sample_among_others_is_passed_over(frame, trial, twice):
    rows = [*twice(instability=60.0), *twice(rewind=20, instability=1.0)]
    assert of(frame, *rows, trial(rewind=60, instability=9.0)) == [
        "Dense networks become stable between iteration 0 and 20 (instability 60.0 % at iteration "
        "0, 1.0 % at 20; not judged at iteration 60: one sample)."
    ]


def test_what_cannot_be_judged_is_not_claimed(frame, twice):
    rows = [
        *twice(rewind=0, accuracies=(10.0, 10.0)),
        *twice(rewind=20, instability=1.0),
        *twice(rewind=60, instability=0.5),
    ]
    assert of(frame, *rows)[1] == (
        "Dense networks are stable from iteration 20 on (every k judged: 20, 60; instability 0.5 "
        "to 1.0 %; not judged at iteration 0: 2 of 2 samples left out)."
    )
    assert of(frame, *rows[:4])[1] == (
        "Dense networks are stable at iteration 20, the only one judged (instability 1.0 %; not "
        "judged at iteration 0: 2 of 2 samples left out)."
    )


def test_controls_of_one_sample_are_not_put_together(frame, trial):
    rows = [trial(name, 11, instability=80.0) for name in ("random-pruning", "random-reinit")]
    pruned, reinitialised, _ = of(frame, *rows)
    assert pruned.startswith("Randomly pruned subnetworks with 8.6 % of weights left have an inst")
    assert reinitialised.startswith("Randomly reinitialised subnetworks with 8.6 % of weights left")


def test_an_interval_that_spans_the_threshold_makes_it_borderline(frame, trial):
    rows = [
        *(trial(init=init, instability=60.0) for init in (1, 2, 3)),
        *(trial(rewind=20, init=i, instability=v) for i, v in ((1, 1.0), (2, 1.5), (3, 2.3))),
    ]
    # 1.6 ± 4.303 * 0.6557 / sqrt(3)
    assert of(frame, *rows) == [
        "Dense networks become stable between iteration 0 and 20 (instability 60.0 % at iteration "
        "0, 1.6 % at 20). Stability is borderline at iteration 20 (0.0 to 3.2 %): "
        "this 95 % interval contains the threshold."
    ]


def test_borderline_cells_are_counted_among_those_that_agree(frame, trial):
    rows = [
        trial(name, level, init=init, accuracies=(accuracy, accuracy), instability=instability)
        for name, level, lost, instability in (
            ("dense", 0, (0.0, 0.0, 0.0), 0.5),
            ("imp", 1, (0.1, 0.1, 0.1), 0.5),
            ("imp", 2, (0.0, 0.1, 0.4), 0.5),
        )
        for init, accuracy in zip((1, 2, 3), (97.0 - one for one in lost), strict=True)
    ]
    found = of(frame, *rows, matching=0.2)
    assert found[1].endswith(
        " Matching is borderline at iteration 0 (−0.4 to 0.7 points): this 95 % interval of the "
        "drop contains the tolerated drop."
    )
    assert found[2].endswith(
        "(strategy, sparsity, rewind point), 1 of which is borderline in one. 0 of 2 are matching "
        "but not stable."
    )


def test_wide_and_narrow_intervals_are_told_alike(frame, trial):
    rows = [
        *(trial(init=init, instability=60.0) for init in (1, 2, 3)),
        *(trial(rewind=20, init=i, instability=v) for i, v in ((1, 0.1), (2, 0.1), (3, 40.0))),
        *(trial(rewind=60, init=i, instability=v) for i, v in ((1, 1.0), (2, 1.5), (3, 2.3))),
        *(trial(rewind=120, init=i, instability=v) for i, v in ((1, 1.0), (2, 1.5), (3, 2.3))),
    ]
    [found] = of(frame, *rows)
    assert found.endswith(
        " Stability is borderline at iteration 20 (0.0 to 70.6 %), 60 (0.0 to 3.2 %) and 120 (0.0 "
        "to 3.2 %): these 95 % intervals contain the threshold."
    )


def test_two_inits_are_told_beside_their_interval(frame, trial):
    values = {0: (60.0, 61.0), 20: (1.0, 1.5)}
    rows = [trial(rewind=k, init=i, instability=v) for k in values for i, v in enumerate(values[k])]
    [found, *_] = of(frame, *rows)
    assert "is borderline at iteration 20 (0.0 to 4.4 %, 2 inits): this 95 %" in found


def test_samples_that_are_left_out_are_counted(frame, trial):
    """At 20 one of four inits is at chance, at 60 and 120 two."""
    lost = {0: 0, 20: 1, 60: 2, 120: 2}
    rows = [
        trial(rewind=k, init=init, accuracies=(97.0, 10.0 if init <= of_k else 97.0))
        for k, of_k in lost.items()
        for init in (1, 2, 3, 4)
    ]
    assert of(frame, *rows)[1] == (
        "Dense networks are stable from iteration 0 on (every k judged: 0, 20; instability 0.0 %; "
        "1 of 4 samples left out at iteration 20; not judged at iteration 60 and 120: 2 of 4 "
        "samples left out)."
    )


def test_a_line_of_single_samples_says_what_is_left_out(frame, trial):
    rows = [trial(), trial(rewind=20, accuracies=(97.0, 10.0))]
    assert of(frame, *rows)[1].endswith(
        "0.0 % at iteration 0 (one sample each, so no verdict; not judged at iteration 20: 1 of 1 "
        "samples left out)."
    )


def test_a_cell_of_one_init_among_others_is_said_to_have_no_interval(frame, trial, twice):
    alone = [trial(rewind=40, orders=orders) for orders in ((1, 2), (1, 3))]
    rows = [*twice(), *twice(rewind=20), *alone]
    assert of(frame, *rows) == [
        "Dense networks are stable from iteration 0 on (every k measured: 0, 20, 40; instability "
        "0.0 %; no interval at iteration 40: one init)."
    ]


def alone(trial, *where, init=1, **what):
    """A cell of two samples of one init."""
    return [trial(*where, init=init, orders=orders, **what) for orders in ((1, 2), (1, 3))]


@pytest.mark.parametrize("other", [1, 2])
def test_cells_of_one_init_each_have_no_interval(frame, trial, other):
    """Whether or not the inits are the same."""
    rows = [*alone(trial), *alone(trial, rewind=20, init=other)]
    assert of(frame, *rows)[-1] == (
        "Each cell has networks of one init only, so there is no interval."
    )


def test_cells_that_lost_their_other_inits_are_not_said_to_have_one(frame, trial):
    lost = trial(init=2, diverged=(True, True), accuracies=(0.0, 0.0), instability=nan)
    assert of(frame, *alone(trial), lost)[-1] == (
        "No cell has samples that count of more than one init, so there is no interval of the "
        "instability."
    )


def test_lines_of_one_init_are_told_from_those_of_more(frame, trial, twice):
    rows = [*twice(), *alone(trial, "imp", 1), *twice("imp", 6), *alone(trial, "random-reinit", 6)]
    assert of(frame, *rows, matching=0.2)[-1] == (
        "Each cell of IMP networks with 80.0 % of weights left and randomly reinitialised networks "
        "has networks of one init only, so there is no interval."
    )


@pytest.mark.parametrize("planned", [None, 14, 13])
def test_a_complete_report_does_not_call_itself_partial(study, planned):
    assert len(study) == 14
    assert partial(study, planned) is None


def test_a_partial_report_says_of_what(study, frame):
    assert partial(study, 99) == (
        "Partial: 14 of 99 trials (Dense 6, IMP 4, Random pruning 4); every number is of these "
        "alone."
    )
    assert partial(frame(), 99).startswith("Partial: 0 of 99 trials;")


def test_what_can_never_be_measured_is_not_still_to_come(study):
    dense = study[study["strategy"] == "dense"]
    never = (
        "trials cannot be measured: pruning needs trained weights, and those trainings diverged."
    )
    assert partial(dense, 66, 60) == (
        f"Incomplete: 6 of 66 trials (Dense 6); every number is of these alone. 60 {never}"
    )
    assert partial(dense, 66, 48) == (
        "Partial: 6 of 66 trials (Dense 6), 12 still to come; every number is of these alone. "
        f"48 {never}"
    )
    assert partial(dense, 7, 1).endswith(
        " 1 trial cannot be measured: pruning needs trained weights, and that training diverged."
    )


# --- networks that failed ---------------------------------------------------------------


def test_networks_that_all_diverged_are_one_finding(frame, trial):
    lost = {"accuracies": (0.0, 0.0), "diverged": (True, True), "instability": nan}
    rows = [trial(rewind=k, orders=o, **lost) for k in (0, 20) for o in ((1, 2), (1, 3), (2, 3))]
    assert of(frame, *rows) == ["6 of 6 networks diverged."]


def test_untrained_networks_are_counted_and_make_no_verdict(frame, twice):
    """A mean of 10 % is within 99 points of anything; instability 0 is what guessing gives."""
    rows = [*twice(), *twice("imp", 11, accuracies=(10.0, 10.0))]
    assert of(frame, *rows, matching=99.0) == [
        "4 of 8 networks are no better than chance: 4 of 4 IMP with 8.6 % left.",
        "Dense networks are stable at iteration 0, the only one measured (instability 0.0 %).",
    ]


def test_without_a_trained_dense_network_matching_cannot_be_judged(frame, twice):
    found = of(frame, *twice(accuracies=(10.0, 10.0)), *twice("imp", 11), matching=0.2)
    assert found[-1] == (
        "No dense network at the smallest rewind point is trained, so matching cannot be judged."
    )


def test_one_dense_init_has_no_deviation_to_match_within(frame, trial, twice):
    found = of(frame, trial(), *twice("imp", 11))
    assert found[-1] == (
        "Only one init of the dense networks at the smallest rewind point is trained, so there is "
        "no deviation over inits and matching cannot be judged."
    )
    assert not any("no deviation" in s for s in of(frame, trial(), *twice("imp", 11), matching=0.2))


def test_findings_without_dense_networks_say_so(frame, twice):
    assert of(frame, *twice("imp", 11, instability=9.0)) == [
        "IMP subnetworks with 8.6 % of weights left are not stable at iteration 0, the only one "
        "measured (instability 9.0 %).",
        "No dense network was measured, so matching cannot be judged.",
    ]


# --- which level, which strategies ------------------------------------------------------


def test_recipes_are_named_where_there_are_several(frame, twice):
    rows = [*twice(recipe="a", instability=9.0), *twice(recipe="b")]
    assert of(frame, *rows) == [
        "a: Dense networks are not stable at iteration 0, the only one measured (instability "
        "9.0 %).",
        "b: Dense networks are stable at iteration 0, the only one measured (instability 0.0 %).",
    ]


def at_levels(frame, twice, drops, strategy="imp"):
    """Stable dense networks of 97 %, and subnetworks with that drop at each level."""
    rows = [
        row for n, d in drops.items() for row in twice(strategy, n, accuracies=(97.0 - d, 97.0 - d))
    ]
    return of(frame, *twice(accuracies=(97.0, 97.0)), *rows, matching=0.2)


@pytest.mark.parametrize(
    ("drops", "strategy", "subject"),
    [
        (
            {1: 0.0, 5: 0.1, 6: 1.0},
            "imp",
            "IMP subnetworks with 32.8 % of weights left (the sparsest of 3 IMP levels to match "
            "at some rewind point) are ",
        ),
        (
            {1: 2.0, 6: 1.0},
            "imp",
            "IMP subnetworks with 26.2 % of weights left (the sparsest of 2 IMP levels, none of "
            "which is matching) are ",
        ),
        ({6: 0.0}, "imp", "IMP subnetworks with 26.2 % of weights left are "),
        (
            {1: 0.0, 6: 1.0},
            "random-reinit",
            "Randomly reinitialised subnetworks with 80.0 % of weights left (the sparsest of 2 "
            "levels to match at some rewind point) are ",
        ),
    ],
)
def test_findings_are_about_the_extreme_sparsity(frame, twice, drops, strategy, subject):
    assert at_levels(frame, twice, drops, strategy)[1].startswith(subject)


def test_the_sparsest_level_is_chosen_where_matching_cannot_be_judged(frame, twice):
    found = of(frame, *twice("imp", 1), *twice("imp", 6))
    assert found[0].startswith(
        "IMP subnetworks with 26.2 % of weights left (the sparsest of 2 IMP levels) are stable"
    )


def cells_of(trial, twice, kind, *where):
    """A cell that is `good` (stable and matching), of `one` such sample, or at `chance`."""
    if kind == "one":
        return [trial(*where, accuracies=(97.0, 97.0))]
    accuracy = {"good": 97.0, "poor": 90.0, "chance": 10.0}[kind]
    return twice(*where, accuracies=(accuracy, accuracy))


@pytest.mark.parametrize(
    ("kinds", "subject"),
    [
        (
            {1: "poor", 5: "poor", 6: "chance"},
            "32.8 % of weights left (the sparsest of 2 judged IMP levels, none of which is "
            "matching) are stable",
        ),
        ({1: "poor", 6: "chance"}, "80.0 % of weights left (the only one of 2 IMP levels that is"),
        ({1: "good", 6: "one"}, "80.0 % of weights left (the only one of 2 IMP levels that is"),
        ({1: "poor", 6: "one"}, "80.0 % of weights left (the only one of 2 IMP levels that is"),
        ({1: "one", 6: "one"}, "26.2 % of weights left (the sparsest of 2 IMP levels) have an"),
        ({1: "one", 6: "chance"}, "80.0 % of weights left (the only one of 2 IMP levels that is"),
    ],
)
def test_findings_are_about_a_level_that_is_judged(frame, trial, twice, kinds, subject):
    rows = [row for n, kind in kinds.items() for row in cells_of(trial, twice, kind, "imp", n)]
    found = of(frame, *twice(accuracies=(97.0, 97.0)), *rows, matching=0.2)
    assert any(one.startswith(f"IMP subnetworks with {subject}") for one in found)


def test_strategies_at_chance_are_told_at_a_level_where_they_are_judged(frame, trial, twice):
    rows = [
        *(row for n in (3, 5) for row in cells_of(trial, twice, "good", "imp", n)),
        *cells_of(trial, twice, "poor", "random-pruning", 3),
        *cells_of(trial, twice, "chance", "random-pruning", 5),
    ]
    assert any(
        one.startswith("Randomly pruned subnetworks with 51.2 % of weights left (32.8 % is not ju")
        for one in of(frame, *twice(accuracies=(97.0, 97.0)), *rows, matching=0.2)
    )


def controls(frame, twice, pruning, reinit):
    """Dense (97 %), and random pruning and reinit at level 11 as (instability, accuracy)."""
    rows = [
        row
        for name, (instability, accuracy) in (
            ("random-pruning", pruning),
            ("random-reinit", reinit),
        )
        for row in twice(name, 11, instability=instability, accuracies=(accuracy, accuracy))
    ]
    return of(frame, *twice(accuracies=(97.0, 97.0)), *rows, matching=0.2)[1:-1]


def test_strategies_that_fare_alike_share_a_sentence(frame, twice):
    assert controls(frame, twice, (80.0, 94.0), (70.0, 95.0)) == [
        "Randomly pruned and randomly reinitialised subnetworks with 8.6 % of weights left are "
        "not stable at iteration 0, the only one measured (instability 70.0 to 80.0 %). They are "
        "not matching at iteration 0, the only one measured (accuracy drop 2.0 to 3.0 points)."
    ]


def test_strategies_that_differ_have_sentences_of_their_own(frame, twice):
    pruned, reinitialised = controls(frame, twice, (80.0, 94.0), (1.0, 97.5))
    assert pruned == (
        "Randomly pruned subnetworks with 8.6 % of weights left are not stable at iteration 0, "
        "the only one measured (instability 80.0 %). They are not matching at iteration 0, the "
        "only one measured (accuracy drop 3.0 points)."
    )
    assert reinitialised == (
        "Randomly reinitialised subnetworks with 8.6 % of weights left are stable at iteration "
        "0, the only one measured (instability 1.0 %). They are matching at iteration 0, the only "
        "one measured (accuracy 0.5 points above the dense networks')."
    )


@pytest.mark.parametrize(
    ("drops", "says"),
    [
        ({0: -0.5}, "accuracy 0.5 points above the dense networks')"),
        ({0: -0.5, 20: -0.2}, "accuracy 0.2 to 0.5 points above the dense networks')"),
        (
            {0: 0.1, 20: -0.2},
            "accuracy between 0.1 points below and 0.2 points above the dense networks')",
        ),
        (
            {0: 2.0, 20: -0.3},
            "accuracy 2.0 points below the dense networks' at iteration 0, 0.3 points above at 20)",
        ),
        (
            {0: -0.3, 20: 2.0},
            "accuracy 0.3 points above the dense networks' at iteration 0, 2.0 points below at 20)",
        ),
        (
            {0: 2.0, 20: -0.3, 60: 0.1},
            "accuracy 2.0 points below the dense networks' at iteration 0, between 0.1 points "
            "below and 0.3 points above from 20 on)",
        ),
        ({0: 2.0, 20: -0.01}, "accuracy drop 2.0 points at iteration 0, 0.0 points at 20)"),
    ],
)
def test_accuracy_above_the_dense_networks_is_no_negative_drop(frame, twice, drops, says):
    rows = [
        row for k, d in drops.items() for row in twice("imp", 1, k, accuracies=(97 - d, 97 - d))
    ]
    found = of(frame, *twice(accuracies=(97.0, 97.0)), *rows, matching=0.2)
    assert says in found[1]
    assert "−" not in found[1]


def test_one_sample_above_the_dense_networks_says_so(frame, trial):
    found = of(frame, trial(accuracies=(97.0, 97.0)), trial("imp", 1), matching=0.2)
    assert (
        "They have an accuracy 0.5 points above the dense networks' at iteration 0 (one sample"
    ) in found[1]


def test_strategies_without_the_level_are_told_at_their_own_sparsest(frame, twice):
    rows = [
        *twice(accuracies=(97.0, 97.0)),
        *(row for level in (3, 5) for row in twice("imp", level, accuracies=(97.0, 97.0))),
        *twice("random-pruning", 3, accuracies=(90.0, 90.0)),
        *twice("random-pruning", 11, accuracies=(80.0, 80.0)),
        *twice("random-reinit", 5, accuracies=(90.0, 90.0)),
        *twice("another", 4, accuracies=(70.0, 70.0)),
    ]
    subjects = [sentence.split(" are ")[0] for sentence in of(frame, *rows, matching=0.2)]
    assert subjects[1:-1] == [
        "IMP subnetworks with 32.8 % of weights left (the sparsest of 2 IMP levels to match at "
        "some rewind point)",
        "Randomly reinitialised subnetworks with 32.8 % of weights left",
        "Another subnetworks with 41.0 % of weights left (32.8 % is not measured)",
        "Randomly pruned subnetworks with 8.6 % of weights left (32.8 % is not measured)",
    ]


def test_agreement_counts_what_matches_without_being_stable(frame, twice):
    cases = [
        ((1, 0), 1.0, 97.0),  # both
        ((1, 20), 9.0, 90.0),  # neither
        ((1, 60), 9.0, 97.0),  # matching only
        ((2, 60), 1.0, 90.0),  # stable only
        ((3, 60), 1.0, 90.0),  # stable only
    ]
    rows = [
        row
        for where, instability, accuracy in cases
        for row in twice("imp", *where, instability=instability, accuracies=(accuracy, accuracy))
    ]
    found = of(frame, *twice(accuracies=(97.0, 97.0)), *rows, matching=0.2)
    assert found[-1].endswith(
        "in 2 of 5 cells (strategy, sparsity, rewind point). 1 of 5 is matching but not stable."
    )
