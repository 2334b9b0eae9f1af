"""`sweeps specs`: the built-in specs."""

from __future__ import annotations

import re
import sys
from typing import Annotated

import typer

from sweeps import terminal
from sweeps.errors import UserError, did_you_mean

ROW_WIDTH = 72
"""Columns from which on a spec is shown as a row; a block where it is narrower."""


def specs(
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help="a built-in spec to print  [default: list them]"),
    ] = None,
) -> None:
    """List the built-in specs, or print one to start from.

    \b
    Examples:
      sweeps specs
      sweeps specs digits-mlp > my-sweep.yaml
    """
    from sweeps.loading import builtin_specs

    known = builtin_specs()
    if name is None:
        _list(list(known))
        return
    if name not in known:
        raise UserError(f"no spec named {name!r} is built in{did_you_mean(name, known)}")
    sys.stdout.write(known[name].read_text(encoding="utf-8"))


def _list(names: list[str]) -> None:
    import pandas as pd
    from rich.table import Table

    from sweeps import layout

    console = terminal.console()
    rows = pd.DataFrame([described(name) for name in names])
    if console.width < ROW_WIDTH:
        for block in layout.blocks(rows):
            console.print(block)
            console.print()
    else:
        table = Table("spec", "data", "cost", "paper", box=None, pad_edge=False)
        for column in table.columns[:2]:
            column.no_wrap = True
        for row in rows.itertuples(index=False, name=None):
            table.add_row(*row)
        console.print(table)
    console.print("`sweeps specs NAME` prints one; `sweeps plan NAME` says what it would do here")


def described(name: str) -> dict[str, str]:
    """Return what the list says of a spec: its name, data, cost and paper, from its header."""
    from sweeps.loading import read
    from trainables.recipes import RECIPES

    raw, text, _ = read(name)
    recipe = raw["recipe"]
    data = RECIPES[recipe].data if isinstance(recipe, str) else str(recipe["data"])
    return {
        "spec": name,
        "data": data,
        # In brackets: on what it was measured, or how computed.
        "cost": header(text, "Cost").partition(" (")[0],
        "paper": header(text, "Paper"),
    }


def header(text: str, field: str) -> str:
    """Return a field of the comment that heads a spec, which may go on over several lines."""
    found = re.search(rf"^# {field} +(.*(?:\n# {{6,}}.*)*)", text, re.MULTILINE)
    lines = found[1].split("\n") if found else []
    return " ".join(line.removeprefix("#").strip() for line in lines)
