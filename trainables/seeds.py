"""Random streams, derived by hashing.

Every random choice has a stream of its own, named by its purpose and the seeds it depends on:
`generator("order", 1, epoch)`. Streams are hashed, never added, so that neighbouring seeds
share nothing (seeds s and s + 1 of a peer shared their permutations, shifted by an epoch).
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

MAX_SEED = 2**31 - 1
"""Of initial weights and of orders, as a user gives them."""


def derive(purpose: str, *parts: int | str) -> int:
    """A seed in [0, 2**63) for a purpose and what it depends on."""
    digest = hashlib.sha256(json.dumps([purpose, *parts]).encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def generator(purpose: str, *parts: int | str) -> torch.Generator:
    """A CPU generator at the start of the stream `derive(purpose, *parts)`.

    It draws on the CPU whatever the device of the training, so that the draws are the same.
    """
    import torch

    return torch.Generator().manual_seed(derive(purpose, *parts))
