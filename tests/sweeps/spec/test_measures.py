"""What may stand under `measure`."""

from __future__ import annotations

import json

import pytest

from sweeps.errors import UserError
from sweeps.loading import load
from sweeps.plan import expand
from sweeps.plan.summary import summarize
from sweeps.spec import Sweep

SMALL = ("rewind=[0]", "inits=1", "orders=2", "subnetworks=[dense]")


def of(measure: str, *others: str) -> Sweep:
    return load("digits-mlp", [*SMALL, *others, f"measure={measure}"])[0]


def keys(sweep: Sweep) -> list[str]:
    return list(expand(sweep).measurements)


def test_instability_is_measured_unless_something_else_is_wanted() -> None:
    plain = load("digits-mlp", SMALL)[0]
    assert [one.measure for one in plain.measure] == ["instability"]
    assert keys(of("[instability]")) == keys(of("instability")) == keys(plain)


def test_points_and_train_examples_are_for_all_measures_that_have_them() -> None:
    sweep = of("[instability, disagreement, distance]", "train_examples=50", "path_points=7")
    instability, disagreement, distance = (dict(one.options) for one in sweep.measure)
    assert instability == {"points": 7, "train_examples": 50}
    assert disagreement == {"train_examples": 50}
    assert distance == {}
    assert all(not one.suffix for one in sweep.measure)


def test_an_option_of_its_own_is_told_in_the_names_of_what_is_recorded() -> None:
    sweep = of("[disagreement, {measure: disagreement, train_examples: 50}]")
    assert [one.suffix for one in sweep.measure] == ["", "/train_examples:50"]
    assert len(keys(sweep)) == 2


def test_a_trial_is_the_same_whatever_is_measured() -> None:
    (one,), (other,) = (expand(of(m)).trials for m in ("[distance]", "[instability, distance]"))
    assert one.key == other.key
    assert one.key in keys(of("[instability]"))
    assert one.key not in keys(of("[distance]"))


def test_the_path_of_a_trial_is_that_of_its_instability() -> None:
    """Its points may be given as an option or for the whole sweep."""
    own, shared = of("[{measure: instability, points: 7}]"), of("instability", "path_points=7")
    assert keys(own) == keys(shared)


def test_statistics_are_recomputed_where_there_are_some() -> None:
    measure = "[{measure: instability, batchnorm: recalibrate}]"
    with pytest.raises(UserError, match=r"batchnorm: .*lenet-300-100 has none; allowed: interp"):
        load("lenet-mnist", [f"measure={measure}"])
    sweep = of(measure)
    assert dict(sweep.instability.options) == {"batchnorm": "recalibrate"}
    assert sweep.instability.suffix == ""
    assert sweep.instability.work.batches == 28 * 32
    assert keys(sweep) != keys(of("instability"))


@pytest.mark.parametrize(
    ("measure", "words"),
    [
        ("[distanc]", "measure[0]: unknown measure 'distanc'; did you mean 'distance'?"),
        ("[distance, distance]", "measure[1]: 'distance' is listed twice"),
        ("[]", "measure: the list is empty; wanted is a list of measures"),
        ("3", "measure: must be a list of measures"),
        ("[3]", "measure[0]: a measure is its name, or a mapping"),
        ("[{points: 3}]", "measure[0]: a measure is its name, or a mapping"),
        ("[{measure: distance, points: 3}]", "measure[0].points: unknown option; this measure has"),
        ("[{measure: instability, point: 3}]", "measure[0].point: unknown option; allowed: points"),
        ("[{measure: instability, points: 2}]", "measure[0]: points must be at least 3, not 2"),
        (
            "[{measure: instability, points: many}]",
            "measure[0].points: must be a whole number, not 'many'",
        ),
        (
            "[{measure: instability, points: true}]",
            "measure[0].points: must be a whole number, not true",
        ),
        (
            "[{measure: instability, batchnorm: recompute}]",
            "measure[0].batchnorm: must be one of interpolate, recalibrate, not 'recompute'",
        ),
        (
            "[{measure: instability, batchnorm_batches: 4}]",
            "measure[0]: batchnorm_batches is for batchnorm: recalibrate",
        ),
        (
            "[{measure: throughout, every: 0}]",
            "measure[0].every: must be from 1 to 1200 iterations (all of training), not 0",
        ),
        (
            "[{measure: throughout, every: 60 epochs}]",
            "measure[0].every: must be from 1 to 1200 iterations (all of training), not '60 ep",
        ),
        (
            "[{measure: throughout, every: often}]",
            "measure[0].every: must be iterations (120), '2 %' or '5 epochs', not 'often'",
        ),
        (
            "[{measure: throughout, every: [1]}]",
            "measure[0].every: must be a whole number or text, not",
        ),
        ("[{measure: throughout, keep: 1}]", "measure[0].keep: must be true or false, not 1"),
        ("[{measure: barrier, every: 3}]", "measure[0].every: unknown option; allowed: points"),
        ("['my_lab:sharpness']", "measure[0]: measure my_lab:sharpness: there is no module my_lab"),
    ],
)
def test_bad_measures_are_told_in_a_line(measure: str, words: str) -> None:
    with pytest.raises(UserError) as raised:
        of(measure)
    (line,) = str(raised.value).splitlines()
    assert line.startswith(f"--set measure={measure}: {words}")


def test_a_barrier_follows_from_the_path_of_instability() -> None:
    """It is measured with it: no further job."""
    assert keys(of("[instability, barrier]")) == keys(of("[barrier]")) == keys(of("instability"))
    assert keys(of("[{measure: barrier, points: 5}]")) != keys(of("instability"))


def test_measures_while_training_are_told_in_iterations() -> None:
    """digits-mlp has epochs of 62 batches."""
    usual, ten = of("throughout").measure[0], of("{measure: throughout, every: 10 %}").measure[0]
    assert (dict(usual.options)["every"], usual.suffix) == (62, "")
    assert (dict(ten.options)["every"], ten.suffix) == (120, "/every:120")
    assert of("{measure: throughout, every: 1 epoch}").measure[0] == usual


def test_all_copies_of_a_cell_are_measured_while_training_by_its_first_job() -> None:
    plan = expand(load("digits-mlp", ["measure=[instability, throughout]"])[0])
    jobs = [job for job in plan.jobs.values() if job.task == "measure: throughout"]
    first = [job for job in jobs if job.after is None]
    assert len(jobs) == len(plan.trials) == 3 * len(first)
    assert all(len(job.together) == 3 for job in first)
    keys = list(plan.jobs)
    for job in jobs:
        assert job.after is None or keys.index(job.after.key) < keys.index(job.key)
    for arm in {arm for trial in plan.trials for arm in trial.arms}:
        leader = plan.jobs[arm.key].alongside
        assert leader is not None
        assert keys.index(leader.key) < keys.index(arm.key)
    for job in plan.jobs.values():
        assert all(keys.index(one.key) < keys.index(job.key) for one in job.inputs)


def test_trainings_of_a_measurement_are_counted_once() -> None:
    """Whether or not anything else needs the copies."""
    numbers = [
        summarize(expand(of(measure)), (), 1)
        for measure in ("throughout", "[instability, throughout]", "instability")
    ]
    for name in ("iterations", "trainings", "iterations_unshared"):
        assert len({json.dumps(one[name]) for one in numbers}) == 1, name


def test_states_are_measured_and_not_kept_unless_that_is_asked_for() -> None:
    def states(measure: str) -> dict[str, int]:
        found: dict[str, int] = summarize(expand(of(measure)), (), 1)["states_while_training"]
        return found

    usual, kept = states("throughout"), states("{measure: throughout, keep: true}")
    assert usual["number"] == kept["number"] == kept["kept"]
    assert usual["kept"] == 0
    assert "states_while_training" not in summarize(expand(of("instability")), (), 1)
    bytes_ = [
        summarize(expand(of(m)), (), 1)["estimated_bytes"]["planned"]
        for m in ("throughout", "{measure: throughout, keep: true}")
    ]
    assert bytes_[1] - bytes_[0] == usual["bytes"]
