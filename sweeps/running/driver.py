"""Run a sweep, from its spec to its records."""

from __future__ import annotations

import os
import shutil
import socket
import sys
import uuid
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext, suppress
from functools import partial
from pathlib import Path

from rich.console import Console

from sweeps import tracking
from sweeps.errors import ClusterError, RecordingError, UserError
from sweeps.home import Home
from sweeps.machine.this import known_for
from sweeps.plan import learning
from sweeps.plan.summary import summarize
from sweeps.recording import database, submissions
from sweeps.recording.background import BackgroundRecorder
from sweeps.recording.recorder import Recorder
from sweeps.running import files
from sweeps.running.growth import Growth
from sweeps.running.handout import Handout
from sweeps.running.live import LiveReport
from sweeps.running.meter import Meter
from sweeps.running.observer import RunObserver
from sweeps.running.outcome import Outcome
from sweeps.running.progress import ProgressView, Tally
from sweeps.running.rivals import RayBoard, Rivals
from sweeps.running.schedule import Schedule
from sweeps.running.scratch import scratch
from sweeps.running.sites import Site
from sweeps.running.stopping import Stopping
from sweeps.running.watch import watching
from sweeps.spec import Sweep
from trainables import data
from trainables.completing import devices
from trainables.jobs.kinds import Job
from trainables.store import Leases, Store, collecting

NO_CLUSTER = 3
"""Exit status where Ray is not there any more."""


def run(
    spec: Sweep,
    spec_text: str,
    home: Home,
    store: Store,
    *,
    site: Site,
    checkpoint_seconds: float,
    console: Console,
    priority: int = 0,
) -> Outcome:
    """Do what the store lacks, and record every trial. Raises UserError before anything is done.

    `priority` is among the sweeps on the same cluster: a higher one gets the next free room.

    A sweep has one driver at a time in a home; a second one is refused. Raises ClusterError if the
    tracking server can't be reached, Ray doesn't start, or a worker runs other code.
    """
    workers = site.most(spec.demand)
    store.check_writable()
    store.remove_abandoned()
    home.make()
    tracking.check(home.tracking)
    database.check(home)
    with home.only_driver(spec.name):
        growth = begin(spec, spec_text, home, store, console.print)
        plan, complete = growth.plan, growth.complete
        complete |= files.keep(plan.needed(complete).values(), store)
        needed = plan.needed(complete)
        if needed and not site.shared:
            _prepare_data(spec, home, console)
        tally = Tally.of(plan, needed, growth.at_most)
        facts = summarize(plan, complete, workers, known_for(spec.recipe.device))
        writer = BackgroundRecorder(Recorder(home, plan, store), spec_text, facts)
        curves = learning.stored(plan, complete, store)
        if curves.note:
            console.print(curves.note, soft_wrap=True)
        for job in curves.evaluated:
            writer.finish(job)
        for trial in plan.trials:
            if not all(key in needed for key in trial.measured):
                writer.record(trial)
        outcome = Outcome(tally, submission=submissions.sweep_key(plan))
        outcome.interrupted = bool(needed)  # unless what follows ends without an error
        # On a cluster the driver's machine is nobody's own: reports are for those who submit.
        live = None if site.shared else LiveReport(home, spec.name)
        try:
            if needed:
                _execute(
                    *(growth, needed, home, store, site, writer, outcome),
                    *(checkpoint_seconds, console, priority, live),
                )
        finally:  # nothing stays RUNNING after its driver
            store.remove_abandoned()
            try:
                writer.close(console, outcome.complete, outcome.unmeasured)
            except RecordingError as error:
                outcome.recording_error = error
            if live is not None:
                live.finish()
        return outcome


def begin(
    spec: Sweep, spec_text: str, home: Home, store: Store, tell: Callable[[str], None]
) -> Growth:
    """Submit a spec, and return its plan with what the store has of it. Raises StoreError.

    Only what is submitted is safe from `sweeps store gc`: so the store is looked at after that,
    and after a collector that may not have seen it. `tell` hears if that is waited for.
    """
    growth = Growth(spec, store)
    submissions.save(store, growth.plan, spec_text, home)
    collecting.wait(store, tell)
    growth.look()
    return growth


def _prepare_data(spec: Sweep, home: Home, console: Console) -> None:
    try:
        for recipe in (one.recipe for one in spec.each):
            if not data.prepared(recipe, home.data):
                console.print(f"fetching and decoding {recipe.data_address or recipe.data}")
                data.prepare(recipe, home.data)
    except data.DataError as error:
        raise UserError(str(error)) from None
    except OSError as error:
        raise UserError(f"cannot keep the decoded images in {home.data}: {error}") from None


def _execute(
    growth: Growth,
    needed: Mapping[str, Job],
    home: Home,
    store: Store,
    site: Site,
    writer: BackgroundRecorder,
    outcome: Outcome,
    checkpoint_seconds: float,
    console: Console,
    priority: int,
    live: LiveReport | None,
) -> None:
    spec = growth.plan.spec
    demand = spec.demand
    schedule = Schedule(needed, site.capacity(demand), on=known_for(spec.recipe.device))
    stopping = Stopping(console)
    meter = Meter(spec.budget, home.spent, outcome.submission)
    meter.begin(lambda: schedule.workers * demand.workers)
    if spec.budget is not None and not _affords_any(schedule, meter):
        outcome.out_of_budget = meter.line
        return
    with (
        ProgressView(console, outcome.tally, schedule) as view,
        stopping.on_signal(),
        scratch() as folder,
        Leases(store, _owner(home, spec.name)) as leases,
        site.ready(demand, console.print),
        watching(site.check, partial(_give_up, writer, console, folder)),
        _rivals(site, spec, priority) as rivals,
        live.refreshed(view.reported) if live is not None else nullcontext(),
    ):
        from sweeps.running import tuning
        from sweeps.running.searcher import Settings

        # Of drivers that hold no room for their workers there is always room for one more.
        at_most = site.at_most or (site.most(demand) if demand.workers > 1 else None)
        capacity = partial(site.capacity, demand)
        handout = Handout(schedule, store, leases, capacity, at_most, meter, rivals)
        log = home.log(spec.name)
        observer = RunObserver(growth, handout, writer, view, outcome, stopping, log, site, meter)
        settings = Settings(
            pending=site.most(demand),
            demand=demand,
            decoders=max(devices.decoders(one.recipe, demand.worker) for one in spec.each),
            store=store.url,
            data_folder=home.data,
            checkpoint_seconds=checkpoint_seconds,
            scratch=folder,
            alone=not site.shared,
            warm=not site.shared and demand.workers == 1,
        )
        try:
            tuning.run(handout, settings, observer, stopping)
        finally:
            meter.tick(last=True)
    outcome.stopped = stopping.reason
    if not schedule.finished:
        outcome.out_of_budget = meter.line
    outcome.interrupted = (stopping() or meter.reached) and not schedule.finished
    after_blocked = schedule.dependants(job.key for job in outcome.blocked)
    outcome.unmeasured = sum(
        not after_blocked.isdisjoint(trial.measured) for trial in growth.plan.trials
    )
    outcome.skipped = len(schedule.skipped - after_blocked)
    outcome.machines = len(observer.machines)
    observer.measure_overhead()


def _affords_any(schedule: Schedule, meter: Meter) -> bool:
    """Whether a budget reaches for the job that comes first: no worker is started for nothing."""
    jobs = schedule.next_batch("first") or []
    schedule.batch_ended("first")
    return meter.allows(schedule.expected(jobs[:1]))


def _rivals(site: Site, spec: Sweep, priority: int) -> AbstractContextManager[Rivals | None]:
    """The other sweeps on the Ray of a site; none where it is our own."""
    if not site.shared:
        return nullcontext()
    name = f"{spec.name}-{uuid.uuid4().hex}"
    return Rivals(name, priority, spec.demand, RayBoard())


def _give_up(
    writer: BackgroundRecorder, console: Console, folder: Path, error: ClusterError
) -> None:
    """End the program at once, with its records: Ray's client would abort it without.

    `folder` is where Tune keeps its own files.
    """
    print(f"sweeps: {error}", file=sys.stderr, flush=True)
    with suppress(RecordingError):
        writer.close(console, complete=False)
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(NO_CLUSTER)


def _owner(home: Home, sweep: str) -> str:
    """Return the owner of leases: a sweep's only driver in a home, or the next after a crash."""
    return f"{sweep} in {home.folder} on {socket.gethostname()}"
