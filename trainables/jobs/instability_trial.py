"""One instability trial as a trainable of Ray Tune: for `tune.Tuner` and all of its schedulers.

It does what a sweep's trial does, with the same executor, on the same content-addressed store,
under the same leases. So trials of a search share pretrainings and IMP chains with each other and
with sweeps, what exists costs nothing, and every number has the bits that a sweep's has.
"""

from __future__ import annotations

import math
import time
from collections.abc import Generator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ray
import torch
from ray import tune
from ray.tune import PlacementGroupFactory

from trainables import plugins
from trainables.completing.devices import decoders, shape
from trainables.completing.misfit import Misfit
from trainables.jobs import learning, measurements, needs
from trainables.jobs.ancestry import ancestry
from trainables.jobs.events import Diverged, Evaluated, Event, InputDiverged, Progress
from trainables.jobs.execute import Executor
from trainables.jobs.kinds import Job
from trainables.jobs.sharing import SharedWork, Waiting
from trainables.jobs.trial_config import TrialConfig, read
from trainables.memory import keep_freed
from trainables.store import Leases, Missing, Store, collecting

REPORT_SECONDS = 5.0
"""After which a step ends, if the first copy was not evaluated before."""

ERRORS = learning.QUANTITIES

OBJECTIVE = "objective"
"""Percentage for searches to minimise: the highest test error on the path between the copies.

It is instability plus the mean error of the copies: instability alone is lowest for networks that
never learned. It is 100, the worst possible, for copies that diverged and until the path is
measured. So a trial that a scheduler stops counts as bad; NaN would tell a search nothing.
"""


@dataclass
class _Progress:
    """How far the jobs of a trial are."""

    total: int
    """Iterations of all the trainings that the trial needs, whoever does them."""
    under_way: dict[str, int] = field(default_factory=dict)
    """Key of a training under way -> iterations of it so far."""

    def share(self, done: int) -> float:
        if not self.total:
            return 1.0
        return min(1.0, (done + sum(self.under_way.values())) / self.total)


class InstabilityTrial(tune.Trainable):
    """Trains two copies of a network on different data orders, and measures the path between them.

    The configuration has the keys `recipe` and `store`, and those of `trial_config.DEFAULTS`
    (docs/how-to/ray-tune.md). A wrong one raises `Misfit`, a ValueError of one line. While it
    trains it reports `iteration` and `error_test`, `error_train` (%), `loss_test`, `loss_train`
    (nats) of the first copy; at the end every column of its measures, and `objective` (%) if
    `instability` is among them. LMC Algorithm 1.
    """

    @classmethod
    def check(cls, config: Mapping[str, Any]) -> None:
        """Raise Misfit if a configuration is wrong; nothing is started."""
        _read(config, gpus=0)

    @classmethod
    def default_resource_request(cls, config: dict[str, Any]) -> PlacementGroupFactory:
        """Return what Ray keeps for a trial: what its recipe wants."""
        there = ray.cluster_resources().get("GPU", 0.0) if ray.is_initialized() else 0.0
        try:
            recipe = _read(config, gpus=there).recipe
        except Misfit:  # `setup` tells it, of this trial alone
            return PlacementGroupFactory([{"CPU": 1}])
        return PlacementGroupFactory([shape(recipe)])

    def setup(self, config: dict[str, Any]) -> None:
        self._work: SharedWork | None = None
        self._events: Generator[Event | Waiting] | None = None
        keep_freed()
        self._trial = _read(config, gpus=_own_gpus())
        self._store = Store(self._trial.store)
        self._store.check_writable()
        self._point: learning.Point | None = None
        self._diverged = False

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        """Become another trial, in a process that is warm."""
        self.cleanup()
        self.setup(new_config)
        return True

    def step(self) -> dict[str, Any]:
        work = self._begun()
        assert self._events is not None
        end, waiting = time.monotonic() + REPORT_SECONDS, False
        while time.monotonic() < end:
            try:
                event = next(self._events)
            except StopIteration:
                return self._end()
            except InputDiverged:  # pruning needs weights that there are not: nothing to measure
                self._diverged = True
                return self._end()
            except BaseException:
                self._close()
                raise
            waiting = isinstance(event, Waiting)
            if self._saw(event, work):
                break
        return self._report(waiting=waiting)

    def _end(self) -> dict[str, Any]:
        report = self._report(done=True)
        self._close()
        return report

    def _begun(self) -> SharedWork:
        """Return the work, which is begun where it is not under way."""
        if self._work is None or self._events is None:
            # One name for each trial: what a killed process of it held is its own at once.
            self._leases = Leases(self._store, f"tune trial {self.trial_id}").__enter__()
            executor = _executor(self._trial)
            # `sweeps store gc` keeps what is on a list, and everybody waits until it is done.
            needs.save(self._store, ancestry(self._trial.measurements))
            collecting.wait(self._store, print)
            self._work = SharedWork(executor, self._leases, self._trial.measurements)
            total = sum(job.iterations for job in self._work.jobs.values())
            self._progress = _Progress(total)
            self._events = self._work.events()
        return self._work

    def _saw(self, event: Event | Waiting, work: SharedWork) -> bool:
        """Take note of an event; return whether it is worth a report."""
        first = self._trial.pair[0]
        match event:
            case Progress():
                self._progress.under_way[event.job.key] = event.iteration - event.begin
            case Evaluated(job=job) if job == first:
                self._point = event.point
                return True
            case Diverged(job=job) if job in self._trial.pair:
                self._diverged = True
            case Job():
                self._progress.under_way.pop(event.key, None)
        return False

    def _report(self, *, done: bool = False, waiting: bool = False) -> dict[str, Any]:
        first, values = self._trial.pair[0], self._values() if done else self._nothing()
        # Those that were in the store already said nothing when they were trained.
        self._diverged |= any(values.get(f"diverged_{number}") is True for number in (1, 2))
        point = self._point or self._stored_point()
        work = self._work
        reached = point.iteration if point else first.begin
        # A scheduler whose max_t is T would end the trial before it is measured.
        reached = first.until if done else min(reached, first.until - 1)
        finished = sum(work.jobs[key].iterations for key in work.complete) if work else 0
        return {
            "iteration": reached,
            **(point.values if point else dict.fromkeys(ERRORS, math.nan)),
            "progress": 1.0 if done else self._progress.share(finished),
            "waiting": waiting,
            "diverged": self._diverged,
            "trial_key": self._trial.key,
            **self._objective(values),
            **values,
            "done": done,
        }

    def _stored_point(self) -> learning.Point | None:
        """Return the end of the first copy's learning curve, where the store has it."""
        first = self._trial.pair[0]
        if first.evaluation is None:
            return None
        with suppress(Missing):
            artifact = self._store.read(learning.CURVE, learning.curve_key(first))
            return learning.decode(artifact.payload, artifact.facts)[-1]
        return None

    def _values(self) -> dict[str, Any]:
        """Return what the trial's measures say, by the names that records have."""
        found: dict[str, Any] = self._nothing()
        for part in self._trial.parts:
            with suppress(Missing):
                payload = self._store.read(part.job.kind, part.job.key).payload
                values = part.of.values(measurements.decode(part.job, payload))
                found["weights_left"] = values.pop("weights_left")
                found |= {part.recorded(name): value for name, value in values.items()}
        return found

    def _nothing(self) -> dict[str, Any]:
        """Return the columns that are single numbers, unknown yet: Tune wants every name always."""
        names = (
            part.recorded(column.name)
            for part in self._trial.parts
            for column in part.of.columns
            if column.axis is None
        )
        return {"weights_left": math.nan, **dict.fromkeys(names, math.nan)}

    def _objective(self, values: Mapping[str, Any]) -> dict[str, float]:
        """Return `OBJECTIVE` where the trial measures instability."""
        if all(part.of.measure != "instability" for part in self._trial.parts):
            return {}
        path = values.get("path_error_test")
        return {OBJECTIVE: 100.0 if self._diverged or path is None else max(path)}

    def save_checkpoint(self, checkpoint_dir: str) -> dict[str, Any]:
        """Put what is under way into the store, from where any process goes on."""
        self._close()
        return {"trial_key": self._trial.key}

    def load_checkpoint(self, checkpoint: dict[str, Any] | None) -> None:
        """Check that it is a checkpoint of this trial: the store holds the rest."""
        of = (checkpoint or {}).get("trial_key")
        if of != self._trial.key:
            raise ValueError(
                "InstabilityTrial: this is another trial's checkpoint. Population-based training "
                "changes hyperparameters in the midst of training; the network that comes out is "
                "of no recipe, so no trial could be repeated or shared"
            )

    def cleanup(self) -> None:
        self._close()

    def _close(self) -> None:
        """Store checkpoints of what is under way, and give back what is leased."""
        events, self._events = self._events, None
        work, self._work = self._work, None
        if events is not None:
            events.close()
        if work is not None:
            self._leases.__exit__(None, None, None)


def _own_gpus() -> float:
    """Return how many GPUs this process may use."""
    if ray.is_initialized():
        return float(len(ray.get_gpu_ids()))
    return float(torch.cuda.device_count())


def _read(config: Mapping[str, Any], gpus: float) -> TrialConfig:
    folder = config.get("plugins")
    if isinstance(folder, str):
        place = Path(folder).expanduser()
        if not place.is_dir():
            raise Misfit(("plugins",), f"InstabilityTrial: plugins: no folder {folder} here")
        plugins.use(place)
    return read(config, gpus)


_executors: dict[Any, Executor] = {}


def _executor(trial: TrialConfig) -> Executor:
    """Return the executor of this process for a trial's store and data."""
    helpers = decoders(trial.recipe, shape(trial.recipe))
    place = (trial.store, trial.data, trial.checkpoint_seconds, helpers)
    if place not in _executors:
        store = Store(trial.store)
        _executors[place] = Executor(store, trial.data, trial.checkpoint_seconds, decoders=helpers)
    return _executors[place]
