"""Links from findings to the rows and figures that prove them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.evidence import Evidence, Finding, Place, agree

if TYPE_CHECKING:
    from analysis.report.plot import Plot


@dataclass(frozen=True)
class Link:
    """A link of the page."""

    text: str
    target: str
    """The id of an element."""
    rows: tuple[str, ...] = ()
    """The ids of all rows that are meant."""


@dataclass(frozen=True)
class Target:
    """A table of the page that can be linked to."""

    kind: str
    title: str
    id: str
    rows: Sequence[Place]
    """What each row is about; its id is that of the table and its number, `cells-row-3`."""


def links(
    finding: str, tables: Iterable[Target], plots: Iterable[Plot], within: Place
) -> list[Link]:
    """Return where the evidence of a finding stands in the page; tables first.

    `within` is what all of it is about: one of several sweeps. Empty for a sentence that names no
    evidence.
    """
    evidence = finding.evidence if isinstance(finding, Finding) else ()
    found = []
    for table in tables:
        own = [one for one in evidence if one.kind == table.kind]
        rows = [n for n, row in enumerate(table.rows) if _proves(own, row, within)]
        if rows:
            ids = tuple(f"{table.id}-row-{number + 1}" for number in rows)
            found.append(Link(_text(table.title, len(rows), len(table.rows)), ids[0], ids))
    for plot in plots:
        own = [one for one in evidence if one.kind == plot.kind]
        if own and _proves(own, plot.place, within):
            found.append(Link(f"figure: {plot.title}", f"figure-{plot.name}"))
    return found


def _proves(evidence: Sequence[Evidence], row: Place, within: Place) -> bool:
    return agree(within, row) and any(agree(at, row) for one in evidence for at in one.places)


def _text(title: str, rows: int, every: int) -> str:
    if rows == every:
        return title
    return f"{title}, {rows} row{'' if rows == 1 else 's'}"
