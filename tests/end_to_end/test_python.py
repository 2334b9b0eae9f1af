"""A sweep that is run and read in Python, by a script of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import json
import sweeps, analysis

few = {"recipe.length": 60, "rewind": [0], "inits": 1, "orders": 2, "subnetworks": ["dense"]}
results = sweeps.run("digits-mlp", set=few, home="home", workers=1, quiet=True)
again = sweeps.run("digits-mlp", set=few, home="home", workers=1, quiet=True)
network, test = results.network(0, arm=2), results.data.test
right = network(test.inputs(test.images)).argmax(1) == test.labels
opened = analysis.open("digits-mlp", home="home")
print(json.dumps({
    "accuracy": 100 * right.double().mean().item(),
    "recorded": [float(one.trials.loc[0, "accuracy_test_2"]) for one in (results, again, opened)],
}))
try:
    sweeps.run("digits-mlp", set={"inits": 0}, home="home")
except sweeps.UserError as error:
    print(error)
"""


def test_a_script_runs_a_sweep_and_reads_it(tmp_path: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, cwd=tmp_path, timeout=240
    )
    assert result.returncode == 0, result.stderr
    first, second = result.stdout.splitlines()
    found = json.loads(first)
    assert found["recorded"] == pytest.approx([found["accuracy"]] * 3, abs=1e-9)
    assert second == "--set inits=0: inits: 0 seeds are too few: at least 1"
