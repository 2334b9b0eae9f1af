"""A stored spec gives back the same sweep, wherever it is read."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import pytest
from few import few

from sweeps.errors import UserError
from sweeps.loading import builtin_specs, load
from sweeps.placement import DRIVER, Machines
from sweeps.plan import expand
from sweeps.spec.stored import from_resolved, resolved
from trainables.networks import NETWORKS

CPU = Machines([{"CPU": 2, DRIVER: 1000}])
GPU = Machines([{"CPU": 16, "GPU": 2, DRIVER: 1000}])

CASES = [
    *((name, ()) for name in builtin_specs()),
    ("digits-mlp", ("recipe.optimizer=adam", "recipe.momentum=0", "matching=0.2", "inits=[9,4]")),
    ("digits-mlp", ("recipe.length=50 %", "rewind=[0, 2 %, 1 epoch]", "resources.gpus=0.25")),
    ("digits-mlp", ("recipe.optimizer_at_rewind=carried", "on_divergence=stop")),
    ("digits-mlp", (f"recipe.milestones={list(range(1, 200))}",)),
    ("digits-mlp", ("recipe.name=mine", "train_examples=10", "subnetworks=[dense]")),
]


@pytest.mark.parametrize("machines", [CPU, GPU], ids=["cpu", "gpu"])
@pytest.mark.parametrize(("name", "overrides"), CASES, ids=lambda value: str(value)[:40])
def test_a_sweep_survives_being_stored(
    name: str, overrides: tuple[str, ...], machines: Machines
) -> None:
    sweep, _ = load(name, overrides, machines=machines)
    back = from_resolved(json.loads(json.dumps(resolved(sweep))))
    assert back == sweep
    assert back.recipe == sweep.recipe


OF_DIGITS = [case for case in CASES if case[0] == "digits-mlp"]


@pytest.mark.parametrize("case", few(CASES, *OF_DIGITS), ids=lambda case: case[0])
def test_a_stored_sweep_has_the_same_jobs(case: tuple[str, tuple[str, ...]]) -> None:
    name, overrides = case
    sweep, _ = load(name, overrides, machines=CPU)
    back = from_resolved(json.loads(json.dumps(resolved(sweep))))
    assert expand(back).jobs.keys() == expand(sweep).jobs.keys()


def stored() -> dict[str, Any]:
    return resolved(load("digits-mlp", machines=CPU)[0])


def test_images_that_are_not_here_are_known_by_their_content_name() -> None:
    mapping = stored()
    mapping["recipe"] |= {
        "network": "resnet8-narrow-cifar",
        "data": "images-0123456789ab-2000-100-3x32x32-10",
        "data_address": "/nowhere/images.tar",
    }
    mapping["network_facts"] = asdict(NETWORKS["resnet8-narrow-cifar"])
    back = from_resolved(mapping)
    assert back.recipe.data_address == "/nowhere/images.tar"
    assert resolved(back) == mapping


def test_a_field_that_is_not_stored_has_its_default() -> None:
    """Not its base's value, which may be new as well."""
    mapping = stored()
    del mapping["recipe"]["weight_decay"], mapping["imp_order"]
    back = from_resolved(mapping)
    assert (back.recipe.weight_decay, back.imp_order) == (0.0, 1)


@pytest.mark.parametrize("change", [{"recipe": "digits-mlp"}, {"speed": 3}, {"inits": []}])
def test_another_mapping_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(UserError, match="a stored spec"):
        from_resolved(stored() | change)
