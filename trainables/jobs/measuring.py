"""Doing a measurement: from weights and data to the values of a measure, checked."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch

from trainables import data, measures, networks
from trainables.data.split import Dataset
from trainables.jobs.contents import on_paper, weights_of
from trainables.jobs.kinds import Given, Measurement
from trainables.measures.context import Context, finite
from trainables.measures.measure import Column, Measure, Values
from trainables.measures.stepping import in_steps
from trainables.pruning.masks import weights_left
from trainables.registry import PluginError
from trainables.seeds import derive
from trainables.training.numerics import set_numerics
from trainables.training.team import Team
from trainables.weights import Mask, Weights

PLACE = re.compile(r"[^\x00-\x1f\x7f,\"]{1,200}")
"""A name along an axis, which becomes a cell of a CSV file."""


def measuring(
    job: Measurement,
    weights: Sequence[Weights],
    masks: Sequence[Mask | None],
    dataset: Dataset[Any],
    team: Team,
    decoders: int,
) -> Generator[float, None, dict[str, Any]]:
    """Compute a measurement; an iterator that says now and then what share is done.

    It returns the values of the measure's columns, and `weights_left`, the share in % of the
    prunable weights that the first network keeps; and of a second one with another mask,
    `weights_left_2`. Of a part of a measurement it returns what this part has of lists, and NaN for
    numbers that others know. Where a network diverged and the measure does not cope with that, its
    values are NaN. Raises PluginError where a user's own measure raises, or returns what its
    columns do not say.
    """
    measure = measures.find(job.measure)
    if measure.while_training:
        measure = measure.of_a_state()
    options = measure.Options(**dict(job.options))
    left = _left(job, weights, masks)
    if not (measure.takes_diverged or all(map(finite, weights))):
        return {**left, **measure.nothing()}
    shard = job.shard or (0, 1)
    recipe, work, training = job.recipe, job.work, dataset.train
    dataset = replace(dataset, train=dataset.train.sample(work.train_examples))
    evaluated = work.evaluated(len(dataset.train), len(dataset.test))

    def compute(tell: Callable[[float], None]) -> Values:
        set_numerics(recipe)  # of this thread
        # A measure may change what it gets: later jobs read the originals.
        names = weights_of(recipe.architecture)
        ends = [{name: one[name].to(recipe.device, copy=True) for name in names} for one in weights]
        context = Context(
            recipe=recipe,
            data=dataset,
            training=training,
            masks=[one and {name: keep.clone() for name, keep in one.items()} for one in masks],
            expected=evaluated / shard[1] + work.batches * recipe.batch_size,
            shard=shard,
            team=team,
            decoders=decoders,
            tell=tell,
        )
        # A measure that draws random numbers gives the same values in every process.
        with torch.random.fork_rng(devices=[]), measures.DOOR.calling(job.measure):
            torch.manual_seed(derive("measure", job.key))
            return measure.compute(ends, context, options)

    before = _versions(dataset)
    try:
        values = yield from in_steps(compute)
    finally:
        changed = _versions(dataset) != before
        if changed:
            data.forget()
    if changed:
        raise PluginError(f"measure {job.measure}: it changed the examples in place; copy them")
    try:
        return {**left, **_checked(measure, values)}
    except ValueError as error:
        raise PluginError(f"measure {job.measure}: {error}") from None


def _left(
    job: Measurement, weights: Sequence[Weights], masks: Sequence[Mask | None]
) -> dict[str, float]:
    """Return what `measuring` says of the networks' masks; `origins` come before networks."""
    before = len(job.origins)
    left = {"weights_left": _kept(job, weights[0], masks[0])}
    if len({one.mask.key if one.mask else "" for one in job.of}) > 1:
        left["weights_left_2"] = _kept(job, weights[before + 1], masks[before + 1])
    return left


def _kept(job: Measurement, weights: Weights, mask: Mask | None) -> float:
    """Return the share in % of its prunable weights that a network keeps.

    What a network from a file keeps is what is not 0.
    """
    if mask:
        return weights_left(mask)
    if not isinstance(job.of[0], Given):
        return 100.0
    names = networks.prunable(on_paper(job.recipe.architecture), **job.recipe.scope)
    return weights_left({name: weights[name] != 0 for name in names})


def _versions(dataset: Dataset[Any]) -> list[int]:
    """Return how often each tensor of the examples was changed in place."""
    held = (value for split in (dataset.test, dataset.train) for value in vars(split).values())
    return [value._version for value in held if isinstance(value, torch.Tensor)]


def _checked(measure: Measure, values: object) -> dict[str, Any]:
    """Return values as JSON has them. Raises ValueError unless there is one for each column."""
    if not isinstance(values, Mapping):
        raise ValueError(f"it returned a {type(values).__name__}, not a mapping of its columns")
    wanted = [column.name for column in measure.columns]
    if lacking := [name for name in wanted if name not in values]:
        raise ValueError(f"it returned no value for the column {lacking[0]!r}")
    if others := [name for name in values if name not in wanted]:
        raise ValueError(f"it returned {others[0]!r}, which is none of its columns")
    checked = {column.name: _value(column, values[column.name]) for column in measure.columns}
    lengths: dict[str, tuple[str, int]] = {}
    for column in measure.curves:
        along = checked[column.name]
        if not along:
            raise ValueError(f"{column.name} has no values along its axis {column.axis}")
        if isinstance(along, list):
            first, number = lengths.setdefault(str(column.axis), (column.name, len(along)))
            if len(along) != number:
                raise ValueError(
                    f"{column.name} has {len(along)} values along {column.axis}, but {first} "
                    f"{number}"
                )
    return checked


def _value(column: Column, value: Any) -> Any:
    if column.axis is None:
        return _number(column, value)
    if isinstance(value, Mapping):
        if wrong := [name for name in value if not PLACE.fullmatch(str(name))]:
            raise ValueError(f"{column.name}: {wrong[0]!r} is no name along an axis")
        return {str(name): _number(column, one) for name, one in value.items()}
    if isinstance(value, str) or not hasattr(value, "__len__"):
        raise ValueError(f"{column.name} has an axis, so it must be a list or a mapping of numbers")
    return [_number(column, one) for one in value]


def _number(column: Column, value: Any) -> float | int:
    """Return a number as Python's own; a tensor or array of one value is one, too."""
    if isinstance(value, bool | int):
        return value
    try:
        number = float(value)
    except (TypeError, ValueError, RuntimeError):
        raise ValueError(f"{column.name} must be a number, not {value!r:.60}") from None
    return math.nan if math.isnan(number) else number
