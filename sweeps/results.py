"""A sweep's recorded results, read back from MLflow, and the report made of them."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from analysis import records
from analysis.cells import cells, samples

if TYPE_CHECKING:
    import pandas as pd
    from mlflow import MlflowClient
    from mlflow.entities import Run

    from analysis.report import report
    from sweeps.home import Home


@dataclass(frozen=True)
class Results:
    """The latest submission of a sweep and its trials."""

    name: str
    client: MlflowClient
    submission: Run
    trials: pd.DataFrame

    @property
    def stable_below(self) -> float:
        return float(self.submission.data.params[records.STABLE_BELOW])

    @property
    def matching(self) -> Literal["one-std"] | float:
        value = self.submission.data.params[records.MATCHING]
        return "one-std" if value == "one-std" else float(value)

    @cached_property
    def samples(self) -> pd.DataFrame:
        return samples(self.trials, stable_below=self.stable_below, matching=self.matching)

    @cached_property
    def cells(self) -> pd.DataFrame:
        return cells(self.trials, stable_below=self.stable_below, matching=self.matching)


def read(home: Home, name: str) -> Results:
    """Raises `records.UnknownSweep`."""
    from mlflow import MlflowClient

    client = MlflowClient(home.tracking)
    submission = records.latest_submission(client, name)
    return Results(name, client, submission, records.trials(client, submission))


def write_report(results: Results, destination: Path) -> Path:
    """Write the HTML report of a sweep; returns where it lies."""
    from analysis.report import report

    curves = records.curves(results.client, results.trials)
    report.write(destination, results.trials, curves, _context(results))
    return destination


def write_figures(results: Results, folder: Path) -> list[Path]:
    """Write the report's figures as SVG files; returns where they lie."""
    from analysis.report import report

    curves = records.curves(results.client, results.trials)
    return report.write_figures(folder, results.trials, curves, _context(results))


def markdown(results: Results) -> str:
    """The report's findings and tables as Markdown."""
    from analysis.report import report

    return report.markdown(results.trials, _context(results))


def _context(results: Results) -> report.Context:
    from analysis.report import report

    data = results.submission.data
    hyperparameters = {
        name.removeprefix(records.HYPERPARAMETER): value
        for name, value in sorted(data.params.items())
        if name.startswith(records.HYPERPARAMETER)
    }
    return report.Context(
        name=results.name,
        description=data.tags.get(records.DESCRIPTION, ""),
        spec_text=_spec_text(results),
        provenance=hyperparameters | _made_with(data.tags),
        matching=results.matching,
        stable_below=results.stable_below,
    )


def _spec_text(results: Results) -> str:
    """Through the client: it alone knows the tracking server that may keep the file."""
    with tempfile.TemporaryDirectory() as folder:
        run_id = results.submission.info.run_id
        path = results.client.download_artifacts(run_id, records.SPEC_FILE, folder)
        return Path(path).read_text(encoding="utf-8")


def _made_with(tags: dict[str, Any]) -> dict[str, str]:
    """What the submission's tags say of its making."""
    made = {
        n.removeprefix(records.VERSION): v for n, v in tags.items() if n.startswith(records.VERSION)
    }
    return made | {
        "submitted": tags[records.SUBMITTED_AT],
        "sweep key": tags[records.SWEEP_KEY],
    }
