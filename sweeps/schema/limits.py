"""Bounds of a recipe's numbers by themselves, as `trainables.contradictions` has them in code."""

from __future__ import annotations

from typing import Any

from trainables.contradictions import MAX_THREADS

SHARE = {"exclusiveMinimum": 0, "exclusiveMaximum": 1}
BELOW_ONE = {"minimum": 0, "exclusiveMaximum": 1}

LIMITS: dict[str, dict[str, Any]] = {
    "batch_size": {"minimum": 1},
    "learning_rate": {"exclusiveMinimum": 0},
    "momentum": BELOW_ONE,
    "beta1": BELOW_ONE,
    "beta2": BELOW_ONE,
    "weight_decay": {"minimum": 0},
    "label_smoothing": BELOW_ONE,
    "decay": {"exclusiveMinimum": 0, "maximum": 1},
    "pruning_fraction": SHARE,
    "threads": {"minimum": 1, "maximum": MAX_THREADS},
    "slices": {"minimum": 1},
    "workers": {"minimum": 1},
}
"""Field -> its bounds in JSON Schema."""
