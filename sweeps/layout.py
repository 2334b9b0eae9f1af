"""Fitting tables of strings to a width: no name is cut, and no cell wraps.

What does not fit as one table becomes several that repeat the key columns, or a block per row.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.table import Table

from sweeps import terminal

if TYPE_CHECKING:
    import pandas as pd

GAP = 2
"""Spaces between columns where there is room; one where that is what it takes."""


def fitted(
    frame: pd.DataFrame, width: int, *, keys: Sequence[str], core: Sequence[str] = ()
) -> list[Table]:
    """Return the tables that show every column of a frame of strings within a width.

    `keys` are the columns that identify a row: they come first in each table. If it takes
    several, those of `core` come before the other columns.
    """
    keys = [key for key in keys if key in frame.columns]
    rest = [column for column in frame.columns if column not in keys]
    groups = [[*keys, *rest]]
    if narrowest(frame) > width:
        ordered = [c for c in rest if c in core] + [c for c in rest if c not in core]
        groups = _groups(frame, keys, ordered, width)
    if any(narrowest(frame[group]) > width for group in groups):
        return blocks(frame)
    return [table(frame[group], width) for group in groups]


def _groups(
    frame: pd.DataFrame, keys: list[str], columns: Sequence[str], width: int
) -> list[list[str]]:
    groups: list[list[str]] = []
    for column in columns:
        if groups and narrowest(frame[[*groups[-1], column]]) <= width:
            groups[-1].append(column)
        else:
            groups.append([*keys, column])
    return groups


def narrowest(frame: pd.DataFrame) -> int:
    """Return the least width of a table whose names wrap between words, and cells not at all."""
    columns = _columns(frame, wrapped=True)
    return sum(width for _, width in columns) + len(columns) - 1


def table(frame: pd.DataFrame, width: int) -> Table:
    """Return a frame of strings as one table, as roomy as a width allows."""
    for wrapped, gap in ((False, GAP), (True, GAP), (True, 1)):
        columns = _columns(frame, wrapped=wrapped)
        if sum(size for _, size in columns) + gap * (len(columns) - 1) <= width:
            break
    made = Table(box=None, padding=(0, gap, 0, 0), pad_edge=False)
    for (name, _), column in zip(columns, frame.columns, strict=True):
        numeric = all(_is_number(value) for value in frame[column])
        made.add_column(name, no_wrap=True, justify="right" if numeric else "left")
    for row in frame.itertuples(index=False, name=None):
        made.add_row(*(terminal.shown(str(value)) for value in row))
    return made


def blocks(frame: pd.DataFrame) -> list[Table]:
    """Return a block per row, of a line per column."""
    made = []
    for row in frame.itertuples(index=False, name=None):
        block = Table(box=None, padding=(0, GAP, 0, 0), pad_edge=False, show_header=False)
        for name, value in zip(frame.columns, row, strict=True):
            block.add_row(terminal.shown(str(name)), terminal.shown(str(value)))
        made.append(block)
    return made


def _columns(frame: pd.DataFrame, *, wrapped: bool) -> list[tuple[str, int]]:
    """The name of each column, on several lines if it may wrap, and the column's width."""
    found = []
    for column in frame.columns:
        body = max((cell_len(terminal.shown(str(value))) for value in frame[column]), default=0)
        lines = [terminal.shown(str(column))]
        if wrapped:
            longest = max((cell_len(word) for word in lines[0].split()), default=1)
            lines = textwrap.wrap(
                lines[0], max(body, longest), break_long_words=False, break_on_hyphens=False
            )
        found.append(("\n".join(lines), max(body, *map(cell_len, lines), 0)))
    return found


def _is_number(text: object) -> bool:
    return not any(character.isalpha() for character in str(text))
