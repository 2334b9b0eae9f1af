"""What an artifact was made with."""

from __future__ import annotations

from typing import Any

import torch

from trainables import fingerprint
from trainables.training.team import Team


def made_with(team: Team) -> dict[str, Any]:
    """Return what a manifest records of this process."""
    facts: dict[str, Any] = {
        "code": fingerprint.here().fingerprint,
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
    }
    if torch.cuda.is_initialized():
        facts["gpu"] = torch.cuda.get_device_name()
    if team.size > 1:
        facts["workers"] = team.size
    return facts
