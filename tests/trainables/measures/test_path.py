"""Paths against evaluating each interpolated network by itself."""

import pytest
import samples
import torch
from measure_samples import images, random_networks
from torch.nn.functional import cross_entropy

from trainables import networks
from trainables.measures.path import evaluate_path
from trainables.training.evaluation import chunk_of, evaluate


def one_by_one(name, first, second, split, points):
    """W(a) = a W_1 + (1 - a) W_2 for each a, evaluated as any network is."""
    network = networks.build(name).eval()
    scores = []
    for point in range(points):
        alpha = point / (points - 1)
        mixed = {key: alpha * first[key] + (1 - alpha) * second[key] for key in first}
        networks.bind(network, networks.channels_last(mixed))
        scores.append(evaluate(network, split))
    return scores


def check(name, split, points):
    first, second = random_networks(name)
    found = evaluate_path(name, first, second, split, points)
    expected = one_by_one(name, first, second, split, points)
    assert [score.error for score in found] == [score.error for score in expected]
    losses = [score.loss for score in expected]
    assert [score.loss for score in found] == pytest.approx(losses, rel=1e-6)
    assert len({score.error for score in found}) > 1
    assert found[0] != found[-1], "a path that could be told from its reverse"
    return found


@pytest.mark.parametrize("points", [2, 11])
def test_digits_mlp_with_batchnorm(points):
    check("digits-mlp", samples.digits().train, points)


@pytest.mark.parametrize(("chunks", "more"), [(0, 7), (1, 0), (2, 1)])
def test_lenet_on_images_in_chunks(chunks, more):
    number = chunks * chunk_of(networks.build("lenet-300-100")) + more
    check("lenet-300-100", images("lenet-300-100", number), 5)


def test_a_convolutional_network():
    check("resnet8-narrow-cifar", images("resnet8-narrow-cifar", 70), 3)


def test_losses_are_the_mean_cross_entropy():
    """Of the middle of a path, in float64."""
    split = images("lenet-300-100", 50)
    first, second = random_networks("lenet-300-100")
    _, middle, _ = evaluate_path("lenet-300-100", first, second, split, 3)
    network = networks.build("lenet-300-100").double()
    mixed = {key: (value.double() + second[key].double()) / 2 for key, value in first.items()}
    networks.bind(network, mixed)
    logits = network(split.inputs(split.images).double())
    assert middle.loss == pytest.approx(cross_entropy(logits, split.labels).item(), rel=1e-5)
    wrong = int((logits.argmax(1) != split.labels).sum())
    assert middle.error == 100 * wrong / 50


@pytest.mark.parametrize("name", ["digits-mlp", "lenet-300-100", "resnet8-narrow-cifar"])
def test_ends_are_the_networks_themselves(name):
    """Alpha 0 is the second. An arm's score has the same bits in every path it ends."""
    split = samples.digits().test if name == "digits-mlp" else images(name, 70)
    first, second = random_networks(name)
    scores = evaluate_path(name, first, second, split, 3)
    network = networks.build(name).eval()
    for weights, score in ((second, scores[0]), (first, scores[-1])):
        networks.bind(network, networks.channels_last(weights))
        alone = evaluate(network, split)
        assert alone.error == score.error
        assert alone.loss == pytest.approx(score.loss, rel=1e-6)
    assert evaluate_path(name, second, first, split, 5)[0] == scores[-1]


def test_the_layout_of_what_is_given_changes_no_bit(monkeypatch):
    """Many kernels have the same bits in either; all are given the same one."""
    bind = networks.bind

    def watched(network, weights):
        convolutions = [value for value in weights.values() if value.dim() == 4]
        assert all(w.is_contiguous(memory_format=torch.channels_last) for w in convolutions)
        bind(network, weights)

    monkeypatch.setattr(networks, "bind", watched)
    name = "resnet8-narrow-cifar"
    split = images(name, 70)
    rows, channels = (
        random_networks(name),
        [networks.channels_last(weights) for weights in random_networks(name)],
    )
    strides = [held[0]["stem.conv.weight"].stride() for held in (rows, channels)]
    assert strides[0] != strides[1]
    expected = evaluate_path(name, *rows, split, 3)
    assert evaluate_path(name, *channels, split, 3) == expected
    assert evaluate_path(name, rows[0], channels[1], split, 3) == expected


def test_networks_that_are_not_finite_are_all_wrong():
    split = images("lenet-300-100", 20)
    first, second = random_networks("lenet-300-100")
    first["output.bias"][0] = float("nan")
    errors = [s.error for s in evaluate_path("lenet-300-100", first, second, split, 3)]
    assert errors[1:] == [100, 100]
    assert errors[0] < 100


@pytest.mark.parametrize("name", ["digits-mlp", "lenet-300-100", "resnet8-narrow-cifar"])
def test_an_end_is_itself_though_the_other_diverged(name):
    split = samples.digits().test if name == "digits-mlp" else images(name, 70)
    first, second = random_networks(name)
    kept = evaluate_path(name, first, second, split, 3)[0]
    for value in first.values():
        value.fill_(float("nan"))
    scores = evaluate_path(name, first, second, split, 3)
    assert scores[0] == kept
    assert [score.error for score in scores[1:]] == [100, 100]
    assert evaluate_path(name, second, first, split, 3)[-1] == kept
