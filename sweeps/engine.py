"""How a recipe is computed where its spec leaves that open (`auto`)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from sweeps.errors import UserError
from trainables import networks
from trainables.recipe import Recipe

STACK_BELOW = 2e6
"""FLOPs of a batch's forward pass below which a CPU core mostly waits for the next small kernel
(measured: digits-mlp, 0.5 MFLOP, gains a factor of 4 from stacking; LeNet-300-100, 32 MFLOP,
loses)."""


def choose(recipe: dict[str, Any]) -> dict[str, Any]:
    """`device` and `backend` for a recipe's fields, those that are given as they are."""
    device = recipe.get("device", "auto")
    if device == "auto":
        device = "cuda" if gpus() else "cpu"
    backend = recipe.get("backend", "auto")
    if backend == "auto":
        backend = "stacked" if _stacks(recipe, device) else "loop"
    return {"device": device, "backend": backend}


def gpus() -> int:
    """NVIDIA GPUs of this machine."""
    return len(list(Path("/dev").glob("nvidia[0-9]*")))


def cores() -> int:
    """CPU cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def workers(recipe: Recipe) -> int:
    """How many trainings or stacks of them this machine runs at a time.

    Raises UserError if it has not what one needs.
    """
    if recipe.device == "cuda":
        if not gpus():
            raise UserError("device cuda: this machine has no GPU; allowed here: cpu")
        return gpus()
    if recipe.threads > cores():
        raise UserError(f"threads {recipe.threads} is above the {cores()} cores of this machine")
    return cores() // recipe.threads


def resources(recipe: Recipe) -> dict[str, int]:
    """What Ray keeps for a worker."""
    one = {"cpu": recipe.threads}
    return one | {"gpu": 1} if recipe.device == "cuda" else one


def _stacks(recipe: dict[str, Any], device: str) -> bool:
    facts = networks.NETWORKS.get(recipe["network"])
    batch = recipe["batch_size"]
    if facts is None or not isinstance(batch, int) or not facts.stackable:
        return False
    small_images = facts.inputs[-1] < 64  # replicas of ImageNet's networks fill no GPU together
    return small_images if device == "cuda" else facts.forward_flops * batch < STACK_BELOW
