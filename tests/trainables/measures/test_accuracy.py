"""What is said of one network, against its answers."""

import math

import pytest
import samples
import torch
from measure_samples import context

from trainables import measures
from trainables.measures.accuracy import Options, compute


def test_accuracy_and_loss_are_those_of_the_answers(arms):
    here = context(samples.digits())
    found = compute(arms[:1], here, Options())
    for split in ("test", "train"):
        said, labels = here.answers(arms[0], split), here.split(split).labels
        right = (said.predicted == labels).double().mean().item()
        assert found[f"accuracy_{split}"] == pytest.approx(100 * right, abs=1e-9)
        assert found[f"loss_{split}"] == pytest.approx(said.losses.mean().item(), rel=1e-5)
    assert found["diverged"] is False


def test_a_network_that_is_not_finite_has_diverged(arms):
    broken = {name: value.clone() for name, value in arms[0].items()}
    broken["output.bias"][0] = math.nan
    assert compute([broken], context(samples.digits()), Options())["diverged"] is True


def test_it_is_of_each_network():
    wanted = measures.wanted("accuracy", {})
    assert wanted.arity == 1
    assert torch.tensor([column.axis is None for column in wanted.columns]).all()
