"""Making a perturbed W_k."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING

from torch import Tensor

from trainables.jobs.contents import finite
from trainables.jobs.events import InputDiverged, Step
from trainables.pruning.perturbing import norm_of_pruned, perturbed
from trainables.store import tensors

if TYPE_CHECKING:
    from trainables.jobs.execute import Executor
    from trainables.jobs.perturbation import Perturbation


def perturb(
    executor: Executor, job: Perturbation
) -> Generator[Step, None, tuple[dict[str, Tensor], float]]:
    """Make a perturbed state; its tensors and how far it was moved are the return value.

    Raises InputDiverged where the weights whose norm is taken are not finite.
    """
    stored = yield from executor.tensors(job.state)
    weights, slots = (tensors.part(stored, name) for name in ("weights", "optimizer"))
    mask = yield from executor.mask(job.mask)
    assert mask is not None
    measured = weights if job.dense is None else (yield from executor.tensors(job.dense))
    if not (finite(weights) and finite(measured)):
        raise InputDiverged(f"{(job.dense or job.state).title} diverged")
    distance = norm_of_pruned(measured, mask)
    moved = perturbed(weights, mask, distance, job.init_seed, job.level)
    return tensors.join(weights=moved, optimizer=slots), distance
