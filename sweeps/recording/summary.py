"""What a submission's own run holds of its results, for those who look at MLflow.

metrics   instability_test/IMP 8.6 %, accuracy_test/... of each line, stepped by the rewind
          iteration k, so that MLflow draws the papers' figures; stable_from/... and
          matching_from/... where a line becomes stable or matching
files     the report; cells.csv, onsets.csv and trials.csv
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Literal

import pandas as pd

from analysis import records
from analysis.hyperparameters import value_text, values_of
from analysis.onsets import onsets
from sweeps.recording import files
from sweeps.recording.database import client_of
from sweeps.reporting import write_report
from sweeps.results import Results

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mlflow.entities import Metric


MEANS = (
    records.split_metric(records.INSTABILITY, "test"),
    records.split_metric(records.ACCURACY, "test"),
)
MAX_METRICS = 1000
"""That MLflow takes at a time."""

MAX_NAME = 200
"""Characters of a line's name."""

VERDICTS: tuple[Literal["stable"], Literal["matching"]] = ("stable", "matching")


def conclude(results: Results, own: Results) -> list[Path]:
    """Write the reports of a submission to its home, and its summary; return the reports.

    `results` are all that share its recipe, `own` its alone. These have a report of their own if
    they are fewer: MLflow's run shows what the submission itself asked for.
    """
    home, key = results.home, results.submission.data.tags[records.SWEEP_KEY]
    paths = [write_report(results, home.report(results.name, key))]
    if len(own.trials) < len(results.trials):
        paths.append(write_report(own, home.report(results.name, key, alone=True)))
    record_summary(own, paths[-1])
    return paths


def record_summary(results: Results, report: Path) -> None:
    """Write the report and the tables of a submission to its run; once it is complete, its means
    and onsets, too: MLflow keeps every value that a metric ever had."""
    client, run = client_of(results.home, write=True), results.submission
    of = (client, results.home, run)
    files.write_file(*of, report)
    tables = {"trials": results.trials, "cells": results.cells, "onsets": onsets_of(results.cells)}
    if len(results.pairs):
        tables["pairs"] = results.pairs
    for name, frame in tables.items():
        files.write_text(*of, f"{name}.csv", frame.to_csv(index=False))
    if len(results.trials) == results.planned and not results.lacking:
        metrics = list(_metrics(results))
        for begin in range(0, len(metrics), MAX_METRICS):
            client.log_batch(run.info.run_id, metrics=metrics[begin : begin + MAX_METRICS])


def onsets_of(cells: pd.DataFrame) -> pd.DataFrame:
    """Return the onsets of stability and of matching, a row per line and verdict."""
    frames = [onsets(cells, verdict).assign(verdict=verdict) for verdict in VERDICTS]
    return frames[0].merge(frames[1], how="outer") if not cells.empty else frames[0]


def _metrics(results: Results) -> Iterator[Metric]:
    """Repeated, they are the same: MLflow drops them."""
    from mlflow.entities import Metric

    when = results.submission.info.start_time
    cells = results.cells
    for _, cell in cells.iterrows():
        for name in MEANS:
            if not math.isnan(cell[name]):
                what = f"{name}/{_line(results, cell)}"
                yield Metric(what, cell[name], when, int(cell[records.REWIND]))
    for verdict in VERDICTS:
        for _, line in onsets(cells, verdict).iterrows():
            if pd.notna(line["onset"]) and line["n"] > 1:  # one sample gives no verdict
                what = f"{verdict}_from/{_line(results, line)}"
                yield Metric(what, float(line["onset"]), when, 0)


def _line(results: Results, row: pd.Series) -> str:
    """A line's name, with its recipe's values of what varies, in characters that MLflow takes."""
    values = values_of(results.axes, row[records.RECIPE])
    parts = [f"{name} {value_text(value)}" for name, value in values.items()]
    line = f"{row[records.STRATEGY]} level {row[records.LEVEL]}"
    return re.sub(r"[^\w. /-]", "-", " ".join([line, *parts]))[:MAX_NAME]
