"""A sweep is sent to a colleague, who reads it, and goes on with it."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from harness import Sweep

SMALL = (
    "digits-mlp",
    *("--set", "recipe.length=60", "--set", "rewind=[0, 20]", "--set", "inits=1"),
    *("--set", "orders=2", "--set", "subnetworks=[dense, {strategy: imp, levels: [1]}]"),
    *("--workers", "2"),
)


def files(sweep: Sweep) -> dict[str, bytes]:
    """The manifests and payloads of all jobs."""
    store = sweep.home / "store"
    kinds = ("arm", "state", "mask", "instability")
    paths = (path for kind in kinds for path in (store / kind).rglob("*.*"))
    return {str(path.relative_to(store)): path.read_bytes() for path in paths}


@pytest.mark.slow
def test_a_colleague_reads_a_sweep_and_goes_on_with_it(tmp_path: Path) -> None:
    ours = Sweep(tmp_path / "ours" / "home", *SMALL)
    status, output = ours.run()
    assert status == 0, output
    archive = str(tmp_path / "sweep.zip")
    ended = ours.command("export", "digits-mlp", archive, "--weights")
    assert ended.returncode == 0, ended.stderr

    theirs = Sweep(tmp_path / "theirs" / "home")
    ended = theirs.command("import", archive)
    assert ended.returncode == 0, ended.stderr
    pd.testing.assert_frame_equal(
        theirs.trials("digits-mlp"), ours.trials("digits-mlp"), check_exact=True
    )
    assert files(theirs) == files(ours)
    ended = theirs.command("report", "digits-mlp", "--output", "report.html")
    assert ended.returncode == 0, ended.stderr
    assert "<html" in (theirs.home.parent / "report.html").read_text(encoding="utf-8")

    (spec,) = (theirs.home / "specs").iterdir()
    again = Sweep(theirs.home, str(spec))
    status, output = again.run()
    assert status == 0, output
    assert "nothing to do: all 16 jobs are in the store" in output
    further = Sweep(theirs.home, str(spec), "--set", "orders=3", "--workers", "2")
    before = files(theirs)
    status, output = further.run()
    assert status == 0, output
    after = files(theirs)
    assert {name: after[name] for name in before} == before, "nothing was made again"
    ended = theirs.command("results", "digits-mlp", "--format", "json")
    assert len(json.loads(ended.stdout)) == 2 * 2 * 3
