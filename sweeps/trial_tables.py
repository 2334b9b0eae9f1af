"""Trials and path curves as the command line shows and exports them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis import records
from sweeps import layout, terminal
from sweeps.errors import UserError, did_you_mean

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console

ORDERS = ("order_seed_1", "order_seed_2")
LEVELS = (records.LEVEL, records.LEVEL_2)

HEADINGS = {
    records.STRATEGY: "strategy",
    records.LEVEL: "level",
    records.WEIGHTS_LEFT: "weights left %",
    records.REWIND: "k",
    records.INIT_SEED: "init",
    "order_seed_1": "orders",
    records.split_metric(records.INSTABILITY, "test"): "instability %",
    records.split_metric(records.ACCURACY, "test"): "accuracy %",
}
"""The columns that are shown unless others are asked for, and their names on the screen."""

TRIAL = "trial"
"""The first digits of a trial's key, by which `sweeps show trial` finds it."""
SHORT_KEY = 8

SPARE = [HEADINGS[records.WEIGHTS_LEFT], TRIAL]
"""Left out, one after the other, where it is narrow: the level says as much as the first."""

CURVE_KEYS = (*(c for c in records.TRIAL_COLUMNS if c != "run_id"), records.WEIGHTS_LEFT)
"""What identifies the trial, in each row of the curves."""

CURVE_COLUMNS = (*CURVE_KEYS, "point", "alpha", *records.CURVE_METRICS)


def chosen(frame: pd.DataFrame, columns: Sequence[str] | None) -> pd.DataFrame:
    """Return the columns that are asked for, all of them for None. Raises UserError."""
    for column in columns or ():
        if column not in frame.columns:
            guess = did_you_mean(column, map(str, frame.columns))
            raise UserError(f"--columns: these trials have no column {column!r}{guess}")
    return frame if columns is None else frame[list(columns)]


def curves(trials: pd.DataFrame, points: pd.DataFrame) -> pd.DataFrame:
    """Return the path curves of some trials: a row per trial and point, in `CURVE_COLUMNS`."""
    # A trial that several recipes share is in each of them.
    return trials[list(CURVE_KEYS)].merge(points, on="trial", how="inner")


def show(
    console: Console,
    trials: pd.DataFrame,
    columns: Sequence[str] | None = None,
    *,
    pager: bool = False,
) -> None:
    """Print trials as wide as the console is: a row each, or a block each where that is too wide.

    `columns` None: those of `HEADINGS`, and what else tells the trials apart; those of several
    recipes in a table each. A pager is used if it is allowed, there is a terminal, and the table
    is longer than that.
    """

    def of(part: pd.DataFrame) -> pd.DataFrame:
        return _short(part) if columns is None else _strings(chosen(part, columns))

    if trials[records.RECIPE].nunique() > 1 and records.RECIPE not in (columns or ()):
        groups = [(f"{r}:", of(part)) for r, part in trials.groupby(records.RECIPE, sort=False)]
    else:
        groups = [("", of(trials))]
    left_out: list[str] = []
    if columns is None and not _fit(groups, console.width):
        for spare in (SPARE[:1], SPARE):
            shorter = [(heading, frame.drop(columns=spare)) for heading, frame in groups]
            if _fit(shorter, console.width):
                groups, left_out = shorter, spare
                break
    in_rows = _fit(groups, console.width)
    lines = sum(len(f) + 4 if in_rows else len(f) * (f.shape[1] + 1) for _, f in groups)
    paged = pager and sys.stdout.isatty() and lines >= console.height
    with console.pager() if paged else nullcontext():
        for heading, frame in groups:
            _print(console, heading, frame, in_rows)
        console.print(f"{len(trials):,} trial{'' if len(trials) == 1 else 's'}")
        if left_out:
            console.print(f"not shown for want of room: {', '.join(left_out)}")


def _fit(groups: list[tuple[str, pd.DataFrame]], width: int) -> bool:
    return all(layout.narrowest(frame) <= width for _, frame in groups)


def _print(console: Console, heading: str, frame: pd.DataFrame, in_rows: bool) -> None:
    if heading:
        console.print(heading, soft_wrap=True)
    for part in [layout.table(frame, console.width)] if in_rows else layout.blocks(frame):
        console.print(part)
        if heading or not in_rows:
            console.print()


def _short(trials: pd.DataFrame) -> pd.DataFrame:
    """What tells the trials apart, and the main numbers, under short names."""
    varying = [
        column
        for column in trials.columns
        if (column == records.RECIPE or str(column).startswith(records.HYPERPARAMETER))
        and trials[column].nunique(dropna=False) > 1
    ]
    if (trials[records.RESTART] == records.RESET).any():
        varying.append(records.RESTART)
    failed = [records.OUTCOME] if (trials[records.OUTCOME].dropna() != "trained").any() else []
    frame = _strings(trials[[*varying, *HEADINGS, *failed, TRIAL]])
    frame[TRIAL] = frame[TRIAL].str[:SHORT_KEY]
    for pair in (ORDERS, LEVELS):
        frame[pair[0]] = [
            str(first) if first == second else f"{first}, {second}"
            for first, second in trials[list(pair)].itertuples(index=False)
        ]
    return frame.rename(columns=HEADINGS)


def _strings(frame: pd.DataFrame) -> pd.DataFrame:
    import pandas as pd

    columns = {name: [_text(value) for value in frame[name]] for name in frame.columns}
    for name in frame.columns:
        if name == records.TEST_EXAMPLES or str(name).startswith(records.HYPERPARAMETER):
            columns[name] = [one.removesuffix(".00") for one in columns[name]]
    return pd.DataFrame(columns, dtype="object")


def _text(value: Any) -> str:
    """Two decimals of a float, a dash for what is missing."""
    if value is None or value != value:
        return "–"
    return f"{value:.2f}" if isinstance(value, float) else str(value)


def export(frame: pd.DataFrame, format_: str, output: Path | None) -> None:
    """Write a frame to a file, or to standard output, under full names. Raises UserError."""
    try:
        if format_ == "parquet":
            frame.to_parquet(output, index=False)
            return
        text = (
            frame.to_json(orient="records", indent=1) + "\n"
            if format_ == "json"
            else frame.to_csv(index=False)
        )
        if output is None:
            print(text, end="")
        else:
            output.write_text(text, encoding="utf-8")
    except OSError as error:
        if isinstance(error, BrokenPipeError):
            raise
        raise UserError(f"cannot write {output}: {error.strerror or error}") from None


def write_table(trials: pd.DataFrame, columns: Sequence[str] | None, output: Path) -> None:
    """Write what `show` prints, as wide as it takes, to a file. Raises UserError."""
    try:
        with output.open("w", encoding="utf-8") as file:
            show(terminal.console(file), trials, columns)
    except OSError as error:
        raise UserError(f"cannot write {output}: {error.strerror}") from None
