"""The same work in plain PyTorch, as one writes it first: default layouts, modules, optimizers.

What could be done once is, before the clock starts: all inputs are floats in one tensor.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, pad
from torch.optim.lr_scheduler import MultiStepLR

from trainables import networks
from trainables.data.split import Split
from trainables.planes import Plane, Point
from trainables.recipe import Recipe
from trainables.training.evaluation import Score
from trainables.training.order import DataOrder

SHIFT = 4
"""Largest move of an augmented image in pixels, each way."""


def copied(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """In PyTorch's own layout."""
    layout = torch.contiguous_format
    return {name: value.clone(memory_format=layout) for name, value in weights.items()}


def inputs(split: Split) -> Tensor:
    """Every example as the network takes it, in PyTorch's own layout."""
    return split.inputs(split.images).contiguous()


class Training:
    """A training under way: `advance` does some more of its iterations."""

    def __init__(
        self,
        recipe: Recipe,
        weights: dict[str, Tensor],
        data: Split,
        mask: dict[str, Tensor],
        order_seed: int = 1,
    ):
        self.network = networks.build(recipe.network).train()
        networks.bind(self.network, copied(weights))
        self.inputs, self.labels = inputs(data), data.labels
        self.augmented = recipe.augmentation == "shift-flip"
        self.optimizer = torch.optim.SGD(
            self.network.parameters(),
            lr=recipe.learning_rate,
            momentum=recipe.momentum,
            weight_decay=recipe.weight_decay,
        )
        self.schedule = MultiStepLR(self.optimizer, list(recipe.milestones), recipe.decay)
        parameters = dict(self.network.named_parameters())
        self.masks = [(parameters[name], keep.float()) for name, keep in mask.items()]
        keep_last = recipe.last_batch == "keep"
        self.order = DataOrder(len(data), recipe.batch_size, order_seed, keep_last=keep_last)
        self.iteration = 0
        self._apply_masks()

    def advance(self, iterations: int) -> list[Tensor]:
        """Loss of each iteration."""
        losses = []
        for _ in range(iterations):
            batch = self.order.batch(self.iteration)
            images = self.inputs.index_select(0, batch)
            if self.augmented:
                images = shift_flip(images)
            self.optimizer.zero_grad()
            loss = cross_entropy(self.network(images), self.labels.index_select(0, batch))
            loss.backward()
            self.optimizer.step()
            self.schedule.step()
            self._apply_masks()
            self.iteration += 1
            losses.append(loss.detach())
        return losses

    @torch.no_grad()
    def _apply_masks(self) -> None:
        for parameter, mask in self.masks:
            parameter.mul_(mask)


def shift_flip(images: Tensor) -> Tensor:
    """Images [B, C, H, W], each moved by up to `SHIFT` pixels each way; half are mirrored."""
    batch, _, height, width = images.shape
    padded = pad(images, (SHIFT,) * 4)
    corners = torch.randint(0, 2 * SHIFT + 1, (batch, 2)).tolist()
    moved = torch.stack(
        [
            image[:, down : down + height, right : right + width]
            for image, (down, right) in zip(padded, corners, strict=True)
        ]
    )
    mirrored = torch.randint(0, 2, (batch, 1, 1, 1)).bool()
    return torch.where(mirrored, moved.flip(3), moved)


@torch.no_grad()
def path(
    network: str,
    first: dict[str, Tensor],
    second: dict[str, Tensor],
    examples: Tensor,
    labels: Tensor,
    points: int,
    chunk: int,
) -> list[Score]:
    """Error and loss at each point of the line from `second` to `first`, point after point."""
    held = networks.build(network).eval()
    first, second = copied(first), copied(second)
    scores = []
    for point in range(points):
        alpha = point / (points - 1)
        networks.bind(held, {n: alpha * first[n] + (1 - alpha) * second[n] for n in first})
        scores.append(_score(held, examples, labels, chunk))
    return scores


@torch.no_grad()
def plane(
    network: str, of: Plane, points: Sequence[Point], examples: Tensor, labels: Tensor, chunk: int
) -> list[Score]:
    """Error and loss at points of a plane: prunable weights are origin + x e1 + y e2."""
    held = networks.build(network).eval()
    first, second = copied(of.first), copied(of.second)
    origin = {name: first[name] * keep for name, keep in of.mask.items()}
    e1 = {name: second[name] - value for name, value in origin.items()}
    e2 = {name: first[name] - value for name, value in origin.items()}
    scores = []
    for point in points:
        share = of.share(point)
        made = {n: share * second[n] + (1 - share) * first[n] for n in first if n not in origin}
        made |= {n: origin[n] + point.x * e1[n] + point.y * e2[n] for n in origin}
        networks.bind(held, made)
        scores.append(_score(held, examples, labels, chunk))
    return scores


def _score(network: nn.Module, examples: Tensor, labels: Tensor, chunk: int) -> Score:
    wrong, loss = 0, 0.0
    for images, truth in zip(examples.split(chunk), labels.split(chunk), strict=True):
        logits = network(images)
        wrong += int((logits.argmax(1) != truth).sum())
        loss += float(cross_entropy(logits, truth, reduction="sum"))
    return Score(100 * wrong / len(labels), loss / len(labels))
