"""What a plan amounts to, as plain numbers: for `sweeps plan` and for MLflow."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
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
    jobs, todo = plan.jobs.values(), plan.needed(complete).values()
    amount = _amount([(jobs, todo)], workers, plan.spec.recipe.workers, on, price_per_hour)
    planned = amount["iterations"]["planned"]
    return {
        "sweep": plan.spec.name,
        "recipe": plan.spec.recipe.name,
        "recipes": len(plan.variants),
        "trials": len(plan.trials),
        "iterations_unshared": plan.unshared_iterations,
        "sharing_factor": plan.unshared_iterations / planned if planned else 1.0,
        **amount,
        **_states(jobs),
    }


def at_most(
    plan: Plan,
    more: Iterable[Collection[Job]],
    complete: Collection[str],
    workers: int,
    on: cost.Hardware = cost.CPU_CORE,
    price_per_hour: float | None = None,
) -> dict[str, Any]:
    """Counts and estimates, as of `summarize`, of a plan and what may come to it at most.

    `more` are jobs of `growing.most`.
    """
    parts = [(jobs, [job for job in jobs if job.key not in complete]) for jobs in more]
    known = plan.jobs.values(), plan.needed(complete).values()
    return _amount([known, *parts], workers, plan.spec.recipe.workers, on, price_per_hour)


Part = tuple[Collection[Job], Collection[Job]]
"""Jobs, and those of them that are to be done."""


def _amount(
    parts: Sequence[Part], workers: int, each: int, on: cost.Hardware, price_per_hour: float | None
) -> dict[str, Any]:
    """What parts of a plan amount to together; what two of them share counts twice."""
    jobs, todo = ([job for part in parts for job in part[which]] for which in (0, 1))
    kinds, open_kinds = (Counter(job.task for job in some) for some in (jobs, todo))
    wall = on.seconds_to_start + cost.wall_seconds(todo, workers, on) if todo else 0.0
    price = {}
    if price_per_hour is not None:
        price["price_per_hour"] = price_per_hour
        price["estimated_cost"] = price_per_hour * workers * each * wall / 3600

    def numbers(of: Callable[[Collection[Job]], int]) -> dict[str, int]:
        planned, to_do = (sum(of(part[which]) for part in parts) for which in (0, 1))
        return {"planned": planned, "to_do": to_do}

    return {
        "jobs": {
            name: {"planned": number, "to_do": open_kinds[name]} for name, number in kinds.items()
        },
        "trainings": numbers(trainings),
        "iterations": numbers(iterations),
        "workers": workers,
        "workers_each": each,
        "hardware": on.name,
        "estimated_seconds": wall,
        "estimated_worker_seconds": each * sum(cost.seconds(job, on) for job in todo),
        "estimated_bytes": {
            "planned": sum(map(storage.stored_bytes, jobs)),
            "to_do": sum(map(storage.stored_bytes, todo)),
        },
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
