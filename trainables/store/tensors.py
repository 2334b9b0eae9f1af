"""Named tensors as bytes (safetensors: loading runs no code)."""

from __future__ import annotations

import safetensors.torch
from torch import Tensor

from trainables.store.errors import Unreadable

SUFFIX = "safetensors"


def to_bytes(tensors: dict[str, Tensor]) -> bytes:
    """Return tensors as bytes; the same tensors give the same bytes."""
    payload: bytes = safetensors.torch.save({k: v.contiguous() for k, v in tensors.items()})
    return payload


def from_bytes(payload: bytes) -> dict[str, Tensor]:
    """Return tensors on the CPU, in the order of their names. Raises Unreadable."""
    try:
        tensors: dict[str, Tensor] = safetensors.torch.load(payload)
    except (safetensors.SafetensorError, KeyError, TypeError, ValueError) as error:
        raise Unreadable(f"it holds no tensors: {error}") from error
    return {name: tensors[name] for name in sorted(tensors)}  # it gives them in any order


def join(**groups: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return several groups of named tensors as one: `group:name`."""
    return {
        f"{group}:{name}": value for group, held in groups.items() for name, value in held.items()
    }


def part(tensors: dict[str, Tensor], group: str) -> dict[str, Tensor]:
    """Return one group of what `join` made."""
    return {n.removeprefix(f"{group}:"): v for n, v in tensors.items() if n.startswith(f"{group}:")}
