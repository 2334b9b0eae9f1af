"""Which recipes a plan is of: those of a spec, or those that its search has come by."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from analysis.objectives import Outcome, value
from analysis.strategies import DENSE
from sweeps.plan.graph import Trial
from sweeps.plan.halving import Rungs
from sweeps.plan.known import Facts, Known, Question
from sweeps.spec import Sweep
from sweeps.spec.stop_early import Extent, extents
from sweeps.spec.tuned import Search
from trainables.jobs.ancestry import ancestry
from trainables.jobs.given import Given
from trainables.jobs.kinds import Job, Mask, Training

TrialsOf = Callable[[Sweep], Iterable[Trial]]

GOOD: Facts = {"instability_test": 0.0, "accuracy_test": 100.0}
"""The outcome of which least is to do: if all combinations have it, only the first goes on after a
rung."""

TRAINED: Facts = {"diverged": False}
"""Of a training."""

LOST: Facts = {"instability_test": math.nan, "accuracy_test": math.nan, "diverged_1": True}
"""What counts for a measurement that cannot be made."""


class Recipe(NamedTuple):
    """One of the recipes of a plan."""

    vary: Mapping[str, Any]
    """What varies -> its value."""
    spec: Sweep
    """The sweep of this recipe alone."""
    trials: tuple[Trial, ...]
    """Those that are wanted so far."""
    whole: int
    """How many trials it has unless it is stopped early."""
    rung: int | None = None
    """The rung after which a search stopped it, counted from 1; None if it did not."""


def recipes(spec: Sweep, known: Known, trials_of: TrialsOf) -> Iterator[Recipe]:
    """Yield each recipe of a spec; of a search, those that it has proposed so far."""
    if spec.proposed is None:
        vary = spec.vary or [{} for _ in spec.each]
        for own, one in zip(vary, spec.each, strict=True):
            trials = tuple(trials_of(one))
            yield Recipe(own, one, trials, len(trials))
        return
    judged = _Judged(spec, spec.proposed.search, known, trials_of)
    for combination, one in list(spec.proposed.each(judged.value)):
        yield judged.recipe(combination, one)


class _Reached(NamedTuple):
    """How far a combination of a search has come."""

    trials: tuple[Trial, ...]
    whole: int
    best: Facts
    """The outcome by which it is better than all before it, and goes on."""
    rung: int | None = None
    """After which it was stopped."""
    value: float | None = None
    """Of that rung."""
    waits: bool = False
    """Whether it is not known yet if it goes on."""


class _Judged:
    """The combinations of a search, which have to be asked for in their order."""

    def __init__(self, spec: Sweep, search: Search, known: Known, trials_of: TrialsOf):
        self._search, self._known, self._trials_of = search, known, trials_of
        stop = search.stop_early
        self._extents = [] if stop is None else extents(stop, spec)[:-1]
        factor = 1 if stop is None else stop.reduction_factor
        self._rungs = Rungs(len(self._extents), factor, search.mode)
        self._open = len(self._extents)
        """The first rung on which some combination is not judged yet: no later one can be."""
        self._seeds = sorted(spec.inits), sorted(spec.orders)
        self._reached: dict[int, _Reached] = {}

    def value(self, one: Sweep) -> float | None:
        """Return the metric of a combination, or that of the rung after which it was stopped.

        None while it is not known.
        """
        reached = self._of(one)
        if reached.waits or reached.rung is not None:
            return reached.value
        return self._metric(reached.trials, reached.best)

    def recipe(self, combination: Mapping[str, Any], one: Sweep) -> Recipe:
        """Return the recipe of a combination, with the trials of the rung that it has reached."""
        reached = self._of(one)
        return Recipe(combination, one, reached.trials, reached.whole, reached.rung)

    def _of(self, one: Sweep) -> _Reached:
        if id(one) not in self._reached:
            self._reached[id(one)] = self._judge(one)
        return self._reached[id(one)]

    def _judge(self, one: Sweep) -> _Reached:
        every = tuple(self._trials_of(one))
        reached = _Reached(every, len(every), self._best(len(self._reached)))
        for rung, extent in enumerate(self._extents):
            held = reached._replace(trials=tuple(t for t in every if self._holds(extent, t)))
            found = None if rung >= self._open else self._metric(held.trials, reached.best)
            if found is None:
                self._open = min(self._open, rung)
                return held._replace(waits=True)
            if not self._rungs.goes_on(rung, found):
                return held._replace(rung=rung + 1, value=found)
        return reached

    def _holds(self, extent: Extent, trial: Trial) -> bool:
        """Whether a trial is of a rung; files, which nobody trains, are of every rung."""
        at, (inits, orders) = trial.at, self._seeds
        return isinstance(trial.arms[0], Given) or (
            at.init_seed in inits[: extent[0]]
            and set(at.order_seeds) <= set(orders[: extent[1]])
            and max(at.level, at.level_2 or 0) <= extent[2]
        )

    def _best(self, number: int) -> Facts:
        """Return outcomes that get better from one combination to the next."""
        good = (number + 1) / (self._search.trials + 1)
        if self._search.mode == "max":
            good = 1 - good
        return {"instability_test": 50 * (1 - good), "accuracy_test": 50 + 50 * good}

    def _metric(self, trials: Iterable[Trial], best: Facts) -> float | None:
        """Return the metric of trials of one recipe; None while it is not known."""
        found, whole = [], True
        for trial in trials:
            for part in trial.parts:
                if part.of.measure != "instability":
                    continue
                reference = self._search.metric == "drop" and trial.at.strategy == DENSE
                facts = self._known.ask(Question(part.job, GOOD, GOOD if reference else best))
                if facts is None and _diverged(part.job, self._known):
                    facts = LOST
                whole &= facts is not None
                found.append((trial.at.strategy, facts or {}))
        if not whole:
            return None
        return value(self._search.metric, [_outcome(strategy, facts) for strategy, facts in found])


def _diverged(measurement: Job, known: Known) -> bool:
    """Whether a measurement can never be made: a training that pruning needs diverged."""
    pruned = [
        job.of
        for job in ancestry([measurement])
        if isinstance(job, Mask) and isinstance(job.of, Training)
    ]
    facts = [known.ask(Question(training, TRAINED, TRAINED)) for training in pruned]
    return any(one is not None and one.get("diverged", False) for one in facts)


def _outcome(strategy: str, facts: Facts) -> Outcome:
    diverged = any(facts.get(f"diverged_{number}", False) for number in (1, 2))
    return Outcome(strategy, facts["instability_test"], facts["accuracy_test"], diverged)
