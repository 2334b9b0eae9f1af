"""BatchNorm's statistics between two networks, against torch's own recomputation."""

from __future__ import annotations

import copy

import pytest
import samples
import torch
from job_samples import do, family, payload
from measure_samples import context
from torch.optim.swa_utils import update_bn

from trainables import networks
from trainables.data.split import Scaling, Split, sampled
from trainables.jobs import measurements
from trainables.measures import measured
from trainables.measures.instability import Options, compute
from trainables.measures.recalibration import recalibrating
from trainables.paths import interpolate
from trainables.store import Store
from trainables.training.evaluation import evaluate, finish


def cifar(number: int) -> Split:
    stream = torch.Generator().manual_seed(0)
    pixels = torch.randint(0, 256, (number, 32, 32, 3), generator=stream, dtype=torch.uint8)
    labels = torch.randint(0, 10, (number,), generator=stream)
    half = torch.full((3,), 0.5).double()
    return Split(pixels, labels, Scaling.of("standardize", half, half))


def by_torch(name: str, weights, split: Split, batches: int, size: int):
    """A network whose statistics torch has recomputed on the same batches."""
    network = networks.build(name)
    networks.bind(network, {key: value.clone() for key, value in weights.items()})
    for module in network.modules():
        if isinstance(module, torch.nn.modules.batchnorm._BatchNorm):
            module.num_batches_tracked = torch.tensor(0)  # which `update_bn` counts
    chosen = sampled(len(split), batches * size).split(size)
    update_bn([split.inputs(split.images[part]) for part in chosen], network)
    for module in network.modules():
        if isinstance(module, torch.nn.modules.batchnorm._BatchNorm):
            module.num_batches_tracked = None
    return network.eval()


@pytest.mark.parametrize(
    ("name", "batches", "size"), [("digits-mlp", 5, 16), ("resnet8-narrow-cifar", 3, 8)]
)
def test_statistics_are_torchs(name: str, batches: int, size: int) -> None:
    split = samples.digits().train if name == "digits-mlp" else cifar(40)
    first, second = (
        networks.initial_weights(name, "kaiming-normal", "init", seed) for seed in (1, 2)
    )
    found = finish(recalibrating(name, first, second, split, 4, batches, size))
    assert found[0] == found[3] == {}, "the ends keep what they were trained with"
    for point in (1, 2):
        network = by_torch(name, interpolate(first, second, point / 3), split, batches, size)
        expected = networks.statistics(network)
        assert found[point].keys() == expected.keys()
        for key, value in expected.items():
            assert torch.allclose(found[point][key], value, rtol=1e-5, atol=1e-6), key
    assert not torch.equal(next(iter(found[1].values())), next(iter(found[2].values())))


def test_a_path_is_that_of_networks_with_such_statistics(arms) -> None:
    options = Options(points=3, batchnorm="recalibrate", batchnorm_batches=4)
    values = compute(arms, context(samples.digits()), options)
    plain = compute(arms, context(samples.digits()), Options(points=3))
    first, second = arms
    middle = by_torch("digits-mlp", interpolate(first, second, 0.5), samples.digits().train, 4, 16)
    for split in ("test", "train"):
        score = evaluate(middle, getattr(samples.digits(), split))
        errors = values[f"path_error_{split}"]
        assert errors[1] == pytest.approx(score.error, abs=0.2)  # one example of 797 that is close
        assert values[f"path_loss_{split}"][1] == pytest.approx(score.loss, rel=1e-3)
        ends = plain[f"path_error_{split}"]
        assert (errors[0], errors[2]) == (ends[0], ends[2])
        assert values[f"instability_{split}"] == max(errors) - (errors[0] + errors[2]) / 2
    assert values["path_loss_test"][1] != plain["path_loss_test"][1]


def test_networks_without_batchnorm_have_the_same_path() -> None:
    first, second = (
        networks.initial_weights("lenet-300-100", "kaiming-normal", "init", seed) for seed in (1, 2)
    )
    images = Split(torch.rand(40, 1, 28, 28), torch.arange(40) % 10)
    assert finish(recalibrating("lenet-300-100", first, second, images, 3, 2, 10)) == [{}, {}, {}]


def test_it_is_in_the_key_and_takes_all_training_examples(short, tmp_path) -> None:
    """A sample of the train split, for errors, is not what statistics are computed on."""
    jobs, store = family(short()), Store(str(tmp_path))
    arms = [jobs["arm"], jobs["second arm"]]
    usual = measured("instability", arms, points=5)
    keys = {usual.key}
    found = []
    for examples in (None, 50):
        job = measured(
            "instability", arms, points=5, batchnorm="recalibrate", train_examples=examples
        )
        keys.add(job.key)
        do(store, *job.inputs, job)
        found.append(measurements.decode(job, payload(store, job)))
    assert len(keys) == 3
    assert found[0]["path_error_test"] == found[1]["path_error_test"]
    assert usual.key == jobs["instability"].key


def test_what_is_measured_changes_no_network(arms) -> None:
    before = copy.deepcopy(arms)
    compute(
        arms,
        context(samples.digits()),
        Options(points=3, batchnorm="recalibrate", batchnorm_batches=2),
    )
    for one, other in zip(before, arms, strict=True):
        assert all(torch.equal(value, other[name]) for name, value in one.items())


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"batchnorm": "recalibrate", "batchnorm_batches": 0}, "at least 1, not 0"),
        ({"batchnorm_batches": 5}, "is for batchnorm: recalibrate"),
    ],
)
def test_options_that_make_no_sense(given, said) -> None:
    with pytest.raises(ValueError, match=said):
        Options(**given)
