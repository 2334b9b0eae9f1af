"""Tables fit any width, with every name and every cell whole."""

from __future__ import annotations

import io

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from analysis.tables import CORE_COLUMNS, IDENTITY_COLUMNS
from sweeps import layout


def printed(frame: pd.DataFrame, width: int, **options: object) -> list[str]:
    """The lines of each table, one after another."""
    lines: list[str] = []
    for table in layout.fitted(frame, width, **options):
        console = Console(file=io.StringIO(), width=width, markup=False)
        console.print(table)
        lines += [line.rstrip() for line in console.file.getvalue().splitlines()]
    return lines


SUMMARY = pd.DataFrame(
    {
        "strategy": ["Dense", "Random pruning"],
        "weights left %": ["100.0", "8.6"],
        "rewind k": ["0", "120"],
        "instability %": ["64.3 ± 16.4", "72.4 ± 8.3"],
        "95 % interval": ["52.0 to 75.1", "66.1 to 79.0"],
        "n": ["9 (3 inits)", "9 (3 inits)"],
        "accuracy %": ["97.6 ± 0.4", "92.9 ± 1.1"],
        "paper %": ["–", "–"],
        "deviation": ["–", "–"],
        "drop": ["0.0", "+4.7"],
        "stable": ["no", "no"],
        "stable samples": ["0 of 9", "0 of 9"],
        "matching": ["yes", "no"],
    }
)


@pytest.mark.parametrize("width", [200, 100, 80, 60, 40])
def test_the_table_of_cells_is_whole_at_every_width(width: int) -> None:
    lines = printed(SUMMARY, width, keys=IDENTITY_COLUMNS, core=CORE_COLUMNS)
    text = " ".join(" ".join(lines).split())
    assert max(map(len, lines)) <= width
    assert "…" not in text
    for column in SUMMARY.columns:
        for cell in SUMMARY[column]:
            assert cell in text
        assert all(word in text.split() for word in column.split())


def test_more_than_fits_is_several_tables_with_the_same_keys_and_the_core_first() -> None:
    tables = layout.fitted(SUMMARY, 80, keys=IDENTITY_COLUMNS, core=CORE_COLUMNS)
    names = [[" ".join(str(c.header).split()) for c in table.columns] for table in tables]
    assert len(tables) > 1
    assert all(found[:3] == list(IDENTITY_COLUMNS[1:]) for found in names)
    core = [column for column in CORE_COLUMNS if column in SUMMARY]
    assert names[0] == core[: len(names[0])]
    assert {name for found in names for name in found} == set(SUMMARY.columns)


def test_what_fits_is_one_table_in_the_order_of_the_frame() -> None:
    (table,) = layout.fitted(SUMMARY, 200, keys=IDENTITY_COLUMNS, core=CORE_COLUMNS)
    assert [str(column.header) for column in table.columns] == list(SUMMARY.columns)


words = st.text(alphabet="ab±%", min_size=1, max_size=8)
names = st.lists(words, min_size=1, max_size=3).map(" ".join)


@given(
    st.lists(names, min_size=1, max_size=6, unique=True).flatmap(
        lambda columns: st.lists(st.tuples(*(words for _ in columns)), min_size=1, max_size=3).map(
            lambda rows: pd.DataFrame(rows, columns=columns)
        )
    ),
    st.integers(min_value=20, max_value=80),
)
def test_no_line_is_too_long_and_no_cell_is_lost(frame: pd.DataFrame, width: int) -> None:
    keys = list(frame.columns[:1])
    lines = printed(frame, width, keys=keys)
    found = " ".join(lines).split()
    assert max(map(len, lines)) <= width
    assert all(cell in found for row in frame.itertuples(index=False) for cell in row)


def test_brackets_are_no_markup() -> None:
    frame = pd.DataFrame({"name": ["[bold]x[/bold]"]})
    assert printed(frame, 80, keys=["name"])[1] == "[bold]x[/bold]"
