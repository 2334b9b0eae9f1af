"""Examples in memory, and how they become what a network takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Literal, TypeVar

import torch
from torch import Tensor

from trainables.seeds import generator

if TYPE_CHECKING:
    from trainables.data.streamed import Streamed

InputScaling = Literal["standardize", "unit"]


@dataclass(frozen=True)
class Scaling:
    """Network inputs are pixels * `scale` + `shift`, of each channel."""

    scale: Tensor
    """[C]"""
    shift: Tensor
    """[C]"""

    @classmethod
    def of(cls, kind: InputScaling, mean: Tensor, deviation: Tensor) -> Scaling:
        """`mean` and `deviation` [C] are the training images', with pixels in [0, 1].

        A channel that is the same everywhere becomes 0.
        """
        if kind == "unit":
            mean, deviation = torch.zeros_like(mean), torch.ones_like(deviation)
        deviation = deviation.where(deviation > 1e-9, 1.0)  # 0 but for rounding
        return cls((1 / (255 * deviation)).float(), (-mean / deviation).float())

    def to(self, device: str) -> Scaling:
        return Scaling(self.scale.to(device), self.shift.to(device))


def scaled(images: Tensor, scaling: Scaling) -> Tensor:
    """Pixels [B, H, W, C] as inputs [B, C, H, W] in channels-last memory."""
    inputs = images.float().mul_(scaling.scale).add_(scaling.shift)
    return inputs.permute(0, 3, 1, 2)


def sampled(examples: int, number: int) -> Tensor:
    """A fixed random choice of so many."""
    return torch.randperm(examples, generator=generator("sample"))[:number]


@dataclass(frozen=True)
class Split:
    """Images with their labels [N] or [N, ...] (int64).

    `images` are pixels [N, H, W, C] (uint8), which `inputs` scales; or, without `scaling`, what
    the network takes, [N, ...].
    """

    images: Tensor
    labels: Tensor
    scaling: Scaling | None = None

    def __len__(self) -> int:
        return len(self.labels)

    def sample(self, number: int | None) -> Split:
        """A fixed random choice of so many examples; all where it is None."""
        if number is None:
            return self
        chosen = sampled(len(self), number)
        return Split(self.images[chosen], self.labels[chosen], self.scaling)

    def to(self, device: str) -> Split:
        scaling = self.scaling and self.scaling.to(device)
        return Split(self.images.to(device), self.labels.to(device), scaling)

    def inputs(self, images: Tensor) -> Tensor:
        """Some of `images`, perhaps augmented, as inputs [B, C, H, W] in channels-last memory."""
        return images if self.scaling is None else scaled(images, self.scaling)


Examples = TypeVar("Examples", Split, "Streamed")


@dataclass(frozen=True)
class Dataset(Generic[Examples]):
    train: Examples
    test: Examples

    def to(self, device: str) -> Dataset[Examples]:
        return Dataset(self.train.to(device), self.test.to(device))
