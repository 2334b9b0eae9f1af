"""GPUs: whether Ray and PyTorch see those that there are."""

from __future__ import annotations

from pathlib import Path

from sweeps import placement
from sweeps.doctor.finding import Finding, fine, hint

SUBJECT = "GPU"
DEVICES = Path("/dev")


def seen() -> Finding:
    """Check that PyTorch can use the GPUs that NVIDIA's driver tells of."""
    if not placement.gpus():
        return without(DEVICES)
    import torch

    names = [torch.cuda.get_device_name(one) for one in range(torch.cuda.device_count())]
    return with_driver(placement.gpus(), names, torch.__version__)


def without(devices: Path) -> Finding:
    """Check that a machine without a usable GPU has none, by its device files."""
    there = sorted(one.name for one in devices.glob("nvidia[0-9]*"))
    if there:
        return hint(
            SUBJECT,
            f"there is {', '.join(there)}, but no driver answers, or CUDA_VISIBLE_DEVICES hides "
            "it: `nvidia-smi` says more; until then trainings run on CPU cores",
        )
    return fine(SUBJECT, "none; trainings run on CPU cores")


def with_driver(number: int, names: list[str], version: str) -> Finding:
    """Check that PyTorch of a version can use as many GPUs as the driver tells of, by name."""
    if len(names) < number:
        return hint(
            SUBJECT,
            f"the driver has {number}, and PyTorch {version} can use {len(names)}: install one "
            "made for this driver's CUDA; until then set recipe.device=cpu",
        )
    return fine(SUBJECT, ", ".join(names))
