"""How to run a recorded submission again: the exact command, and the spec's text."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from analysis import records
from sweeps.loading import builtin_specs
from sweeps.recording.submissions import OVERRIDE

if TYPE_CHECKING:
    from analysis.report.context import Spec
    from sweeps.results import Results


def specs_of(results: Results) -> list[Spec]:
    """Return the specs whose trials these are: that of `results.submission` first."""
    chosen = results.submission
    runs = {chosen.info.run_id: chosen}
    if results.scope != "submission":
        runs |= {part.run.info.run_id: part.run for one in results.settings for part in one.parts}
    others = [run for key, run in runs.items() if key != chosen.info.run_id]
    others.sort(key=lambda run: run.data.tags.get(records.SUBMITTED_AT, ""), reverse=True)
    return [
        spec_of(results.name, results.text_of(run, records.SPEC_FILE) or "", run.data.tags)
        for run in (chosen, *others)
    ]


def spec_of(name: str, text: str, tags: dict[str, str]) -> Spec:
    """Return what runs a recorded spec again. `text` ends with the overrides that it had."""
    from analysis.report.context import Spec

    lines = text.splitlines()
    if not lines:
        return Spec(text, "")
    overrides: list[str] = []
    while lines and lines[-1].startswith(OVERRIDE):
        overrides.insert(0, lines.pop().removeprefix(OVERRIDE))
    body = "\n".join(lines).strip()
    built_in = (stem for stem, path in builtin_specs().items() if path.read_text().strip() == body)
    known = next(built_in, None)
    file = "" if known else f"{name}.yaml"
    options = [part for one in overrides for part in ("--set", one)]
    command = shlex.join(["sweeps", "run", known or file, *options])
    return Spec(text, command, file, any(tag.startswith(records.PLUGIN) for tag in tags))
