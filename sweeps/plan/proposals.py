"""Which recipes a plan is of: those of a spec, or those that its search has come by."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from analysis.objectives import Outcome, value
from sweeps.plan.graph import Trial
from sweeps.plan.known import Facts, Known, Question
from sweeps.spec import Sweep
from trainables.jobs.ancestry import ancestry
from trainables.jobs.kinds import Job, Mask, Training

TrialsOf = Callable[[Sweep], Iterable[Trial]]

GOOD: Facts = {"instability_test": 0.0, "accuracy_test": 100.0}
"""An outcome. What comes out decides what is proposed, but not how much."""

TRAINED: Facts = {"diverged": False}
"""Of a training."""

LOST: Facts = {"instability_test": math.nan, "accuracy_test": math.nan, "diverged_1": True}
"""What counts for a measurement that cannot be made."""


def recipes(
    spec: Sweep, known: Known, trials_of: TrialsOf
) -> Iterator[tuple[Mapping[str, Any], Sweep]]:
    """Yield what varies, and the sweep of one recipe, for each of a spec."""
    if spec.proposed is None:
        vary = spec.vary or [{} for _ in spec.each]
        yield from zip(vary, spec.each, strict=True)
        return
    metric = spec.proposed.search.metric
    yield from spec.proposed.each(lambda one: _metric(metric, trials_of(one), known))


def _metric(metric: str, trials: Iterable[Trial], known: Known) -> float | None:
    """Return the metric of the trials of one recipe; None while it is not known."""
    found, whole = [], True
    for trial in trials:
        for part in trial.parts:
            if part.of.measure != "instability":
                continue
            facts = known.ask(Question(part.job, GOOD, GOOD))
            if facts is None and _diverged(part.job, known):
                facts = LOST
            whole &= facts is not None
            found.append((trial.at.strategy, facts or {}))
    if not whole:
        return None
    return value(metric, [_outcome(strategy, facts) for strategy, facts in found])


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
