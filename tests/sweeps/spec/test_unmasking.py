"""Subnetworks of Unmasking in a spec: adaptive pruning and perturbed rewind points."""

from __future__ import annotations

from typing import Any

import pytest

from sweeps.errors import UserError
from sweeps.loading import load
from sweeps.plan import expand, growing
from sweeps.spec import Sweep
from sweeps.spec.stored import from_resolved, resolved
from sweeps.spec.subnetworks import ImpAdaptive, Perturbed
from trainables.levels import weights_at_levels
from trainables.pruning.adaptive import Adaptive

ADAPTIVE = "subnetworks=[dense, {strategy: imp-adaptive, until_left: 9 %}]"
PERTURBED = "subnetworks=[dense, {strategy: perturbed}]"


def sweep(*overrides: str) -> Sweep:
    return load("digits-mlp", ["inits=1", "orders=2", "rewind=[0, 20]", *overrides])[0]


def adaptive(*overrides: str, **fields: Any) -> ImpAdaptive:
    entry = {"strategy": "imp-adaptive", "until_left": "9 %"} | fields
    made = ", ".join(f"{name}: {value}" for name, value in entry.items())
    (found,) = sweep(*overrides, f"subnetworks=[{{{made}}}]").subnetworks
    assert isinstance(found, ImpAdaptive)
    return found


@pytest.mark.parametrize(
    ("fields", "options"),
    [
        ({}, Adaptive(loss="evaluated", examples=2000, points=11)),
        ({"loss": "trained"}, Adaptive(loss="trained")),
        ({"examples": "all"}, Adaptive(examples=None)),
        ({"examples": 500, "points": 21}, Adaptive(examples=500, points=21)),
    ],
)
def test_options_of_adaptive_pruning(fields: dict[str, Any], options: Adaptive) -> None:
    assert adaptive(**fields).options == options


@pytest.mark.parametrize(
    ("share", "levels"), [("9 %", 11), ("9%", 11), ("80 %", 1), ("79.9 %", 2), ("0.5 %", 24)]
)
def test_there_are_at_most_as_many_levels_as_with_the_fixed_fraction(
    share: str, levels: int
) -> None:
    """0.8^11 = 8.6 %; 15,072 weights, of which exactly 12,058 (80.003 %) are left at level 1."""
    found = adaptive(until_left=share)
    left = [100 * one / 15_072 for one in weights_at_levels(15_072, 0.2)]
    expected = next(level for level, one in enumerate(left) if one <= found.share)
    assert found.most_levels == expected == (2 if share == "80 %" else levels)
    assert found.levels == list(range(1, expected + 1))
    assert adaptive("recipe.pruning_fraction=0.5").most_levels == 4


def test_a_perturbed_network_has_level_1_and_w_k_by_default() -> None:
    found = sweep(PERTURBED).subnetworks[1]
    assert isinstance(found, Perturbed)
    assert (found.levels, found.norm, found.options) == ([1], "rewound", "rewound")
    other = sweep("subnetworks=[{strategy: perturbed, levels: [1, 4], norm: trained}]")
    (two,) = other.subnetworks
    assert isinstance(two, Perturbed)
    assert (two.levels, two.options) == ([1, 4], "trained")


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (["levels: [1]"], "[0].levels: unknown key; allowed: examples, loss, points, rewind, str"),
        (["until_left: 9"], "[0].until_left: must be a share of the prunable weights above"),
        (["until_left: 0 %"], "with its sign: '9 %', not '0 %'"),
        (["until_left: 100 %"], "must be a share of the prunable weights"),
        (["until_left: 9 epochs"], "must be a share of the prunable weights"),
        (["until_left: 0.001 %"], "0.001 % is out of reach: 2 of 15072 weights are left after"),
        (["loss: tested"], "[0].loss: must be evaluated or trained, not 'tested'"),
        (["examples: 0"], "examples: must be a whole number of examples, at least 1, or all"),
        (["examples: some"], "examples: must be a whole number of examples, at least 1, or all"),
        (["points: 1"], "points: must be a whole number of points from 2 to 1000, not 1"),
    ],
)
def test_what_is_wrong_with_adaptive_pruning(overrides: list[str], said: str) -> None:
    until = "" if "until_left" in overrides[0] else "until_left: 9 %, "
    with pytest.raises(UserError) as error:
        sweep(f"subnetworks=[{{strategy: imp-adaptive, {until}{overrides[0]}}}]")
    assert said in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (
            ["recipe.pruning_method=snip", ADAPTIVE],
            "subnetworks[1].strategy: imp-adaptive prunes trained networks, but pruning_method "
            "snip scores W_k before training; write pruned",
        ),
        (
            ["recipe.pruning=one-shot", ADAPTIVE],
            "subnetworks[1].strategy: imp-adaptive prunes level by level, but recipe.pruning is "
            "one-shot; write imp",
        ),
        (["subnetworks=[imp-adaptive]"], "until_left: this key is missing; wanted is a share of"),
        (
            ["subnetworks=[{strategy: perturbed, norm: both}]"],
            "norm: must be rewound or trained, not 'both'",
        ),
        (["subnetworks=[{strategy: perturbed, until_left: 9 %}]"], "unknown key"),
        (["subnetworks=[{strategy: perturbed, levels: [50]}]"], "level 50 is impossible"),
        (
            ["subnetworks=[{strategy: perturbed}, {strategy: perturbed, norm: trained}]"],
            "subnetworks[1]: perturbed is listed before with other options",
        ),
    ],
)
def test_what_is_wrong_is_said_in_a_line(overrides: list[str], said: str) -> None:
    with pytest.raises(UserError) as error:
        sweep(*overrides)
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_entries_may_differ_in_where_they_end_and_rewind() -> None:
    entries = [
        "{strategy: imp-adaptive, until_left: 9 %, rewind: [0]}",
        "{strategy: imp-adaptive, until_left: 5 %, rewind: [20]}",
    ]
    spec = sweep(f"subnetworks=[{', '.join(entries)}]")
    assert [max(one.levels) for one in spec.subnetworks] == [11, 14]


@pytest.mark.parametrize("overrides", [ADAPTIVE, PERTURBED])
def test_a_stored_spec_means_the_same(overrides: str) -> None:
    spec = sweep(overrides)
    again = from_resolved(resolved(spec))
    assert again.subnetworks == spec.subnetworks
    assert [one.levels for one in again.subnetworks] == [one.levels for one in spec.subnetworks]


@pytest.mark.parametrize(
    "overrides",
    [
        ADAPTIVE,
        PERTURBED,
        "subnetworks=[{strategy: imp-adaptive, until_left: 5 %}, {strategy: imp, levels: [9]}]",
        "subnetworks=[{strategy: perturbed, levels: [1-9], norm: trained}]",
    ],
)
def test_jobs_are_counted_before_they_are_built(overrides: str) -> None:
    spec = sweep(overrides)
    plan, _ = growing.grown(spec, lambda asked: {one.job.key: one.most for one in asked}, {})
    trials, jobs = spec.size
    assert trials >= len(plan.trials)
    assert len(plan.jobs) <= jobs <= 2 * len(plan.jobs) + 10


def test_perturbed_networks_are_trials_of_their_level() -> None:
    plan = expand(sweep("subnetworks=[{strategy: perturbed, levels: [1, 2]}]"))
    assert {(trial.at.strategy, trial.at.level) for trial in plan.trials} == {
        ("perturbed", 1),
        ("perturbed", 2),
    }
    assert len({trial.key for trial in plan.trials}) == len(plan.trials) == 4
    assert len({job.title for job in plan.jobs.values()}) == len(plan.jobs)
