"""One Ray Tune run that executes a schedule."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from typing import Any

from ray import tune

from sweeps.errors import ClusterError
from sweeps.running.handout import LOOK_SECONDS, Handout
from sweeps.running.searcher import Observer, ScheduleSearcher, Settings
from sweeps.running.turns import Turns
from trainables.jobs.teams import TeamTrainable
from trainables.jobs.trainable import BatchTrainable
from trainables.store import StoreError

TUNE_SETTINGS = {
    # Results go to MLflow by our own writer.
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
    # Progress is shown by our own view.
    "RAY_AIR_NEW_OUTPUT": "0",
    # The run's own handler checkpoints what is under way.
    "TUNE_DISABLE_SIGINT_HANDLER": "1",
    # Nothing is restored from Tune's own state: the store is what a later run goes on from.
    "TUNE_GLOBAL_CHECKPOINT_S": "3600",
    "TUNE_WARN_EXCESSIVE_EXPERIMENT_CHECKPOINT_SYNC_THRESHOLD_S": "0",
}


class _Stopper(tune.Stopper):
    """Says whether the run is over. Tune asks at every event, and often without any."""

    def __init__(self, stop: Callable[[], bool]):
        self._stop = stop

    def __call__(self, trial_id: str, result: dict[str, Any]) -> bool:
        return self._stop()

    def stop_all(self) -> bool:
        return self._stop()

    def __getstate__(self) -> dict[str, Any]:
        return {}  # Tune pickles it into its own checkpoints, which nothing reads


def run(handout: Handout, settings: Settings, observer: Observer, stop: Callable[[], bool]) -> None:
    """Execute a schedule until it is finished, `stop()` is true, or its budget is spent.

    Ray must be running. When it stops early, the trainings under way store checkpoints. Raises
    ClusterError if a worker runs other code than this process.

    While all that is left is done by another sweep, no worker is kept: the other one may wait for
    the room. Nor is one while a sweep of higher priority waits for room.
    """
    os.environ.update(TUNE_SETTINGS)
    os.environ["TUNE_MAX_PENDING_TRIALS_PG"] = str(settings.pending)
    logging.getLogger("ray.tune").setLevel(logging.CRITICAL)
    for number in count():
        _run_tune(
            handout, replace(settings, scratch=settings.scratch / str(number)), observer, stop
        )
        if handout.out_of_budget:
            return
        while (handout.idle or handout.gives_way) and not handout.schedule.finished and not stop():
            time.sleep(LOOK_SECONDS / 4)
            handout.look_around(waiting=0)
            try:
                for job in handout.done_elsewhere():
                    observer.job_done(job)
            except StoreError as error:
                observer.store_failed(str(error))
            observer.waiting()
        if handout.schedule.finished or stop():
            return


def _run_tune(
    handout: Handout, settings: Settings, observer: Observer, stop: Callable[[], bool]
) -> None:
    demand = settings.demand
    searcher = ScheduleSearcher(handout, settings, observer, stop)

    def stopped() -> bool:
        observer.look()
        searcher.look_around()
        searcher.look_for_stall()
        return stop() or searcher.refused is not None

    tune.run(
        BatchTrainable if demand.workers == 1 else TeamTrainable,
        name="sweep",
        search_alg=searcher,
        scheduler=Turns(lambda: handout.gives_way, searcher.take_back),
        num_samples=-1,
        resources_per_trial=tune.PlacementGroupFactory([dict(demand.trial)]),
        reuse_actors=True,
        stop=_Stopper(stopped),
        storage_path=str(settings.scratch),
        raise_on_failed_trial=False,
        max_failures=0,
        verbose=0,
        log_to_file=False,
    )
    if searcher.refused:
        raise ClusterError(searcher.refused)
