"""Arguments and options that several commands share."""

from __future__ import annotations

from typing import Annotated

import typer

from sweeps.errors import UserError

SpecArgument = Annotated[str, typer.Argument(help="a built-in spec's name, or a YAML file")]
SetOption = Annotated[
    list[str],
    typer.Option("--set", metavar="KEY=VALUE", help="override a part of the spec: inits=1"),
]
HomeOption = Annotated[
    str | None,
    typer.Option("--home", help="where state lives [default: $SWEEPS_HOME or ./.sweeps]"),
]
StoreOption = Annotated[
    str | None, typer.Option("--store", help="artifact store (fsspec URL) [default: HOME/store]")
]
TrackingOption = Annotated[
    str | None,
    typer.Option("--tracking", help="MLflow tracking address [default: SQLite in HOME]"),
]
DataOption = Annotated[
    str | None,
    typer.Option("--data", help="where data sets lie [default: $SWEEPS_DATA or HOME/data]"),
]
WorkersOption = Annotated[
    int | None, typer.Option("--workers", min=1, help="batches of jobs at a time [default: as fit]")
]
SubmissionOption = Annotated[
    str | None,
    typer.Option(
        "--submission",
        metavar="KEY",
        help="only the trials of one submission; `sweeps list` has their keys [default: all]",
    ),
]
NameArgument = Annotated[str, typer.Argument(help="a sweep's name")]


def check_choice(option: str, value: str, allowed: tuple[str, ...]) -> None:
    """Raises UserError unless an option has one of the allowed values."""
    if value not in allowed:
        from sweeps.errors import did_you_mean

        raise UserError(f"{option} {value}: no such choice{did_you_mean(value, allowed)}")
