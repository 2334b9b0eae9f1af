"""Jobs of the papers' convolutional networks, on a handful of real-sized images."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from trainables import data, networks
from trainables.data.split import Split
from trainables.jobs.events import Measured
from trainables.jobs.execute import Executor
from trainables.jobs.kinds import pretrained, pruned, trained
from trainables.measures import measured
from trainables.paths import interpolate
from trainables.recipes import RECIPES
from trainables.store import Store, tensors
from trainables.training import loop
from trainables.training.evaluation import evaluate

NEVER = 1e9


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """12 training and 8 test images of 4 classes."""
    place = tmp_path_factory.mktemp("images")
    generator = np.random.default_rng(0)
    for split, number in (("train", 3), ("test", 2)):
        for label in range(4):
            for index in range(number):
                path = place / split / f"class{label}" / f"{index}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                pixels = generator.integers(0, 256, (32, 32, 3), dtype=np.uint8)
                Image.fromarray(pixels).save(path)
    return place


@pytest.fixture(
    params=[
        "resnet20-cifar10",
        pytest.param("vgg16-cifar10", marks=pytest.mark.slow),
        pytest.param("unmasking-resnet18-cifar100", marks=pytest.mark.slow),
    ]
)
def jobs(request, folder, tmp_path):
    """The full recipe, shortened; a batch is a third of the images."""
    address = str(folder)
    recipe = replace(
        RECIPES[request.param].of_length(5),
        batch_size=4,
        data=data.resolve(address, tmp_path / "data"),
        data_address=address,
    )
    start = pretrained(recipe, 1, 0, 1, pretrained(recipe, 1, 0, 0))
    mask = pruned(trained(start, 1, 1), rounds=3)
    return {
        "start": start,
        "first": trained(start, 1, 1, mask),
        "second": trained(start, 1, 2, mask),
        "path": measured(
            "instability",
            [trained(start, 1, 1, mask), trained(start, 1, 2, mask)],
            points=3,
            train_examples=5,
        ),
    }


def test_resumed_bit_for_bit_and_measured(jobs, tmp_path, monkeypatch):
    undisturbed = Store(str(tmp_path / "undisturbed"))
    for job in jobs.values():
        list(Executor(undisturbed, tmp_path / "data", NEVER).run(job))

    monkeypatch.setattr(loop, "PULSE_SECONDS", -1.0)
    stopped = Store(str(tmp_path / "stopped"))
    for job in jobs.values():
        running = Executor(stopped, tmp_path / "data", NEVER).run(job)
        for event in running:
            first = isinstance(event, Measured) or event.iteration == event.begin + 1
            if event.job == job and first:
                running.close()  # the next process goes on from a training's checkpoint
        executor = Executor(stopped, tmp_path / "data", NEVER)
        list(executor.run(job))
        if job.iterations > 1:
            assert executor.trained_iterations == job.iterations - 1
    for job in jobs.values():
        ours, expected = (s.read(job.kind, job.key).payload for s in (stopped, undisturbed))
        assert ours == expected, job.title

    payloads = [undisturbed.read("arm", jobs[name].key).payload for name in ("first", "second")]
    arms = [tensors.from_bytes(payload) for payload in payloads]
    _check_path(jobs["path"], arms, undisturbed, tmp_path / "data")


def _check_path(job, arms, store, data_folder):
    """The stored errors are those of each interpolated network, one image at a time."""
    stored = json.loads(store.read(job.kind, job.key).payload)
    assert stored["weights_left"] == pytest.approx(51.2, abs=0.1)
    network = networks.build(job.recipe.network).eval()
    split = data.load(job.recipe, data_folder).test
    for point, alpha in enumerate((0.0, 0.5, 1.0)):
        networks.bind(network, interpolate(*arms, alpha))
        assert evaluate(network, split, chunk=1).error == stored["path_error_test"][point]
    assert len(stored["path_error_train"]) == 3
    fifth = 100 / 5
    assert all(e % fifth == pytest.approx(0) for e in stored["path_error_train"])


def test_a_sample_is_fixed_and_of_distinct_examples():
    split = Split(torch.arange(50), torch.arange(50))
    sample = split.sample(20)
    assert len(set(sample.labels.tolist())) == 20
    assert torch.equal(sample.images, sample.labels)
    assert torch.equal(split.sample(10).labels, sample.labels[:10]), "a larger one holds it"
    assert split.sample(None) is split
