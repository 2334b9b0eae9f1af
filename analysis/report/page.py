"""The page of a report: one HTML file that works without anything else.

The scripts and styles are in `assets/`. A policy in the page allows these scripts alone, by their
hashes, and no request.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from analysis import tables as strings
from analysis.evidence import Finding
from analysis.report.context import Context
from analysis.report.figure_data import csv
from analysis.report.links import Link, Target, links
from analysis.report.plot import Plot
from analysis.report.samples import Samples
from analysis.report.table import Table
from analysis.study import Study

FOLDER = Path(__file__).parent / "assets"
SCRIPTS = (
    *("rows.js", "copying.js", "numbers.js", "samples.js", "sorting.js"),
    *("conditions.js", "filter.js", "scrolling.js", "page.js"),
)
"""In the order in which they run."""

NAMES = ("sweep", *strings.NAME_COLUMNS)
"""The columns of names, aligned left."""

SWEEP = "sweep"

LONG = 13
"""Characters from which on a cell may be broken into lines: "64.3 ± 16.4" stays on one."""


@dataclass(frozen=True)
class Part:
    """What a report says of one sweep."""

    study: Study
    context: Context
    findings: Sequence[Finding]
    tables: Sequence[Table]
    others: Sequence[Table]
    partial: str | None
    tolerance: str
    sources: str


@dataclass(frozen=True)
class Row:
    """A row of a table."""

    id: str
    cells: list[str]
    trials: str
    """The numbers of the trials behind it, as `Samples.numbers`."""


@dataclass(frozen=True)
class Shown:
    """A table as the page has it: of one sweep, or of several."""

    id: str
    title: str
    caption: str
    columns: list[str]
    rows: list[Row]
    measured: str
    target: Target


@dataclass(frozen=True)
class Said:
    """A finding with its links."""

    text: str
    links: list[Link]


def render(
    name: str,
    description: str,
    parts: Sequence[Part],
    plots: Sequence[Plot],
    differences: Mapping[str, Sequence[str]],
    report_command: str,
) -> str:
    """Return the page of one or several sweeps as HTML.

    `differences` has the fields in which the specs of several sweeps differ: name -> the value in
    each.
    """
    samples = Samples()
    for part in parts:
        every = (*part.tables, *part.others)
        samples.add(part.study, every, part.context.runs)
    ids: dict[str, int] = {}
    tables = _together([(part, one) for part in parts for one in part.tables], samples, ids)
    others = _together([(part, one) for part in parts for one in part.others], samples, ids)
    targets = [one.target for one in (*tables, *others)]
    first = parts[0]
    figures = {plot.name: csv(plot.data) for plot in plots if plot.data is not None}
    data = {
        "samples": samples.block(),
        "figures": figures,
    }
    scripts = [_script(one) for one in SCRIPTS]
    return _template().render(
        name=name,
        description=description,
        scopes=[(part.context.name, part.context.scope) for part in parts if part.context.scope],
        partials=[(part.context.name, part.partial) for part in parts if part.partial],
        written=next((part.context.written for part in parts if part.context.written), ""),
        several=len(parts) > 1,
        parts=parts,
        findings=_findings(parts, targets, plots),
        plots=plots,
        tables=tables,
        others=others,
        sources=" ".join(dict.fromkeys(part.sources for part in parts if part.sources)),
        differences=differences,
        same=len(parts) > 1 and not differences and any(part.context.fields for part in parts),
        long=LONG,
        names=NAMES,
        context=first.context,
        tolerances=list(dict.fromkeys(part.tolerance for part in parts)),
        report_command=report_command,
        style=Markup((FOLDER / "style.css").read_text(encoding="utf-8")),
        scripts=scripts,
        policy=_policy(scripts),
        data=_json(data),
    )


def _findings(
    parts: Sequence[Part], targets: Sequence[Target], plots: Sequence[Plot]
) -> list[Said]:
    several = len(parts) > 1
    found = []
    for part in parts:
        within = {SWEEP: part.study.name} if several else {}
        for finding in part.findings:
            text = f"{part.study.name}: {finding}" if several else str(finding)
            found.append(Said(text, links(finding, targets, plots, within)))
    return found


def _together(
    tables: Sequence[tuple[Part, Table]], samples: Samples, ids: dict[str, int]
) -> list[Shown]:
    """Return tables of one kind and title as one, with a column that names the sweep."""
    several = len({part.study.name for part, _ in tables}) > 1
    groups: dict[tuple[str, str], list[tuple[Part, Table]]] = {}
    for part, table in tables:
        groups.setdefault((table.kind, table.title), []).append((part, table))
    found = []
    for (kind, title), group in groups.items():
        ids[kind] = ids.get(kind, 0) + 1
        name = kind if ids[kind] == 1 else f"{kind}-{ids[kind]}"
        found.append(_shown(name, title, group, samples, several))
    return found


def _shown(
    name: str, title: str, group: Sequence[tuple[Part, Table]], samples: Samples, several: bool
) -> Shown:
    columns: list[str] = []
    for _, table in group:
        after = 0
        for column in map(str, table.frame.columns):
            if column not in columns:
                columns.insert(after, column)
            after = columns.index(column) + 1
    rows: list[Row] = []
    places: list[dict[str, Any]] = []
    for part, table in group:
        sweep = part.study.name
        values = table.frame.rename(columns=str).to_dict("records")
        for row, behind, place in zip(values, table.behind(), table.rows, strict=True):
            cells = [str(row.get(column, "")) for column in columns]
            numbers = samples.numbers(sweep, behind)
            rows.append(
                Row(f"{name}-row-{len(rows) + 1}", [sweep, *cells] if several else cells, numbers)
            )
            places.append({SWEEP: sweep, **place})
    captions = dict.fromkeys(one.caption[:1].upper() + one.caption[1:] for _, one in group)
    measured = dict.fromkeys(one for _, table in group for one in table.measured)
    return Shown(
        id=name,
        title=title,
        caption=" ".join(captions),
        columns=[SWEEP, *columns] if several else columns,
        rows=rows,
        measured=" ".join(measured),
        target=Target(group[0][1].kind, title, name, places),
    )


def _json(data: Any) -> Markup:
    """Return data as JSON that nothing in it can end the script element of."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return Markup(text.replace("<", "\\u003c").replace("\u2028", "\\u2028"))


@cache
def _script(name: str) -> Markup:
    text = (FOLDER / name).read_text(encoding="utf-8")
    assert "</" not in text, f"{name} would end its element"
    return Markup(f"\n{text}")


def _policy(scripts: Iterable[str]) -> str:
    """Return a content security policy: no request at all, and no script but these."""
    hashes = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(one.encode()).digest()).decode()}'"
        for one in scripts
    )
    return (
        f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; base-uri 'none'; "
        "form-action 'none'"
    )


@cache
def _template() -> Any:
    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html")
