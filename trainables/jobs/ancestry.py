"""What jobs need: their ancestry, and which of it is still to be done."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from trainables.jobs.job import Job
from trainables.jobs.kinds import Measurement


def needed(
    jobs: Mapping[str, Job], wanted: Iterable[str], complete: Collection[str]
) -> dict[str, Job]:
    """Return the jobs to do so that the `wanted` ones are there, inputs first.

    `jobs` are those and their whole ancestry by key, inputs first; `complete` the keys of what is
    there. What only complete jobs would read isn't made again.
    """
    found: set[str] = set()
    open_jobs = [jobs[key] for key in wanted if key not in complete]
    while open_jobs:
        job = open_jobs.pop()
        if job.key not in found:
            found.add(job.key)
            open_jobs += [one for one in job.inputs if one.key not in complete]
    return {key: job for key, job in jobs.items() if key in found}


def ancestry(jobs: Iterable[Job]) -> list[Job]:
    """Some jobs and everything they need, inputs first.

    A copy that one of them trains side by side with others comes after that one, which stores it.
    """
    wanted = list(jobs)
    alongside = {
        copy.key: replace(copy, alongside=job)
        for job in wanted
        if isinstance(job, Measurement)
        for copy in job.together
        if job.after is None
    }
    ordered: dict[str, Job] = {}
    for job in wanted:
        _add(job, ordered, alongside)
    return list(ordered.values())


def _add(job: Job, ordered: dict[str, Job], instead: Mapping[str, Job]) -> None:
    """Add a job to those in order, after everything that it needs; by key, others instead."""
    # Depth first without recursion: a chain of IMP levels is deep.
    stack: list[tuple[Job, bool]] = [(job, False)]
    while stack:
        current, expanded = stack.pop()
        current = instead.get(current.key, current)
        if current.key in ordered:
            continue
        if expanded:
            ordered[current.key] = current
        else:
            stack.append((current, True))
            stack += [(needed, False) for needed in reversed(current.inputs)]
