"""What is timed on a machine, and what the planner expects of it. No torch.

The product's own engine does all of it, on made-up examples. Small networks show what a kernel
costs, LeNet what matrix products and Adam cost, ResNets what convolutions and memory cost.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from sweeps.plan import cost
from sweeps.plan.hardware import Hardware
from trainables import sizes
from trainables.recipe import Recipe
from trainables.recipes import RECIPES

POINTS = 30
"""Of a path, as in the papers."""


@dataclass(frozen=True)
class Training:
    """Iterations of a training, or of a stack of them."""

    recipe: Recipe
    replicas: int = 1
    weights_left: float = 1.0

    def estimate(self, on: Hardware) -> float:
        """Return the seconds of an iteration of a replica."""
        return cost.seconds_per_iteration(self.recipe, on, self.weights_left)


@dataclass(frozen=True)
class Path:
    """Some points of the path between two networks."""

    recipe: Recipe
    examples: int
    points: int

    def estimate(self, on: Hardware) -> float:
        """Return the seconds of an example at a point."""
        return cost.seconds_of_points(sizes.facts(self.recipe), self.points, on) / self.points


@dataclass(frozen=True)
class Image:
    """JPEGs that are decoded, cropped at random and resized."""

    number: int = 5
    size: int = 224
    width: int = 500
    height: int = 375

    def estimate(self, on: Hardware) -> float:
        """Return the seconds of decoding and cropping an image."""
        return self.size**2 * on.seconds_per_pixel / HANDED_ON


HANDED_ON = 1.35
"""Processor time of an image, over that of decoding and cropping it: the process that decodes hands
it to the one that trains (measured by `python -m benchmarks input` on Zen 4)."""

Subject = Training | Path | Image

DIGITS, LENET, RESNET20 = (
    RECIPES[name] for name in ("digits-mlp", "lenet-mnist", "resnet20-cifar10")
)
WIDE = replace(RESNET20, name="wide", network="wide-resnet-cifar", batch_size=8)
"""More operations to a value than ResNet-20: tells one from the other."""

SPARSE = (0.035, 0.107)
"""Shares of LeNet's weights left, between which a sparse iteration's time is taken to be linear."""

SUBJECTS: dict[str, Subject] = {
    "digits": Training(DIGITS),
    "digits-stacked": Training(replace(DIGITS, backend="stacked"), replicas=6),
    "digits-bf16": Training(replace(DIGITS, precision="bf16")),
    "lenet": Training(LENET),
    "lenet-large": Training(replace(LENET, batch_size=240)),
    "lenet-sparser": Training(LENET, weights_left=SPARSE[0]),
    "lenet-sparse": Training(LENET, weights_left=SPARSE[1]),
    "gpt": Training(RECIPES["tiny-gpt"]),
    "resnet8": Training(RECIPES["cifar10-small"]),
    "resnet20": Training(RESNET20),
    "resnet20-bf16": Training(replace(RESNET20, precision="bf16")),
    "wide": Training(WIDE),
    "digits-path": Path(DIGITS, 900, POINTS),
    "lenet-path": Path(LENET, 1536, POINTS),
    "resnet20-path": Path(RESNET20, 128, 3),
    "image": Image(),
}
