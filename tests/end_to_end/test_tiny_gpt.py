"""The transformer's spec, shortened, through the command line: bits, kills and records."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from harness import Sweep, finish, kill, wait_for

pytestmark = pytest.mark.slow  # kills and bits of a small network: test_experiments.py

SHORT = (
    "tiny-gpt", "--set", "inits=1", "--set", "orders=2", "--set", "rewind=[0, 10]",
    "--set", "recipe.length=40", "--set", "recipe.network_arguments={width: 32}",
    "--set", "path_points=3", "--set", "train_examples=50",
)  # fmt: skip


def test_workers_and_kills_change_no_bits(tmp_path: Path) -> None:
    alone = Sweep(tmp_path / "alone" / "home", *SHORT, "--workers", "1")
    status, output = alone.run()
    assert status == 0, output

    pair = Sweep(tmp_path / "pair" / "home", *SHORT, "--workers", "2")
    process = pair.start()
    wait_for(lambda: pair.artifacts(), process)
    for worker in pair.workers():
        kill(worker, signal.SIGKILL)
    status, output = finish(process)
    assert status == 0, output
    assert pair.artifacts() == alone.artifacts(), "names hold checksums"

    trials = alone.trials("tiny-gpt")
    assert list(trials["rewind"]) == [0, 10]
    assert set(trials["test_examples"]) == {500 * 32}
    # Foretelling a space everywhere is right for 3009 of 16000 characters, with Python 3.11's text.
    assert (trials["majority_test"].between(15, 25)).all()
