"""Error and loss of a network on a split."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from trainables.data import Split

CHUNK = 1000
"""Examples evaluated at once: larger temporaries leave the caches and cost twice (measured)."""


@torch.inference_mode()
def evaluate(network: nn.Module, split: Split, chunk: int = CHUNK) -> tuple[float, float]:
    """Error (% misclassified) and mean cross-entropy (nats) of a network in `eval` mode.

    A prediction that is not finite is wrong, whatever its label.
    """
    wrong, loss = 0, 0.0
    for start in range(0, len(split), chunk):
        labels = split.labels[start : start + chunk]
        logits = network(split.inputs[start : start + chunk])
        right = (logits.argmax(1) == labels) & logits.isfinite().all(1)
        wrong += len(labels) - int(right.sum())
        loss += float(cross_entropy(logits, labels, reduction="sum"))
    return 100 * wrong / len(split), loss / len(split)
