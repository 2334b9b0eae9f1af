"""Putting networks from files into the store, where every worker finds them."""

from __future__ import annotations

from collections.abc import Iterable

from sweeps.errors import UserError, one_line
from trainables.jobs.kinds import Given, Job
from trainables.store import Store


def keep(jobs: Iterable[Job], store: Store) -> set[str]:
    """Put the networks of those jobs that are files into a store; return their keys.

    Raises UserError where a file is not what it was when the spec was read.
    """
    given = [job for job in jobs if isinstance(job, Given)]
    for job in given:
        _keep(job, store)
    return {job.key for job in given}


def _keep(job: Given, store: Store) -> None:
    from trainables import network_files
    from trainables.store import tensors

    try:
        weights = network_files.read(job.address, job.recipe.architecture)
    except ValueError as error:
        raise UserError(one_line(f"{job.address}: {error}", 300)) from None
    if network_files.content_of(weights) != job.content:
        raise UserError(f"{job.address} has changed since the spec was read: run the sweep again")
    payload = tensors.to_bytes(weights)
    store.write(job.kind, job.key, payload, tensors.SUFFIX, seconds=0.0, iterations=0)
