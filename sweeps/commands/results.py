"""`sweeps results`: the trials of a sweep."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from analysis.learning import LEARNING_COLUMNS
from sweeps import terminal
from sweeps.commands.cluster import AddressOption
from sweeps.commands.options import (
    HomeOption,
    NameArgument,
    SubmissionOption,
    TrackingOption,
    check_choice,
    check_output,
)
from sweeps.commands.reading import read_results, tracking_of
from sweeps.errors import UserError, did_you_mean

if TYPE_CHECKING:
    import pandas as pd

FORMATS = ("table", "csv", "json", "parquet")


def results(
    name: NameArgument,
    where: Annotated[
        str | None,
        typer.Option(
            metavar="CONDITION",
            help="which trials: comparisons (=, !=, <, <=, >, >=, in) joined by and, or, not, ( )",
        ),
    ] = None,
    columns: Annotated[
        str | None,
        typer.Option(metavar="A,B,C", help="which columns, or all  [default: the main ones]"),
    ] = None,
    curves: Annotated[
        bool, typer.Option("--curves", help="the errors and losses along each trial's path")
    ] = False,
    along: Annotated[
        str | None,
        typer.Option(
            "--along", metavar="AXIS", help="what measures say along an axis: layer, iteration, ..."
        ),
    ] = None,
    learning_curves: Annotated[
        bool,
        typer.Option(
            "--learning-curves", help="error and loss of each training as it went on (evaluate)"
        ),
    ] = False,
    format_: Annotated[
        str | None,
        typer.Option(
            "--format",
            metavar="FORMAT",
            help="table, csv, json or parquet  [default: by the ending of --output, else table, "
            "or csv for curves]",
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="a file to write")
    ] = None,
    no_pager: Annotated[
        bool, typer.Option("--no-pager", help="print all at once, however long")
    ] = False,
    submission: SubmissionOption = None,
    home: HomeOption = None,
    tracking: TrackingOption = None,
    address: AddressOption = None,
) -> None:
    """Show or export the trials of a sweep, one row each.

    A table shows the main columns; csv, json and parquet have all of them.

    \b
    Examples:
      sweeps results digits-mlp --where "level = 11 and not rewind in (0, 20)"
      sweeps results digits-mlp --columns strategy,rewind,accuracy_train
      sweeps results digits-mlp --curves -o curves.csv
      sweeps results digits-mlp --along layer -o layers.csv
      sweeps results digits-mlp --learning-curves -o learning.csv
    """
    from sweeps import axes, query, trial_tables
    from sweeps.home import resolve

    if learning_curves:
        for option, given in (("--curves", curves), ("--along", along), ("--where", where)):
            if given:
                raise UserError(f"--learning-curves is of trainings: it goes without {option}")
    if curves and along:
        raise UserError("--curves and --along are two tables: give one of them")
    asked_for = {"--curves": curves, "--along": along, "--learning-curves": learning_curves}
    long = next((option for option, given in asked_for.items() if given), None)
    form = _format(format_, output, long)
    wide = LEARNING_COLUMNS if learning_curves else trial_tables.CURVE_COLUMNS if curves else None
    if along and columns:
        raise UserError("--along has the columns of all measures with this axis: no --columns")
    asked = _columns(columns, wide)
    condition = None if where is None else query.parse(where)
    output = check_output("--output", output)

    place = resolve(home, None, tracking_of(tracking, address))
    found = read_results(place, name, submission)
    if learning_curves:
        frame = found.learning_curves
        if frame.empty:
            raise UserError(
                f"no learning curves are recorded of {name}: a spec asks for them by evaluate, "
                "--set 'evaluate.every=1 epoch'"
            )
    else:
        frame = query.select(found.trials, condition)
    if curves:
        frame = trial_tables.curves(frame, found.curves(frame))
    if along:
        frame = axes.along(found, frame, along)
    if form != "table":
        trial_tables.export(trial_tables.chosen(frame, asked or None), form, output)
    elif output is not None:
        trial_tables.write_table(frame, _shown(asked, frame), output)
    else:
        shown = _shown(asked, frame)
        trial_tables.show(terminal.console(), frame, shown, pager=not no_pager)
    if output is not None:
        rows = "1 row" if len(frame) == 1 else f"{len(frame):,} rows"
        terminal.console().print(f"wrote {output} ({rows})", soft_wrap=True)


def _format(asked: str | None, output: Path | None, curves: str | None) -> str:
    ending = "" if output is None else output.suffix.removeprefix(".")
    if asked is None and ending not in ("", "txt", *FORMATS):
        raise UserError(f"--output {output}: the ending is to be .csv, .json, .parquet or .txt")
    form = asked or (ending if ending in FORMATS else "csv" if curves else "table")
    check_choice("--format", form, FORMATS)
    if form == "parquet" and output is None:
        raise UserError("--format parquet needs --output FILE")
    if form == "table" and curves:
        raise UserError(f"{curves} is for csv, json or parquet, not for a table")
    return form


def _columns(text: str | None, allowed: tuple[str, ...] | None) -> list[str] | None:
    """The columns asked for: None for the main ones, an empty list for all. Raises UserError.

    `allowed` None: those of trials.
    """
    from sweeps import query

    if text is None:
        return None
    if text.strip() == "all":
        return []
    names = [name.strip() for name in text.split(",")]
    if allowed is None:
        names = [query.check_column(name, "--columns") for name in names]
    for name in names:
        if allowed is not None and name not in allowed:
            raise UserError(f"--columns: unknown column {name!r}{did_you_mean(name, allowed)}")
        if names.count(name) > 1:
            raise UserError(f"--columns: {name} is listed twice")
    return names


def _shown(asked: list[str] | None, frame: pd.DataFrame) -> list[str] | None:
    return list(map(str, frame.columns)) if asked == [] else asked
