"""Two sweeps share trainings; one is deleted, and a result of the other is damaged."""

from __future__ import annotations

from pathlib import Path

import pytest
from harness import Sweep

SHORT = ("recipe.length=60", "rewind=[0, 20]", "inits=1", "orders=2", "subnetworks=[dense]")


def sweep_in(home: Path, *overrides: str) -> Sweep:
    changed = (part for one in (*SHORT, *overrides) for part in ("--set", one))
    return Sweep(home, "digits-mlp", *changed)


@pytest.mark.slow
def test_deleting_collecting_and_mending(tmp_path: Path) -> None:
    """W_0, W_20, 4 copies, 2 paths; the third order adds 2 copies and 4 paths."""
    one = sweep_in(tmp_path / "home")
    other = sweep_in(tmp_path / "home", "orders=3", "name=wider")
    for sweep, jobs in ((one, "8 jobs done"), (other, "6 jobs done")):
        status, output = sweep.run()
        assert status == 0, output
        assert jobs in output
    before = one.artifacts()

    deleted = one.command("delete", "wider", "--yes")
    assert deleted.returncode == 0, deleted.stderr
    collected = one.command("store", "gc", "--min-age", "0", "--yes")
    assert collected.returncode == 0, collected.stderr
    assert len(before - one.artifacts()) == 6
    status, output = one.run()
    assert (status, "nothing to do: all 8 jobs are in the store" in output) == (0, True), output

    path = next((tmp_path / "home" / "store" / "instability").glob("*/*.*.*.json"))
    path.write_bytes(path.read_bytes()[:-1])
    verified = one.command("store", "verify")
    assert verified.returncode == 1
    assert "the sweep digits-mlp, run again, does 1 job for that" in verified.stdout
    status, output = other.run()
    assert status == 0, output
    assert "7 jobs done (2 trainings" in output, "what was lost, and what was damaged"
    assert other.artifacts() == before, "the same bits"
