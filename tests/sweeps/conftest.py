"""The command line in this process, and trials made by hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import pandas as pd
import pytest

from analysis import records


class Ended(NamedTuple):
    status: int
    out: str
    err: str


@pytest.fixture
def cli(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Callable[..., Ended]:
    """Run `sweeps` with arguments, in an empty folder and with a home that is not there yet."""
    from sweeps.cli import main

    for name in ("ADDRESS", "STORE", "TRACKING", "DATA", "DEBUG"):
        monkeypatch.delenv(f"SWEEPS_{name}", raising=False)
    monkeypatch.setenv("SWEEPS_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("SWEEPS_CONFIG", str(tmp_path / "clusters.yaml"))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> Ended:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        out, err = capsys.readouterr()
        return Ended(int(str(ended.value.code)), out, err)

    return run


def _trial(strategy: str, level: int, rewind: int, init: int, orders: tuple[int, int]) -> Any:
    return {
        "trial": f"{strategy}{level}{rewind}{init}{orders[0]}{orders[1]}",
        "run_id": f"run of {strategy}",
        "submission": "run of the submission",
        "recipe": "digits-mlp",
        "strategy": strategy,
        "level": level,
        "level_2": level,
        "rewind": rewind,
        "init_seed": init,
        "order_seed_1": orders[0],
        "order_seed_2": orders[1],
        "weights_left": 100 * 0.8**level,
        "weights_left_2": 100 * 0.8**level,
        "outcome": "trained",
    } | dict.fromkeys(records.SCALAR_METRICS[2:], 12.345)


@pytest.fixture
def trials() -> pd.DataFrame:
    """48 trials, with the main columns of `Results.trials`."""
    rows = [
        _trial(strategy, level, rewind, init, orders)
        for strategy, level in (("dense", 0), ("imp", 3), ("imp", 11), ("random-pruning", 11))
        for rewind in (0, 120)
        for init in (1, 2)
        for orders in ((1, 2), (1, 3), (2, 3))
    ]
    return pd.DataFrame(rows, columns=[*records.TRIAL_COLUMNS, *records.SCALAR_METRICS, "outcome"])


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch, trials: pd.DataFrame) -> pd.DataFrame:
    """What `sweeps results` reads, without MLflow: these trials, and curves of three points."""

    def curves(wanted: pd.DataFrame) -> pd.DataFrame:
        rows = [
            {"trial": trial, "point": point, "alpha": point / 2}
            | dict.fromkeys(records.CURVE_METRICS, 1.5)
            for trial in wanted["trial"]
            for point in range(3)
        ]
        return pd.DataFrame(rows, columns=["trial", "point", "alpha", *records.CURVE_METRICS])

    found = SimpleNamespace(trials=trials, curves=curves)
    monkeypatch.setattr(
        "sweeps.commands.results.read_results", lambda place, name, submission: found
    )
    return trials
