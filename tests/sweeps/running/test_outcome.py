"""What a driver makes of the store, of divergence, and of what it hears; no Ray."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from rich.console import Console

from benchmarks.overheads.recording import pretend_measured
from sweeps.display import outcome_text
from sweeps.loading import load
from sweeps.plan import Plan, expand
from sweeps.running.growth import complete
from sweeps.running.meter import Meter
from sweeps.running.observer import RunObserver
from sweeps.running.outcome import Outcome
from sweeps.running.progress import Tally
from sweeps.running.schedule import Schedule
from sweeps.running.stopping import Stopping
from trainables.jobs.kinds import Training
from trainables.store import Store


@pytest.fixture
def plan() -> Plan:
    return expand(load("digits-mlp", ["inits=1", "rewind=[0]", "subnetworks=[dense]"])[0])


def test_a_measurement_that_cannot_be_read_is_not_complete(tmp_path: Path, plan: Plan) -> None:
    store = Store(str(tmp_path))
    for trial in plan.trials:
        pretend_measured(store, trial.measurements[0])
    keys = {trial.key for trial in plan.trials}
    assert complete(plan.jobs.values(), store) == keys
    first = plan.trials[0]
    store.delete(first.measurements[0].kind, first.key)
    store.write(first.measurements[0].kind, first.key, b'{"instability_test": 1}', "json")
    assert complete(plan.jobs.values(), store) == keys - {first.key}
    assert first.key in plan.needed(complete(plan.jobs.values(), store))


Observed = Callable[[str], tuple[RunObserver, Outcome, Stopping]]


@pytest.fixture
def observed(plan: Plan, tmp_path: Path) -> Observed:
    """An observer of a sweep that continues or stops."""

    def make(on_divergence: str) -> tuple[RunObserver, Outcome, Stopping]:
        spec = plan.spec.model_copy(update={"on_divergence": on_divergence})
        tally = Tally(jobs=len(plan.jobs), trainings=3, reused=0)
        outcome = Outcome(tally, submission="key")
        stopping = Stopping(Console(file=io.StringIO()))
        handout = SimpleNamespace(schedule=Schedule(plan.jobs, 2))
        growth = SimpleNamespace(plan=Plan(spec, plan.trials, plan.variants))
        given = (growth, handout, None, None, outcome, stopping)
        site = SimpleNamespace(check=lambda: None)
        meter = Meter(None, tmp_path / "spent.json", "key")
        observer = RunObserver(*given, tmp_path / "log", site, meter)  # type: ignore[arg-type]
        return observer, outcome, stopping

    return make


def arms(plan: Plan) -> list[Training]:
    return [job for job in plan.jobs.values() if isinstance(job, Training) and job.is_copy]


def test_trainings_that_diverged_are_counted_once(plan: Plan, observed: Observed) -> None:
    observer, outcome, stopping = observed("continue")
    for arm in (*arms(plan)[:2], arms(plan)[0]):
        observer.training_diverged(arm.key)
    assert outcome.tally.diverged == 2
    assert not stopping()


def test_a_sweep_may_stop_at_the_first_that_diverged(plan: Plan, observed: Observed) -> None:
    observer, outcome, stopping = observed("stop")
    for arm in arms(plan)[:2]:
        observer.training_diverged(arm.key)
    title = "train init 1 k=0 dense order 1"
    assert stopping.reason == f"{title} diverged (on_divergence: stop)"
    assert outcome.stopped_by == arms(plan)[0]
    outcome.stopped, outcome.interrupted = stopping.reason, True
    lines = str(outcome_text(outcome, "sweeps run x", Path("log"))).splitlines()
    assert lines[0] == f"stopped: {title} diverged (on_divergence: stop)"
    assert lines[-1] == "to go on from here: sweeps run x --set on_divergence=continue"


def test_a_store_that_fails_stops_a_sweep(plan: Plan, observed: Observed) -> None:
    observer, outcome, stopping = observed("continue")
    observer.store_failed("the store x is full")
    assert stopping.reason == "the store x is full"
    outcome.stopped, outcome.interrupted = stopping.reason, True
    lines = str(outcome_text(outcome, "sweeps run x", Path("log"))).splitlines()
    assert lines[0] == "stopped: the store x is full"
    assert lines[-1] == "to go on from here: sweeps run x"


def test_what_a_divergence_blocks_is_no_failure_with_a_traceback(
    plan: Plan, observed: Observed, tmp_path: Path
) -> None:
    observer, outcome, _ = observed("continue")
    arm = arms(plan)[0]
    observer.job_blocked(arm, "train order 1 diverged")
    outcome.unmeasured = 12
    assert not (tmp_path / "log").exists()
    assert not outcome.complete
    text = str(outcome_text(outcome, "sweeps run x", Path("log")))
    assert f"not done: {arm.title}: train order 1 diverged" in text
    assert "12 trials cannot be measured: pruning needs trained weights, and those diverged" in text
    assert "tracebacks" not in text
    assert "to go on" not in text, "the same would come of it"


def test_a_failed_job_has_its_traceback_in_the_log(
    plan: Plan, observed: Observed, tmp_path: Path
) -> None:
    observer, outcome, _ = observed("continue")
    observer.job_failed(arms(plan)[0], "MemoryError: no room", "Traceback ...")
    assert outcome.failed == {arms(plan)[0]: "MemoryError: no room"}
    assert outcome.tally.failed == 1
    assert "train init 1 k=0 dense order 1" in (tmp_path / "log").read_text()
    assert "Traceback ..." in (tmp_path / "log").read_text()
