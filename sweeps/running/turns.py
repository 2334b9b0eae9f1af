"""Which waiting batch an idle worker takes, and when a worker is given up."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from ray.tune.experiment import Trial
from ray.tune.schedulers import FIFOScheduler

NUMBER = "number"
"""Of a batch, by when it was handed to Tune: an entry of its trial's configuration."""

IDLE_SECONDS = 5.0
"""How long workers are kept without work; starting one takes 3 to 8 s."""


class Turns(FIFOScheduler):
    """First come, first served, but never the batch of a worker that is starting.

    Tune keeps a worker that ends its batch and gives it the oldest waiting one. Where that one has
    a worker starting for it, Tune ends this worker: as long as batches are shorter than starts,
    few workers ever come up (measured: 2 of 8). Tune's own scheduler also looks at every batch of
    the sweep each time.

    While the sweep gives way to one of higher priority, batches that wait for room are taken back
    and idle workers given up: Ray would give the next free room to whoever asked for it first.

    Tune also keeps an idle worker while other batches run, for the next one. Where none comes the
    worker's room is given back, for other sweeps, or for an autoscaler to end its machine.

    Nothing of this is to be known through Tune's public interface.
    """

    def __init__(self, gives_way: Callable[[], bool], take_back: Callable[[str], None]) -> None:
        """`take_back` hears of each batch that is taken back, before Tune tells the searcher."""
        super().__init__()
        self._gives_way, self._take_back = gives_way, take_back
        self._idle_since: float | None = None

    def choose_trial_to_run(self, tune_controller: Any) -> Trial | None:
        controller = tune_controller._tune_controller
        gives_way = self._gives_way()
        self._give_up_idle(controller, at_once=gives_way)

        def starting(trial: Trial) -> bool:
            actor = controller._trial_to_actor.get(trial)
            return actor is not None and controller._actor_manager.is_actor_started(actor)

        waiting = [trial for trial in controller._pending_trials if not starting(trial)]
        if gives_way:
            for trial in waiting:
                self._withdraw(controller, trial)
            return None
        # Tune itself keeps them in no order: one could wait for ever.
        return min(waiting, key=lambda trial: trial.config[NUMBER], default=None)

    def _withdraw(self, controller: Any, trial: Trial) -> None:
        """Take a batch back that waits for room, and what was asked of Ray for it."""
        self._take_back(trial.trial_id)
        if trial in controller._staged_trials:
            controller._unstage_trial_with_resources(trial)
        # As `stop_trial` does, which also prints a line.
        controller._search_alg.on_trial_complete(trial.trial_id)
        controller._schedule_trial_stop(trial)
        controller._live_trials.discard(trial)

    def _give_up_idle(self, controller: Any, at_once: bool) -> None:
        now = time.monotonic()
        if at_once:
            controller._cleanup_cached_actors(force_all=True)
        elif controller._pending_trials or not controller._actor_cache.num_cached_objects:
            self._idle_since = None
        elif self._idle_since is None:
            self._idle_since = now
        elif now - self._idle_since > IDLE_SECONDS:
            controller._cleanup_cached_actors(force_all=True)
