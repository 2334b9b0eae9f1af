"""Which artifacts of a store belong to a sweep's submissions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from analysis import records
from sweeps.plan import Plan, growing
from sweeps.recording import submissions
from sweeps.sharing.contents import NETWORKS, SMALL
from sweeps.spec.stored import from_resolved
from trainables.jobs.learning import CURVE
from trainables.jobs.needs import artifacts_of
from trainables.store import Store

if TYPE_CHECKING:
    from mlflow.entities import Run

Artifact = tuple[str, str]
"""Kind and key."""


def of_runs(runs: Iterable[Run], weights: bool) -> Iterator[Artifact]:
    """Yield the artifacts that records of submissions, trials and trainings name."""
    for run in runs:
        for tag, kind in ((records.SWEEP_KEY, submissions.KIND), (records.CURVE_KEY, CURVE)):
            if tag in run.data.tags:
                yield kind, run.data.tags[tag]
        for name, place in run.data.tags.items():
            if name.startswith(records.ARTIFACT) and place.count("/") == 2:
                kind, _, key = place.split("/")
                if kind in SMALL or (weights and kind in NETWORKS):
                    yield kind, key


def of_plan(mapping: Mapping[str, Any], store: Store, weights: bool) -> tuple[Plan, list[Artifact]]:
    """Return the plan of a resolved spec, and the artifacts that it leads to.

    Without `weights` these are the measurements, and what the plan depends on. Raises UserError
    where this version cannot read the spec, and StoreError.
    """
    plan, facts = growing.from_store(from_resolved(mapping), store)
    found = [
        (kind, key)
        for kind, key in artifacts_of(plan.jobs.values())
        if weights or kind in SMALL or key in facts
    ]
    return plan, found


def curves(plan: Plan) -> list[str]:
    """Return the keys of the learning curves that a plan asks for."""
    return [key for kind, key in artifacts_of(plan.jobs.values()) if kind == CURVE]
