"""Paths between two networks, against a plain loop over their points."""

from __future__ import annotations

import torch

from benchmarks import plain
from benchmarks.harness import Row, Setting, Target, compare, core, estimate
from benchmarks.training import LENET, RESNET20, Ours, initial, random_images
from sweeps.plan.cost import seconds_of_points
from trainables import data, sizes
from trainables.data.split import Split
from trainables.measures.path import evaluate_path
from trainables.recipe import Recipe

POINTS = 30
"""Of a path in the papers."""

TRAINED_ITERATIONS = 1000
"""Of the ends of LeNet's path."""

LENET_EXAMPLES = 35_000
"""Timed, of MNIST's 70,000."""

LENET_CHUNK = 1000
RESNET20_POINTS = 3
RESNET20_CHUNK = 500
"""Examples that the plain loops evaluate at once."""

RESNET20_CHUNKS = 2
"""Timed."""


def everything(recipe: Recipe, setting: Setting) -> Split:
    """Training and test set in one."""
    whole = data.load(recipe, setting.data)
    images = torch.cat([whole.train.images, whole.test.images])
    labels = torch.cat([whole.train.labels, whole.test.labels])
    return Split(images, labels, whole.train.scaling)


def lenet(setting: Setting) -> list[Row]:
    whole = everything(LENET, setting)
    split = whole.sample(setting.effort.of(LENET_EXAMPLES))
    ends = []
    for order in (1, 2):
        end = Ours(LENET, initial(LENET), data.load(LENET, setting.data).train, order_seed=order)
        end.advance(setting.effort.of(TRAINED_ITERATIONS))
        ends.append(end.state.weights)
    work = f"LeNet-300-100 path of {POINTS} points on {len(whole):,} examples"
    row = _against_plain(
        setting, LENET, ends, split, POINTS, LENET_CHUNK, 5, work,
        f"timed: {len(split):,} of the examples, which stand for the whole",
        times=len(whole) / len(split),
    )  # fmt: skip
    return [row, _estimate(work, LENET, len(whole), row)]


def resnet20(setting: Setting) -> list[Row]:
    ends = [initial(RESNET20, seed).weights for seed in (1, 2)]
    split = random_images(RESNET20_CHUNK * setting.effort.of(RESNET20_CHUNKS))
    work = f"ResNet-20 path of {POINTS} points on 10,000 images"
    row = _against_plain(
        setting, RESNET20, ends, split, RESNET20_POINTS, RESNET20_CHUNK, 2.3, work,
        f"timed: {RESNET20_POINTS} points on {len(split):,} random images, which stand for "
        "the whole: cost is linear in both",
        times=POINTS / RESNET20_POINTS * 10_000 / len(split),
    )  # fmt: skip
    return [row, _estimate(work, RESNET20, 10_000, row)]


def _estimate(work: str, recipe: Recipe, examples: int, row: Row) -> Row:
    planned = examples * seconds_of_points(sizes.facts(recipe), POINTS, core())
    return estimate(work, planned, row.ours.median)


def _against_plain(
    setting: Setting,
    recipe: Recipe,
    ends: list[dict[str, torch.Tensor]],
    split: Split,
    points: int,
    chunk: int,
    target: float,
    work: str,
    note: str = "",
    times: float = 1.0,
) -> Row:
    """`times` is what the timed work is multiplied by."""
    examples = plain.inputs(split)
    scores = {}

    def ours() -> None:
        scores["ours"] = evaluate_path(recipe.network, ends[0], ends[1], split, points)

    def against() -> None:
        scores["plain"] = plain.path(
            recipe.network, ends[0], ends[1], examples, split.labels, points, chunk
        )

    compared = compare(ours, against, repeats=setting.effort.repeats)
    errors, others = ([score.error for score in scores[side]] for side in ("ours", "plain"))
    return Row(
        work=f"{work}; against a plain loop over the points",
        ours=compared.ours.times(times),
        unit="s",
        against=compared.against.times(times),
        ratio=compared.ratio,
        target=Target(least=target),
        note="; ".join(filter(None, [note, "processor time; the errors must be identical"])),
        wrong="" if errors == others else f"errors {errors}, in the plain loop {others}",
    )
