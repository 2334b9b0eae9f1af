"""`sweeps specs`: the built-in specs."""

from __future__ import annotations

import re
import sys
from typing import Annotated

import typer

from sweeps import completing, terminal
from sweeps.commands.options import check_choice
from sweeps.errors import UserError, did_you_mean

PAPERS = {"lmc": "LMC", "unmasking": "Unmasking"}
"""What `--paper` takes -> how the headers of specs call it."""

KINDS = ("table", "figure", "appendix")
ONE = r"(?:\d+|[A-Z]\b)"
NAMED = rf"\b([Tt]ables?|[Ff]igures?|[Aa]ppendi(?:x|ces)) ({ONE}(?:(?:, | and | to ){ONE})*)"
"""Of parts of a paper in a header: what they are, and which."""

ROW_WIDTH = 72
"""Columns from which on a spec is shown as a row; a block where it is narrower."""


def specs(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="NAME",
            help="a built-in spec to print  [default: list them]",
            autocompletion=completing.builtin_specs_alone,
        ),
    ] = None,
    paper: Annotated[
        str | None,
        typer.Option(
            metavar="PAPER",
            help="list them by a paper's figures: lmc or unmasking",
            autocompletion=lambda: list(PAPERS),
        ),
    ] = None,
) -> None:
    """List the built-in specs, or print one to start from.

    \b
    Examples:
      sweeps specs
      sweeps specs --paper lmc
      sweeps specs digits-mlp > my-sweep.yaml
    """
    from sweeps.builtin import builtin_specs
    from sweeps.schema.comment import COMMENT

    known = builtin_specs()
    if paper is not None:
        check_choice("--paper", paper, tuple(PAPERS))
        if name is not None:
            raise UserError("--paper lists specs; leave the name out")
        _list_by_figure(list(known), PAPERS[paper])
        return
    if name is None:
        _list(list(known))
        return
    if name not in known:
        raise UserError(f"no spec named {name!r} is built in{did_you_mean(name, known)}")
    sys.stdout.write(COMMENT + known[name].read_text(encoding="utf-8"))


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


def _list_by_figure(names: list[str], paper: str) -> None:
    """Print a row per table, figure and appendix of a paper, with the specs that are of it."""
    from rich.table import Table

    from sweeps.loading import read

    found: dict[tuple[int, int, str], list[str]] = {}
    for name in names:
        about = header(read(name)[1], "Paper")
        if about.startswith(paper):
            for item in parts(about):
                found.setdefault(item, []).append(name)
    table = Table("", "specs", box=None, pad_edge=False)
    table.columns[0].no_wrap = True
    for item, specs in sorted(found.items()):
        table.add_row(item[-1], ", ".join(specs))
    terminal.console().print(table)


def parts(paper: str) -> list[tuple[int, int, str]]:
    """Return the tables, figures and appendices that a header names: rank, place and name.

    "Tables 1 and 2, Figures 5 to 7" names five. What stands in brackets is left out.
    """
    found = []
    text = re.sub(r"\([^)]*\)", "", paper)
    for kind, numbers in re.findall(NAMED, text):
        rank = [one[0] for one in KINDS].index(kind[0].lower())
        for first, last in re.findall(r"(\d+|\b[A-Z]\b)(?: to (\d+))?", numbers):
            ends = (first, last or first)
            if first.isdigit():
                places = list(range(int(ends[0]), int(ends[1]) + 1))
                found += [(rank, place, f"{KINDS[rank]} {place}") for place in places]
            else:
                found.append((rank, ord(first), f"{KINDS[rank]} {first}"))
    return found


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
