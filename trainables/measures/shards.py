"""Measurements that are done in parts, by several workers, because they take long."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from trainables import data, sizes
from trainables.jobs.job import Work
from trainables.jobs.kinds import Measurement
from trainables.recipe import Recipe

OPERATIONS = {"cpu": 5e13, "cuda": 5e15}
"""Floating-point operations of a part, at most: 5 to 10 minutes of a core. What a GPU does in that
time was not measured."""

MOST = 100
"""Parts of a measurement: more would be a burden for planning, and wanted by few."""


def shards(work: Work, recipe: Recipe) -> int:
    """Return into how many parts a measurement is divided; 1: it is not.

    It follows from the recipe and the measure's options, whatever workers there are: parts that
    are stored stay of use.
    """
    if not work.grid:
        return 1
    facts = data.facts(recipe.data)
    networks = work.grid * work.at_grid(facts.train, facts.test)
    operations = networks * (sizes.facts(recipe).forward_flops - sizes.facts(recipe).first_flops)
    return min(math.ceil(operations / OPERATIONS[recipe.device]), MOST, work.grid)


def divided(job: Measurement) -> Measurement:
    """Return a measurement as the job that joins its parts, where it takes long; else as it is."""
    number = shards(job.work, job.recipe)
    if number == 1:
        return job
    return replace(job, shards=tuple(replace(job, shard=(n, number)) for n in range(number)))


def joined(parts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the values of a measurement from those of its parts, in their order.

    Lists are joined; of a number, it is that of the first part in which it is not NaN.
    """
    values: dict[str, Any] = {}
    for name in parts[0]:
        found = [part[name] for part in parts]
        if isinstance(found[0], list):
            values[name] = [value for part in found for value in part]
        else:
            values[name] = next((one for one in found if not math.isnan(one)), math.nan)
    return values
