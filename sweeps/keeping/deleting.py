"""Deleting a sweep's records, and what the store notes of it. What it made is not touched."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from analysis import records
from analysis.figures.papers import FIGURES
from sweeps import tracking
from sweeps.errors import UserError, did_you_mean
from sweeps.home import Home
from sweeps.keeping import places, references, rubbish
from sweeps.keeping.references import References
from sweeps.keeping.rubbish import Wanted
from sweeps.recording import database, diagnosis, faults, files, submissions
from sweeps.recording.submissions import Submission
from sweeps.running import meter
from trainables.store import Store, inventory
from trainables.store.store import manifest_of

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Experiment, Run


@dataclass
class Deletion:
    """What goes with a sweep."""

    name: str
    store: Store | None
    experiment: Experiment | None = None
    """In MLflow."""
    runs: list[Run] = field(default_factory=list)
    """Of submissions, trials and trainings."""
    files: list[Path] = field(default_factory=list)
    """Reports, figures and the log."""
    entries: list[Submission] = field(default_factory=list)
    """Submissions in the store."""
    elsewhere: list[Submission] = field(default_factory=list)
    """Submissions of the same name that stay in the store: those of other homes."""
    frees: int | None = 0
    """Bytes that `sweeps store gc` can then delete; None where that is not known."""
    problem: str = ""
    """Why it is not known."""

    @property
    def keys(self) -> set[str]:
        """Keys of the submissions that go."""
        recorded = {run.data.tags.get(records.SWEEP_KEY, "") for run in self.runs}
        return ({one.key for one in self.entries} | recorded) - {""}

    def count(self, kind: str) -> int:
        """Return how many runs there are of a kind."""
        return sum(run.data.tags.get(records.KIND) == kind for run in self.runs)


def find(home: Home, name: str, everywhere: bool) -> Deletion:
    """Return what goes with a sweep of a home; `everywhere`: what other homes submitted, too.

    Changes nothing. Raises UserError if there is no such sweep, and StoreError.
    """
    store = places.opened(home) if places.there(home) else None
    found = Deletion(name, store)
    known = _recorded(home, found)
    kept, unreadable = ([], []) if store is None else submissions.kept(store)
    for bad in unreadable:
        if bad.name == name:
            raise UserError(
                f"{home.store}/{manifest_of(*bad.entry)}, a submission of {name!r}, cannot be "
                f"read: {bad.problem}"
            )
    for one in _sort(home, found, kept, everywhere):
        known.add(one.sweep.name)
    if found.experiment is None and not found.entries:
        if found.elsewhere:
            raise UserError(
                f"{home.folder} has no sweep {name!r}; its store has one of "
                f"{found.elsewhere[-1].place}: delete it there, or with --everywhere"
            )
        raise UserError(f"there is no sweep {name!r} in {home.folder}{did_you_mean(name, known)}")
    found.files = _files(home, found)
    if store is not None:
        _frees(store, home, found)
    return found


def _sort(
    home: Home, found: Deletion, kept: Sequence[Submission], everywhere: bool
) -> list[Submission]:
    """Tell which submissions of a store go with a sweep; return those of the home."""
    inside = Path(home.store).is_relative_to(home.folder)
    theirs = {one.key for one in kept if one.home not in (None, home.identity)}

    def goes(one: Submission) -> bool:
        if everywhere or one.home is not None:
            return everywhere or one.home == home.identity
        return one.key not in theirs and (one.noted or inside)

    for one in kept:
        if one.sweep.name == found.name:
            if goes(one):
                found.entries.append(one)
            elif one.home is not None or one.key not in theirs:
                found.elsewhere.append(one)
    return list(filter(goes, kept))


def _recorded(home: Home, found: Deletion) -> set[str]:
    """Find what MLflow has of a sweep; return the names of all sweeps that it has."""
    if home.database is not None and diagnosis.blank(home.database):
        return set()
    tracking.check(home.tracking)
    with faults.told(home):
        client = database.client_of(home, write=False)
        experiment = client.get_experiment_by_name(found.name)
        if experiment is not None and experiment.lifecycle_stage == "active":
            found.runs = records.search(client, experiment.experiment_id, "")
            if any(records.KIND in run.data.tags for run in found.runs):
                found.experiment = experiment
        return set(records.sweeps(client))


def _files(home: Home, found: Deletion) -> list[Path]:
    reports = [home.report(found.name), *(home.figure([found.name], name) for name in FIGURES)]
    for key in found.keys:
        reports += [home.report(found.name, key), home.report(found.name, key, alone=True)]
    return [path for path in (*reports, home.log(found.name)) if path.is_file()]


def _frees(store: Store, home: Home, found: Deletion) -> None:
    """Note how many bytes nobody needs any more when a sweep is deleted."""
    listed = inventory.take(store)
    before = references.find(store, home, listed)
    if before.problems:
        found.frees, found.problem = None, before.problems[0]
        return
    gone = {one.entry for one in found.entries}

    def stays(one: references.Needs) -> bool:
        if one.submission is None:
            return True
        of_records = one.submission.entry is None and one.sweep == found.name
        return not (one.submission.entry in gone or of_records)

    after = References([one for one in before.needs if stays(one)])
    sizes = [
        rubbish.sort(listed, needed, Wanted(), time.time()).bytes for needed in (before, after)
    ]
    found.frees = sizes[1] - sizes[0]


def delete(home: Home, found: Deletion) -> None:
    """Delete a sweep. Interrupted, the same call again does the rest.

    Raises UserError if a driver works on the sweep in this home, or something cannot be deleted.
    """
    home.make()
    with home.only_driver(found.name):
        if found.experiment is not None:
            with faults.told(home):
                client = database.client_of(home, write=True)
                _delete_records(client, home, found)
        for path in found.files:
            path.unlink(missing_ok=True)
        meter.forget(home.spent, found.keys)
        for one in found.entries if found.store is not None else ():
            assert found.store is not None
            assert one.entry is not None
            found.store.delete(*one.entry)


def _delete_records(client: MlflowClient, home: Home, found: Deletion) -> None:
    """Delete an experiment with its runs and their files, under another name: it would come back
    with all of them when the sweep is run again."""
    experiment = found.experiment
    assert experiment is not None
    for run in found.runs:
        folder = files.folder(home, run)
        if folder is not None:  # a server's files are its own business
            shutil.rmtree(folder.parent, ignore_errors=True)
    if home.artifacts is not None:
        with suppress(OSError):
            (home.artifacts / found.name).rmdir()  # if it is empty
    when = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime())
    client.rename_experiment(experiment.experiment_id, f"{found.name} deleted {when} UTC")
    client.delete_experiment(experiment.experiment_id)


def lines(home: Home, found: Deletion, size: Callable[[float], str]) -> Sequence[str]:
    """Return what goes, in lines; `size` words bytes."""
    told = [f"sweep {found.name} in {home.folder}"]
    if found.experiment is not None:
        named = ("submission", "sweep"), ("trial", "trial"), ("learning curve", "training")
        numbers = [(found.count(kind), what) for what, kind in named]
        counted = ", ".join(f"{n:,} {what}{'s' * (n > 1)}" for n, what in numbers if n)
        told.append(f"  in MLflow ({home.tracking}): {counted or 'nothing'}, with their files")
    told += [f"  {path}" for path in found.files]
    for key in sorted({one.key for one in found.entries}):
        homes = {one.place for one in found.entries if one.key == key and one.home is not None}
        whose = ", ".join(sorted(homes)) or Submission.place
        told.append(f"  in the store: submission {key[:8]} of {whose}")
    for one in found.elsewhere:
        told.append(f"stays in the store: submission {one.key[:8]} of {one.place}")
    if found.frees is None:
        told.append(f"how much nobody needs then is not known: {found.problem}")
    elif found.store is not None:
        told.append(
            "networks and measurements stay in the store; `sweeps store gc` could then delete "
            f"{size(found.frees)} more"
        )
    return told
