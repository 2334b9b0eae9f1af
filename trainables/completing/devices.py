"""Where a recipe is computed, and how where its user leaves that open (`auto`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trainables import data
from trainables.networks import Facts
from trainables.recipe import Recipe

STACK_BELOW = 2e6
"""FLOPs of a batch's forward pass below which a CPU core mostly waits for the next small kernel
(measured: digits-mlp, 0.5 MFLOP, gains a factor of 4 from stacking; LeNet-300-100, 32 MFLOP,
loses). On a GPU networks without convolutions are stacked (measured on an H100: 16 LeNets train 9.2
times as fast side by side as one after another, 16 VGG-16s 3.8 times slower)."""

DECODING_CPUS = 8
"""Cores beside a GPU whose images come from files (docs/how-to/image-folders.md)."""


def choose(recipe: Mapping[str, Any], network: Facts, gpus: float) -> dict[str, Any]:
    """Return `device` and `backend` for a recipe's fields, those that are given as they are.

    `gpus` is how many there are.
    """
    device = recipe.get("device", "auto")
    if device == "auto":
        device = "cuda" if gpus else "cpu"
    backend = recipe.get("backend", "auto")
    if backend == "auto":
        sliced = recipe.get("slices", 1) != 1
        backend = (
            "stacked" if not sliced and _stacks(network, recipe["batch_size"], device) else "loop"
        )
    return {"device": device, "backend": backend}


def shape(recipe: Recipe, cpus: float | None = None, gpus: float | None = None) -> dict[str, float]:
    """Return what Ray keeps for a worker of a recipe, where its user doesn't say.

    A whole GPU: what is too small to fill one alone is stacked there. Beside it, cores that decode
    images that come from files; without a GPU the worker decodes them itself.
    """
    decodes = recipe.device == "cuda" and data.streams(recipe)
    needed = DECODING_CPUS if decodes else recipe.threads
    found: dict[str, float] = {"CPU": needed if cpus is None else cpus}
    if recipe.device == "cuda":
        found["GPU"] = 1 if gpus is None else gpus
    return {name: amount for name, amount in found.items() if amount}


def decoders(recipe: Recipe, worker: Mapping[str, float]) -> int:
    """Return how many processes decode images for a worker: one on each core that doesn't train."""
    return max(0, int(worker.get("CPU", 0)) - recipe.threads) if data.streams(recipe) else 0


def _stacks(facts: Facts, batch: int, device: str) -> bool:
    if not facts.stackable:
        return False
    if device == "cuda":
        return not facts.convolutional
    return facts.forward_flops * batch < STACK_BELOW
