"""The page of every MLflow name, from the module that spells them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from analysis import records
from docs.generate.markdown import code, head, table

INTRODUCTION = """
In MLflow a sweep is an experiment of the same name. Each submission of a spec is a run. Below it
lie one run per trial, and one run per training that has a learning curve. `sweeps ui` opens
MLflow's interface on them; `sweeps results` and `analysis.open` read them without it.

Errors, accuracies and instabilities are percentages (0 to 100). Losses are mean cross-entropies in
nats. "`version.` + package" means that the name goes on with a package's name.
"""

SUBMISSION_METRICS = (
    ("instability_test/LINE", "mean test instability of a line, stepped by the rewind iteration k"),
    ("accuracy_test/LINE", "mean test accuracy of a line, stepped by k"),
    ("stable_from/LINE", "first measured k from which the line is stable"),
    ("matching_from/LINE", "first measured k from which the line is matching"),
)
"""Written by sweeps/recording/summary.py."""

NAME, TEXT = r"[A-Z][A-Z0-9_]*", r'"[^"]*"'
CONSTANT = re.compile(rf"^({NAME}(?:, {NAME})*) = ({TEXT}(?:, {TEXT})*)  # (.+)$")
BARE = re.compile(rf"^({NAME}) = ({TEXT})$")
SECTION = re.compile(r"^# --- (.+?) -+$")


def names() -> Iterator[tuple[str, str, str]]:
    """Yield section, name and meaning of each constant that spells one."""
    section = ""
    for line in Path(records.__file__).read_text(encoding="utf-8").splitlines():
        if found := SECTION.match(line):
            section = found[1]
        elif found := CONSTANT.match(line) or BARE.match(line):
            meaning = found[3] if found.lastindex == 3 else ""
            for name in re.findall(r'"([^"]*)"', found[2]):
                yield section, name, meaning


def page() -> str:
    """Return the page, with a table per kind of name."""
    sections: dict[str, list[tuple[str, str]]] = {}
    for section, name, meaning in names():
        following, _, rest = meaning.removeprefix("+ ").partition(": ")
        if meaning.startswith("+ "):
            sections.setdefault(section, []).append((f"{code(name)} + {following}", rest))
        else:
            sections.setdefault(section, []).append((code(name), meaning))
    parts = [head("MLflow names", "analysis/records.py", INTRODUCTION)]
    for section, rows in sections.items():
        title = section[:1].upper() + section[1:]
        parts.append(f"## {title}\n\n{table(('name', 'meaning'), rows)}")
        if section == "files of a submission":
            parts.append(
                "## Metrics of a submission\n\nThey are written when the submission is complete. "
                "LINE is `STRATEGY level LEVEL`, followed by the values of what varies.\n\n"
                + table(("name", "meaning"), [(code(n), m) for n, m in SUBMISSION_METRICS])
            )
    scalars = [*records.SCALAR_METRICS, *records.END_METRICS]
    parts.append(
        "## All metrics of a trial\n\nThose of `instability`, `accuracy` and every trial, spelled "
        "out: "
        + ", ".join(map(code, scalars))
        + ". [Other measures](names.md#what-measures-record) record the columns that they "
        "declare.\n"
    )
    return "\n".join(parts)
