"""`sweeps results`: the trials of a sweep."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sweeps import terminal
from sweeps.cluster.commands import AddressOption
from sweeps.commands.options import (
    HomeOption,
    NameArgument,
    SubmissionOption,
    TrackingOption,
    check_choice,
)
from sweeps.commands.reading import read_results, tracking_of
from sweeps.errors import UserError


def results(
    name: NameArgument,
    where: Annotated[str | None, typer.Option(help="a filter: level = 11 and rewind = 120")] = None,
    format_: Annotated[str, typer.Option("--format", help="table, csv, json or parquet")] = "table",
    output: Annotated[Path | None, typer.Option("--output", "-o", help="a file to write")] = None,
    submission: SubmissionOption = None,
    home: HomeOption = None,
    tracking: TrackingOption = None,
    address: AddressOption = None,
) -> None:
    """The trials of a sweep, one row each, from MLflow."""
    from sweeps import display
    from sweeps.home import resolve
    from sweeps.query import select

    check_choice("--format", format_, ("table", "csv", "json", "parquet"))
    if format_ == "parquet" and output is None:
        raise UserError("--format parquet needs --output FILE")
    place = resolve(home, None, tracking_of(tracking, address))
    trials = select(read_results(place, name, submission).trials, where)
    display.write_trials(terminal.console(), trials, format_, output)
