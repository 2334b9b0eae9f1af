"""LMC's other experiments on real Ray and a real MLflow store: bits, kills, records, figures."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from harness import Sweep, finish, kill, wait_for

import analysis
from sweeps.commands.reading import read_results
from sweeps.home import resolve

REDUCED = (
    "digits-mlp", "--set", "inits=1", "--set", "orders=3", "--set", "rewind=[0, 20]",
    "--set", "recipe.length=50 %", "--set", "path_points=5", "--set", "restart=[keep, reset]",
    "--set", "subnetworks=[dense, {strategy: imp, levels: [2]}]",
    "--set", "measure=[instability, barrier, rewinding, {measure: throughout, every: 25 %}]",
)  # fmt: skip


@pytest.mark.slow  # kills in the midst of a run: test_interruption.py, test_growing.py
def test_workers_and_kills_change_no_bits(tmp_path: Path) -> None:
    alone = Sweep(tmp_path / "alone" / "home", *REDUCED, "--workers", "1")
    status, output = alone.run()
    assert status == 0, output

    pair = Sweep(
        tmp_path / "pair" / "home", *REDUCED, "--workers", "2", "--checkpoint-seconds", "0"
    )
    process = pair.start()
    wait_for(lambda: pair.artifacts(), process)
    for worker in pair.workers():
        kill(worker, signal.SIGKILL)
    status, output = finish(process)
    assert status == 0, output
    assert pair.artifacts() == alone.artifacts(), "names hold checksums"

    results = analysis.open("digits-mlp", home=alone.home)
    trials = results.trials
    assert trials.groupby(["strategy", "rewind", "restart"]).size().to_dict() == {
        (strategy, k, restart): 3
        for strategy in ("dense", "imp")
        for k, restart in ((0, "keep"), (20, "keep"), (20, "reset"))
    }
    assert (trials["barrier_test"] >= 0).all()
    assert (trials.loc[trials["rewind"] == 0, "rewinding_l2_from_init"] == 0).all()
    assert (trials["rewinding_l2_between"] > 0).all()
    progress = read_results(resolve(str(alone.home), None), "digits-mlp").progress
    last = progress[progress["iteration"] == 600].set_index("trial")["throughout_instability_test"]
    assert last.to_dict() == trials.set_index("trial")["instability_test"].to_dict()
    assert sorted(set(progress["iteration"])) == [150, 300, 450, 600]
    assert {"fig4", "app-c", "app-d"} <= set(results.figures)
