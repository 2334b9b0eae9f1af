"""What one job does: networks, data, training, pruning, paths and measures.

Everything here but `jobs.trainable` needs only torch, numpy, safetensors and fsspec, so that
it runs anywhere there is torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trainables.jobs.instability_trial import InstabilityTrial as InstabilityTrial


def __getattr__(name: str) -> Any:
    """Import `InstabilityTrial`, and Ray with it, when it is asked for."""
    if name == "InstabilityTrial":
        from trainables.jobs.instability_trial import InstabilityTrial

        return InstabilityTrial
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
