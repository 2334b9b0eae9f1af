"""The fields of a recorded spec as text, by which several sweeps can be told apart."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from analysis import records
from analysis.formats import UNKNOWN

if TYPE_CHECKING:
    from sweeps.results import Results

_ELSEWHERE = (
    *("name", "description", "recipe", "each", "written", "gpus", "network_facts"),
    *("resources", "budget", "evaluate", "on_divergence"),
)
"""Fields of a stored spec that are told elsewhere, or have no influence on results."""


def fields_of(results: Results, hyperparameters: Mapping[str, str]) -> dict[str, str]:
    """Return every field that results depend on: those of the spec, then of its recipes."""
    spec: dict[str, Any] = json.loads(results.text(records.SWEEP_FILE) or "{}")
    own = {name: _said(value) for name, value in spec.items() if name not in _ELSEWHERE}
    if "measure" in spec:
        own["measure"] = "; ".join(_measure(one) for one in spec["measure"])
    return own | {f"recipe.{name}": value for name, value in hyperparameters.items()}


def _measure(one: Mapping[str, Any]) -> str:
    options = one.get("options")
    return f"{one['measure']} ({_said(options)})" if options else str(one["measure"])


def _said(value: Any) -> str:
    if value is None or value in ([], {}):
        return UNKNOWN
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {_said(one)}" for name, one in value.items() if one is not None)
    if isinstance(value, list):
        nested = any(isinstance(one, list | dict) for one in value)
        return ("; " if nested else ", ").join(map(_said, value))
    return str(value)
