"""The tables that the commands `networks`, `data`, `recipes`, `measures` and `pruning` show."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from sweeps.catalogue import own
from sweeps.catalogue.documents import sentence
from trainables import data, measures, networks, pruning
from trainables.data import loading
from trainables.networks.facts import NETWORKS
from trainables.recipes import RECIPES
from trainables.registry import Door

Row = dict[str, str]


@dataclass(frozen=True)
class Kind:
    """One of the things that a spec can name."""

    noun: str
    """In the plural, as the command is called."""
    door: Door
    row: Callable[[str], Row]
    """What the list says of a name that is built in, beside it."""
    details: Callable[[str], list[tuple[str, str, str]]]
    """Of one name, own ones too: names, values and meanings, a row each."""
    own: Callable[[Path], list[str]]
    others: str = ""
    """What else there is, in a sentence."""


def _numbers(shape: Iterable[int] | None) -> str:
    return "any" if shape is None else " x ".join(map(str, shape))


# --- networks -------------------------------------------------------------------------------


def _network_row(name: str) -> Row:
    facts = NETWORKS[name]
    return {
        "example": _numbers(facts.inputs),
        "classes": str(facts.classes),
        "parameters": f"{facts.parameters:,}",
        "what": _what(networks.TABLE[name]),
    }


def _what(place: str) -> str:
    """What a network's module says of itself; of a variant in it, what its function returns."""
    module, _, function = place.partition(":")
    if function == "build":
        return sentence(module)
    text = sentence(place).removeprefix("Return a ")
    return text[:1].upper() + text[1:]


def _network_details(name: str) -> list[tuple[str, str, str]]:
    rows = []
    if facts := NETWORKS.get(name):
        rows = [
            ("parameters", f"{facts.parameters:,}", "trainable values"),
            ("prunable", f"{facts.prunable:,}", "weights of convolutional and linear layers"),
            ("example", _numbers(facts.inputs), "shape of an example, by default"),
            ("forward pass", f"{facts.forward_flops:,}", "floating-point operations per example"),
        ]
    return rows + _arguments(networks.DOOR.find(name), "an argument, in network_arguments")


def _arguments(function: Any, meaning: str) -> list[tuple[str, str, str]]:
    known = inspect.signature(function).parameters.values()
    return [
        (one.name, "must be given" if one.default is one.empty else f"{one.default}", meaning)
        for one in known
        if one.kind not in (one.VAR_KEYWORD, one.VAR_POSITIONAL)
    ]


# --- data -----------------------------------------------------------------------------------


def _data_row(name: str) -> Row:
    facts = data.facts(name)
    row = data.ROWS[name]
    return {
        "train": f"{facts.train:,}",
        "test": f"{facts.test:,}",
        "example": _numbers(facts.shape),
        "classes": str(facts.classes),
        "from": "package" if row.installed else "files" if row.streamed else "download",
    }


def _data_details(name: str) -> list[tuple[str, str, str]]:
    if name not in data.ROWS:
        return _arguments(data.DOOR.find(name), "an argument")
    facts = data.facts(name)
    return [
        ("train", f"{facts.train:,}", "training examples"),
        ("test", f"{facts.test:,}", "test examples"),
        ("example", _numbers(facts.shape), "shape of an example"),
        ("classes", str(facts.classes), ""),
        ("majority", f"{100 * facts.majority:.1f} %", "test labels of the most frequent class"),
        ("kind", facts.kind, "pixels are scaled; floats and tokens are taken as they are"),
        ("augmentation", ", ".join(data.augmentations(name)), "what a recipe may ask for"),
    ]


def here(name: str, folder: Path) -> str:
    """Return whether a data set is in a data folder, in words."""
    from dataclasses import replace

    recipe = replace(RECIPES["digits-mlp"], data=name)
    return "yes" if loading.prepared(recipe, folder) else "no"


# --- recipes --------------------------------------------------------------------------------


def _recipe_row(name: str) -> Row:
    recipe = RECIPES[name]
    return {
        "network": recipe.network,
        "data": recipe.data,
        "iterations": f"{recipe.iterations:,}",
        "batch": str(recipe.batch_size),
        "optimizer": recipe.optimizer,
        "rate": f"{recipe.learning_rate:g}",
    }


# --- measures -------------------------------------------------------------------------------


def _measure_row(name: str) -> Row:
    found = measures.find(name)
    return {
        "of": "pairs" if found.arity == 2 else "networks",
        "options": ", ".join(one.name for one in fields(found.Options)) or "none",
        "what": sentence(measures.MEASURES[name]),
    }


def _measure_details(name: str) -> list[tuple[str, str, str]]:
    found = measures.find(name)
    columns = [
        (
            one.name,
            f"by {one.axis}" if one.axis else "a number",
            f"{one.about}{f' ({one.unit})' if one.unit else ''}".strip(),
        )
        for one in found.columns
    ]
    return columns + _options(found.Options)


def _options(kind: Any) -> list[tuple[str, str, str]]:
    if not hasattr(kind, "__dataclass_fields__"):
        return []
    from sweeps.catalogue.documents import fields as documented

    said: dict[str, str] = {}
    for one in reversed(kind.__mro__[:-1]):  # options may extend another measure's
        said |= documented(f"{one.__module__}:{one.__name__}")
    return [
        (one.name, f"{one.default}", f"option. {said.get(one.name, '')}".strip())
        for one in fields(kind)
    ]


# --- pruning methods ------------------------------------------------------------------------


def _pruning_row(name: str) -> Row:
    found = pruning.find(name)
    return {
        "looks at": "the trained network" if found.when == "trained" else "W_k, before training",
        "options": ", ".join(one.name for one in fields(found.Options)) or "none",
        "what": sentence(pruning.METHODS[name]),
    }


def _pruning_details(name: str) -> list[tuple[str, str, str]]:
    found = pruning.find(name)
    looks = "the trained network" if found.when == "trained" else "W_k, before training"
    return [("looks at", looks, ""), *_options(found.Options)]


OWN = "A user's own are named module:object (docs/how-to/own-code.md)."

KINDS = {
    one.noun: one
    for one in (
        Kind(
            noun="networks",
            door=networks.DOOR,
            row=_network_row,
            details=_network_details,
            own=own.networks,
            others=f"Any classifier of torchvision is torchvision:NAME. {OWN}",
        ),
        Kind(
            noun="data",
            door=data.DOOR,
            row=_data_row,
            details=_data_details,
            own=own.data,
            others="A folder or tar file of images, .npz and .safetensors files are data, too. "
            + OWN,
        ),
        Kind(
            noun="recipes",
            door=Door("recipe", dict.fromkeys(RECIPES, ""), ""),
            row=_recipe_row,
            details=lambda name: [],
            own=lambda folder: [],
            others="`sweeps show recipe NAME` prints every field of one.",
        ),
        Kind(
            noun="measures",
            door=measures.DOOR,
            row=_measure_row,
            details=_measure_details,
            own=own.measures,
            others=OWN,
        ),
        Kind(
            noun="pruning",
            door=pruning.DOOR,
            row=_pruning_row,
            details=_pruning_details,
            own=own.pruning,
            others=f"Densities and formulas: docs/reference/pruning.md. {OWN}",
        ),
    )
}
"""By the command's name."""
