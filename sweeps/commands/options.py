"""Arguments and options that several commands share, and checks of their values."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from math import isfinite
from pathlib import Path
from typing import Annotated

import typer

from sweeps import completing
from sweeps.errors import UserError, did_you_mean
from sweeps.running.priority import HIGHEST, LOWEST

SpecArgument = Annotated[
    str,
    typer.Argument(
        metavar="SPEC",
        help="a built-in spec's name, or a YAML file",
        autocompletion=completing.specs,
    ),
]
SetOption = Annotated[
    list[str],
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="override a part of the spec; may be repeated, and reaches into lists: "
        "--set inits=1 --set 'subnetworks.1.levels=[3,5]'",
    ),
]
PluginsOption = Annotated[
    str | None,
    typer.Option(
        "--plugins",
        metavar="FOLDER",
        help="where own code is, `module:object` in a spec  [default: beside the spec's file]",
    ),
]
HomeOption = Annotated[
    str | None,
    typer.Option(
        "--home", metavar="FOLDER", help="where state lives  [default: $SWEEPS_HOME or ./.sweeps]"
    ),
]
StoreOption = Annotated[
    str | None,
    typer.Option(
        "--store",
        metavar="URL",
        help="artifact store (path or fsspec URL)  [default: $SWEEPS_STORE or HOME/store]",
    ),
]
TrackingOption = Annotated[
    str | None,
    typer.Option(
        "--tracking",
        metavar="URL",
        help="MLflow tracking address  [default: $SWEEPS_TRACKING or SQLite in HOME]",
    ),
]
DataOption = Annotated[
    str | None,
    typer.Option(
        "--data",
        metavar="FOLDER",
        help="where data sets lie  [default: $SWEEPS_DATA or HOME/data]",
    ),
]
WorkersOption = Annotated[
    int | None,
    typer.Option(
        "--workers",
        metavar="NUMBER",
        min=1,
        help="batches of jobs at a time  [default: as fit]",
    ),
]
BudgetOption = Annotated[
    str | None,
    typer.Option(
        "--budget",
        metavar="TIME|COST",
        help="what all runs may take: '2 h', '90 min', or a cost  [default: as the spec says]",
    ),
]
PriceOption = Annotated[
    float | None,
    typer.Option(
        "--price-per-hour", metavar="PRICE", help="of one worker, in any currency: for the cost"
    ),
]
PriorityOption = Annotated[
    int,
    typer.Option(
        "--priority",
        metavar="NUMBER",
        min=LOWEST,
        max=HIGHEST,
        help="among the sweeps on a cluster: a higher one gets the next free worker",
    ),
]
SubmissionOption = Annotated[
    str | None,
    typer.Option(
        "--submission",
        metavar="KEY",
        help="only the trials of one submission; `sweeps list` has their keys [default: all]",
    ),
]
NameArgument = Annotated[
    str, typer.Argument(metavar="NAME", help="a sweep's name", autocompletion=completing.sweeps)
]

MAX_PORT = 65535


def check_choice(option: str, value: str, allowed: tuple[str, ...]) -> None:
    """Raise UserError unless an option has one of the allowed values."""
    if value not in allowed:
        raise UserError(f"{option} {value}: no such choice{did_you_mean(value, allowed)}")


def check_finite(option: str, value: float | None) -> None:
    """Raise UserError if an option's number is infinite or none."""
    if value is not None and not isfinite(value):
        raise UserError(f"{option} {value}: must be a finite number")


def check_output(option: str, path: Path | None) -> Path | None:
    """Return the path of a file to write, with the user's home in place of `~`.

    Raises UserError if it surely cannot be written there, before any work is done for it.
    """
    if path is None:
        return None
    path = Path(os.path.expanduser(path))
    with _one_line(option, path):
        if path.is_dir():
            raise UserError(f"{option} {path}: this is a folder, not a file")
        if not path.parent.is_dir():
            raise UserError(f"{option} {path}: there is no folder {path.parent}")
        if not os.access(path if path.exists() else path.parent, os.W_OK):
            raise UserError(f"{option} {path}: cannot be written")
    return path


def check_folder(option: str, path: Path | None) -> Path | None:
    """Return the path of a folder to write files into, which need not exist, as `check_output`."""
    if path is None:
        return None
    path = Path(os.path.expanduser(path))
    with _one_line(option, path):
        there = next(place for place in (path, *path.absolute().parents) if place.exists())
        if not there.is_dir():
            raise UserError(f"{option} {path}: {there} is a file, not a folder")
        if not os.access(there, os.W_OK):
            raise UserError(f"{option} {path}: {there} cannot be written")
    return path


@contextmanager
def _one_line(option: str, path: Path) -> Iterator[None]:
    """A name that no file can have (too long, say) is an error of the option."""
    try:
        yield
    except OSError as error:
        raise UserError(f"{option} {path}: {error.strerror}") from None
