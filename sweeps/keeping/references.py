"""What of a store is needed: by the submissions in it, by those of a home, by trials in Ray Tune.

A submission needs the artifacts of its plan, which follows from its spec. Plans that grow depend
on results (`sweeps.plan.growing`): as long as one may still grow, everything counts as needed that
it may come to. What a search over hyperparameters proposes next cannot be known: while it is open,
everything counts as needed that was written since its first submission.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from analysis import records
from sweeps import tracking
from sweeps.errors import UserError, one_line
from sweeps.home import Home
from sweeps.plan import Plan, growing
from sweeps.plan.known import Facts, Question
from sweeps.recording import database, diagnosis, faults, files, submissions
from sweeps.recording.submissions import Submission, sweep_key
from sweeps.spec.stored import from_resolved
from trainables.jobs import measurements, needs
from trainables.jobs.kinds import Job, Measurement
from trainables.jobs.needs import Which, artifacts_of
from trainables.store import Store, Unreadable, checking, inventory
from trainables.store.inventory import Inventory
from trainables.store.store import manifest_of

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

TUNE = "(trials in Ray Tune)"
"""What the needs of trials in Ray Tune are listed under, as those of a sweep."""


@dataclass(frozen=True)
class Needs:
    """What a submission needs."""

    sweep: str
    """Name of the sweep."""
    submission: Submission | None
    """None of trials in Ray Tune."""
    plan: Plan | None
    artifacts: frozenset[Which]
    since: float = math.inf
    """Unix time, seconds: everything that was written later counts as needed, too."""


@dataclass
class References:
    """What is needed, by whom."""

    needs: list[Needs] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    """A line for each submission that cannot be read: what it needs is not known."""

    def check(self) -> None:
        """Raise UserError if it is not known of some submission what it needs."""
        if self.problems:
            more = f" (and {len(self.problems) - 1} more)" if len(self.problems) > 1 else ""
            raise UserError(
                f"nothing is deleted, as it is not known what is needed: {self.problems[0]}{more}"
            )

    @property
    def artifacts(self) -> set[Which]:
        """Kind and key of all that is needed."""
        return set().union(*(one.artifacts for one in self.needs))

    @property
    def keys(self) -> set[str]:
        """The keys of all that is needed: a job's checkpoint has its key."""
        return {key for _, key in self.artifacts}

    @property
    def since(self) -> float:
        """Unix time, seconds: what was written later counts as needed."""
        return min((one.since for one in self.needs), default=math.inf)


def find(store: Store, home: Home, listed: Inventory) -> References:
    """Return what submissions in a store need, and those that are recorded in a home.

    `listed` is what the store holds. Changes nothing. Raises StoreError, and UserError where the
    records of the home cannot be read.
    """
    found = References()
    kept, unreadable = submissions.kept(store)
    told: set[tuple[str | None, str]] = set()
    for bad in unreadable:
        if bad.name is None or (bad.name, bad.problem) not in told:
            found.problems.append(_line(store, bad.entry, bad.name, bad.problem))
        told.add((bad.name, bad.problem))
    found.problems += _set_aside(store, listed)
    seen: dict[str, Needs] = {}
    for one in kept:
        _add(found, store, one, seen)
    there = {one.key for one in kept if one.home in (home.identity, None)}
    there |= {bad.entry[1] for bad in unreadable}
    for one in _recorded(home, there, found.problems):
        _add(found, store, one, seen)
    found.needs += _of_tune(store, listed, found.problems)
    return found


def _recorded(home: Home, known: Container[str], problems: list[str]) -> Iterator[Submission]:
    """Yield the submissions that are recorded in a home but for those with `known` keys; add a
    line for each that cannot be read. Raises UserError where the records cannot be."""
    if home.database is not None and diagnosis.blank(home.database):
        return
    tracking.check(home.tracking)
    with faults.told(home):
        client = database.client_of(home, write=False)
        for name, runs in records.sweeps(client).items():
            for run in runs:
                if run.data.tags[records.SWEEP_KEY] in known:
                    continue
                try:
                    yield _submission(client, home, run)
                except (UserError, ValueError, KeyError, TypeError) as error:
                    problems.append(
                        f"a submission of the sweep {name!r} recorded in {home.folder} cannot be "
                        f"read: {one_line(str(error), 200)}; run the sweep again, or delete it"
                    )


def _submission(client: MlflowClient, home: Home, run: Run) -> Submission:
    """Return a submission from its records. Raises UserError, ValueError, KeyError, TypeError."""
    text = files.read_text(client, home, run, records.SPEC_FILE) or ""
    resolved = files.read_text(client, home, run, records.SWEEP_FILE)
    if resolved is None:  # of an earlier version
        sweep = submissions.from_text(text, home.data)
    else:
        sweep = from_resolved(json.loads(resolved))
    return Submission(run.data.tags[records.SWEEP_KEY], sweep, text, run.info.start_time / 1000)


def _add(found: References, store: Store, one: Submission, seen: dict[str, Needs]) -> None:
    """Add what a submission needs; a spec that several homes submitted is planned once."""
    spec = json.dumps([one.key, one.sweep.evaluate and one.sweep.evaluate.model_dump()])
    before = seen.get(spec)
    if before is not None:
        since = math.inf if before.since == math.inf else one.since
        found.needs.append(replace(before, submission=one, since=since))
        return
    try:
        needed = seen[spec] = of(store, one)
    except UserError as error:
        found.problems.append(_line(store, one.entry, one.sweep.name, str(error)))
        return
    found.needs.append(needed)


def of(store: Store, one: Submission) -> Needs:
    """Return what a submission needs. Raises UserError if this version cannot tell, StoreError."""
    try:
        plan, _ = growing.grown(one.sweep, partial(_answers, store), {})
        same = sweep_key(plan) == one.key
        jobs: Mapping[str, Job] = plan.jobs
        if plan.open:
            jobs = {**growing.possible(one.sweep), **jobs}
    except (UserError, LookupError, ValueError, TypeError, ImportError) as error:
        raise UserError(one_line(str(error) or type(error).__name__, 200)) from None
    if not same and not _earlier(one.made_with):
        raise UserError("another version of this program wrote it, whose results have other keys")
    since = one.since if plan.open and one.sweep.proposed is not None else math.inf
    return Needs(one.sweep.name, one, plan, frozenset(artifacts_of(jobs.values())), since)


def _earlier(made_with: tuple[int, str]) -> bool:
    """Whether an earlier version than this one wrote a submission."""
    schema, version = made_with
    ours = submissions.version(submissions.PACKAGE)
    return schema < submissions.SCHEMA or _numbers(version) < _numbers(ours)


def _numbers(version: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", version)]


def _answers(store: Store, asked: Iterable[Question]) -> dict[str, Facts]:
    """Return facts as `sweeps.plan.facts.read` does, but set nothing aside."""
    found = {}
    for job in {question.job.key: question.job for question in asked}.values():
        facts = _facts(store, job)
        if facts is not None:
            found[job.key] = facts
    return found


def _facts(store: Store, job: Job) -> Facts | None:
    artifact = checking.peek(store, job.kind, job.key)
    if artifact is None:
        return None
    if not isinstance(job, Measurement):
        return artifact.facts
    try:
        values = measurements.decode(job, artifact.payload)
    except Unreadable:
        return None
    return {name: one for name, one in values.items() if not isinstance(one, list | dict)}


def _set_aside(store: Store, listed: Inventory) -> list[str]:
    """Return a line for each submission that was set aside and not written again."""
    kinds = submissions.KIND, submissions.OF_HOME
    there = listed.complete()
    lost = {(inventory.kind_of(one), inventory.key_of(one)): one for one in listed.damaged}
    return [
        f"a submission is damaged, {store.url}/{file.path}: run its sweep again; if nobody needs "
        "it, remove this file"
        for which, file in lost.items()
        if which[0] in kinds and which not in there
    ]


def _line(store: Store, entry: Which | None, name: str | None, problem: str) -> str:
    whose = f" of the sweep {name!r}" if name else ""
    place = f"{store.url}/{manifest_of(*entry)}" if entry else "the records"
    return (
        f"the submission{whose} ({place}) cannot be used: {problem}; run its sweep again or, if "
        "nobody needs it, remove this file"
    )


def _of_tune(store: Store, listed: Inventory, problems: list[str]) -> Sequence[Needs]:
    """Return what trials of searches in Ray Tune need, as they listed it."""
    found = []
    for (kind, key), held in listed.artifacts.items():
        if kind != needs.KIND or held.manifest is None:
            continue
        artifact = checking.peek(store, kind, key)
        try:
            which = needs.decode(artifact.payload if artifact else b"")
        except Unreadable as error:
            problems.append(f"{store.url}/{kind}/{key[:2]}/{key}.json cannot be read: {error}")
            continue
        found.append(Needs(TUNE, None, None, frozenset([*which, (kind, key)])))
    return found
