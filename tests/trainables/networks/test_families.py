"""Built-in networks of other depths and widths, against the numbers of their papers."""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest
import torch

from trainables import networks
from trainables.arguments import Arguments
from trainables.networks import MADE_FOR, NETWORKS, TABLE, known
from trainables.networks.architecture import Architecture
from trainables.networks.counting import usual
from trainables.networks.facts import read
from trainables.networks.stacked import replicas_agree


def parameters(name: str, **arguments: object) -> int:
    with torch.device("meta"):
        network = networks.build(Architecture(name, Arguments(arguments)))
    return sum(parameter.numel() for parameter in network.parameters())


@pytest.mark.parametrize(
    ("depth", "width", "millions"),
    # Zagoruyko and Komodakis, 2016, tables 4 and 5, as they are printed.
    [(40, 1, 0.6), (40, 2, 2.2), (40, 4, 8.9), (16, 8, 11.0), (22, 8, 17.2), (28, 10, 36.5)],
)
def test_wide_resnets_have_the_papers_parameters(depth: int, width: int, millions: float) -> None:
    found = parameters("wide-resnet-cifar", depth=depth, width=width) / 1e6
    assert found == pytest.approx(millions, abs=0.06)


@pytest.mark.parametrize(
    ("depth", "millions"),
    # He et al., 2016, table 6, with identity shortcuts; those of option B are a little more.
    [(20, 0.27), (32, 0.46), (44, 0.66), (56, 0.85), (110, 1.7)],
)
def test_resnets_have_the_papers_parameters(depth: int, millions: float) -> None:
    found = parameters("resnet20-cifar", depth=depth) / 1e6
    assert millions - 0.01 <= found <= millions + 0.04


@pytest.mark.parametrize(("depth", "convolutions"), [(11, 8), (13, 10), (16, 13), (19, 16)])
def test_vggs_have_the_papers_layers(depth: int, convolutions: int) -> None:
    """Simonyan and Zisserman, 2015, table 1, with one linear layer for three."""
    with torch.device("meta"):
        network = networks.build(Architecture("vgg16-cifar", Arguments({"depth": depth})))
    assert len(networks.prunable(network)) == convolutions + 1


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("resnet20-cifar", {"depth": 21}, r"depth must be 6 n \+ 2, such as 20, 32"),
        ("wide-resnet-cifar", {"depth": 20}, r"depth must be 6 n \+ 4"),
        ("resnet18-cifar", {"depth": 26}, "depth must be 18 or 34"),
        ("vgg16-cifar", {"depth": 17}, "depth must be one of 11, 13, 16, 19"),
        ("vgg16-cifar", {"width": 0}, "width must be a whole number, at least 1"),
        ("resnet20-cifar", {"width": 2.5}, "width must be a whole number"),
        ("lenet-300-100", {"hidden": 300}, "hidden must be a list of widths"),
        ("lenet-300-100", {"batchnorm": 1}, "batchnorm must be true or false"),
        ("resnet20-cifar", {"inputs": [64]}, "it takes images"),
    ],
)
def test_other_arguments_are_refused(name: str, arguments: dict, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        networks.build(Architecture(name, Arguments(arguments)))


def test_every_built_in_network_has_its_facts() -> None:
    assert NETWORKS.keys() == TABLE.keys() == MADE_FOR.keys()


@pytest.mark.parametrize("name", [n for n, facts in NETWORKS.items() if facts.forward_flops < 1e8])
def test_facts_are_what_is_counted(name: str) -> None:
    """Of the small ones; `python -m trainables.networks.counting` writes all of them."""
    assert usual(name) == NETWORKS[name]


def test_facts_are_counted_once(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known, "user_cache", lambda: tmp_path)
    monkeypatch.setattr(known, "_remembered", {})
    known.facts_of.cache_clear()
    small = Architecture("digits-mlp", Arguments({"hidden": [16]}))
    found = known.facts_of(small, (1, 8, 8))
    assert found.parameters == 64 * 16 + 2 * 16 + 16 * 10 + 10
    (file,) = (tmp_path / "facts").glob("*.json")
    assert read(json.loads(file.read_text())) == found
    file.write_text(json.dumps(asdict(found) | {"parameters": 1}))
    known.facts_of.cache_clear()
    assert known.facts_of(small, (1, 8, 8)).parameters == 1
    file.write_text("{")
    known.facts_of.cache_clear()
    assert known.facts_of(small, (1, 8, 8)) == found, "damaged, it is counted again"
    known.facts_of.cache_clear()


@pytest.mark.parametrize(
    ("name", "agree"),
    [("resnet8-narrow-cifar", True), ("wide-resnet-cifar", True), ("torchvision:alexnet", False)],
)
def test_replicas_side_by_side(name: str, agree: bool) -> None:
    arguments = {"depth": 10, "width": 1} if name.startswith("wide") else {}
    shape = (3, 64, 64) if "alexnet" in name else (3, 32, 32)
    assert replicas_agree(Architecture(name, Arguments(arguments)), shape) is agree
