"""`vary`: combinations, and sweeps of several recipes that are as if each was written alone."""

from __future__ import annotations

import itertools
import json
from math import isclose
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import PydanticCustomError

from sweeps.errors import UserError
from sweeps.loading import load
from sweeps.plan import expand
from sweeps.spec import Sweep
from sweeps.spec.stored import from_resolved, resolved
from sweeps.spec.vary import applied, combinations

GRID = "vary={learning_rate: [0.05, 0.3], batch_size: [16, 64]}"
SMALL = [
    "rewind=[0, 10 %]",
    "inits=1",
    "orders=2",
    "subnetworks=[dense, {strategy: imp, levels: [2]}]",
]


def sweep(*overrides: str) -> Sweep:
    return load("digits-mlp", [*SMALL, *overrides])[0]


def refusal(*overrides: str) -> str:
    with pytest.raises(UserError) as error:
        sweep(*overrides)
    text = str(error.value)
    assert "\n" not in text
    return text


def test_a_grid_is_every_combination_and_the_first_name_changes_slowest() -> None:
    found = combinations({"learning_rate": [0.05, 0.3], "batch_size": [16, 64]})
    assert found == [
        {"learning_rate": 0.05, "batch_size": 16},
        {"learning_rate": 0.05, "batch_size": 64},
        {"learning_rate": 0.3, "batch_size": 16},
        {"learning_rate": 0.3, "batch_size": 64},
    ]


def test_a_list_names_combinations_one_by_one() -> None:
    listed = [{"learning_rate": 0.05}, {"learning_rate": 0.3, "momentum": 0.0}]
    assert combinations(listed) == listed


RANGES: dict[str, Any] = {
    "learning_rate": {"log": [0.01, 1]},
    "weight_decay": {"uniform": [0, 0.1]},
    "batch_size": {"choice": [16, 32, 64]},
    "warmup": {"integers": [0, 9]},
}


@given(st.integers(1, 40), st.integers(0, 5), st.sampled_from(["quasi-random", "random"]))
def test_a_sample_lies_in_its_ranges_and_begins_with_a_smaller_one(
    number: int, seed: int, method: str
) -> None:
    sample = {"seed": seed, "method": method, **RANGES}
    found = combinations({"sample": number, **sample})
    assert found == combinations({"sample": number, **sample})
    assert combinations({"sample": 1, **sample})[0] == found[0]
    for before in (combinations({"sample": number + 5, **sample})[:number],):
        assert before == found
    for one in found:
        assert 0.01 <= one["learning_rate"] <= 1
        assert 0 <= one["weight_decay"] <= 0.1
        assert one["batch_size"] in (16, 32, 64)
        assert one["warmup"] in range(10)
        assert isclose(one["learning_rate"], float(f"{one['learning_rate']:.4g}"))


def test_a_quasi_random_sample_fills_its_range_more_evenly_than_chance() -> None:
    """No gap of 16 points of [0, 1) is wider than the golden ratio allows."""
    drawn = combinations({"sample": 16, "momentum": {"uniform": [0.0, 1.0]}})
    values = sorted(one["momentum"] for one in drawn)
    gaps = [b - a for a, b in itertools.pairwise(values)]
    assert max(gaps) < 2.7 / 16


def test_seeds_make_other_samples() -> None:
    first, second = (combinations({"sample": 3, "seed": s, **RANGES}) for s in (1, 2))
    assert first != second


def test_what_is_drawn_twice_of_few_choices_is_one_combination() -> None:
    assert len(combinations({"sample": 30, "batch_size": {"choice": [16, 32]}})) == 2


def test_each_recipe_is_as_if_it_was_written_alone() -> None:
    """Same keys of trials and jobs, so that each reuses what the other has trained."""
    whole = expand(sweep(GRID))
    assert len(whole.variants) == 4
    for variant, (rate, batch) in zip(
        whole.variants, [(0.05, 16), (0.05, 64), (0.3, 16), (0.3, 64)], strict=True
    ):
        alone = expand(sweep(f"recipe.learning_rate={rate}", f"recipe.batch_size={batch}"))
        assert variant.trials == tuple(trial.key for trial in alone.trials)
        assert alone.jobs.keys() <= whole.jobs.keys()
        assert variant.spec.recipe == alone.spec.recipe


def test_jobs_are_shared_where_hyperparameters_do_not_matter() -> None:
    """Initial weights of all recipes; dense networks of all pruning fractions."""
    grid = expand(sweep(GRID))
    starts = [job for job in grid.jobs.values() if job.kind == "state" and not job.inputs]
    assert len(starts) == 1
    fractions = expand(sweep("vary={pruning_fraction: [0.2, 0.5]}"))
    dense = [trial for trial in fractions.trials if trial.at.strategy == "dense"]
    assert len(dense) == 2
    assert all(trial.key in variant.trials for trial in dense for variant in fractions.variants)
    assert len(fractions.trials) == 6


@pytest.mark.parametrize(
    "vary",
    [
        "{network_arguments.hidden: [[16], [24, 24]]}",
        "{network_arguments: [{hidden: [16]}, {hidden: [24]}]}",
        "{base: [digits-mlp, tiny-gpt]}",
        "{length: [600, 1200]}",
        "{milestones: [[600], [600, 900]]}",
        "{weight_decay_style: [l2, decoupled]}",
        "[{optimizer: adam, momentum: 0.0, learning_rate: 0.003}, {learning_rate: 0.15}]",
        "{sample: 3, seed: 2, learning_rate: {log: [0.01, 1]}}",
    ],
)
def test_a_stored_spec_means_the_same_keys(vary: str) -> None:
    spec = sweep(f"vary={vary}")
    again = from_resolved(json.loads(json.dumps(resolved(spec))))
    assert [one.key for one in expand(again).trials] == [one.key for one in expand(spec).trials]
    assert resolved(again) == resolved(spec)
    assert len({one.recipe.name for one in again.each}) == len(again.each)


def test_options_of_strategies_vary() -> None:
    adaptive = "subnetworks=[dense, {strategy: imp-adaptive, until_left: 30 %}]"
    spec = sweep(adaptive, "vary={imp-adaptive.loss: [evaluated, trained]}")
    found = [one.options_of("imp-adaptive") for one in spec.each]
    assert [getattr(one, "loss", None) for one in found] == ["evaluated", "trained"]


def test_a_recipe_with_a_name_of_its_own_keeps_it() -> None:
    spec = {"recipe": {"base": "digits-mlp", "name": "mine"}, "vary": {}}
    found = applied(spec, {"learning_rate": 0.3})
    assert found == {
        "recipe": {
            "base": "digits-mlp",
            "name": "mine with learning_rate=0.3",
            "learning_rate": 0.3,
        }
    }


def test_rewind_points_follow_each_recipe() -> None:
    spec = sweep("vary={length: [300, 600]}")
    assert [one.rewind_of(one.subnetworks[0]) for one in spec.each] == [[0, 30], [0, 60]]
    assert spec.size[0] == sum(one.size[0] for one in spec.each)


@pytest.mark.parametrize(
    ("vary", "words"),
    [
        ("{learning_rat: [0.1]}", "did you mean 'learning_rate'"),
        ("{learning_rate: [0.1, 0.1]}", "vary.learning_rate[1]: 0.1 is listed twice"),
        ("{learning_rate: 0.1}", "must be a list of values"),
        ("{learning_rate: []}", "the list is empty; wanted are"),
        ("{learning_rate: {log: [0.1, 1]}}", "sample: 20"),
        ("{sample: 0, learning_rate: {log: [0.1, 1]}}", "whole number from 1 on"),
        ("{sample: 3}", "needs something to vary"),
        ("{sample: 3, learning_rate: [0.1]}", "{choice: "),
        ("{sample: 3, learning_rate: {log: [0, 1]}}", "two numbers above 0"),
        ("{sample: 3, learning_rate: {log: [1, 0.1]}}", "the lower one first"),
        ("{sample: 3, learning_rate: {normal: [0, 1]}}", "there is no 'normal'"),
        ("{sample: 3, method: sobol, learning_rate: {log: [0.1, 1]}}", "quasi-random"),
        ("{seed: 3, learning_rate: [0.1]}", "it is of a sample"),
        ("{sample: 1001, learning_rate: {log: [0.1, 1]}}", "at most 1,000"),
        ("{}", "it is empty"),
        ("[]", "it is empty"),
        ("[3]", "a combination is a mapping"),
        ("7", "must be a mapping of what varies"),
        ("{batch_size: [16, 5000]}", "with batch_size=5000: recipe.batch_size: batch_size 5000"),
        ("{milestones: [[600], [2000]]}", "with milestones=[2000]: recipe.milestones"),
        ("{learning_rate: [a, 0.1]}", "with learning_rate=a: recipe.learning_rate: must be"),
        ("[{learning_rate: 0.1}, {learning_rate: 0.1}]", "is the same as"),
        ("{length: [600, 50 %]}", "length=50 % is the same as length=600"),
        ("{threads: [1, 2]}", "needs other workers"),
        ("{imp-adaptive.loss: [evaluated, trained]}", "no imp-adaptive among the subnetworks"),
        ("{imp-adaptive.levels: [1, 2]}", "cannot vary"),
        ("{data: [digits, digits2]}", "with data=digits2: recipe.data: unknown data set"),
        ("{data: [digits, ./nowhere]}", "vary.data"),
        ("{name: [a, b]}", "no field of a recipe"),
    ],
)
def test_bad_input_is_one_line_that_names_the_combination(vary: str, words: str) -> None:
    assert words in refusal(f"vary={vary}")


@pytest.mark.parametrize(
    ("vary", "override", "place"),
    [
        ("{batch_size: [16, 32]}", "recipe.batch_size=8", "recipe.batch_size"),
        ("{sample: 2, momentum: {uniform: [0, 0.9]}}", "recipe.momentum=0.5", "recipe.momentum"),
        (
            "{network_arguments.hidden: [[16], [24]]}",
            "recipe.network_arguments={hidden: [8], batchnorm: false}",
            "recipe.network_arguments.hidden",
        ),
    ],
)
def test_a_value_that_would_change_nothing_is_refused(vary: str, override: str, place: str) -> None:
    with pytest.raises(UserError, match=f"{place}: .* varies: this value would change nothing"):
        load("digits-mlp", (f"vary={vary}", override))


@pytest.mark.parametrize(
    ("vary", "override"),
    [
        ("[{batch_size: 32}, {momentum: 0.5}]", "recipe.batch_size=8"),
        ("{base: [digits-mlp, lenet-mnist]}", "recipe.batch_size=8"),
        ("{network_arguments.hidden: [[16], [24]]}", "recipe.network_arguments.batchnorm=false"),
    ],
)
def test_a_value_that_some_recipes_have_is_not(vary: str, override: str) -> None:
    sweep, _ = load("digits-mlp", (f"vary={vary}", override))
    assert len(sweep.each) == 2


def test_a_fault_that_is_none_of_the_combinations_is_told_where_it_stands() -> None:
    assert "rewind[1]: rewind point 5000" in refusal(GRID, "rewind=[0, 5000]")
    assert "batch_size=" not in refusal(GRID, "rewind=[0, 5000]")
    assert "with length=300: rewind[1]" in refusal("vary={length: [300, 1200]}", "rewind=[0, 500]")


def test_a_sweep_that_is_too_large_is_refused() -> None:
    """Of which each alone is small enough."""
    huge = "vary={sample: 20, learning_rate: {log: [0.01, 1]}}"
    assert "a sweep has at most" in refusal(huge, "inits=10000")


def test_combinations_raise_errors_of_the_place() -> None:
    with pytest.raises(PydanticCustomError) as error:
        combinations({"learning_rate": [0.1], "batch_sise": [16]})
    context = error.value.context
    assert context is not None
    assert context["at"] == ("vary", "batch_sise")
