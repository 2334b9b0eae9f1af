"""A submission's spec as a file that `sweeps run` takes as it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import yaml

from sweeps import placement
from sweeps.recording.submissions import parted
from sweeps.spec import Sweep
from sweeps.spec.overrides import apply
from sweeps.spec.text import parse
from trainables import sizes
from trainables.completing import devices

CHOSEN = ("device", "backend")
"""Fields of a recipe that are chosen for the machine where a spec leaves them open."""


def spec_of(text: str, name: str, key: str, pinned: Mapping[str, Any] | None = None) -> str:
    """Return the text of a spec with the overrides that it notes, and the sweep's `name`.

    `key` is the submission's; `pinned` sets more of the recipe. Raises ValueError, UserError.
    """
    written, overrides = parted(text)
    raw = apply(parse(written)[0], overrides)
    raw["name"] = name
    if pinned:
        recipe = raw["recipe"]
        raw["recipe"] = {**({"base": recipe} if isinstance(recipe, str) else recipe), **pinned}
    head = f"# Submission {key[:8]} of the sweep {name}, with what `--set` changed.\n"
    return head + yaml.safe_dump(raw, sort_keys=False, allow_unicode=True, width=100)


def pinned(sweep: Sweep, gpus: float | None = None) -> dict[str, str]:
    """Return device and backend of a sweep where this machine would choose others.

    `gpus` is how many it has, counted if absent. Empty where a sweep's recipes differ in them.
    """
    each = {(one.recipe.device, one.recipe.backend) for one in sweep.each}
    if len(each) > 1:
        return {}
    recipe = sweep.recipe
    fields = {name: value for name, value in asdict(recipe).items() if name not in CHOSEN}
    number = placement.gpus() if gpus is None else gpus
    here = devices.choose(fields, sizes.facts(recipe), number)
    return (
        {}
        if here == {n: getattr(recipe, n) for n in CHOSEN}
        else {n: str(getattr(recipe, n)) for n in CHOSEN}
    )
