"""An archive's submissions under another sweep's name, which is part of their keys."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from analysis import records
from sweeps.errors import UserError
from sweeps.plan import expand
from sweeps.recording.submissions import OVERRIDE, sweep_key
from sweeps.sharing.contents import SharedRun
from sweeps.spec.stored import WRITTEN, from_resolved

NAMING = (".html", "trials.csv")
"""Endings of a submission's files that tell the sweep's name, or submissions' keys."""


@dataclass(frozen=True)
class Renamed:
    """A submission under another name."""

    run: SharedRun
    spec: dict[str, Any]
    """Every field of its spec."""
    text: str
    """The spec as its user wrote it, with the new name noted."""


def renamed(one: SharedRun, name: str, spec: Mapping[str, Any], text: str) -> Renamed:
    """Return a submission under another name. Raises UserError where its key cannot be found.

    `spec` is what `records.SWEEP_FILE` holds of it, `text` what `records.SPEC_FILE` holds.
    """
    changed = dict(spec) | {"name": name}
    if isinstance(spec.get(WRITTEN), dict):
        changed[WRITTEN] = changed[WRITTEN] | {"name": name}
    try:
        before, key = (sweep_key(expand(from_resolved(each))) for each in (spec, changed))
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(f"--as {name}: the spec of submission {one.key[:8]}: {error}") from None
    if before != one.key:
        raise UserError(
            f"--as {name}: this version reads the spec of submission {one.key[:8]} otherwise than "
            "the one that recorded it, so it has no key under another name"
        )
    run = one.model_copy(
        update={
            "key": key,
            "name": f"{name} {key[:8]}",
            "tags": one.tags | {records.SWEEP_KEY: key},
            "files": [file for file in one.files if not file.endswith(NAMING)],
        }
    )
    ended = text if text.endswith("\n") or not text else f"{text}\n"
    return Renamed(run, changed, f"{ended}{OVERRIDE}name={json.dumps(name)}\n")
