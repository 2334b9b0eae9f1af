"""Making a mask: by the recipe's method, adaptively, or from another mask."""

from __future__ import annotations

import math
from collections.abc import Generator, Iterable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from trainables import data
from trainables.jobs.contents import finite
from trainables.jobs.events import InputDiverged, Measured, Step
from trainables.jobs.kinds import Mask, Training
from trainables.jobs.thresholding import threshold_of
from trainables.measures.path import evaluating_path
from trainables.pruning.adaptive import RATIOS, Adaptive, fraction_to_prune, next_ratio
from trainables.pruning.doing import dense_mask, pruned
from trainables.pruning.masks import masked, prune_randomly
from trainables.store import tensors
from trainables.training.evaluation import told
from trainables.training.numerics import set_numerics
from trainables.weights import Weights

if TYPE_CHECKING:
    from trainables.jobs.execute import Executor
    from trainables.weights import Mask as Masks

Made = tuple["Masks", dict[str, Any]]
"""A mask, and what its manifest says beside `weights_left`."""


def make(executor: Executor, job: Mask) -> Generator[Step, None, Made]:
    """Make a mask, an iterator's return value. Raises InputDiverged."""
    if isinstance(job.of, Mask):
        mask = yield from executor.mask(job.of)
        assert mask is not None
        assert job.seed is not None
        return prune_randomly(mask, job.seed), {}
    weights, mask = yield from _network(executor, job, job.of)
    if job.threshold is not None and job.adaptive is not None:
        threshold = yield from threshold_of(executor, job.threshold)
        return (yield from _adaptive(executor, job, weights, mask, threshold, job.adaptive))
    return _pruned(executor, job, weights, mask, job.recipe.pruning_fraction), {}


def _network(
    executor: Executor, job: Mask, of: Training
) -> Generator[Step, None, tuple[Weights, Masks]]:
    """The weights to prune, and which of them are left (the iterator's return value)."""
    held = yield from executor.tensors(of)
    weights = held if of.is_copy else tensors.part(held, "weights")
    mask = (yield from executor.mask(of.mask)) or dense_mask(job.recipe, weights)
    if any(weights[name].isnan().any() for name in mask):
        raise InputDiverged(f"{of.title} diverged")
    return weights, mask


def _pruned(executor: Executor, job: Mask, weights: Weights, mask: Masks, fraction: float) -> Masks:
    """Return the mask that the recipe's method leaves where a round prunes this fraction."""
    assert isinstance(job.of, Training)
    recipe = replace(job.recipe, pruning_fraction=fraction)
    examples = partial(data.load, recipe, executor.data_folder)
    return pruned(recipe, weights, mask, job.rounds, job.of.init_seed, examples)


def _adaptive(
    executor: Executor,
    job: Mask,
    weights: Weights,
    mask: Masks,
    threshold: float,
    options: Adaptive,
) -> Generator[Step, None, Made]:
    """Sweep ratios upward, and prune the last one whose path stays below the threshold."""
    if not finite(weights):
        raise InputDiverged(f"{job.of.title} diverged")
    recipe = job.recipe
    solution = {name: value.to(recipe.device, copy=True) for name, value in weights.items()}
    examples = data.load(recipe, executor.data_folder).train.sample(options.examples)
    tried: list[tuple[int, float]] = []
    while (ratio := next_ratio(tried, threshold)) is not None:
        smaller = _pruned(executor, job, weights, mask, ratio / 100)
        set_numerics(recipe)
        steps = evaluating_path(
            recipe.architecture,
            solution,
            masked(solution, smaller),
            examples,
            options.points,
            executor.team,
            executor.decoders,
        )
        scores = yield from told(steps, partial(_progress, job, len(tried)))
        tried.append((ratio, _highest(score.loss for score in scores)))
    fraction = fraction_to_prune(tried, threshold, recipe.pruning_fraction)
    facts = {"ratio": round(100 * fraction, 6), "tried": tried, "threshold": threshold}
    return _pruned(executor, job, weights, mask, fraction), facts


def _progress(job: Mask, done: int, share: float) -> Measured:
    """Return how far a sweep is at most: it may end early."""
    return Measured(job, (done + share) / len(RATIOS))


def _highest(losses: Iterable[float]) -> float:
    """Return the highest loss; infinity where one is not finite."""
    return max(loss if math.isfinite(loss) else math.inf for loss in losses)
