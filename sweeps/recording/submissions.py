"""The specs that were submitted, kept in the store: with the measurements there, records follow.

<url>/submission/<first two digits>/<sweep key>...    JSON: the spec as written and as resolved
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from sweeps.errors import UserError
from sweeps.plan import Plan
from sweeps.spec import Sweep
from sweeps.spec.stored import from_resolved, resolved
from trainables.store import Missing, Store, content_key

KIND = "submission"


@dataclass(frozen=True)
class Submission:
    """A spec that was submitted."""

    key: str
    sweep: Sweep
    text: str
    """The spec as the user wrote it, with the overrides noted."""
    submitted_at: float
    """Unix time of the last time, seconds."""


def sweep_key(plan: Plan) -> str:
    """A key of what a spec means, whatever the order of its lists."""
    spec = plan.spec
    identity = {
        "name": spec.name,
        "trials": sorted(trial.key for trial in plan.trials),
        "matching": spec.matching,
        "stable_below": spec.stable_below,
    }
    return content_key("sweep", identity)


def save(store: Store, plan: Plan, text: str) -> None:
    """Keep a spec in the store. Raises StoreError."""
    payload = json.dumps({"spec": resolved(plan.spec), "text": text}, indent=1).encode()
    store.write(KIND, sweep_key(plan), payload, "json")
    store.prune(KIND, sweep_key(plan))


def all_of(store: Store) -> list[Submission]:
    """Every spec of a store that this version understands, the earliest first."""
    found = []
    for key in store.keys(KIND):
        try:
            artifact = store.read(KIND, key)
            held = json.loads(artifact.payload)
            sweep = from_resolved(held["spec"])
        except (Missing, ValueError, KeyError, TypeError, UserError):
            continue  # damaged, or of a later version
        found.append(Submission(key, sweep, held["text"], artifact.facts["written_at"]))
    return sorted(found, key=lambda one: one.submitted_at)
