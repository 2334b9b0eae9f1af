import json
import math
from dataclasses import fields, replace
from typing import get_args

import pytest

from trainables.data import DATA
from trainables.networks import NETWORKS
from trainables.recipes import RECIPES, Recipe, Stage

BASE = Recipe(
    name="base",
    network="digits-mlp",
    data="digits",
    iterations=100,
    batch_size=10,
    optimizer="sgd",
    learning_rate=0.1,
)

# A change of each field, and the stage whose results it changes.
CHANGES = {
    "name": ("other", None),
    "network": ("other", "init"),
    "data": ("other", "training"),
    "initialization": ("other", "init"),
    "iterations": (101, "length"),
    "batch_size": (11, "training"),
    "last_batch": ("drop", "training"),
    "optimizer": ("adam", "training"),
    "learning_rate": (0.2, "training"),
    "momentum": (0.9, "training"),
    "weight_decay": (1e-4, "training"),
    "milestones": ((50,), "training"),
    "decay": (0.2, "training"),
    "warmup": (10, "training"),
    "pruning_fraction": (0.3, "pruning"),
    "prune_output": (False, "pruning"),
}
STAGES = get_args(Stage)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"iterations": 0}, "iterations must be at least 1"),
        ({"batch_size": 0}, "batch_size must be at least 1"),
        ({"learning_rate": 0.0}, "learning_rate must be above 0"),
        ({"learning_rate": -0.1}, "learning_rate must be above 0"),
        ({"learning_rate": math.nan}, "learning_rate must be above 0"),
        ({"momentum": 1.0}, r"momentum must be in \[0, 1\)"),
        ({"momentum": -0.1}, r"momentum must be in \[0, 1\)"),
        ({"optimizer": "adam", "momentum": 0.9}, "momentum goes with the optimizer sgd"),
        ({"weight_decay": -1e-4}, "weight_decay must not be negative"),
        ({"decay": 0.0}, r"decay must be in \(0, 1\]"),
        ({"decay": 1.1}, r"decay must be in \(0, 1\]"),
        ({"warmup": -1}, "warmup must not be negative"),
        ({"milestones": (0, 50)}, "milestones must be positive and rising"),
        ({"milestones": (50, 50)}, "milestones must be positive and rising"),
        ({"milestones": (60, 50)}, "milestones must be positive and rising"),
        ({"milestones": (50, 100)}, "must lie before the end of training"),
        ({"pruning_fraction": 0.0}, "pruning_fraction must be between 0 and 1"),
        ({"pruning_fraction": 1.0}, "pruning_fraction must be between 0 and 1"),
    ],
)
def test_contradictions_raise(changes, message):
    with pytest.raises(ValueError, match=message):
        replace(BASE, **changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"iterations": 1},
        {"batch_size": 1},
        {"decay": 1.0},
        {"optimizer": "adam"},
        {"milestones": (1, 99)},
        {"warmup": 100},
        {"momentum": 0.999},
    ],
)
def test_limits_are_allowed(changes):
    replace(BASE, **changes)


def test_every_field_declares_what_it_affects():
    for field in fields(Recipe):
        assert field.metadata["affects"] in (*STAGES, None), field.name
    assert {f.name for f in fields(Recipe)} == CHANGES.keys(), "add the field to CHANGES"


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_shows_in_the_identity_of_its_stage_only(name):
    value, stage = CHANGES[name]
    changed = replace(BASE, **{name: value})
    assert changed != BASE
    for other in STAGES:
        assert (changed.identity(other) != BASE.identity(other)) is (other == stage)
    if stage:
        assert changed.identity(stage)[name] == value


def test_defaults_are_left_out():
    assert BASE.identity(*STAGES) == {
        "network": "digits-mlp",
        "data": "digits",
        "iterations": 100,
        "batch_size": 10,
        "optimizer": "sgd",
        "learning_rate": 0.1,
    }
    explicit = replace(BASE, momentum=0.0, milestones=(), prune_output=True, last_batch="keep")
    assert explicit.identity(*STAGES) == BASE.identity(*STAGES)


def test_stages_are_selected_together():
    assert BASE.identity() == {}
    pruned = replace(BASE, pruning_fraction=0.5)
    assert pruned.identity("init", "pruning") == {"network": "digits-mlp", "pruning_fraction": 0.5}


@pytest.mark.parametrize("name", RECIPES)
def test_built_in_recipes_name_what_there_is(name):
    recipe = RECIPES[name]
    assert recipe.name == name
    assert recipe.network in NETWORKS
    assert recipe.data in DATA
    assert recipe.batch_size <= DATA[recipe.data].train
    json.dumps(recipe.identity(*STAGES))
