"""Writing the records of a home again: from the measurements in its store and the specs kept there.

Specs that earlier versions recorded are not in the store. They lie with the files of their runs.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack
from pathlib import Path

from analysis import records
from sweeps import results
from sweeps.errors import UserError, did_you_mean
from sweeps.home import Home
from sweeps.plan import expand, growing, learning
from sweeps.plan.summary import summarize
from sweeps.recording import database, diagnosis, submissions
from sweeps.recording.recorder import Recorder
from sweeps.recording.submissions import Submission
from sweeps.recording.summary import conclude
from sweeps.spec.stored import from_resolved
from trainables.jobs import measurements
from trainables.store import Store

Tell = Callable[[str], None]


def rebuild(home: Home, store: Store, names: Collection[str], tell: Tell) -> None:
    """Record every submission that is known, or those of some sweeps, with all its measured trials.

    What is recorded already stays. A database of no use is moved aside, and a new one made. Needs
    sweeps that are not running. `tell` gets a line for each thing done. Raises UserError.
    """
    found = sorted(_found(home, store, tell), key=lambda one: one.submitted_at)
    if not found:
        raise UserError(f"no specs are kept in {store.url} or in {home.folder}: is this the home?")
    known = {one.sweep.name for one in found}
    for name in names:
        if name not in known:
            raise UserError(f"no spec of a sweep {name!r} is kept{did_you_mean(name, known)}")
    home.make()
    with ExitStack() as held:
        for name in sorted(_locked(home) | known):
            held.enter_context(home.only_driver(name))
        if home.database is not None:
            _set_aside_if_useless(home, home.database, tell)
        for one in found:
            if not names or one.sweep.name in names:
                _record(home, store, one, tell)


def _locked(home: Home) -> set[str]:
    """Names of the sweeps that were ever run in a home."""
    return {path.stem for path in (home.folder / "locks").glob("*.lock")}


def _set_aside_if_useless(home: Home, path: Path, tell: Tell) -> None:
    if diagnosis.blank(path):
        return
    try:
        problem = diagnosis.problem(path, "rw")
    except sqlite3.Error as error:
        problem = f"cannot be opened ({error})"
    if not problem:
        return
    try:
        aside = database.set_aside(path)
    except OSError as error:
        raise database.cannot(home, f"move {path}", error.strerror or str(error)) from None
    tell(f"{path} {problem}: it lies at {aside} now")


def _record(home: Home, store: Store, one: Submission, tell: Tell) -> None:
    plan, _ = growing.from_store(one.sweep, store)
    complete = store.complete((job.kind, job.key) for job in plan.jobs.values())
    sound = measurements.sound(
        store, [job for key, job in plan.measurements.items() if key in complete]
    )
    measured = [trial for trial in plan.trials if trial.measured & sound]
    name = f"{one.sweep.name} {one.key[:8]}"
    if not measured:
        tell(f"{name}: none of its {len(plan.trials)} trials is in the store")
        return
    recorder = Recorder(home, plan, store)
    recorder.open(one.text, summarize(plan, complete, 1), one.submitted_at)
    for trial in measured:
        recorder.record(trial)
    for job in learning.stored(plan, complete, store).evaluated:
        recorder.finish(job)
    recorder.close(complete=all(trial.measured <= sound for trial in plan.trials))
    if not submissions.has(store, plan, home):  # recorded here, it is needed here
        submissions.save(store, plan, one.text, home, one.submitted_at)
    shared = results.read(home, one.sweep.name, one.key, "recipe")
    conclude(shared, results.read(home, one.sweep.name, one.key, "submission"))
    tell(f"{name}: {len(measured)} of {len(plan.trials)} trials recorded")


def _found(home: Home, store: Store, tell: Tell) -> Iterator[Submission]:
    kept = submissions.all_of(store)
    yield from kept
    known = {one.key for one in kept}
    for folder in sorted(home.artifacts.glob("*/*/artifacts")) if home.artifacts else ():
        if not (folder / records.SPEC_FILE).is_file():
            continue
        try:
            one = _earlier(folder, home)
        except (OSError, ValueError, UserError) as error:
            tell(f"passed over {folder / records.SPEC_FILE}: {error}")
            continue
        if one.key not in known:
            known.add(one.key)
            yield one


def _earlier(folder: Path, home: Home) -> Submission:
    """Return the submission whose files lie in a folder. Raises UserError, OSError, ValueError."""
    file = folder / records.SPEC_FILE
    text = file.read_text(encoding="utf-8")
    resolved = folder / records.SWEEP_FILE
    if resolved.is_file():
        sweep = from_resolved(json.loads(resolved.read_text(encoding="utf-8")))
    else:
        sweep = submissions.from_text(text, home.data)
    key = submissions.sweep_key(expand(sweep))
    return Submission(key, sweep, text, file.stat().st_mtime)
