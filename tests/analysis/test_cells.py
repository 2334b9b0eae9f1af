import math

import pandas as pd
import pytest

from analysis.cells import CELL_DTYPES, DenseReference, cells, dense_reference, samples

nan = math.nan

T2, T1 = 4.302653, 12.706205  # 97.5 % quantiles of Student's t with 2 and 1 degrees of freedom

PAIRS = [(1, 2), (1, 3), (2, 3)]


# --- the dense reference ----------------------------------------------------------------


def test_dense_reference_is_taken_at_the_smallest_rewind_point(frame, trial):
    trials = frame(
        trial(rewind=100, accuracies=(50.0, 50.0)),
        trial(rewind=20, accuracies=(97.0, 98.0)),
        trial(rewind=20, init=2, accuracies=(99.0, 98.0)),
        trial("imp", 1, 0, accuracies=(10.0, 10.0)),
    )
    # Over inits: 97.5 and 98.5. Over the four networks it would be sqrt(2 / 3).
    assert dense_reference(trials) == DenseReference(
        98.0, pytest.approx(math.sqrt(0.5)), n=4, inits=2, rewind=20
    )


def test_inits_weigh_the_same_in_the_reference(frame, trial):
    rows = [trial(orders=pair, accuracies=(97.0, 97.0)) for pair in PAIRS]
    found = dense_reference(frame(*rows, trial(init=2, accuracies=(99.0, 99.0))))
    assert (found.mean, found.n, found.inits) == (98.0, 5, 2)


def test_only_trained_networks_are_a_reference(frame, trial):
    trials = frame(
        trial(init=1, accuracies=(97.0, 10.0)),
        trial(init=2, accuracies=(0.0, 98.0), diverged=(True, False), instability=nan),
    )
    found = dense_reference(trials)
    assert (found.mean, found.n, found.inits) == (97.5, 2, 2)


def test_where_none_is_trained_there_is_no_reference_though_there_is_one_later(frame, trial):
    trials = frame(trial(accuracies=(10.0, 10.0)), trial(rewind=20), trial("imp", 1, 20))
    assert dense_reference(trials) is None
    found = cells(trials, matching=0.2)
    assert found["matching"].isna().all()
    assert found["drop"].isna().all()
    assert not found["reference"].any()


def test_no_dense_reference_without_dense_trials(frame, trial):
    assert dense_reference(frame(trial("imp", 1))) is None
    assert dense_reference(frame()) is None


def test_one_init_has_no_deviation_to_match_within(frame, trial):
    reference = dense_reference(frame(trial()))
    assert (reference.n, reference.inits) == (2, 1)
    assert math.isnan(reference.std)
    trials = frame(trial(), trial("imp", 1))
    assert cells(trials)["matching"].isna().all()
    assert cells(trials, matching=0.2)["matching"].tolist() == [pd.NA, True]


# --- means, deviations, intervals -------------------------------------------------------


def test_a_cell_averages_instability_over_trials_and_accuracy_over_networks(frame, trial):
    """Two inits of three pairs of three networks."""
    accuracy = {(1, 1): 97.0, (1, 2): 98.0, (1, 3): 96.0, (2, 1): 92.0, (2, 2): 95.0, (2, 3): 95.0}
    rows = [
        trial(
            init=init,
            orders=pair,
            instability=value,
            accuracies=(accuracy[init, pair[0]], accuracy[init, pair[1]]),
        )
        for init, values in {1: (1.0, 2.0, 6.0), 2: (4.0, 5.0, 6.0)}.items()
        for pair, value in zip(PAIRS, values, strict=True)
    ]
    [cell] = cells(frame(*rows)).to_dict("records")
    assert (cell["pairs"], cell["n"], cell["inits"]) == (6, 6, 2)
    assert (cell["networks"], cell["accuracy_inits"]) == (6, 2)
    assert cell["instability_test"] == pytest.approx(4.0)  # of 3 and 5
    assert cell["instability_test_std"] == pytest.approx(math.sqrt((9 + 4 + 4 + 0 + 1 + 4) / 5))
    assert cell["instability_test_low"] == 0.0
    assert cell["instability_test_high"] == pytest.approx(4 + T1 * math.sqrt(2) / math.sqrt(2))
    assert cell["instability_train"] == pytest.approx(2.0)
    assert cell["instability_train_high"] == pytest.approx(2 + T1 / 2, rel=1e-6)
    assert cell["accuracy_test"] == pytest.approx(95.5)  # of 97 and 94
    assert cell["accuracy_test_std"] == pytest.approx(math.sqrt(4.5))
    assert cell["accuracy_test_low"] == pytest.approx(95.5 - T1 * 1.5, rel=1e-6)
    assert cell["accuracy_test_high"] == 100.0
    assert cell["weights_left"] == 100.0


def test_a_network_in_several_pairs_counts_once(frame, trial):
    accuracy = {1: 97.0, 2: 98.0, 3: 96.0, 4: 92.0}
    rows = [
        trial(orders=pair, accuracies=(accuracy[pair[0]], accuracy[pair[1]]))
        for pair in [(1, 2), (1, 3), (1, 4)]
    ]
    [cell] = cells(frame(*rows)).to_dict("records")
    # Weighted by pairs, network 1 would count three times: 96.17.
    assert cell["accuracy_test"] == pytest.approx(95.75)
    assert (cell["networks"], cell["pairs"]) == (4, 3)


def test_the_drop_is_compared_init_by_init(frame, trial):
    """Inits differ by points, drops by tenths: unpaired intervals would be ten times wider."""
    dense = {1: 97.0, 2: 90.0, 3: 83.0}
    lost = {1: 1.0, 2: 1.2, 3: 0.8}
    rows = [
        trial(*where, init=init, accuracies=(accuracy, accuracy))
        for init in dense
        for where, accuracy in (
            (("dense", 0, 0), dense[init]),
            (("imp", 1, 0), dense[init] - lost[init]),
        )
    ]
    reference, imp = cells(frame(*rows), matching=1.0).to_dict("records")
    half = T2 * 0.2 / math.sqrt(3)
    assert (imp["drop"], imp["drop_low"], imp["drop_high"]) == pytest.approx(
        (1.0, 1 - half, 1 + half), rel=1e-6
    )
    assert imp["matching"]
    assert imp["matching_borderline"]
    assert (reference["drop"], reference["reference"]) == (0.0, True)
    assert math.isnan(reference["drop_low"])


def test_one_init_has_no_interval(frame, trial):
    [cell] = cells(frame(*(trial(orders=pair, instability=1.0) for pair in PAIRS))).to_dict(
        "records"
    )
    assert (cell["n"], cell["inits"], cell["instability_test_std"]) == (3, 1, 0.0)
    names = ("instability_test_low", "accuracy_test_std", "accuracy_test_high", "stable_share")
    assert all(math.isnan(cell[name]) for name in names)
    assert cell["stable"] is True
    assert cell["stable_borderline"] is False


def test_one_sample_has_no_deviation(frame, trial):
    [cell] = cells(frame(trial(instability=1.0))).to_dict("records")
    assert cell["n"] == 1
    assert math.isnan(cell["instability_test_std"])
    assert cell["instability_test"] == 1.0
    assert cell["stable"] is True


# --- what does not count ----------------------------------------------------------------


def test_diverged_networks_are_neither_stable_nor_matching(frame, trial):
    """As `digits-mlp` at a learning rate of 50: all path errors are 100 %."""
    lost = {"accuracies": (0.0, 0.0), "diverged": (True, True), "instability": nan}
    rows = [trial(rewind=k, orders=pair, **lost) for k in (0, 20) for pair in PAIRS]
    for cell in cells(frame(*rows)).to_dict("records"):
        assert (cell["pairs"], cell["n"], cell["inits"]) == (3, 0, 0)
        assert (cell["networks"], cell["diverged"], cell["untrained"]) == (3, 3, 0)
        assert math.isnan(cell["instability_test"])
        assert math.isnan(cell["accuracy_test"])
        assert pd.isna(cell["stable"])
        assert pd.isna(cell["matching"])


def test_networks_at_chance_are_neither_stable_nor_matching_but_have_an_accuracy(
    frame, trial, twice
):
    rows = [*twice(), *twice("imp", 11, accuracies=(10.0, 10.4), instability=0.1)]
    cell = cells(frame(*rows), matching=99.0).to_dict("records")[1]
    assert (cell["n"], cell["networks"], cell["untrained"], cell["diverged"]) == (0, 4, 4, 0)
    assert math.isnan(cell["instability_test"])
    assert cell["accuracy_test"] == pytest.approx(10.2)
    assert cell["drop"] == pytest.approx(87.3)
    assert pd.isna([cell["stable"], cell["matching"]]).all()
    assert (cell["stable_samples"], cell["matching_samples"]) == (0, 0)


def test_a_cell_is_judged_by_the_samples_that_count(frame, trial):
    rows = [
        trial(init=1, orders=(1, 2), instability=1.0, accuracies=(97.0, 97.0)),
        trial(init=1, orders=(1, 3), instability=0.0, accuracies=(97.0, 10.0)),
        trial(init=1, orders=(2, 3), instability=0.0, accuracies=(97.0, 10.0)),
        trial(init=2, orders=(1, 2), instability=5.0, accuracies=(95.0, 95.0)),
        trial(init=3, orders=(1, 2), instability=3.0, accuracies=(95.0, 95.0)),
        trial(init=4, orders=(1, 2), instability=3.0, accuracies=(95.0, 95.0)),
        trial(
            init=2, orders=(1, 3), instability=nan, accuracies=(95.0, 0.0), diverged=(False, True)
        ),
    ]
    [cell] = cells(frame(*rows)).to_dict("records")
    assert (cell["pairs"], cell["n"], cell["inits"]) == (7, 4, 4)
    assert (cell["networks"], cell["diverged"], cell["untrained"]) == (10, 1, 1)
    assert cell["instability_test"] == 3.0  # 1.2 with what does not count: stable
    assert cell["stable"] is False
    assert cell["stable_samples"] == 1
    # The network at chance is in: (97 + 97 + 10) / 3 = 68 and 95. The diverged one is not.
    assert cell["accuracy_test"] == pytest.approx((68 + 3 * 95) / 4)
    assert cell["accuracy_inits"] == 4


@pytest.mark.parametrize(("lost", "judged"), [(1, True), (2, False), (3, False)])
def test_survivors_carry_no_verdict(frame, trial, twice, lost, judged):
    """Of four inits as many diverge: what is left is stable and matches."""
    end = {"diverged": (True, False), "instability": nan}
    rows = [trial("imp", 1, init=i, **(end if i <= lost else {})) for i in (1, 2, 3, 4)]
    cell = cells(frame(*twice(), *rows), matching=0.2).iloc[1]
    assert (cell["n"], cell["pairs"]) == (4 - lost, 4)
    assert [cell["stable"], cell["matching"]] == ([True, True] if judged else [pd.NA, pd.NA])
    assert not cell["stable_borderline"]
    assert math.isnan(cell["stable_share"]) != judged


def test_one_sample_among_cells_of_more_carries_no_verdict(frame, trial, twice):
    rows = [*twice("imp", 1), trial("imp", 1, 20), trial("imp", 2), trial("imp", 2, 20)]
    found = cells(frame(*twice(), *rows), matching=0.2)
    of_imp = found[found["strategy"] == "imp"]
    for verdict in ("stable", "matching"):
        assert of_imp[verdict].tolist() == [True, pd.NA, True, True]


# --- verdicts ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("instabilities", "stable_below", "stable"),
    [
        ([1.9], 2.0, True),
        ([2.0], 2.0, False),
        ([4.1 - 2.1], 2.0, False),  # 1.9999999999999996 in floating point
        ([2.1], 2.0, False),
        ([2.1], 3.0, True),
        ([1.0, 5.0], 2.0, False),
        ([nan], 2.0, pd.NA),
        ([0.5, nan], 2.0, pd.NA),
        ([0.5, 0.5, nan], 2.0, True),
    ],
)
def test_stable_is_a_mean_below_the_threshold(frame, trial, instabilities, stable_below, stable):
    rows = [trial(init=i, instability=v) for i, v in enumerate(instabilities)]
    [found] = cells(frame(*rows), stable_below=stable_below)["stable"]
    assert found is pd.NA if stable is pd.NA else found == stable


def test_stability_is_judged_on_the_test_set(frame, trial):
    row = trial(instability=1.0) | {"instability_train": 50.0}
    assert cells(frame(row))["stable"].tolist() == [True]


def test_samples_pass_by_themselves(frame, trial):
    values = [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 8.0, 2.0]
    rows = [trial(init=i // 3, orders=PAIRS[i % 3], instability=v) for i, v in enumerate(values)]
    [cell] = cells(frame(*rows)).to_dict("records")
    assert (cell["stable"], cell["stable_samples"], cell["n"]) == (True, 7, 9)
    assert cell["stable_borderline"]
    assert 0.4 < cell["stable_share"] < 0.9


@pytest.mark.parametrize(
    ("accuracies", "matching", "drop", "verdict"),
    [
        # The dense reference is 97.5 with a standard deviation over inits of sqrt(0.5) = 0.7071.
        ((97.5, 97.5), "one-std", 0.0, True),
        ((98.0, 99.0), "one-std", -1.0, True),
        ((97.5 - math.sqrt(0.5),) * 2, "one-std", math.sqrt(0.5), True),
        ((96.79, 96.79), "one-std", 0.71, False),
        ((96.79, 96.79), "bands-overlap", 0.71, False),
        ((97.3, 97.3), 0.2, 0.2, True),  # 97.5 - 97.3 > 0.2 in floating point
        ((97.29, 97.29), 0.2, 0.21, False),
        ((97.3, 97.3), 0.0, 0.2, False),
        ((97.5, 97.5), 0.0, 0.0, True),
    ],
)
def test_matching_is_a_drop_within_the_tolerance(
    frame, trial, twice, accuracies, matching, drop, verdict
):
    dense = [trial(accuracies=(97.0, 97.0)), trial(init=2, accuracies=(98.0, 98.0))]
    trials = frame(*dense, *twice("imp", 1, accuracies=accuracies))
    cell = cells(trials, matching=matching).iloc[1]
    assert cell["drop"] == pytest.approx(drop)
    assert cell["matching"] == verdict
    assert cell["matching_samples"] == (2 if verdict else 0)


def test_networks_alone_have_accuracy_and_match_but_no_instability(frame, trial):
    def alone(strategy, level, init, accuracy):
        row = trial(strategy, level, init=init, orders=(1, 1), instability=math.nan)
        return row | {
            "accuracy_test": accuracy,
            "accuracy_test_1": accuracy,
            "accuracy_test_2": math.nan,
        }

    rows = [alone("dense", 0, init, 96.0 + init) for init in (1, 2, 3)]
    rows += [alone("imp", 1, init, 95.5 + init) for init in (1, 2, 3)]
    rows += [alone("imp", 2, init, 90.0 + init) for init in (1, 2, 3)]
    found = cells(frame(*rows))
    assert found["stable"].isna().all()
    assert found["accuracy_test"].tolist() == [98.0, 97.5, 92.0]
    assert found["matching"].tolist() == [pd.NA, True, False]
    assert found["n"].tolist() == [3, 3, 3]
    each = samples(frame(*rows))
    assert each["stable"].isna().all()
    assert each["matching"].tolist()[3:] == [False, True, True, False, False, False]


@pytest.mark.parametrize(
    ("accuracies", "drop", "verdict"),
    [
        # Both have a standard deviation over inits of sqrt(0.5), together 1.414.
        ((96.0, 97.0), 1.0, True),
        ((95.5, 96.5), 1.5, False),
    ],
)
def test_bands_that_overlap_match(frame, trial, accuracies, drop, verdict):
    rows = [
        trial(*where, init=init, accuracies=(one, one))
        for where, of in ((("dense",), (97.0, 98.0)), (("imp", 1), accuracies))
        for init, one in enumerate(of, 1)
    ]
    found = cells(frame(*rows), matching="bands-overlap").iloc[1]
    assert (found["drop"], found["matching"]) == (pytest.approx(drop), verdict)
    assert not cells(frame(*rows)).iloc[1]["matching"]


def test_dense_networks_do_not_match_themselves(frame, trial):
    trials = frame(trial(rewind=0), trial(rewind=20, accuracies=(96.0, 97.0)))
    found = cells(trials, matching=0.2)
    assert found["drop"].tolist() == [0.0, 1.0]
    assert found["matching"].tolist() == [pd.NA, pd.NA]
    assert found["reference"].tolist() == [True, False]
    assert samples(trials, matching=0.2)["matching"].isna().all()


def test_nothing_matches_without_something_to_match(frame, trial):
    found = cells(frame(trial("imp", 1)))
    assert found["matching"].isna().all()
    assert found["drop"].isna().all()


def test_an_unknown_rule_of_matching_is_an_error(frame, trial):
    with pytest.raises(ValueError, match="two-std"):
        cells(frame(trial()), matching="two-std")


# --- samples ----------------------------------------------------------------------------


def test_samples_are_the_trials_judged_one_by_one(frame, trial):
    trials = frame(
        trial(accuracies=(97.0, 98.0)),
        trial("imp", 1, orders=(1, 2), instability=1.0, accuracies=(97.0, 97.6)),
        trial("imp", 1, orders=(1, 3), instability=2.0, accuracies=(97.0, 97.4)),
        trial("imp", 1, orders=(2, 4), instability=0.0, accuracies=(97.6, 10.0)),
    ).set_axis([4, 3, 2, 1])
    found = samples(trials, matching=0.2)
    assert found.index.tolist() == [4, 3, 2, 1]
    assert found["counts"].tolist() == [True, True, True, False]
    assert found["stable"].tolist() == [True, True, False, pd.NA]
    assert found["matching"].tolist() == [pd.NA, True, False, pd.NA]
    assert found["drop"].tolist() == pytest.approx([0.0, 0.2, 0.3, nan], nan_ok=True)
    pd.testing.assert_frame_equal(found[trials.columns], trials)


# --- the frame --------------------------------------------------------------------------


def test_cells_stand_in_the_order_of_the_papers(frame, trial):
    wanted = [
        ("dense", 0, 0),
        ("dense", 0, 100),
        ("imp", 2, 0),
        ("imp", 10, 5),
        ("imp", 10, 20),
        ("random-pruning", 10, 0),
        ("random-reinit", 10, 0),
        ("another", 1, 0),
        ("yet-another", 1, 0),
    ]
    found = cells(frame(*(trial(*where) for where in reversed(wanted))))
    assert list(found[["strategy", "level", "rewind"]].itertuples(index=False, name=None)) == wanted


def test_recipes_have_rows_and_references_of_their_own(frame, trial, twice):
    rows = [
        *twice(recipe="b", accuracies=(90.0, 90.0)),
        *twice("imp", 1, recipe="b", accuracies=(89.9, 89.9)),
        *twice(recipe="a", accuracies=(97.0, 97.0)),
        *twice("imp", 1, recipe="a", accuracies=(90.0, 90.0)),
    ]
    found = cells(frame(*rows), matching=0.2)
    assert found["recipe"].tolist() == ["a", "a", "b", "b"]
    assert found["drop"].tolist() == pytest.approx([0.0, 7.0, 0.0, 0.1])
    assert found["matching"].tolist() == [pd.NA, False, pd.NA, True]
    alone = cells(frame(*rows[:4]), matching=0.2)
    pd.testing.assert_frame_equal(found[2:].reset_index(drop=True), alone)


def test_no_trials_make_no_cells_of_the_same_types(frame):
    found = cells(frame())
    assert len(found) == 0
    assert {name: str(dtype) for name, dtype in found.dtypes.items()} == CELL_DTYPES
    assert len(samples(frame())) == 0


def test_types_do_not_depend_on_the_values(frame, trial):
    found = cells(frame(trial("imp", 1, instability=nan)))
    assert {name: str(dtype) for name, dtype in found.dtypes.items()} == CELL_DTYPES
