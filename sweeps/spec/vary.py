"""`vary` in a spec: the hyperparameters whose values a sweep compares, as a list of combinations.

Each combination is a mapping of what varies to its value. What may vary: any field of a recipe, as
it stands there; one item of `network_arguments` or `pruning_options`, with a dot between; and an
option of a strategy, `imp-adaptive.loss`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import product
from typing import Any

import numpy as np

from sweeps.errors import did_you_mean, one_line, shown
from sweeps.spec.fields import Where, error_at
from sweeps.spec.recipe import RecipeFields
from trainables.completing.recipe import FOLLOWING

Combination = dict[str, Any]
"""What varies -> its value."""

MAX_COMBINATIONS = 1000

NESTED = ("network_arguments", "pruning_options")
"""Fields of a recipe whose items may vary one by one."""

OPTIONS = {"imp-adaptive": ("loss", "examples", "points"), "perturbed": ("norm",)}
"""Strategy -> options that results tell apart."""

FIELDS = sorted(RecipeFields.model_fields.keys() - {"data_address", "name", *FOLLOWING})

SAMPLING = ("sample", "seed", "method")
"""Keys of a sample beside what varies."""

METHODS = ("quasi-random", "random")

DIGITS = 4
"""Significant digits of sampled numbers: one can write them into a spec, with the same results."""

RANGES = "{choice: [16, 32, 64]}, {log: [0.01, 1]}, {uniform: [0, 1]}, or {integers: [1, 8]}"
"""How a sample's values are said."""


def combinations(value: Any) -> list[Combination]:
    """Return the combinations that `vary` means, each once.

    A mapping of lists is a grid; one with `sample` draws that many; a list names them one by one.
    Raises an error of the place.
    """
    if isinstance(value, list):
        found = [_listed(one, ("vary", index)) for index, one in enumerate(value)]
    elif isinstance(value, dict):
        found = [] if not value else list(_sample(value) if "sample" in value else _grid(value))
    else:
        raise error_at(
            ("vary",),
            "must be a mapping of what varies to its values: {learning_rate: [0.05, 0.15]}, or a "
            f"list of combinations, not {shown(value)}",
        )
    if not found:
        raise error_at(("vary",), "it is empty; {learning_rate: [0.05, 0.15]} makes two recipes")
    if len(found) > MAX_COMBINATIONS:
        raise _too_many(len(found))
    return found


def _too_many(number: int) -> Exception:
    return error_at(
        ("vary",), f"{number:,} combinations are too many: at most {MAX_COMBINATIONS:,}"
    )


def words(combination: Mapping[str, Any]) -> str:
    """Return a combination as people write it: `batch_size=16, learning_rate=0.05`."""
    return one_line(", ".join(f"{name}={value}" for name, value in combination.items()), 150)


def applied(spec: Mapping[str, Any], combination: Mapping[str, Any]) -> dict[str, Any]:
    """Return a spec's mapping of one recipe, with a combination in place of `vary`."""
    found = {name: value for name, value in spec.items() if name != "vary"}
    recipe = found.get("recipe")
    recipe = {"base": recipe} if isinstance(recipe, str) else dict(recipe or {})
    if isinstance(name := recipe.get("name"), str):  # results tell recipes apart by their names
        recipe["name"] = f"{name} with {words(combination)}"
    for name, value in combination.items():
        of, _, item = name.partition(".")
        if of in OPTIONS:
            found["subnetworks"] = _with_option(found.get("subnetworks"), of, item, value)
        elif item:
            recipe[of] = {**(recipe.get(of) or {}), item: value}
        else:
            recipe[name] = value
    return found | {"recipe": recipe}


def _with_option(subnetworks: Any, strategy: str, option: str, value: Any) -> Any:
    """Subnetworks with an option of those of a strategy."""
    if not isinstance(subnetworks, list):
        return subnetworks  # an error that is told elsewhere
    return [
        {**one, option: value} if isinstance(one, dict) and one.get("strategy") == strategy else one
        for one in subnetworks
    ]


def check_name(name: Any, where: Where) -> None:
    """Raise an error unless a name is of something that can vary."""
    of, dot, item = name.partition(".") if isinstance(name, str) else ("", "", "")
    if of in OPTIONS and dot:
        if item not in OPTIONS[of]:
            raise error_at(where, f"{shown(name)} cannot vary{did_you_mean(item, OPTIONS[of])}")
        return
    if dot and of in NESTED and item:
        return
    if dot or name not in FIELDS:
        guess = did_you_mean(str(name), FIELDS)
        raise error_at(where, f"{shown(name)} is no field of a recipe{guess}")


def _listed(one: Any, where: Where) -> Combination:
    if not isinstance(one, dict) or not one:
        raise error_at(
            where, f"a combination is a mapping: {{learning_rate: 0.1}}, not {shown(one)}"
        )
    for name in one:
        check_name(name, (*where, name))
    return dict(one)


def _grid(value: Mapping[str, Any]) -> list[Combination]:
    """Every combination of the listed values, the first name's changing slowest."""
    for name, values in value.items():
        where = ("vary", name)
        if name in ("seed", "method"):
            raise error_at(where, "it is of a sample: say how many with sample: 20")
        check_name(name, where)
        if isinstance(values, dict):
            raise error_at(
                where, f"{shown(values)} is a range, for a sample: say how many with sample: 20"
            )
        if values == []:
            raise error_at(where, "the list is empty; wanted are values: [0.05, 0.15]")
        if not isinstance(values, list):
            raise error_at(where, f"must be a list of values: [0.05, 0.15], not {shown(values)}")
        for index, one in enumerate(values):
            if one in values[:index]:
                raise error_at((*where, index), f"{shown(one)} is listed twice")
    number = math.prod(len(values) for values in value.values())
    if number > MAX_COMBINATIONS:
        raise _too_many(number)
    return [dict(zip(value, each, strict=True)) for each in product(*value.values())]


def _sample(value: Mapping[str, Any]) -> list[Combination]:
    """So many combinations from ranges. A larger sample begins with a smaller one."""
    number, seed = value["sample"], value.get("seed", 0)
    method = value.get("method", METHODS[0])
    for name, one, least in (("sample", number, 1), ("seed", seed, 0)):
        if not isinstance(one, int) or isinstance(one, bool) or one < least:
            raise error_at(
                ("vary", name), f"must be a whole number from {least} on, not {shown(one)}"
            )
    if number > MAX_COMBINATIONS:
        raise _too_many(number)
    if method not in METHODS:
        guess = did_you_mean(str(method), METHODS)
        raise error_at(("vary", "method"), f"there is no {shown(method)}{guess}")
    ranges = {name: one for name, one in value.items() if name not in SAMPLING}
    if not ranges:
        raise error_at(
            ("vary",), "a sample needs something to vary: {learning_rate: {log: [0.01, 1]}}"
        )
    for name, one in ranges.items():
        check_name(name, ("vary", name))
        check_range(one, ("vary", name))
    points = (
        evenly(len(ranges), number, seed)
        if method == METHODS[0]
        else [
            np.random.default_rng([seed, index]).random(len(ranges)).tolist()
            for index in range(number)
        ]
    )
    found: list[Combination] = []
    for point in points:
        drawn = zip(ranges.items(), point, strict=True)
        one = {name: at(share, of) for (name, of), share in drawn}
        if one not in found:  # of few choices the same come again
            found.append(one)
    return found


def evenly(dimensions: int, number: int, seed: int) -> list[list[float]]:
    """Points of [0, 1)^d that fill it evenly, however many: an additive recurrence with the
    generalised golden ratio (Roberts, 2018), shifted at random."""
    ratio = 2.0
    for _ in range(60):  # the root of x^(d+1) = x + 1
        ratio = (1 + ratio) ** (1 / (dimensions + 1))
    steps = [ratio ** -(axis + 1) for axis in range(dimensions)]
    shift = np.random.default_rng(seed).random(dimensions).tolist()
    return [
        [(begin + (index + 1) * step) % 1.0 for begin, step in zip(shift, steps, strict=True)]
        for index in range(number)
    ]


def check_range(value: Any, where: Where) -> None:
    """Raise an error unless a value says from what a sample draws."""
    kind, ends = next(iter(value.items())) if isinstance(value, dict) and value else ("", None)
    if not isinstance(value, dict) or len(value) != 1 or not isinstance(ends, list):
        raise error_at(where, f"must be {RANGES}, not {shown(value)}")
    if kind == "choice":
        if not ends:
            raise error_at((*where, kind), "the list is empty")
        return
    if kind not in ("log", "uniform", "integers"):
        raise error_at(where, f"there is no {shown(kind)}; write {RANGES}")
    wanted: Any = int if kind == "integers" else (int, float)
    fit = len(ends) == 2 and all(
        isinstance(one, wanted) and not isinstance(one, bool) and math.isfinite(one) for one in ends
    )
    if not fit or ends[0] >= ends[1] or (kind == "log" and ends[0] <= 0):
        numbers = "whole numbers" if kind == "integers" else "numbers"
        above = " above 0" if kind == "log" else ""
        raise error_at(
            (*where, kind),
            f"must be two {numbers}{above}, the lower one first, not {one_line(str(ends), 60)}",
        )


def at(share: float, of: Mapping[str, Any]) -> Any:
    """Return the value at a share (0 to 1, without 1) of a range or of a list of choices."""
    kind, ends = next(iter(of.items()))
    if kind == "choice":
        return ends[int(share * len(ends))]
    low, high = ends
    if kind == "integers":
        return low + int(share * (high + 1 - low))
    found = low * (high / low) ** share if kind == "log" else low + share * (high - low)
    return rounded(found)


def rounded(value: float) -> float:
    """Return a number as it can be written into a spec."""
    return float(f"{value:.{DIGITS}g}")
