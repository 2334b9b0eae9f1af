"""What an archive holds of a sweep, as it is to be imported: its submissions and runs, checked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pydantic import ValidationError

from analysis import records
from sweeps.errors import UserError
from sweeps.sharing.archive import Archive
from sweeps.sharing.contents import Kind, SharedRun, first_of, records_path
from sweeps.sharing.renaming import Renamed, renamed


@dataclass
class Received:
    """The runs of an archive that was verified, under the `name` that they are to get."""

    archive: Archive
    name: str

    def runs(self, kind: Kind) -> Iterator[SharedRun]:
        """Yield the runs of a kind. Raises UserError where one is not what it should be."""
        path = records_path(kind)
        for number, line in enumerate(self.archive.lines(path), 1):
            try:
                one = SharedRun.model_validate_json(line)
            except ValidationError as error:
                raise UserError(
                    f"{self.archive.path} is damaged, nothing is imported: {path}, line {number}: "
                    f"{first_of(error)}"
                ) from None
            yield one

    def check(self) -> None:
        """Raise UserError unless every list of runs can be read, with the files that it names."""
        listed = {one.key for one in self.archive.manifest.submissions}
        if {one.key for one in self.runs("sweep")} != listed:
            raise self._wrong("its submissions are not those of its manifest")
        for kind in ("sweep", "trial", "training"):
            for one in self.runs(kind):
                lacking = [n for n in one.files if one.path(n) not in self.archive.manifest.files]
                if lacking or one.kind != kind or (kind != "sweep" and one.parent not in listed):
                    raise self._wrong(f"{kind} {one.key} is not complete")

    def _wrong(self, what: str) -> UserError:
        return UserError(f"{self.archive.path} is damaged, nothing is imported: {what}")

    @cached_property
    def submissions(self) -> dict[str, SharedRun]:
        """Key in the archive -> submission as it is imported."""
        own = {one.key: one for one in self.runs("sweep")}
        return own | {key: one.run for key, one in self.renamed.items()}

    @cached_property
    def renamed(self) -> dict[str, Renamed]:
        """Key in the archive -> submission, where it gets another name. Raises UserError."""
        if self.name == self.archive.manifest.sweep:
            return {}
        found = {}
        for one in self.runs("sweep"):
            spec, text = self.spec(one)
            if spec is None:
                raise UserError(
                    f"--as {self.name}: an earlier version recorded submission {one.key[:8]} and "
                    "kept no resolved spec; its key under another name cannot be known"
                )
            found[one.key] = renamed(one, self.name, spec, text)
        return found

    def spec(self, one: SharedRun) -> tuple[dict[str, Any] | None, str]:
        """Every field of a submission's spec, if it was kept; and its text."""
        texts = {
            name: self.text(one, name) if name in one.files else ""
            for name in (records.SWEEP_FILE, records.SPEC_FILE)
        }
        try:
            spec = json.loads(texts[records.SWEEP_FILE] or "null")
            if not isinstance(spec, dict | None):
                raise ValueError("no mapping")
        except ValueError:
            raise self._wrong(f"{one.path(records.SWEEP_FILE)} is no resolved spec") from None
        return spec, texts[records.SPEC_FILE]

    def text(self, one: SharedRun, name: str) -> str:
        """Return a file of a run. Raises UserError."""
        try:
            return self.archive.read(one.path(name)).decode()
        except UnicodeError:
            raise self._wrong(f"{one.path(name)} is no text") from None
