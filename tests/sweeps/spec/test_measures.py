"""What may stand under `measure`."""

from __future__ import annotations

import pytest

from sweeps.errors import UserError
from sweeps.loading import load
from sweeps.plan import expand
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
        ("['my_lab:sharpness']", "measure[0]: measure my_lab:sharpness: there is no module my_lab"),
    ],
)
def test_bad_measures_are_told_in_a_line(measure: str, words: str) -> None:
    with pytest.raises(UserError) as raised:
        of(measure)
    (line,) = str(raised.value).splitlines()
    assert line.startswith(f"--set measure={measure}: {words}")
