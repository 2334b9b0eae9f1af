"""What a plan amounts to, as plain numbers: for `sweeps plan` and for MLflow."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from typing import Any

from sweeps.plan import cost, storage
from sweeps.plan.graph import Plan, iterations, trainings
from trainables.jobs.kinds import Job, Measurement


def summarize(
    plan: Plan,
    complete: Collection[str],
    workers: int,
    on: cost.Hardware = cost.CPU_CORE,
    price_per_hour: float | None = None,
) -> dict[str, Any]:
    """Counts and estimates for a plan when the store has the artifacts `complete`.

    `workers` are trainings at a time, each of which may have several workers of its own. With the
    price of one there is a cost, too: every worker is paid for until the sweep ends, whether it
    has work or not.
    """
    each = plan.spec.recipe.workers
    jobs = plan.jobs.values()
    needed = plan.needed(complete)
    todo = needed.values()
    planned = iterations(jobs)
    kinds = Counter(job.task for job in jobs)
    open_kinds = Counter(job.task for job in todo)
    wall = on.seconds_to_start + cost.wall_seconds(todo, workers, on) if needed else 0.0
    price = {}
    if price_per_hour is not None:
        price["price_per_hour"] = price_per_hour
        price["estimated_cost"] = price_per_hour * workers * each * wall / 3600
    return {
        "sweep": plan.spec.name,
        "recipe": plan.spec.recipe.name,
        "trials": len(plan.trials),
        "jobs": {
            name: {"planned": number, "to_do": open_kinds[name]} for name, number in kinds.items()
        },
        "trainings": {"planned": trainings(jobs), "to_do": trainings(todo)},
        "iterations": {"planned": planned, "to_do": iterations(todo)},
        "iterations_unshared": plan.unshared_iterations,
        "sharing_factor": plan.unshared_iterations / planned if planned else 1.0,
        "workers": workers,
        "workers_each": each,
        "hardware": on.name,
        "estimated_seconds": wall,
        "estimated_worker_seconds": each * sum(cost.seconds(job, on) for job in todo),
        "estimated_bytes": {
            "planned": sum(map(storage.stored_bytes, jobs)),
            "to_do": sum(map(storage.stored_bytes, todo)),
        },
        **_states(jobs),
        **price,
    }


def _states(jobs: Iterable[Job]) -> dict[str, Any]:
    """What becomes of the states that are measured while networks are trained, if there are any."""
    looking = [one for one in jobs if isinstance(one, Measurement) and one.every and not one.after]
    if not looking:
        return {}
    kept = [one for one in looking if storage.kept_bytes(one)]
    return {
        "states_while_training": {
            "number": sum(len(one.together) * one.times for one in looking),
            "bytes": sum(map(storage.state_bytes, looking)),
            "kept": sum(len(one.together) * one.times for one in kept),
        }
    }
