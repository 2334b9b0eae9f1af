"""Which waiting batch an idle worker takes, so that Tune's other workers get to start."""

from __future__ import annotations

from typing import Any

from ray.tune.experiment import Trial
from ray.tune.schedulers import FIFOScheduler


class Turns(FIFOScheduler):
    """First come, first served, but never the batch of a worker that is starting.

    Tune keeps a worker that ends its batch and gives it the oldest waiting one. Where that one has
    a worker starting for it, Tune ends this worker: as long as batches are shorter than starts,
    few workers ever come up (measured: 2 of 8). Tune's own scheduler also looks at every batch of
    the sweep each time. Neither is to be known through Tune's public interface.
    """

    def choose_trial_to_run(self, tune_controller: Any) -> Trial | None:
        controller = tune_controller._tune_controller

        def starting(trial: Trial) -> bool:
            actor = controller._trial_to_actor.get(trial)
            return actor is not None and controller._actor_manager.is_actor_started(actor)

        waiting = (trial for trial in controller._pending_trials if not starting(trial))
        # Tune numbers them as they come.
        return min(waiting, key=lambda trial: trial.trial_id, default=None)
