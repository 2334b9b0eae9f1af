"""Instability of a network to SGD noise (LMC section 2, Algorithm 1)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from trainables import networks
from trainables.data import Dataset
from trainables.paths import alphas, interpolate
from trainables.training.evaluation import evaluate


def instability(errors: Sequence[float]) -> float:
    """Highest error along a path minus the mean of its ends' errors, in the errors' unit."""
    return max(errors) - (errors[0] + errors[-1]) / 2


def measure(
    network_name: str,
    first: dict[str, Tensor],
    second: dict[str, Tensor],
    data: Dataset,
    points: int,
) -> dict[str, Any]:
    """Error (%) and loss (nats) along the path from `second` (alpha 0) to `first` (alpha 1).

    Returns, for each split, `path_error_SPLIT` and `path_loss_SPLIT` (lists of `points`
    values), `instability_SPLIT`, and the arms' accuracies `accuracy_SPLIT_1`, `_2` and their
    mean `accuracy_SPLIT`, all in percent but the loss.
    """
    network = networks.build(network_name).eval()
    results: dict[str, Any] = {}
    for split in ("test", "train"):
        results[f"path_error_{split}"] = []
        results[f"path_loss_{split}"] = []
    for alpha in alphas(points):
        networks.bind(network, interpolate(first, second, alpha))
        for split, examples in (("test", data.test), ("train", data.train)):
            error, loss = evaluate(network, examples)
            results[f"path_error_{split}"].append(error)
            results[f"path_loss_{split}"].append(loss)
    for split in ("test", "train"):
        errors = results[f"path_error_{split}"]
        results[f"instability_{split}"] = instability(errors)
        results[f"accuracy_{split}_1"] = 100 - errors[-1]
        results[f"accuracy_{split}_2"] = 100 - errors[0]
        results[f"accuracy_{split}"] = 100 - (errors[0] + errors[-1]) / 2
    return results
