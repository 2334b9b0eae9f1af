"""What a user asks for, and getting it done: specs, plans, runs, the command line.

In Python: `sweeps.load` and `sweeps.run` take specs, and `analysis.open` opens what was recorded
(docs/how-to/notebook.md). Nothing heavy is imported until one of them is called.
"""

from __future__ import annotations

from typing import Any

_FACE = {
    "load": "sweeps.calling",
    "run": "sweeps.calling",
    "open": "sweeps.notebook",
    "UserError": "sweeps.errors",
    "ClusterError": "sweeps.errors",
}
"""Name -> the module that has it."""


def __getattr__(name: str) -> Any:
    if name not in _FACE:
        raise AttributeError(f"module 'sweeps' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_FACE[name]), name)
