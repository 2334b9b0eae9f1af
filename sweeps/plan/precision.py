"""Whether a precision pays on a machine."""

from __future__ import annotations

from dataclasses import replace

from sweeps.plan.cost import seconds_per_iteration
from sweeps.plan.hardware import Hardware
from trainables.recipe import Recipe


def bf16_speed(recipe: Recipe, on: Hardware) -> float:
    """Return the speed of a training in bf16, as a share of that in fp32."""
    plain, half = (replace(recipe, precision=one) for one in ("fp32", "bf16"))
    return seconds_per_iteration(plain, on) / seconds_per_iteration(half, on)


def warning(recipe: Recipe, on: Hardware) -> str | None:
    """Return a line where a recipe asks for bf16 on a processor that was measured to be slower so.

    None elsewhere.
    """
    if recipe.precision != "bf16" or recipe.device != "cpu" or not on.measured:
        return None
    share = bf16_speed(recipe, on)
    if share >= 1:
        return None
    return (
        f"precision: bf16 trains {recipe.network} at {share:.2f} times the speed of fp32 on this "
        "processor, as measured; fp32 is faster here"
    )
