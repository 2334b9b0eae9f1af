"""Networks that somebody trained elsewhere, as files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor

from trainables import networks


def state(seed: int, name: str = "digits-mlp") -> dict[str, Tensor]:
    """A `state_dict` of a network with random weights, which has statistics, too."""
    torch.manual_seed(seed)
    network = networks.named(name)
    with torch.no_grad():
        for value in network.parameters():
            value.copy_(torch.randn_like(value) * 0.1)
    return {n: value.detach().clone() for n, value in network.state_dict().items()}


def write(path: Path, held: Any) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".safetensors":
        save_file(held, path)
    else:
        torch.save(held, path)
    return str(path)


def write_network(path: Path, seed: int) -> str:
    """Write a network's file; return its path."""
    return write(path, state(seed))
