"""What the text of Unmasking says in numbers, as data.

Paul, Chen, Larsen, Frankle, Ganguli and Dziugaite, "Unmasking the Lottery Ticket Hypothesis:
Efficient Adaptive Pruning for Finding Winning Tickets". It has neither tables nor accuracies;
nothing here is read off a figure. Settings are keyed by the names of built-in recipes.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Setting:
    """How networks of a recipe were pruned."""

    rounds: int
    """Levels of pruning."""
    rewinds: tuple[int, ...]
    """Rewind points k in iterations; at the last one sparse subnetworks match (Figure 2)."""
    iterations: int
    replicates: int = 4
    """Runs with independent seeds: inits."""
    source: str = "Unmasking appendix C"


SETTINGS = {
    "unmasking-resnet20-cifar10": Setting(12, (0, 250, 2000), 62_400),
    "unmasking-resnet18-cifar100": Setting(15, (0, 400, 3200), 78_125),
    "unmasking-resnet50-imagenet": Setting(12, (0, 1250, 5000), 15_970),
}


@dataclass(frozen=True)
class Saving:
    """What adaptive pruning saves."""

    recipe: str
    until_left: float
    """% of weights left."""
    fixed: int
    """Retrainings up to there with 20 % pruned at each level."""
    adaptive: int
    compute_saved: tuple[float, float]
    """%: of the abstract, and of section 2.2 and Figure 4."""
    source: str = "Unmasking abstract, section 2.2"


SAVING = Saving("unmasking-resnet18-cifar100", 9.0, fixed=11, adaptive=7, compute_saved=(30, 33))
"""The one that the text has numbers of; on ImageNet "the improvement is moderate"."""


def saving_of(recipe: str, until_left: float) -> Saving | None:
    """Return what is published of adaptive pruning of a recipe to so many weights left (%)."""
    return SAVING if (recipe, until_left) == (SAVING.recipe, SAVING.until_left) else None
