"""Instability of a network to SGD noise (LMC section 2, Algorithm 1)."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any

from torch import Tensor

from trainables.data.split import Dataset
from trainables.measures.path import evaluating_path
from trainables.training.evaluation import told
from trainables.training.team import ALONE, Team


def instability(errors: Sequence[float]) -> float:
    """Highest error along a path minus the mean of its ends' errors, in the errors' unit."""
    return max(errors) - (errors[0] + errors[-1]) / 2


def measure(
    network_name: str,
    first: dict[str, Tensor],
    second: dict[str, Tensor],
    data: Dataset,
    points: int,
    team: Team = ALONE,
    processes: int = 0,
) -> Generator[float, None, dict[str, Any]]:
    """Error (%) and loss (nats) along the path from `second` (alpha 0) to `first` (alpha 1).

    An iterator that says now and then what share is done; `team` and `processes` as for a path.
    Returns, for each split, `path_error_SPLIT` and `path_loss_SPLIT` (lists of `points` values),
    `instability_SPLIT`, and the arms' accuracies `accuracy_SPLIT_1`, `_2` and their mean
    `accuracy_SPLIT`, all in percent but the loss.
    """
    results: dict[str, Any] = {}
    total, before = len(data.test) + len(data.train), 0
    for split, examples in (("test", data.test), ("train", data.train)):

        def overall(share: float, before: int = before, size: int = len(examples)) -> float:
            return (before + share * size) / total

        path = evaluating_path(network_name, first, second, examples, points, team, processes)
        scores = yield from told(path, overall)
        before += len(examples)
        errors = [score.error for score in scores]
        results[f"path_error_{split}"] = errors
        results[f"path_loss_{split}"] = [score.loss for score in scores]
        results[f"instability_{split}"] = instability(errors)
        results[f"accuracy_{split}_1"] = 100 - errors[-1]
        results[f"accuracy_{split}_2"] = 100 - errors[0]
        results[f"accuracy_{split}"] = 100 - (errors[0] + errors[-1]) / 2
    return results
