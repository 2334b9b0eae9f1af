"""Iterations of training: LeNet against OpenLTH's loop, ResNet-20 against a plain one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from benchmarks import plain
from benchmarks.harness import (
    Comparison,
    Row,
    Setting,
    Spread,
    Target,
    compare,
    core,
    estimate,
    seconds,
)
from benchmarks.peer import Peer
from sweeps.plan import cost
from trainables import data, networks, sizes
from trainables.data.split import Scaling, Split
from trainables.pruning.masks import full_mask, prune_by_magnitude, weights_left
from trainables.recipe import Recipe
from trainables.recipes import RECIPES
from trainables.training.loop import TrainingState, train
from trainables.weights import Mask

LENET = RECIPES["lenet-mnist"]
RESNET20 = RECIPES["resnet20-cifar10"]

LENET_ITERATIONS = 400
RESNET20_ITERATIONS = 6
"""Timed in each repeat."""

PRUNING_ITERATIONS = 1000
"""Trained before LeNet is pruned to the papers' 3.5 % by magnitude, at once."""

PRUNING_ROUNDS = 15

GEMM_SIZES = (512, 1024, 2048)


@dataclass
class Ours:
    """A training under way: `advance` does some more of its iterations."""

    recipe: Recipe
    state: TrainingState
    data: Split
    mask: Mask | None = None
    order_seed: int = 1

    def advance(self, iterations: int) -> None:
        until = self.state.iteration + iterations
        for _ in train(
            self.recipe,
            self.state,
            self.data,
            order_seed=self.order_seed,
            until=until,
            mask=self.mask,
        ):
            pass


def initial(recipe: Recipe, seed: int = 1) -> TrainingState:
    weights = networks.initial_weights(recipe.network, recipe.initialization, "init", seed)
    return TrainingState(0, weights)


def dense_mask(weights: dict[str, Tensor], network: str) -> Mask:
    return full_mask(weights, networks.prunable(networks.build(network)))


def pixels(split: Split) -> Tensor:
    """MNIST's [N, 28, 28]."""
    return split.images.squeeze(-1)


def random_images(examples: int) -> Split:
    """Of CIFAR-10's shape: what an iteration costs does not depend on what is to be seen."""
    stream = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (examples, 32, 32, 3), dtype=torch.uint8, generator=stream)
    labels = torch.randint(0, 10, (examples,), generator=stream)
    return Split(images, labels, Scaling(torch.full((3,), 1 / 64), torch.full((3,), -2.0)))


def _row(work: str, compared: Comparison, target: float, note: str) -> Row:
    return Row(
        work=work,
        ours=compared.ours.times(1000),
        unit="ms",
        against=compared.against.times(1000),
        ratio=compared.ratio,
        target=Target(least=target),
        note=note,
    )


# --- LeNet ------------------------------------------------------------------------------


def _against_peer(setting: Setting, state: TrainingState, split: Split, mask: Mask) -> Comparison:
    ours = Ours(LENET, state, split, mask)
    peer = Peer(LENET, pixels(split), split.labels, mask)
    number = setting.effort.of(LENET_ITERATIONS)
    return compare(
        lambda: ours.advance(number),
        lambda: peer.advance(number),
        repeats=setting.effort.repeats,
        per=number,
    )


PEER_NOTE = (
    "processor time of one process; the peer, too, has denormal numbers flushed, which it does "
    "not do itself"
)


def lenet(setting: Setting) -> list[Row]:
    split = data.load(LENET, setting.data).train
    state = initial(LENET)
    mask = dense_mask(state.weights, LENET.network)
    compared = _against_peer(setting, state, split, mask)
    planned = cost.seconds_per_iteration(LENET, core())
    return [
        _row(
            "LeNet-300-100 iteration, dense, batch 60, Adam; against OpenLTH's loop",
            compared, 5, PEER_NOTE,
        ),
        estimate("LeNet-300-100 iteration", 1000 * planned, 1000 * compared.ours.median, "ms"),
    ]  # fmt: skip


def sparse_lenet(setting: Setting) -> list[Row]:
    split = data.load(LENET, setting.data).train
    start = Ours(LENET, initial(LENET), split)
    start.advance(setting.effort.of(PRUNING_ITERATIONS))
    mask = dense_mask(start.state.weights, LENET.network)
    mask = prune_by_magnitude(
        start.state.weights, mask, LENET.pruning_fraction, rounds=PRUNING_ROUNDS
    )
    compared = _against_peer(setting, TrainingState(0, start.state.weights), split, mask)
    left = weights_left(mask)
    planned = cost.seconds_per_iteration(LENET, core(), left / 100)
    what = f"LeNet-300-100 iteration, {left:.1f} % of weights left"
    return [
        _row(
            f"{what}; against OpenLTH's loop",
            compared, 9,
            f"mask by magnitude after {setting.effort.of(PRUNING_ITERATIONS)} iterations; "
            + PEER_NOTE,
        ),
        estimate(what, 1000 * planned, 1000 * compared.ours.median, "ms"),
    ]  # fmt: skip


# --- ResNet-20 --------------------------------------------------------------------------


def gemm_peak() -> float:
    """Return operations per second of the best square product of 32-bit floats."""

    def rate(size: int) -> float:
        one, other = torch.rand(size, size), torch.rand(size, size)
        out = torch.mm(one, other)
        products = max(1, 2048**3 // size**3)

        def multiply() -> None:
            for _ in range(products):
                torch.mm(one, other, out=out)

        return 2 * size**3 * products / seconds(multiply)

    return max(rate(size) for size in GEMM_SIZES for _ in range(3))


def _resnet20(setting: Setting, **changes: Any) -> Comparison:
    recipe = replace(RESNET20, **changes)
    number = setting.effort.of(RESNET20_ITERATIONS)
    split = random_images(4 * recipe.batch_size)
    state = initial(recipe)
    mask = dense_mask(state.weights, recipe.network)
    against = plain.Training(RESNET20, state.weights, split, mask)
    ours = Ours(recipe, state, split, mask)
    return compare(
        lambda: ours.advance(number),
        lambda: against.advance(number),
        repeats=setting.effort.repeats,
        per=number,
    )


def _share_of_peak(compared: Comparison, before: float, after: float) -> Row:
    facts = sizes.facts(RESNET20)
    operations = 3 * facts.forward_flops * RESNET20.batch_size  # backward is two forward passes
    peak = max(before, after)
    took = compared.ours
    rates = Spread(operations / took.median, operations / took.most, operations / took.least)
    return Row(
        work="ResNet-20 iteration, fp32: GFLOP/s; ratio is the share of a core's GEMM peak",
        ours=rates.times(1e-9),
        unit="GFLOP/s",
        against=Spread.once(peak * 1e-9),
        ratio=rates.times(1 / peak),
        target=Target(least=0.75),
        note=f"{operations / 1e9:.1f} GFLOP an iteration (convolutions and linear layers, the "
        f"backward pass as two forward ones); peak: best of squares of {GEMM_SIZES}, before and "
        "after",
    )


IMAGES_NOTE = "random images of CIFAR-10's shape; processor time of one process"


def resnet20(setting: Setting) -> list[Row]:
    before = gemm_peak()
    compared = _resnet20(setting)
    after = gemm_peak()
    planned = cost.seconds_per_iteration(RESNET20, core())
    return [
        _row(
            "ResNet-20 iteration, fp32, batch 128, SGD; against a plain PyTorch loop",
            compared, 1.25, IMAGES_NOTE,
        ),
        _share_of_peak(compared, before, after),
        estimate("ResNet-20 iteration", 1000 * planned, 1000 * compared.ours.median, "ms"),
    ]  # fmt: skip


def resnet20_bf16(setting: Setting) -> list[Row]:
    compared = _resnet20(setting, precision="bf16")
    planned = cost.seconds_per_iteration(replace(RESNET20, precision="bf16"), core())
    return [
        _row(
            "ResNet-20 iteration, bf16, batch 128, SGD; against a plain PyTorch loop in fp32",
            compared, 1.9, IMAGES_NOTE,
        ),
        estimate("ResNet-20 iteration, bf16", 1000 * planned, 1000 * compared.ours.median, "ms"),
    ]  # fmt: skip
