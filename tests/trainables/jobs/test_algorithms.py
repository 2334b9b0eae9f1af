"""Algorithms 1 and 2 of LMC, written from the paper in plain PyTorch, and what jobs store.

Shared with `trainables` are the draws only: initial weights, and which examples a batch holds.
"""

import json
from dataclasses import replace

import pytest
import samples
import torch
from torch import nn

from trainables import networks
from trainables.jobs.execute import Executor
from trainables.jobs.kinds import pretrained, pruned, trained
from trainables.measures import measured
from trainables.recipes import RECIPES
from trainables.store import Store, tensors
from trainables.training.order import DataOrder

T = 60
K = 20
POINTS = 30
LEVELS = 2
RECIPE = replace(RECIPES["digits-mlp"], iterations=T, milestones=(30, 45))

INIT, PRETRAIN, IMP, ARMS = 1, 0, 1, (1, 2)
"""Seeds: of W_0, of the noise from 0 to k, of the noise of IMP's trainings, of the two copies."""


def train(network, begin, end, order_seed, masks=None):
    """A: the network trained from iteration `begin` to `end` under the noise of a seed."""
    network.train()
    examples = samples.digits().train
    optimizer = torch.optim.SGD(
        network.parameters(), lr=0.15, momentum=0.9, weight_decay=1e-4, fused=True
    )
    loss = nn.CrossEntropyLoss()
    linears = linear_layers(network)
    for iteration in range(begin, end):
        for group in optimizer.param_groups:
            group["lr"] = 0.15 if iteration < 30 else 0.015 if iteration < 45 else 0.0015
        batch = DataOrder(1000, 16, order_seed).batch(iteration)
        optimizer.zero_grad()
        loss(network(examples.images[batch]), examples.labels[batch]).backward()
        optimizer.step()
        apply(masks, linears)


def linear_layers(network):
    return [layer for layer in network if isinstance(layer, nn.Linear)]


def apply(masks, linears):
    with torch.no_grad():
        for mask, linear in zip(masks or [], linears, strict=masks is not None):
            linear.weight *= mask


def copy_of(network, plain, names):
    return plain.network(plain.weights(network, names))


def prune_lowest(network, masks, fraction):
    """Step 6 of Algorithm 2, globally: zero the mask of the weights of lowest magnitude left."""
    entries = []
    for layer, linear in enumerate(linear_layers(network)):
        for place, weight in enumerate(linear.weight.detach().flatten().tolist()):
            if masks[layer].flatten()[place]:
                entries.append((abs(weight), layer, place))
    entries.sort()
    for _, layer, place in entries[: round(len(entries) * fraction)]:
        masks[layer].view(-1)[place] = 0


def error(network, split):
    network.eval()
    with torch.no_grad():
        wrong = (network(split.images).argmax(1) != split.labels).sum()
    return 100 * int(wrong) / len(split.labels)


@pytest.fixture(scope="module")
def by_hand(plain):
    """Algorithm 2 to LEVELS levels, then Algorithm 1 of the result."""
    initial = networks.initial_weights("digits-mlp", "kaiming-normal", "init", INIT)
    names = list(initial)
    found = {"masks": [], "imp arms": []}

    w_k = plain.network(initial)
    train(w_k, 0, K, PRETRAIN)
    found["w_k"] = plain.weights(w_k, names)

    # Algorithm 2: train m * W_k to T, prune the lowest magnitudes, rewind to W_k.
    masks = [torch.ones_like(layer.weight) for layer in linear_layers(w_k)]
    for _ in range(LEVELS):
        network = copy_of(w_k, plain, names)
        apply(masks, linear_layers(network))
        train(network, K, T, IMP, masks)
        found["imp arms"].append(plain.weights(network, names))
        prune_lowest(network, masks, 0.2)
        found["masks"].append([mask.clone() for mask in masks])

    # Algorithm 1, of the subnetwork: two copies under two noises, and the line between them.
    ends = []
    for order_seed in ARMS:
        network = copy_of(w_k, plain, names)
        apply(masks, linear_layers(network))
        train(network, K, T, order_seed, masks)
        ends.append(plain.weights(network, names))
    found["ends"] = ends
    for split in ("train", "test"):
        errors = []
        for alpha in torch.linspace(0, 1, POINTS, dtype=torch.float64).tolist():
            mixed = {n: alpha * ends[0][n] + (1 - alpha) * ends[1][n] for n in names}
            errors.append(
                error(
                    plain.network(mixed),
                    getattr(samples.digits(), split),
                )
            )
        found[split] = errors
    return found


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """The same from the executor's store, each job of it by name."""
    store = Store(str(tmp_path_factory.mktemp("store")))
    w_k = pretrained(RECIPE, INIT, PRETRAIN, K, pretrained(RECIPE, INIT, PRETRAIN, 0))
    imp_arms, masks, mask = [], [], None
    for _ in range(LEVELS):
        imp_arms.append(trained(w_k, K, IMP, mask))
        mask = pruned(imp_arms[-1])
        masks.append(mask)
    ends = [trained(w_k, K, order_seed, mask) for order_seed in ARMS]
    path = measured("instability", ends, points=POINTS)
    executor = Executor(store, samples.FOLDER, checkpoint_seconds=1e9)
    for job in (path, *ends, *masks):
        list(executor.run(job))

    def read(job):
        return tensors.from_bytes(store.read(job.kind, job.key).payload)

    return {
        "w_k": tensors.part(read(w_k), "weights"),
        "imp arms": [read(arm) for arm in imp_arms],
        "masks": [read(mask) for mask in masks],
        "ends": [read(arm) for arm in ends],
        "path": json.loads(store.read(path.kind, path.key).payload),
    }


def assert_same(stored, by_hand):
    assert stored.keys() == by_hand.keys()
    for name, value in by_hand.items():
        assert torch.equal(stored[name], value), name


def test_the_rewind_point(stored, by_hand):
    assert_same(stored["w_k"], by_hand["w_k"])


@pytest.mark.parametrize("level", range(LEVELS))
def test_algorithm_2(stored, by_hand, level):
    assert_same(stored["imp arms"][level], by_hand["imp arms"][level])
    names = networks.prunable(networks.build("digits-mlp"))
    assert stored["masks"][level].keys() == set(names)
    kept = 0
    for name, mask in zip(names, by_hand["masks"][level], strict=True):
        assert torch.equal(stored["masks"][level][name], mask.bool()), name
        kept += int(mask.sum())
    assert kept / 15_072 == pytest.approx(0.8 ** (level + 1), abs=1e-4)


@pytest.mark.parametrize("end", range(2))
def test_the_copies_of_algorithm_1(stored, by_hand, end):
    assert_same(stored["ends"][end], by_hand["ends"][end])


@pytest.mark.parametrize("split", ["train", "test"])
def test_algorithm_1(stored, by_hand, split):
    errors, path = by_hand[split], stored["path"]
    assert path[f"path_error_{split}"] == errors
    expected = max(errors) - (errors[0] + errors[-1]) / 2
    assert path[f"instability_{split}"] == pytest.approx(expected, abs=1e-9)
    accuracies = (path[f"accuracy_{split}_1"], path[f"accuracy_{split}_2"])
    assert accuracies == pytest.approx((100 - errors[-1], 100 - errors[0]), abs=1e-9)
    assert path["weights_left"] == pytest.approx(64.0, abs=0.01)
