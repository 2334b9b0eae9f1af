"""Rows as a table, for a terminal and as Markdown."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Group
from rich.table import Table
from rich.text import Text

from benchmarks.harness import Row, Spread

HEADER = ("work", "ours", "against", "ratio (least to most)", "target", "reached")


def for_terminal(rows: Iterable[Row]) -> Group:
    table = Table(*HEADER)
    notes: dict[str, int] = {}
    for row in rows:
        work, *others = _cells(row)
        number = _number_of(row, notes)
        table.add_row(Text(f"{work} [{number}]" if number else work), *others)
    return Group(table, *(Text(f"[{number}] {note}") for note, number in notes.items()))


def for_markdown(rows: Iterable[Row]) -> str:
    lines = [f"| {' | '.join(HEADER)} |", "|---" * len(HEADER) + "|"]
    notes: dict[str, int] = {}
    for row in rows:
        work, *others = _cells(row)
        number = _number_of(row, notes)
        mark = f" <sup>{number}</sup>" if number else ""
        lines.append(f"| {' | '.join([work + mark, *others])} |")
    lines += ["", *(f"{number}. {note}" for note, number in notes.items())]
    return "\n".join(lines) + "\n"


def _number_of(row: Row, notes: dict[str, int]) -> int | None:
    return notes.setdefault(row.note, len(notes) + 1) if row.note else None


def _cells(row: Row) -> list[str]:
    return [
        row.work,
        _amount(row.ours, row.unit),
        _amount(row.against, row.unit) if row.against else "",
        _ratio(row.ratio) if row.ratio else "",
        str(row.target or ""),
        {True: "yes", False: "no", None: ""}[row.reached],
    ]


def _number(value: float) -> str:
    """Three digits, or all before the point."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _amount(spread: Spread, unit: str) -> str:
    return f"{_number(spread.median)} {unit}"


def _ratio(spread: Spread) -> str:
    if spread.least == spread.most:
        return _number(spread.median)
    return f"{_number(spread.median)} ({_number(spread.least)} to {_number(spread.most)})"
