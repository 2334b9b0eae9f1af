"""The barrier between two checkpoints of one's own training code: one spec, no training by us."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from harness import Sweep
from own_networks import state, write, write_network
from safetensors.torch import load_file

import analysis

SPEC = """
name: files
recipe: digits-mlp
subnetworks:
- {strategy: files, networks: {near: near.safetensors, far: runs/far.pt, half: half.pt}}
measure: [instability, distance]
path_points: 5
"""


@pytest.mark.slow  # each step by itself: tests/sweeps/spec/test_files.py
def test_networks_of_ones_own_from_files_to_findings(tmp_path: Path) -> None:
    home = tmp_path / "home"
    near = state(1)
    write(tmp_path / "near.safetensors", near)
    write_network(tmp_path / "runs" / "far.pt", seed=2)
    write(tmp_path / "half.pt", {f"module.{name}": v.half() for name, v in near.items()})
    spec = tmp_path / "spec.yaml"
    spec.write_text(SPEC)
    sweep = Sweep(home, str(spec))
    status, output = sweep.run()
    assert status == 0, output
    trials = sweep.trials("files")
    assert list(trials["strategy"]) == ["files:far,half", "files:far,near", "files:half,near"]
    of_near = trials[trials["strategy"] == "files:half,near"].iloc[0]
    # Half precision changes next to nothing, and random networks are no better than chance.
    expected = sum(
        float((near[n] - near[n].half().float()).square().sum())
        for n in near
        if not n.endswith(("running_mean", "running_var", "num_batches_tracked"))
    )
    assert abs(of_near["distance_l2"] - expected**0.5) < 1e-6
    assert "no better than chance" in output
    found = sweep.command("results", "files", "--where", "strategy = files", "--curves")
    assert found.stdout.count("\n") == 1 + 3 * 5
    report = (home / "reports").glob("files-*.html")
    assert "Networks from files, pair by pair" in next(iter(report)).read_text()

    # All of it is there without the files, and again without the records.
    for file in ("near.safetensors", "half.pt", "runs/far.pt"):
        (tmp_path / file).unlink()
    results = analysis.open("files", home=home)
    assert set(results.pairs["first"]) == {"far", "half"}
    network = results.network(2, arm=2)
    weights = dict(network.named_parameters())
    assert all(torch.equal(weights[n], near[n]) for n in weights)
    result = sweep.command("weights", "files", "--to", str(tmp_path / "nets"))
    assert result.returncode == 0, result.stderr
    assert set(json.loads((tmp_path / "nets/networks.json").read_text())["networks"]) == {
        "far.safetensors",
        "half.safetensors",
        "near.safetensors",
    }
    exported = load_file(tmp_path / "nets" / "near.safetensors")
    assert all(torch.equal(exported[n], near[n]) for n in exported)
    (home / "mlflow.db").unlink()
    result = sweep.command("records", "rebuild")
    assert result.returncode == 0, result.stderr
    assert sweep.trials("files").equals(trials)
    status, output = sweep.run()
    assert status == 2
    assert "near.safetensors: there is no such file" in output
