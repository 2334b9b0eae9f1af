"""Trainings on several workers, by Ray Train: the same bits as on one, whatever becomes of them."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from harness import Sweep, finish, kill, wait_for
from PIL import Image
from ray.cluster_utils import Cluster

from sweeps.loading import load
from sweeps.plan import expand
from trainables.jobs.execute import Executor
from trainables.store import Store

PAIRS = (
    *("--set", "inits=1"),
    *("--set", "orders=2"),
    *("--set", "subnetworks=[dense, {strategy: imp, levels: [1]}]"),
)

DIGITS = (
    "digits-mlp",
    *("--set", "recipe.iterations=1500"),
    *("--set", "recipe.backend=loop"),
    *("--set", "recipe.slices=2"),
    *("--set", "rewind=[500]"),
    *PAIRS,
    *("--checkpoint-seconds", "0.1"),
)


def workers(number: int) -> tuple[str, str]:
    return "--set", f"recipe.workers={number}"


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Sweep:
    """On one worker, which Ray Train has nothing to do with."""
    sweep = Sweep(tmp_path_factory.mktemp("alone") / "home", *DIGITS, *workers(1))
    status, output = sweep.run()
    assert status == 0, output
    return sweep


def photos(folder: Path, size: int, train: int, test: int) -> Path:
    """So many JPEG files of each of four classes, each class of one colour and noise."""
    stream = np.random.default_rng(0)
    colours = stream.integers(0, 256, (4, 1, 1, 3))
    for split, number in (("train", train), ("val", test)):
        for label, colour in enumerate(colours):
            place = folder / split / f"n0000000{label}"
            place.mkdir(parents=True)
            for index in range(number):
                noise = stream.normal(0, 40, (size * 3 // 4, size, 3))
                pixels = (colour + noise).clip(0, 255).astype(np.uint8)
                Image.fromarray(pixels).save(place / f"{index}.JPEG", quality=90)
    return folder


def test_a_folder_of_jpegs_by_two_workers_and_by_one(tmp_path: Path) -> None:
    """`tiny-imagefolder`, shortened: dense, one-shot pruning, rewinding. One is this."""
    folder = photos(tmp_path / "images", 80, train=12, test=5)
    short = [f"recipe.data={folder}", "recipe.length=6", "recipe.batch_size=16"]
    short += ["rewind=[2]", "path_points=3", "train_examples=20", *PAIRS[1::2]]
    overrides = [part for override in short for part in ("--set", override)]
    sweep = Sweep(tmp_path / "home", "tiny-imagefolder", *overrides, *workers(2))
    status, output = sweep.run()
    assert status == 0, output
    assert not sweep.checkpoints()
    here = Sweep(tmp_path / "here")
    spec, _ = load("tiny-imagefolder", short, here.home / "data")
    executor = Executor(Store(str(here.home / "store")), here.home / "data", 1e9)
    for job in expand(spec).jobs.values():
        list(executor.run(job))
    assert sweep.artifacts() == here.artifacts()
    assert here.artifacts()
    trials = sweep.trials("tiny-imagefolder")
    assert sorted(trials["strategy"]) == ["dense", "imp"]
    assert set(trials["weights_left"].round()) == {100, 30}


@pytest.mark.slow
def test_a_lost_worker_and_a_stopped_driver(alone: Sweep, tmp_path: Path) -> None:
    """Each goes on from the last checkpoint, at last with another number of workers."""
    home = tmp_path / "home"
    sweep = Sweep(home, *DIGITS, *workers(2))
    process = sweep.start()
    wait_for(lambda: sweep.checkpoints(), process)
    kill(sweep.workers("RayTrainWorker")[0])
    killed = sweep.checkpoints()
    wait_for(lambda: sweep.artifacts() and sweep.checkpoints() not in ([], killed), process)
    kill(process.pid, signal.SIGTERM)
    status, output = finish(process)
    assert status == 130, output
    assert "stopping: saving what is under way" in output
    assert sweep.checkpoints()
    wait_for_end(sweep)
    sweep = Sweep(home, *DIGITS, *workers(1))
    status, output = sweep.run()
    assert status == 0, output
    assert sweep.artifacts() == alone.artifacts()
    assert not sweep.checkpoints()


@pytest.mark.slow
def test_a_killed_driver(alone: Sweep, tmp_path: Path) -> None:
    sweep = Sweep(tmp_path / "home", *DIGITS, *workers(2))
    process = sweep.start()
    wait_for(lambda: sweep.checkpoints(), process)
    kill(process.pid)
    process.communicate()
    wait_for_end(sweep)
    status, output = sweep.run()
    assert status == 0, output
    assert sweep.artifacts() == alone.artifacts()
    assert not sweep.checkpoints()


def wait_for_end(sweep: Sweep) -> None:
    deadline = time.monotonic() + 60
    while sweep.workers("RayTrainWorker") or sweep.workers("TeamTrainable"):
        assert time.monotonic() < deadline, "workers outlived their driver"
        time.sleep(0.2)


@pytest.mark.slow
def test_workers_that_are_lost_at_every_start_are_given_up_in_one_line(tmp_path: Path) -> None:
    sweep = Sweep(tmp_path / "home", *DIGITS, *workers(2))
    process = sweep.start()
    while process.poll() is None:
        for worker in sweep.workers("RayTrainWorker"):
            kill(worker)
        time.sleep(0.2)
    status, output = finish(process)
    assert status == 1, output
    assert "its workers were lost: " in output
    assert "7 jobs not done: an input failed" in output
    assert "Traceback" not in output


@pytest.mark.slow
def test_a_training_that_diverges_ends_neither_its_workers_nor_the_sweep(tmp_path: Path) -> None:
    sweep = Sweep(
        tmp_path / "home",
        "digits-mlp",
        *(
            "--set",
            "recipe={base: digits-mlp, iterations: 60, milestones: [], learning_rate: 1e30, "
            "slices: 2, workers: 2, backend: loop}",
        ),
        *("--set", "rewind=[0]", *PAIRS),
    )
    status, output = sweep.run()
    assert status == 1
    diverged = "train init 1 k=0 dense order 1 diverged"
    assert f"not done: prune init 1 k=0 to level 1: {diverged}" in output
    assert "2 diverged" in output
    assert "failed" not in output
    assert "Traceback" not in output
    assert list(sweep.trials("digits-mlp")["strategy"]) == ["dense"]


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """Room for the workers of one training, and for many drivers."""
    head = {"num_cpus": 2, "resources": {"trial_driver": 8}, "include_dashboard": False}
    found = Cluster(initialize_head=True, head_node_args=head)
    yield found
    found.shutdown()


@pytest.mark.slow
def test_more_drivers_than_there_is_room_for_their_workers(
    cluster: Cluster, alone: Sweep, tmp_path: Path
) -> None:
    address = ("--cluster", cluster.address)
    sweep = Sweep(tmp_path / "home", *DIGITS, *workers(2), "--workers", "3", *address)
    status, output = sweep.run()
    assert status == 0, output
    assert sweep.artifacts() == alone.artifacts()


@pytest.mark.slow
@pytest.mark.timeout(2400)  # 12 minutes on two cores
def test_tiny_imagefolder(tmp_path: Path) -> None:
    """As it is, on CIFAR-10's photographs; then on one worker."""
    real = Path(__file__).parents[2].parent / "shared" / "data" / "cifar10-jpeg.tar.gz"
    if not real.exists():
        pytest.skip("CIFAR-10 as JPEG files is not here")
    sweeps = []
    for number in (2, 1):
        sweep = Sweep(
            tmp_path / str(number) / "home", "tiny-imagefolder", "--set", f"recipe.data={real}",
            *workers(number), "--data", str(tmp_path / "data"),
        )  # fmt: skip
        status, output = sweep.run(patience=1200)
        assert status == 0, output
        sweeps.append(sweep)
    assert len(sweeps[0].artifacts()) > 15
    assert sweeps[0].artifacts() == sweeps[1].artifacts()
    trials = sweeps[0].trials("tiny-imagefolder")
    dense = trials[trials["strategy"] == "dense"]
    assert dense["accuracy_test"].min() > 25, "ten classes, so much better than chance"


@pytest.mark.slow
@pytest.mark.parametrize(
    "spec", ["resnet50-imagenet", "inceptionv3-imagenet", "unmasking-resnet50-imagenet"]
)
def test_imagenets_specs_go_the_whole_route(spec: str, tmp_path: Path) -> None:
    """A handful of iterations on files of ImageNet's size."""
    folder = photos(tmp_path / "images", 500, train=8, test=2)
    sweep = Sweep(
        tmp_path / "home", spec,
        *("--set", f"recipe.data={folder}", "--set", "recipe.length=9"),
        *("--set", "recipe.batch_size=8", "--set", "recipe.slices=2", *workers(2)),
        *("--set", "rewind=[2]", "--set", "path_points=3", "--set", "train_examples=8"),
        *PAIRS,
    )  # fmt: skip
    status, output = sweep.run(patience=900)
    assert status == 0, output
    trials = sweep.trials(spec)
    assert sorted(trials["strategy"]) == ["dense", "imp"]
    assert trials["accuracy_test"].between(0, 100).all()
