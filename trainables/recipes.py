"""Recipes: a network, its data and every hyperparameter of one training.

A recipe is a row of the papers' tables. It is typed and frozen; the meaning and unit of each
field stand below it. `affects` says which results a field changes, and so which content keys:

    init      the initial weights
    training  every state after iteration 0
    length    the end of training only
    pruning   the masks

A field that equals its default is left out of keys, so that a field added later, with a default
that means "no change", leaves every stored result valid.
"""

from __future__ import annotations

from dataclasses import MISSING, dataclass, field, fields
from typing import Any, Literal

Stage = Literal["init", "training", "length", "pruning"]


def _field(affects: Stage | None, default: Any = MISSING) -> Any:
    return field(default=default, metadata={"affects": affects})


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """One training. Raises ValueError where fields contradict each other."""

    name: str = _field(None)
    """What results are filed under; not part of any key."""

    network: str = _field("init")
    """A name in `trainables.networks`."""

    data: str = _field("training")
    """A name in `trainables.data`; it fixes the split and the input scaling."""

    initialization: Literal["kaiming-normal"] = _field("init", "kaiming-normal")
    """Distribution of initial convolutional and linear weights (fan-in, gain of ReLU).
    Biases start at 0, BatchNorm at scale 1 and shift 0."""

    iterations: int = _field("length")
    """T: SGD steps from initialisation to the end of training."""

    batch_size: int = _field("training")
    """Examples an iteration."""

    last_batch: Literal["keep", "drop"] = _field("training", "keep")
    """Whether an epoch ends with the smaller batch that is left over."""

    optimizer: Literal["sgd", "adam"] = _field("training")
    """`sgd` has `momentum`; `adam` has betas 0.9 and 0.999, eps 1e-8."""

    learning_rate: float = _field("training")
    """At the peak: after warm-up, before any decay."""

    momentum: float = _field("training", 0.0)
    """Of `sgd`, without dampening or Nesterov's variant."""

    weight_decay: float = _field("training", 0.0)
    """Coefficient of the L2 penalty's gradient, on every parameter, BatchNorm's included."""

    milestones: tuple[int, ...] = _field("training", ())
    """Iterations from which the rate is multiplied by `decay`, once more at each."""

    decay: float = _field("training", 0.1)
    """Factor of the learning rate at each milestone."""

    warmup: int = _field("training", 0)
    """Iterations over which the rate rises linearly from 0."""

    pruning_fraction: float = _field("pruning", 0.2)
    """Fraction of the remaining weights that one level of iterative pruning removes."""

    prune_output: bool = _field("pruning", True)
    """Whether the output layer's weights are prunable."""

    def __post_init__(self) -> None:
        def require(holds: bool, message: str) -> None:
            if not holds:
                raise ValueError(message)

        require(self.iterations >= 1, f"iterations must be at least 1, not {self.iterations}")
        require(self.batch_size >= 1, f"batch_size must be at least 1, not {self.batch_size}")
        require(self.learning_rate > 0, f"learning_rate must be above 0, not {self.learning_rate}")
        require(0 <= self.momentum < 1, f"momentum must be in [0, 1), not {self.momentum}")
        require(
            self.optimizer == "sgd" or self.momentum == 0, "momentum goes with the optimizer sgd"
        )
        require(self.weight_decay >= 0, f"weight_decay must not be negative: {self.weight_decay}")
        require(0 < self.decay <= 1, f"decay must be in (0, 1], not {self.decay}")
        require(self.warmup >= 0, f"warmup must not be negative: {self.warmup}")
        require(
            list(self.milestones) == sorted(set(self.milestones))
            and all(m > 0 for m in self.milestones),
            f"milestones must be positive and rising, not {list(self.milestones)}",
        )
        require(
            not self.milestones or self.milestones[-1] < self.iterations,
            f"milestones {list(self.milestones)} must lie before the end of training "
            f"({self.iterations} iterations)",
        )
        require(
            0 < self.pruning_fraction < 1,
            f"pruning_fraction must be between 0 and 1, not {self.pruning_fraction}",
        )

    def identity(self, *stages: Stage) -> dict[str, Any]:
        """The fields that affect these stages, without those at their default."""
        chosen = {
            f.name: getattr(self, f.name) for f in fields(self) if f.metadata["affects"] in stages
        }
        defaults = {f.name: f.default for f in fields(self)}
        return {name: value for name, value in chosen.items() if value != defaults[name]}


RECIPES: dict[str, Recipe] = {
    recipe.name: recipe
    for recipe in (
        # A network small enough for a laptop that shows every phenomenon of the papers:
        # unstable at initialisation, stable from about iteration 20 of 1200 on; sparse
        # subnetworks match only when rewound to after initialisation.
        Recipe(
            name="digits-mlp",
            network="digits-mlp",
            data="digits",
            iterations=1200,
            batch_size=16,
            last_batch="drop",
            optimizer="sgd",
            learning_rate=0.15,
            momentum=0.9,
            weight_decay=1e-4,
            milestones=(600, 900),
        ),
    )
}
"""Every built-in recipe by name."""
