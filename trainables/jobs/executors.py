"""The executors of a worker process, which keep artifacts in memory from batch to batch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trainables.jobs.execute import Executor
from trainables.store import Store, StoreError
from trainables.training.team import ALONE, Team

if TYPE_CHECKING:  # which imports Ray
    from trainables.jobs.trainable import Batch

_executors: dict[Any, Executor] = {}


def executor(batch: Batch, team: Team = ALONE) -> Executor:
    """Return the executor for a batch's store, data and own code.

    Raises StoreError if the store cannot be opened; of a team, on every worker if on one.
    """
    settings = (batch.store, batch.data_folder, batch.checkpoint_seconds, batch.decoders)
    place = (*settings, batch.own.digest)
    if place not in _executors:
        store, problem = None, None
        try:
            store = Store(batch.store)
        except StoreError as error:
            problem = str(error)
        problems = [one for one in team.gather(problem) if one]
        if store is None or problems:
            raise StoreError(problems[0])
        _executors[place] = Executor(store, *settings[1:3], decoders=batch.decoders, team=team)
    return _executors[place]
