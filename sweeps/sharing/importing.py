"""Bringing an archive of results into a home: artifacts into its store, runs into its records.

Everything is checked before anything is written. Then what is there already stays, and what is not
is added: an import that was interrupted goes on when it is repeated.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.console import Console

from analysis import records
from sweeps.errors import UserError
from sweeps.home import Home
from sweeps.recording import database, submissions
from sweeps.sharing import runnable
from sweeps.sharing.archive import Archive
from sweeps.sharing.contents import MEASUREMENTS, NETWORKS, Kind, SharedRun
from sweeps.sharing.progress import progress
from sweeps.sharing.received import Received
from sweeps.sharing.renaming import Renamed
from sweeps.sharing.runs import Runs
from sweeps.spec.stored import from_resolved
from trainables.store import Store

BYTES_AT_ONCE = 2**25
"""Artifacts that are written to a store together have at most so many, or are one."""
BELOW: tuple[Kind, ...] = ("trial", "training")
"""Kinds of runs that MLflow shows below a submission."""
OF_THE_STORE = {"kind", "key", "payload", "bytes", "sha256", "suffix"}
"""What a store itself writes into a manifest, and the name of an argument."""


@dataclass(frozen=True)
class Imported:
    """What an import has added."""

    name: str
    """Of the sweep in this home."""
    submissions: int
    trials: int
    measurements: int
    networks: int
    """Networks and masks."""
    specs: tuple[Path, ...]
    """Files of the specs, the latest first."""
    pinned: Mapping[str, str]
    """Device and backend that they set, as this machine would choose others; else empty."""
    notes: tuple[str, ...]
    """What else the user should know, a line each."""

    @property
    def nothing(self) -> bool:
        """Whether everything was there already."""
        return not (self.submissions or self.trials or self.measurements or self.networks)


def bring_in(archive: Archive, home: Home, name: str | None, console: Console) -> Imported:
    """Import an archive, under another `name` if there is one.

    Raises UserError, with nothing changed, where the archive is damaged, or the home has other
    results under the name.
    """
    with progress(console, "checking", archive.size) as tell:
        archive.verify(tell)
    received = Received(archive, name or archive.manifest.sweep)
    return _Import(received, home, console).all()


@dataclass
class _Import:
    received: Received
    home: Home
    console: Console

    def all(self) -> Imported:
        self.received.check()
        submitted = self.received.submissions  # before anything is made here
        self.home.make()
        store = Store(self.home.store)
        store.check_writable()
        database.check(self.home)
        with self.home.only_driver(self.received.name):
            client = database.client_of(self.home, write=True)
            self._check_free(client)
            notes: list[str] = []
            counts = self._write_artifacts(store)
            for one in self.received.renamed.values():
                self._keep(store, one)
            for submission in submitted.values():
                submissions.note_imported(store, submission.key, self.home)
            experiment = database.experiment(client, self.home, self.received.name, notes.append)
            runs = Runs(client, self.home, experiment)
            trials, number = self._write_runs(runs, submitted)
            specs, pinned = self._write_specs()
        return Imported(
            name=self.received.name,
            submissions=number,
            trials=trials,
            measurements=sum(counts.get(kind, 0) for kind in MEASUREMENTS),
            networks=sum(counts.get(kind, 0) for kind in NETWORKS),
            specs=tuple(specs),
            pinned=pinned,
            notes=tuple(notes),
        )

    # --- looking ------------------------------------------------------------------------------

    def _check_free(self, client: Any) -> None:
        """Raise UserError where the home has other results under the name."""
        there = client.get_experiment_by_name(self.received.name)
        if there is None:
            return
        deleted = there.lifecycle_stage == "deleted"
        runs = Runs(client, self.home, there.experiment_id, deleted)
        theirs = {one.key for one in self.received.submissions.values()}
        here = runs.submissions.keys()
        if not (here <= theirs or theirs <= here):
            others = ", ".join(sorted(key[:8] for key in here - theirs))
            where = ", deleted in MLflow" if deleted else ""
            raise UserError(
                f"there is a sweep {self.received.name!r} already{where}, with other submissions "
                f"({others}): --as NAME imports the file under another name"
            )
        for one in (*self.received.submissions.values(), *self.received.runs("trial")):
            runs.check(one)

    # --- writing ------------------------------------------------------------------------------

    def _write_artifacts(self, store: Store) -> dict[str, int]:
        """Write what the store lacks; return how many of each kind."""
        paths = self.received.archive.artifacts()
        if self.received.renamed:  # specs are kept under other keys
            paths = [path for path in paths if not path.startswith(f"store/{submissions.KIND}/")]
        named = {path: (path.split("/")[1], Path(path).stem) for path in paths}
        there = store.complete(named.values())
        counts: dict[str, int] = {}
        missing = [path for path in paths if named[path][1] not in there]
        with progress(self.console, "artifacts", len(missing)) as tell:
            for some in self._parts(missing):
                store.files.each(lambda one: _write(store, *one), some)
                for kind, *_ in some:
                    counts[kind] = counts.get(kind, 0) + 1
                tell(len(some))
        return counts

    def _parts(self, paths: list[str]) -> Iterator[list[tuple[str, str, dict[str, Any], bytes]]]:
        """Yield artifacts, as many together as may be in memory."""
        part: list[tuple[str, str, dict[str, Any], bytes]] = []
        held = 0
        for path in paths:
            kind, key, facts, payload = self.received.archive.artifact(path)
            if part and held + facts["bytes"] > BYTES_AT_ONCE:
                yield part
                part, held = [], 0
            part.append((kind, key, facts, self.received.archive.read(payload)))
            held += facts["bytes"]
        if part:
            yield part

    def _keep(self, store: Store, one: Renamed) -> None:
        """Keep a spec under its new name, from which records can be written again."""
        key = one.run.key
        if not store.complete([(submissions.KIND, key)]):
            payload = json.dumps({"spec": one.spec, "text": one.text}, indent=1).encode()
            facts = {}
            with suppress(ValueError):  # it says no time
                when = datetime.fromisoformat(one.run.tags.get(records.SUBMITTED_AT, ""))
                facts["written_at"] = when.timestamp()
            store.write(submissions.KIND, key, payload, "json", **facts)

    def _write_runs(self, runs: Runs, submitted: Mapping[str, SharedRun]) -> tuple[int, int]:
        """Write the runs that add something; return the numbers of trials and of submissions among
        them."""
        added = {
            (kind, one.key): one.parent
            for kind in BELOW
            for one in self.received.runs(kind)
            if runs.adds(one)
        }
        new = {key for key, one in submitted.items() if runs.adds(one)} | set(added.values())
        ids = {key: runs.begin(submitted[key]) for key in submitted if key in new}
        for key, run_id in ids.items():  # first: trials cannot be read without
            runs.fill(run_id, submitted[key], self._reader_of_submission(key))
        for kind in BELOW:
            number = sum(one == kind for one, _ in added)
            with progress(self.console, f"{kind} records", number) as tell:
                for one in self.received.runs(kind):
                    parent = ids.get(one.parent or "")
                    if (kind, one.key) in added:
                        run_id = runs.begin(one, parent)
                        runs.fill(run_id, one, self._reader(one))
                        runs.end(run_id, one)
                        tell(1)
                    if parent is not None:
                        runs.adopt(one, parent)
        for key, run_id in ids.items():
            runs.end(run_id, submitted[key])
        return sum(kind == "trial" for kind, _ in added), len(ids)

    def _reader(self, one: SharedRun) -> Callable[[str], str]:
        return lambda name: self.received.text(one, name)

    def _reader_of_submission(self, key: str) -> Callable[[str], str]:
        own = next(one for one in self.received.runs("sweep") if one.key == key)
        texts = {}
        if (other := self.received.renamed.get(key)) is not None:
            texts = {
                records.SPEC_FILE: other.text,
                records.SWEEP_FILE: json.dumps(other.spec, indent=1),
            }
        return lambda name: texts[name] if name in texts else self.received.text(own, name)

    def _write_specs(self) -> tuple[list[Path], dict[str, str]]:
        """Write the specs as files to run, where there are none; return them, and the device and
        backend that they set."""
        paths: list[Path] = []
        every: dict[str, str] = {}
        for one in self.received.runs("sweep"):
            spec, text = self.received.spec(one)
            pinned: dict[str, str] = {}
            key = self.received.submissions[one.key].key
            path = self.home.spec(self.received.name, key)
            with suppress(UserError, ValueError, KeyError):  # of another version: not to be run
                if spec is not None:
                    pinned = runnable.pinned(from_resolved(spec))
                content = runnable.spec_of(text, self.received.name, key, pinned)
                if not path.exists():
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_text(content, encoding="utf-8")
                paths.append(path)
                every = every or pinned
        return paths, every


def _write(store: Store, kind: str, key: str, facts: Mapping[str, Any], payload: bytes) -> None:
    suffix = facts["payload"].rpartition(".")[2]
    own = {name: value for name, value in facts.items() if name not in OF_THE_STORE}
    store.write(kind, key, payload, suffix, **own)
