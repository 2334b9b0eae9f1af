"""Instability of a network to SGD noise (LMC section 2, Algorithm 1)."""

from __future__ import annotations

import math
from collections.abc import Generator, Sequence
from typing import Any

from torch import Tensor

from trainables.data.split import Dataset
from trainables.measures.path import evaluating_path
from trainables.networks.architecture import Architecture
from trainables.training.evaluation import told
from trainables.training.team import ALONE, Team


def instability(errors: Sequence[float]) -> float:
    """Highest error along a path minus the mean of its ends' errors, in the errors' unit."""
    return max(errors) - (errors[0] + errors[-1]) / 2


def measure(
    network: Architecture | str,
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
    `accuracy_SPLIT`, all in percent but the loss; `diverged_1`, `diverged_2`: whether the arm's
    weights, or its loss on either split, are not finite; and `test_examples` and `majority_test`,
    the number of test examples and the share of the most frequent class among them in percent.
    With a diverged end `instability_SPLIT` is NaN: such a network gets every example wrong, so the
    path would look flat.
    """
    labels = data.test.labels
    results: dict[str, Any] = {
        "diverged_1": not _finite(first),
        "diverged_2": not _finite(second),
        "test_examples": len(labels),
        "majority_test": 100 * int(labels.bincount().max()) / len(labels),
    }
    total, before = len(data.test) + len(data.train), 0
    for split, examples in (("test", data.test), ("train", data.train)):

        def overall(share: float, before: int = before, size: int = len(examples)) -> float:
            return (before + share * size) / total

        path = evaluating_path(network, first, second, examples, points, team, processes)
        scores = yield from told(path, overall)
        before += len(examples)
        errors = [score.error for score in scores]
        results[f"path_error_{split}"] = errors
        results[f"path_loss_{split}"] = [score.loss for score in scores]
        results["diverged_1"] |= not math.isfinite(scores[-1].loss)
        results["diverged_2"] |= not math.isfinite(scores[0].loss)
        results[f"instability_{split}"] = instability(errors)
        results[f"accuracy_{split}_1"] = 100 - errors[-1]
        results[f"accuracy_{split}_2"] = 100 - errors[0]
        results[f"accuracy_{split}"] = 100 - (errors[0] + errors[-1]) / 2
    if results["diverged_1"] or results["diverged_2"]:
        results |= {f"instability_{split}": math.nan for split in ("test", "train")}
    return results


def _finite(weights: dict[str, Tensor]) -> bool:
    return all(bool(value.isfinite().all()) for value in weights.values())
