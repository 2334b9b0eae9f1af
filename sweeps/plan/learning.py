"""Which trainings of a plan have a learning curve in the store."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from sweeps.plan.graph import Plan
from trainables.jobs.kinds import Training
from trainables.jobs.learning import CURVE, curve_key
from trainables.store import Store


class Stored(NamedTuple):
    """Finished trainings of a plan that asks for learning curves."""

    evaluated: list[Training]
    """Those with the curve that the plan asks for."""
    others: list[Training]
    """Those without: they were trained before it was asked for, and are not trained again."""

    @property
    def note(self) -> str:
        """One line on those without a curve; empty where there are none."""
        if not self.others:
            return ""
        whole = len(self.evaluated) + len(self.others)
        return (
            f"{len(self.others):,} of {whole:,} trainings in the store have no learning curve of "
            "this kind; they are not trained again for it"
        )


def stored(plan: Plan, complete: Collection[str], store: Store) -> Stored:
    """Return which of a plan's finished trainings have their learning curve in a store."""
    finished = {
        curve_key(job): job
        for key, job in plan.jobs.items()
        if isinstance(job, Training) and job.evaluation and job.iterations and key in complete
    }
    there = store.complete((CURVE, key) for key in finished)
    found = Stored([], [])
    for key, job in finished.items():
        (found.evaluated if key in there else found.others).append(job)
    return found
