"""A sweep started where another checkout lies: its workers run the driver's code, and nobody else
can reach them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from ipaddress import ip_address
from pathlib import Path

import pytest
from harness import Sweep, finish, wait_for

import trainables
from sweeps.cluster.processes import descendants
from sweeps.loading import load
from sweeps.plan import expand
from trainables import fingerprint
from trainables.jobs.execute import Executor
from trainables.store import Store

SPEC = ["recipe.length=400", "inits=1", "orders=2", "rewind=[0]", "subnetworks=[dense]"]

CONSOLE_SCRIPT = Path(sys.executable).with_name("sweeps")
"""Unlike `python -c` it does not import from the current folder."""


@pytest.fixture
def another_checkout(tmp_path: Path) -> Path:
    """Its trainings would end elsewhere; its other packages can't be imported at all."""
    folder = tmp_path / "checkout"
    shutil.copytree(Path(trainables.__file__).parent, folder / "trainables")
    with (folder / "trainables" / "training" / "schedules.py").open("a") as file:
        file.write("\n_true = learning_rate\ndef learning_rate(*a): return 0.01 * _true(*a)\n")
    for name in ("sweeps", "analysis"):
        (folder / f"{name}.py").write_text("raise RuntimeError('the wrong one')")
    return folder


@pytest.mark.slow
def test_another_checkout_in_the_current_folder_changes_nothing(
    another_checkout: Path, tmp_path: Path
) -> None:
    sweep = Sweep(tmp_path / "home")
    arguments = [part for override in SPEC for part in ("--set", override)]
    process = subprocess.Popen(
        [CONSOLE_SCRIPT, "run", "digits-mlp", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=another_checkout,
        env=os.environ | {"SWEEPS_HOME": str(sweep.home)},
    )
    wait_for(sweep.workers, process)
    listening = {
        (program, address)
        for pid, program in descendants(process.pid).items()
        for address in listens_at(pid)
    }
    status, output = finish(process)
    assert status == 0, output
    here = Sweep(tmp_path / "here")
    spec, _ = load("digits-mlp", SPEC, here.home / "data")
    store = Store(str(here.home / "store"))
    executor = Executor(store, here.home / "data", 1e9)
    list(executor.run_batch(list(expand(spec).jobs.values())))
    assert sweep.artifacts() == here.artifacts()
    theirs = Store(str(sweep.home / "store"))
    for job in expand(spec).jobs.values():
        assert theirs.facts(job.kind, job.key)["code"] == fingerprint.here().fingerprint
    assert {"raylet", "gcs_server"} <= {program for program, _ in listening}
    outside = {(program, at) for program, at in listening if not ip_address(at).is_loopback}
    assert not outside


@pytest.mark.parametrize("how", ["python -m", "PYTHONPATH"])
def test_two_checkouts_are_never_mixed(another_checkout: Path, tmp_path: Path, how: str) -> None:
    """Where the driver itself would take a package from elsewhere, it does nothing."""
    for name in ("sweeps", "analysis"):
        (another_checkout / f"{name}.py").unlink()
    module = [sys.executable, "-m", "sweeps"]
    path = {"PYTHONPATH": str(another_checkout)} if how == "PYTHONPATH" else {}
    result = subprocess.run(
        [*(module if how == "python -m" else [str(CONSOLE_SCRIPT)]), "run", "digits-mlp"],
        capture_output=True,
        text=True,
        cwd=another_checkout if how == "python -m" else tmp_path,
        env=os.environ | {"SWEEPS_HOME": str(tmp_path / "home")} | path,
    )
    assert result.returncode == 2
    (line,) = result.stderr.splitlines()
    assert f"trainables is imported from {another_checkout / 'trainables'}" in line
    assert str(Path(trainables.__file__).parents[1] / "sweeps") in line
    assert not (tmp_path / "home").exists()


def listens_at(pid: int) -> set[str]:
    """IP addresses at which a process accepts connections."""
    found = set()
    try:
        links = {os.readlink(link) for link in Path(f"/proc/{pid}/fd").iterdir()}
        tables = [Path(f"/proc/{pid}/net/{name}").read_text() for name in ("tcp", "tcp6")]
    except OSError:  # it has ended
        return found
    for line in (line for table in tables for line in table.splitlines()[1:]):
        _, local, _, state, *_, inode = line.split()[:10]
        if state == "0A" and f"socket:[{inode}]" in links:
            found.add(address(local.partition(":")[0]))
    return found


def address(words: str) -> str:
    """Of hex digits, four bytes at a time with the last one first."""
    raw = b"".join(bytes.fromhex(words[at : at + 8])[::-1] for at in range(0, len(words), 8))
    found = ip_address(raw)
    return str(getattr(found, "ipv4_mapped", None) or found)
