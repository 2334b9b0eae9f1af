import json
import math
from dataclasses import fields, replace
from typing import get_args

import pytest

from trainables.data import ROWS as DATA_SETS
from trainables.networks import NETWORKS
from trainables.recipe import Recipe, Stage
from trainables.recipes import RECIPES

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
    "network_arguments": ({"width": 2}, "init"),
    "network_version": ("@2", "init"),
    "data": ("other", "training"),
    "data_address": ("elsewhere", None),
    "data_version": ("python0.1-0", "training"),
    "crop_size": (96, "training"),
    "input_scaling": ("unit", "training"),
    "augmentation": ("shift-flip", "training"),
    "initialization": ("other", "init"),
    "initial_std": (0.02, "init"),
    "batchnorm_scale": ("uniform", "init"),
    "iterations": (101, "length"),
    "batch_size": (11, "training"),
    "last_batch": ("drop", "training"),
    "optimizer": ("adam", "training"),
    "optimizer_at_rewind": ("carried", "rewinding"),
    "learning_rate": (0.2, "training"),
    "momentum": (0.9, "training"),
    "beta1": (0.8, "training"),
    "beta2": (0.99, "training"),
    "gradient_clipping": (1.0, "training"),
    "weight_decay": (1e-4, "training"),
    "weight_decay_style": ("decoupled", "training"),
    "label_smoothing": (0.1, "training"),
    "schedule": ("cosine", "training"),
    "final_rate": (0.01, "training"),
    "milestones": ((50,), "training"),
    "decay": (0.2, "training"),
    "warmup": (10, "training"),
    "pruning": ("one-shot", "pruning"),
    "pruning_fraction": (0.3, "pruning"),
    "pruning_method": ("snip", "pruning"),
    "pruning_options": ({"examples": 50}, "pruning"),
    "pruning_version": ("@2", "pruning"),
    "pruning_when": ("start", None),
    "prune_output": (False, "pruning"),
    "prune_first": (False, "pruning"),
    "prune_shortcuts": (False, "pruning"),
    "backend": ("stacked", "training"),
    "precision": ("bf16", "training"),
    "device": ("cuda", "training"),
    "threads": (2, "training"),
    "slices": (2, "training"),
    "workers": (2, None),
}
STAGES = get_args(Stage)

# What has to be so for a change to make sense.
GIVEN = {
    "weight_decay_style": {"weight_decay": 0.1},
    "final_rate": {"schedule": "linear"},
    "workers": {"slices": 2},
    "data_version": {"data": "python-topics"},
    "beta1": {"optimizer": "adamw"},
    "beta2": {"optimizer": "adam"},
}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"iterations": 0}, "iterations must be at least 1"),
        ({"batch_size": 0}, "batch_size must be at least 1"),
        ({"learning_rate": 0.0}, "learning_rate must be above 0"),
        ({"learning_rate": -0.1}, "learning_rate must be above 0"),
        ({"learning_rate": math.nan}, "learning_rate must be a finite number, not nan"),
        ({"learning_rate": math.inf}, "learning_rate must be a finite number, not inf"),
        ({"weight_decay": math.inf}, "weight_decay must be a finite number, not inf"),
        ({"final_rate": -math.inf}, "final_rate must be a finite number, not -inf"),
        ({"iterations": 10**9 + 1}, "iterations must be at most 1,000,000,000"),
        ({"threads": 1025}, "threads must be at most 1024"),
        ({"momentum": 1.0}, r"momentum must be in \[0, 1\)"),
        ({"momentum": -0.1}, r"momentum must be in \[0, 1\)"),
        ({"optimizer": "adam", "momentum": 0.9}, "momentum goes with the optimizer sgd"),
        ({"beta1": 0.8}, "beta1 goes with the optimizers adam and adamw, not sgd"),
        ({"optimizer": "adam", "beta2": 1.0}, r"beta2 must be in \[0, 1\), not 1.0"),
        (
            {"optimizer": "adamw", "weight_decay": 0.1, "weight_decay_style": "decoupled"},
            "weight_decay_style goes with the optimizers sgd and adam; adamw has",
        ),
        ({"gradient_clipping": 0.0}, "gradient_clipping must be above 0, not 0.0; leave it out"),
        ({"initial_std": -0.1}, "initial_std must be above 0, not -0.1; leave it out"),
        (
            {"initial_std": 0.1, "initialization": "glorot-normal"},
            "initial_std takes the place of initialization, which is glorot-normal",
        ),
        ({"weight_decay": -1e-4}, "weight_decay must not be negative"),
        ({"decay": 0.0}, r"decay must be in \(0, 1\]"),
        ({"decay": 1.1}, r"decay must be in \(0, 1\]"),
        ({"warmup": -1}, "warmup must lie between 0 and the end"),
        ({"warmup": 101}, "warmup must lie between 0 and the end"),
        ({"label_smoothing": 1.0}, r"label_smoothing must be in \[0, 1\)"),
        (
            {"weight_decay_style": "decoupled"},
            "weight_decay must be between 0 and 1",
        ),
        ({"schedule": "cosine", "milestones": (50,)}, "milestones go with the schedule steps"),
        ({"final_rate": 0.01}, "final_rate goes with the schedules cosine and linear"),
        ({"schedule": "linear", "final_rate": 0.2}, "final_rate must lie between 0 and"),
        ({"milestones": (0, 50)}, "milestones must be positive and rising"),
        ({"milestones": (50, 50)}, "milestones must be positive and rising"),
        ({"milestones": (60, 50)}, "milestones must be positive and rising"),
        ({"milestones": (50, 100)}, "must lie before the end of training"),
        ({"pruning_fraction": 0.0}, "pruning_fraction must be between 0 and 1"),
        ({"pruning_fraction": 1.0}, "pruning_fraction must be between 0 and 1"),
        ({"threads": 0}, "threads must be at least 1"),
        ({"slices": 0}, "slices must be a power of two, not 0"),
        ({"slices": 3}, "slices must be a power of two, not 3"),
        ({"slices": 32, "batch_size": 16}, "slices 32 do not divide batch_size 16"),
        ({"slices": 2, "backend": "stacked"}, "slices go with the backend loop"),
        ({"workers": 0}, "workers 0 do not divide slices 1; allowed: 1"),
        ({"workers": 2}, "workers 2 do not divide slices 1; allowed: 1"),
        (
            {"workers": 8, "slices": 4, "batch_size": 8},
            "workers 8 do not divide slices 4; allowed: 1, 2, 4",
        ),
        ({"precision": "tf32"}, "allowed on cpu: fp32, bf16"),
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
    base = replace(BASE, **GIVEN.get(name, {}))
    changed = replace(base, **{name: value})
    assert changed != base
    for other in STAGES:
        assert (changed.identity(other) != base.identity(other)) is (other == stage)
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


@pytest.mark.parametrize(("schedule", "depends"), [("steps", False), ("cosine", True)])
def test_the_length_changes_every_iteration_of_a_schedule_that_ends_with_it(schedule, depends):
    base = replace(BASE, schedule=schedule)
    longer = replace(base, iterations=200)
    assert (longer.identity("training") != base.identity("training")) is depends
    assert longer.identity("init", "pruning") == base.identity("init", "pruning")


def test_a_length_moves_milestones_and_warmup():
    recipe = replace(BASE, milestones=(50, 75), warmup=10)
    assert recipe.of_length(1000) == replace(
        recipe, iterations=1000, milestones=(500, 750), warmup=100
    )
    assert recipe.of_length(100) == recipe
    with pytest.raises(ValueError, match="milestones must be positive and rising"):
        recipe.of_length(3)


def test_stages_are_selected_together():
    assert BASE.identity() == {}
    pruned = replace(BASE, pruning_fraction=0.5)
    assert pruned.identity("init", "pruning") == {"network": "digits-mlp", "pruning_fraction": 0.5}


# LMC Table 1 and Unmasking appendix C: iterations (an epoch of ImageNet in batches of 1024 is
# 1252), batch, optimizer, rate, milestones, warm-up.
DROPS = (32_000, 48_000)
ROWS = {
    "lenet-mnist": (24_000, 60, "adam", 12e-4, (), 0),
    "resnet20-cifar10": (63_000, 128, "sgd", 0.1, DROPS, 0),
    "resnet20-cifar10-low": (63_000, 128, "sgd", 0.01, DROPS, 0),
    "resnet20-cifar10-warmup": (63_000, 128, "sgd", 0.03, DROPS, 30_000),
    "vgg16-cifar10": (63_000, 128, "sgd", 0.1, DROPS, 0),
    "vgg16-cifar10-low": (63_000, 128, "sgd", 0.01, DROPS, 0),
    "vgg16-cifar10-warmup": (63_000, 128, "sgd", 0.1, DROPS, 30_000),
    "resnet50-imagenet": (112_680, 1024, "sgd", 0.4, (37_560, 75_120, 100_160), 6_260),
    "inceptionv3-imagenet": (214_092, 1024, "sgd", 0.03, (), 0),
    "unmasking-resnet20-cifar10": (62_400, 128, "sgd", 0.1, (31_200, 46_800), 0),
    "unmasking-resnet18-cifar100": (78_125, 128, "sgd", 0.1, (23_438, 46_875, 62_500), 0),
    "unmasking-resnet50-imagenet": (15_970, 2048, "sgd", 2.048, (), 5_000),
}


@pytest.mark.parametrize("name", ROWS)
def test_rows_of_the_papers(name):
    r = RECIPES[name]
    row = (r.iterations, r.batch_size, r.optimizer, r.learning_rate, r.milestones, r.warmup)
    assert row == ROWS[name]
    one_shot = name in ("resnet50-imagenet", "inceptionv3-imagenet")
    assert r.pruning == ("one-shot" if one_shot else "iterative")
    assert r.pruning_fraction == (0.7 if one_shot else 0.2)
    unmasking_imagenet = name == "unmasking-resnet50-imagenet"
    if r.optimizer == "sgd":
        assert r.momentum == (0.875 if unmasking_imagenet else 0.9)
    assert r.decay == (0.2 if name == "unmasking-resnet18-cifar100" else 0.1)


@pytest.mark.parametrize("name", RECIPES)
def test_built_in_recipes_name_what_there_is(name):
    recipe = RECIPES[name]
    assert recipe.name == name
    assert recipe.network in NETWORKS
    assert recipe.data in DATA_SETS
    assert recipe.batch_size <= DATA_SETS[recipe.data].facts.train
    json.dumps(recipe.identity(*STAGES))
