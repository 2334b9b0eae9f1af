"""Writing a sweep's results to an archive: records, measurements, report; networks if asked for."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from analysis import records
from sweeps.errors import UserError
from sweeps.provenance import versions
from sweeps.recording import files
from sweeps.recording.submissions import asked_for
from sweeps.recording.summary import onsets_of
from sweeps.reporting import write_report
from sweeps.results import Results
from sweeps.sharing import artifacts, runnable
from sweeps.sharing.archive import Writer
from sweeps.sharing.contents import (
    MEASUREMENTS,
    NETWORKS,
    README,
    REPORT,
    Described,
    Kind,
    records_path,
)
from sweeps.sharing.progress import progress
from sweeps.sharing.readme import readme
from sweeps.sharing.runs import by_key, shared
from trainables.store import Artifact, Missing, Store

if TYPE_CHECKING:
    from mlflow.entities import Run

SMALL_AT_ONCE = 64
"""Small artifacts that are read from a store together; networks are read one by one."""


@dataclass(frozen=True)
class Exported:
    """What an archive has come to hold."""

    submissions: int
    trials: int
    measurements: int
    networks: int
    """Networks and masks."""
    missing: int
    """Measurements that are recorded, and are not in the store any more."""
    missing_networks: int
    """Trained networks of trials that are not there either, where they were asked for."""
    notes: tuple[str, ...]
    """What else the user should know, a line each."""


def export(results: Results, store: Store, path: Path, weights: bool, console: Console) -> Exported:
    """Write an archive of the results that were read: of all submissions, or of the one chosen.

    Raises UserError where there is nothing to share, or the file cannot be written.
    """
    if results.trials.empty:
        raise UserError(f"no trial of {results.name} is recorded yet: there is nothing to export")
    with Writer(path) as writer:
        return _Export(results, store, writer, weights, console).all()


@dataclass
class _Export:
    results: Results
    store: Store
    writer: Writer
    weights: bool
    console: Console

    def all(self) -> Exported:
        """Write everything; what people look at comes first."""
        results = self.results
        chosen, trials = self._submissions(), self._trials()
        found, curves, notes = self._artifacts(chosen)
        trainings = self._trainings(chosen, curves)
        runs = [*chosen, *trials.values(), *trainings.values()]
        named = artifacts.of_runs(runs, self.weights)
        self.writer.add(README, readme(results, self.weights).encode())
        self._write_report()
        self._write_tables()
        self._write_specs(chosen)
        self._write_runs("sweep", chosen, lambda run: None)
        keys = {run.info.run_id: _key(run) for run in chosen}
        self._write_runs("trial", list(trials.values()), self._parents(keys))
        self._write_runs("training", list(trainings.values()), self._parents(keys))
        written = self._write_artifacts(list(found | dict.fromkeys(named)))
        self.writer.finish(
            written_by=versions(),
            exported_at=datetime.now(UTC).isoformat(timespec="seconds"),
            sweep=results.name,
            weights=self.weights,
            submissions=[self._described(run, trials) for run in chosen],
        )
        if any(run.info.status == "RUNNING" for run in chosen):
            notes.append("the sweep is running: the file has what is recorded so far")
        there = {key for _, key in written}
        measured = {key for run in trials.values() for key in records.measured(run).values()}
        networks = {key for kind, key in artifacts.of_runs(trials.values(), True) if kind == "arm"}
        return Exported(
            submissions=len(chosen),
            trials=len(trials),
            measurements=sum(kind in MEASUREMENTS for kind, _ in written),
            networks=sum(kind in NETWORKS for kind, _ in written),
            missing=len(measured - there),
            missing_networks=len(networks - there) if self.weights else 0,
            notes=tuple(notes),
        )

    def _submissions(self) -> list[Run]:
        """Those that are exported, the latest first."""
        if self.results.scope == "submission":
            return [self.results.submission]
        return records.submissions(self.results.client, self.results.name)

    def _trials(self) -> dict[str, Run]:
        """The trials that are exported, by their keys."""
        found = by_key(self.results.runs.values(), "trial")
        alone = self.results.scope == "submission"
        return {k: run for k, run in found.items() if not alone or k in self.results.wanted}

    def _parents(self, keys: Mapping[str, str]) -> Callable[[Run], str]:
        """Return which submission a run is shown below; `keys` are those of all, by run id, the
        latest first. Runs of others are shown below the latest."""
        latest = next(iter(keys.values()))
        return lambda run: keys.get(run.data.tags.get(records.PARENT, ""), latest)

    def _described(self, run: Run, trials: Mapping[str, Run]) -> Described:
        tags, prefix = run.data.tags, records.PLUGIN
        asked = asked_for(self.results.client, self.results.home, run, trials.values())
        data = run.data.params.get(f"{records.HYPERPARAMETER}data_address", "")
        return Described(
            key=_key(run),
            submitted_at=tags.get(records.SUBMITTED_AT, ""),
            trials=len(asked),
            recorded=len(asked & trials.keys()),
            own_code={n.removeprefix(prefix): v for n, v in tags.items() if n.startswith(prefix)},
            data=[data] if data else [],
        )

    def _artifacts(
        self, chosen: Iterable[Run]
    ) -> tuple[dict[artifacts.Artifact, None], set[str], list[str]]:
        """The artifacts that the specs of submissions lead to, the keys of their learning curves,
        and what could not be found out."""
        found: dict[artifacts.Artifact, None] = {}
        curves: set[str] = set()
        notes = []
        for run in chosen:
            text = files.read_text(self.results.client, self.results.home, run, records.SWEEP_FILE)
            try:
                if text is None:
                    raise UserError("an earlier version kept no resolved spec")
                plan, own = artifacts.of_plan(json.loads(text), self.store, self.weights)
            except (UserError, ValueError) as error:
                notes.append(
                    f"of submission {_key(run)[:8]} only what its records name is in the file: "
                    f"{error}"
                )
                continue
            found |= dict.fromkeys(own)
            curves.update(artifacts.curves(plan))
        return found, curves, notes

    def _trainings(self, chosen: Collection[Run], curves: Collection[str]) -> Mapping[str, Run]:
        """The trainings of which there are learning curves, by the curve's key."""
        results = self.results
        experiment = results.submission.info.experiment_id
        every = by_key(records.search(results.client, experiment, records.IS_TRAINING), "training")
        if results.scope != "submission":
            return every
        ids = {run.info.run_id for run in chosen}
        return {
            key: run
            for key, run in every.items()
            if key in curves or run.data.tags.get(records.PARENT) in ids
        }

    def _write_runs(
        self, kind: Kind, runs: Collection[Run], parent: Callable[[Run], str | None]
    ) -> None:
        """Write a list of runs, and their files."""
        client, home = self.results.client, self.results.home
        with (
            tempfile.TemporaryFile() as lines,
            progress(self.console, f"{kind} records", len(runs)) as tell,
        ):
            for run in runs:
                one = shared(client, home, run, parent(run))
                lines.write(one.model_dump_json().encode() + b"\n")
                for name in one.files:
                    text = files.read_text(client, home, run, name)
                    self.writer.add(one.path(name), (text or "").encode())
                tell(1)
            self.writer.add_from(records_path(kind), lines)

    def _write_artifacts(self, wanted: list[artifacts.Artifact]) -> list[artifacts.Artifact]:
        """Write those of some artifacts that the store has; return them."""
        there = self.store.complete(wanted)
        chosen = sorted(one for one in wanted if one[1] in there)
        small = [one for one in chosen if one[0] not in NETWORKS]
        large = [one for one in chosen if one[0] in NETWORKS]
        written = []
        with progress(self.console, "artifacts", len(chosen)) as tell:
            parts = [
                *(small[n : n + SMALL_AT_ONCE] for n in range(0, len(small), SMALL_AT_ONCE)),
                *([one] for one in large),
            ]
            for some in parts:
                for one, artifact in zip(some, self._read(some), strict=True):
                    if artifact is not None:
                        self._write_artifact(*one, artifact)
                        written.append(one)
                tell(len(some))
        return written

    def _read(self, some: Iterable[artifacts.Artifact]) -> list[Artifact | None]:
        def read(one: artifacts.Artifact) -> Artifact | None:
            with suppress(Missing):  # damaged, or removed since it was listed
                return self.store.read(*one)
            return None

        return self.store.files.each(read, some)

    def _write_artifact(self, kind: str, key: str, artifact: Artifact) -> None:
        folder = f"store/{kind}/{key[:2]}"
        manifest = json.dumps(artifact.facts, indent=1).encode()
        level = 1 if kind in NETWORKS else 6
        self.writer.add(f"{folder}/{artifact.facts['payload']}", artifact.payload, level)
        self.writer.add(f"{folder}/{key}.json", manifest)

    def _write_specs(self, chosen: Iterable[Run]) -> None:
        for run in chosen:
            text = files.read_text(self.results.client, self.results.home, run, records.SPEC_FILE)
            with suppress(UserError, ValueError):  # a spec of another version
                spec = runnable.spec_of(text or "", self.results.name, _key(run))
                self.writer.add(f"specs/{_key(run)}.yaml", spec.encode())

    def _write_tables(self) -> None:
        results = self.results
        tables = {
            "trials": results.trials.drop(columns="run_id"),
            "cells": results.cells,
            "onsets": onsets_of(results.cells),
            "pairs": results.pairs,
            "learning_curves": results.learning_curves,
        }
        for name, frame in tables.items():
            if len(frame):
                self.writer.add(f"tables/{name}.csv", frame.to_csv(index=False).encode())

    def _write_report(self) -> None:
        with tempfile.TemporaryDirectory() as scratch:
            path = write_report(self.results, Path(scratch, REPORT))
            self.writer.add(REPORT, path.read_bytes())


def _key(run: Run) -> str:
    return str(run.data.tags[records.SWEEP_KEY])
