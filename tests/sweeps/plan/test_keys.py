"""Content keys are pinned: results that were stored before stay valid.

`keys.json` has the keys of every built-in spec, and of some overrides, as they were when it was
written. A key may only change together with the schema version in `trainables/store/keys.py`. For
a new spec or a new list of overrides, add what `pins` returns for it.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from sweeps.loading import builtin_specs, load
from sweeps.placement import DRIVER, Machines
from sweeps.plan import expand
from trainables import data

PINNED: dict[str, Any] = json.loads((Path(__file__).parent / "keys.json").read_text())
"""`SPEC` or `SPEC OVERRIDE OVERRIDE ...` -> what `pins` returned."""

MACHINES = Machines([{"CPU": 2, DRIVER: 1000}])
"""Without a GPU: device and backend are part of the keys."""


KINDS = {
    "pretrain: W_k": "State",
    "train: an arm": "Arm",
    "prune: magnitude": "ImpMask",
    "prune: random-per-layer": "RandomMask",
    "measure: instability": "Instability",
    "measure: rewinding": "Rewinding",
    "measure: throughout": "Throughout",
    "measure: distance": "Distance",
    "measure: disagreement": "Disagreement",
    "measure: accuracy": "Accuracy",
    "measure: plane": "Plane",
    "measure: plane, in parts": "PlanePart",
    "find: loss threshold": "Threshold",
    "prune: magnitude, adaptively": "AdaptiveMask",
    "perturb: W_k": "Perturbation",
}
"""What jobs do -> what their kinds were called when the keys were pinned."""


def pins(case: str) -> dict[str, Any]:
    """Per kind of job: how many there are, a hash over their sorted keys, and some keys in full."""
    spec, *overrides = case.split()
    by_kind: dict[str, list[str]] = defaultdict(list)
    for key, job in expand(load(spec, overrides, machines=MACHINES)[0]).jobs.items():
        by_kind[KINDS[job.task]].append(key)
    return {
        kind: {
            "jobs": len(keys),
            "hash": hashlib.sha256("\n".join(sorted(keys)).encode()).hexdigest()[:16],
            "first": keys[0],
            "last": keys[-1],
        }
        for kind, keys in sorted(by_kind.items())
    }


PYTHON = "python3.11-99a22d7dda24"
"""Whose text the pinned keys of `tiny-gpt` are of."""


@pytest.mark.parametrize("case", PINNED)
def test_keys_stay_what_they_were(case: str) -> None:
    if case == "tiny-gpt" and data.version("python-topics") != PYTHON:
        pytest.skip("another Python has another text, and so other keys")
    assert pins(case) == PINNED[case]


def test_every_built_in_spec_is_pinned() -> None:
    assert builtin_specs().keys() <= PINNED.keys()
