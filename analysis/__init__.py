"""What the results of sweeps say: frames, verdicts, findings, figures, reports.

`analysis.open("digits-mlp")` opens what a sweep recorded (docs/how-to/notebook.md).
"""

from __future__ import annotations

from typing import Any


def open(*names: str, **where: Any) -> Any:
    """Return the recorded results of one or several sweeps, as `sweeps.notebook.open` does."""
    from sweeps.notebook import open as open_results

    return open_results(*names, **where)
