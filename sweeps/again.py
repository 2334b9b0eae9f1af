"""How to run recorded submissions again: the exact commands, and their specs."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import TYPE_CHECKING

from analysis import records
from sweeps.loading import builtin_specs
from sweeps.recording.submissions import parted

if TYPE_CHECKING:
    from analysis.report.context import Spec
    from sweeps.results import Results


def specs_of(results: Results) -> tuple[Spec, ...]:
    """Return the specs whose trials these are, in the order in which they are to be run again.

    That is the order in which they were submitted, but `results.submission` is the last one: what
    it asks for is what `sweeps report` compares with and judges by.
    """
    chosen = results.submission
    runs = {chosen.info.run_id: chosen}
    if results.scope != "submission":
        runs |= {part.run.info.run_id: part.run for one in results.settings for part in one.parts}
    others = [run for key, run in runs.items() if key != chosen.info.run_id]
    others.sort(key=lambda run: run.data.tags.get(records.SUBMITTED_AT, ""))
    files: dict[str, str] = {}
    return tuple(
        spec_of(results.name, results.text_of(run, records.SPEC_FILE) or "", run.data.tags, files)
        for run in (*others, chosen)
    )


def spec_of(
    name: str, text: str, tags: Mapping[str, str], files: dict[str, str] | None = None
) -> Spec:
    """Return what runs a recorded spec again. `text` ends with the overrides that it had.

    `files` has the names of files that are taken, by what is in them, and takes a new one.
    """
    from analysis.report.context import Spec

    if not text.strip():
        return Spec(text, "")
    body, overrides = parted(text.strip())
    built_in = (stem for stem, path in builtin_specs().items() if path.read_text().strip() == body)
    known = next(built_in, None)
    file = "" if known else _file(name, body, {} if files is None else files)
    options = [part for one in overrides for part in ("--set", one)]
    command = shlex.join(["sweeps", "run", known or file, *options])
    return Spec(
        _with_note(body, overrides),
        command,
        file,
        any(tag.startswith(records.PLUGIN) for tag in tags),
    )


def _file(name: str, body: str, files: dict[str, str]) -> str:
    if body not in files:
        files[body] = f"{name}.yaml" if not files else f"{name}-{len(files) + 1}.yaml"
    return files[body]


def _with_note(body: str, overrides: list[str]) -> str:
    """Return a spec that says at its top what the command changes: a copy has to tell it, too."""
    if not overrides:
        return f"{body}\n"
    changes = "".join(f"#   --set {one}\n" for one in overrides)
    return f"# The command that ran this spec changed it:\n{changes}{body}\n"


def report_command(results: Results, specs: tuple[Spec, ...]) -> str:
    """Return the command that writes a report of these very trials.

    That of a submission's recipe alone is written at the end of `sweeps run`.
    """
    command = f"sweeps report {shlex.quote(results.name)}"
    if results.scope == "submission":
        return f"{command} --submission {results.submission.data.tags[records.SWEEP_KEY][:8]}"
    return specs[-1].command if results.scope == "recipe" and results.others else command


def of_unknown(results: Results) -> int:
    """Return how many trials are of submissions that are not recorded any more."""
    asked: set[str] = set().union(*(one.trials(None) for one in results.settings))
    return len(set(results.trials["trial"]) - asked)
