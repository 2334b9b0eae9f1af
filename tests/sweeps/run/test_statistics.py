"""What a recorder leaves in SQLite lets readers find a trial's curves at once."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from benchmarks.overheads import pretend_measured
from sweeps.home import resolve
from sweeps.loading import load
from sweeps.plan import expand
from sweeps.run.recorder import SQLITE, Recorder
from trainables.store import Store


def test_curves_are_found_by_their_trial(tmp_path: Path) -> None:
    home = resolve(str(tmp_path))
    home.make()
    spec = ["inits=1", "rewind=[0]", "subnetworks=[{strategy: dense}]"]
    plan, store = expand(load("digits-mlp", spec)[0]), Store(home.store)
    recorder = Recorder(home, plan, store)
    recorder.open("name: digits-mlp", {})
    for trial in plan.trials:
        pretend_measured(store, trial.job)
        recorder.record(trial)
    recorder.close(complete=True)
    query = "explain query plan select * from metrics where run_uuid = 'x' and key = 'y'"
    with closing(sqlite3.connect(home.tracking.removeprefix(SQLITE))) as connection:
        (*_, steps) = connection.execute(query).fetchone()
    assert "run_uuid=?" in steps
