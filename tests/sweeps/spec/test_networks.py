"""Networks as a spec names them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sweeps.errors import UserError
from sweeps.loading import load
from sweeps.plan import expand
from sweeps.spec.stored import from_resolved, resolved
from trainables import plugins, sizes
from trainables.networks import known
from trainables.recipe import Recipe

OWN = """
import torch
from torch import nn

def gated(width=16, classes=10, inputs=(1, 8, 8)):
    return nn.Sequential(
        nn.Conv2d(inputs[0], width, 3, padding=1), nn.GroupNorm(4, width), nn.GELU(),
        nn.Flatten(), nn.Dropout(0.1), nn.Linear(width * inputs[1] * inputs[2], classes),
    )

def plain(num_classes):
    return nn.Sequential(nn.Flatten(), nn.Linear(64, num_classes))

def wrong_shape():
    return nn.Conv2d(1, 10, 3)

def not_a_network():
    return 3

def infinite():
    network = plain(10)
    return nn.Sequential(network, Divide())

class Divide(nn.Module):
    def forward(self, inputs):
        return inputs / 0

def raises():
    raise KeyError("depth")

def doubles():
    return plain(10).double()

def counting():
    norm = nn.BatchNorm2d(1, momentum=None)
    return nn.Sequential(norm, nn.Flatten(), nn.Linear(64, 10))

def lazy():
    return nn.Sequential(nn.Flatten(), nn.LazyLinear(10))
"""


@pytest.fixture
def spec(tmp_path: Path) -> Iterator[Path]:
    """A spec of digits beside the code of a user's own."""
    (tmp_path / "own_nets.py").write_text(OWN)
    path = tmp_path / "spec.yaml"
    path.write_text(
        "name: own\nrecipe: {base: digits-mlp, length: 60}\nrewind: [0]\ninits: 1\norders: 2\n"
        "subnetworks: [dense]\n"
    )
    plugins.use(tmp_path)
    yield path
    plugins.use(None)


def recipe_of(spec: Path | str, *overrides: str) -> Recipe:
    return load(str(spec), [f"recipe.{one}" for one in overrides])[0].recipe


def test_what_follows_from_the_data_is_completed(spec: Path) -> None:
    recipe = recipe_of(spec, "network=own_nets:gated", "network_arguments={width: 8}")
    assert recipe.network_arguments == {"width": 8, "classes": 10, "inputs": [1, 8, 8]}
    facts = sizes.facts(recipe)
    assert facts.parameters == 8 * 9 + 8 + 2 * 8 + 8 * 64 * 10 + 10
    assert facts.prunable == 8 * 9 + 8 * 64 * 10
    assert not facts.stackable, "Dropout draws"
    assert recipe_of(spec, "network=own_nets:plain").network_arguments == {"num_classes": 10}


def test_arguments_at_a_built_in_networks_defaults_change_nothing(spec: Path) -> None:
    usual = load(str(spec))[0]
    said = load(
        str(spec),
        ["recipe.network_arguments={hidden: [48, 48, 48, 48, 48, 48], batchnorm: true}"],
    )[0]
    assert said.recipe.network_arguments == {}
    assert expand(said).jobs.keys() == expand(usual).jobs.keys()


@pytest.mark.parametrize(
    ("base", "overrides", "arguments", "parameters"),
    [
        ("digits-mlp", ["network_arguments={hidden: [48, 48]}"], {"hidden": [48, 48]}, None),
        ("cifar10-small", ["network=resnet20-cifar"], {}, 272_474),
        ("cifar10-small", ["network=resnet20-cifar", "data=cifar100"], {"classes": 100}, None),
        ("cifar10-small", ["network=torchvision:resnet18"], {"num_classes": 10}, 11_181_642),
    ],
)
def test_networks_of_a_table(
    base: str, overrides: list[str], arguments: Any, parameters: int | None
) -> None:
    recipe = recipe_of(base, *overrides)
    assert recipe.network_arguments == arguments
    if parameters:
        assert sizes.facts(recipe).parameters == parameters


def test_ones_own_network_says_to_which_size_images_are_cropped(spec: Path) -> None:
    cropped = ["network=own_nets:gated", "data=cifar10-jpeg", "augmentation=crop-flip"]
    with pytest.raises(UserError, match=r"recipe\.crop_size: .*set recipe\.crop_size"):
        recipe_of(spec, *cropped)
    recipe = recipe_of(spec, *cropped, "crop_size=16")
    assert recipe.network_arguments == {"classes": 10, "inputs": [3, 16, 16]}
    assert sizes.facts(recipe).inputs == (3, 16, 16)


def test_code_that_changes_is_another_network(spec: Path) -> None:
    before = load(str(spec), ["recipe.network=own_nets:gated"])[0]
    file = spec.parent / "own_nets.py"
    file.write_text(OWN + "\n# a comment\n")
    plugins.use(spec.parent)
    same = load(str(spec), ["recipe.network=own_nets:gated"])[0]
    file.write_text(OWN.replace("GELU", "ReLU"))
    plugins.use(spec.parent)
    after = load(str(spec), ["recipe.network=own_nets:gated"])[0]
    assert before.recipe.network_version == same.recipe.network_version
    assert not expand(before).jobs.keys() & expand(after).jobs.keys()


def test_a_stored_spec_needs_no_code(spec: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sweep = load(str(spec), ["recipe.network=own_nets:gated"])[0]
    stored = resolved(sweep)
    known.facts_of.cache_clear()
    (spec.parent / "own_nets.py").unlink()
    monkeypatch.setattr(known, "user_cache", lambda: spec.parent / "nothing")
    back = from_resolved(stored)
    assert back == sweep
    assert sizes.facts(back.recipe) == sizes.facts(sweep.recipe)


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        (["network=lenet"], "recipe.network: unknown network 'lenet'; did you mean"),
        (["network=torchvision:resnet19"], "torchvision has no such classifier; did you mean"),
        (["network=torchvision:alexnet"], "network torchvision:alexnet: "),
        (["network=torchvision:fcn_resnet50"], "torchvision has no such classifier"),
        (["network=own_nets:gate"], "own_nets.py has no 'gate'; did you mean 'gated'?"),
        (["network=lab_nets:gated"], "there is no module lab_nets in"),
        (["network=own_nets:wrong_shape"], "wanted are logits [2, classes]"),
        (["network=own_nets:not_a_network"], "it returned a int, not a torch.nn.Module"),
        (["network=own_nets:infinite"], "its initial logits are not finite"),
        (["network=own_nets:raises"], "KeyError: 'depth' (own_nets.py:"),
        (["network=own_nets:doubles"], "wanted are 32-bit floats"),
        (["network=own_nets:lazy"], "has no shape yet"),
        (["network=own_nets:counting"], "BatchNorm with momentum None counts batches"),
        (["network=own_nets:gated", "network_arguments={widht: 3}"], "no argument 'widht'"),
        (["network=own_nets:gated", "network_arguments={classes: 3}"], "tells 3 classes apart"),
        (["network_arguments={hidden: []}"], "hidden must be a list of widths"),
        (["network_arguments={hidden: [a]}"], "a width in hidden must be a whole number"),
        (["network_arguments={depth: 3}"], "it has no argument 'depth'"),
        (["network_arguments=[3]"], "must be a mapping"),
        (["network_version=3"], "recipe.network_version"),
    ],
)
def test_what_is_of_no_use_is_told_in_a_line(spec: Path, overrides: list[str], words: str) -> None:
    with pytest.raises(UserError) as raised:
        recipe_of(spec, *overrides)
    (line,) = str(raised.value).splitlines()
    assert words in line
