"""Processes that decode images, started inside a worker of Ray, which has grpc's threads."""

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from benchmarks.pictures import fill
from trainables.data import loading
from trainables.data.images import listed
from trainables.data.streamed import Request

ROOT = Path(__file__).parents[2]

SCRIPT = """
import multiprocessing, os, sys
import ray

sys.path.insert(0, {here!r})
from test_streaming_in_ray import digest

environment = {{"env_vars": {{"PYTHONPATH": os.pathsep.join([{root!r}, {here!r}])}}}}
ray.init(num_cpus=1, include_dashboard=False, logging_level="ERROR", runtime_env=environment)

@ray.remote
def inside(turn):
    made = digest({folder!r}, 2), digest({folder!r}, 2, early=True)
    return *made, len(multiprocessing.active_children())

for turn in range(2):
    print(*ray.get(inside.remote(turn), timeout=120))
"""


def digest(folder: str, processes: int, early: bool = False) -> str:
    found = listed.find(f"{folder}/images", Path(folder) / "data")
    data = loading.streamed(found, "unit", 32, Path(folder) / "data").train
    seen = hashlib.sha256()
    requests = (Request(torch.arange(40), 1, epoch) for epoch in range(5))
    batches = data.batches(requests, processes)
    for images, _ in batches:
        seen.update(images.numpy().tobytes())
        if early:
            break
    batches.close()
    return seen.hexdigest()


@pytest.mark.slow
def test_processes_in_a_worker_of_ray_make_the_same_bits_and_end(tmp_path):
    fill(tmp_path / "images", classes=2, train=20, val=1, size=(64, 48))
    here = str(Path(__file__).parent)
    script = SCRIPT.format(here=here, root=str(ROOT), folder=str(tmp_path))
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=300, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr
    expected = [digest(str(tmp_path), 0), digest(str(tmp_path), 0, early=True), "0"]
    lines = [line.split() for line in done.stdout.splitlines()]
    assert [line for line in lines if len(line) == 3] == [expected] * 2
