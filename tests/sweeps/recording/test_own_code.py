"""Sweeps with a measure of one's own: recorded, read and recorded again without its code."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from own_measure import write_all
from recording_samples import Recorded, measured

from analysis import records
from sweeps import results
from sweeps.loading import load
from sweeps.plugins import use
from sweeps.recording import database
from sweeps.recording.labels import own_code
from sweeps.recording.rebuild import rebuild
from trainables import plugins
from trainables.jobs.kinds import Measurement

pytestmark = pytest.mark.usefixtures("created_quickly", "without_figures")


def values(job: Measurement) -> dict[str, Any]:
    if job.measure == "instability":
        return measured(job)
    return {"weights_left": 100.0, "total": float(job.of[0].order_seed)}


def test_records_outlive_the_code(recorded: Recorded, tmp_path: Path) -> None:
    spec = write_all(tmp_path / "code")
    use(spec, None)
    recorded.submit(spec=spec, values=values)
    identity = plugins.here().digest
    for file in (tmp_path / "code").glob("*.py"):
        file.unlink()
    plugins.use(None)
    for again in (False, True):
        if again:
            assert recorded.home.database is not None
            recorded.home.database.unlink()
            rebuild(recorded.home, recorded.store, (), print)
        found = results.read(recorded.home, "own")
        assert list(found.trials["total_1"]) == [1.0]
        assert list(found.trials["total_2"]) == [2.0]
        client = database.client_of(recorded.home, write=False)
        run = client.get_run(found.submission.info.run_id)
        assert run.data.tags[f"{records.PLUGIN}mine:MEASURE"] == identity
    assert plugins.here() == plugins.OwnCode()


def test_every_kind_of_own_code_is_listed() -> None:
    sweep, _ = load("digits-mlp")
    assert own_code(sweep) == {}
    recipe = replace(sweep.recipe, network="nets:wide", network_version="@2", data="arrays-1")
    for address, listed in (("lab:data", {"lab:data": "arrays-1"}), ("/data/x.npz", {})):
        changed = sweep.model_copy(update={"recipe": replace(recipe, data_address=address)})
        assert own_code(changed) == {"nets:wide": "@2", **listed}
