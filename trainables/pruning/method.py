"""What a pruning method is: scores of weights, and how the weights that are kept are shared.

A method is one file: ours is a row of `trainables.pruning.METHODS`, a user's own is named as
`module:object` in a recipe. The declaration imports no torch at module level, so that planning
does not either; a user's own may.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from torch import Tensor

    from trainables.pruning.context import Context
    from trainables.weights import Mask, Weights

When = Literal["trained", "start"]

Scores = Mapping[str, "Tensor"]
"""Name of each prunable weight -> a score of its shape; the lowest go."""


@dataclass(frozen=True)
class NoOptions:
    """Of a method that has none."""


@dataclass(frozen=True)
class Layer:
    """What `shares` gets to know of a prunable tensor."""

    shape: tuple[int, ...]
    left: int
    """Weights that are not pruned yet."""
    output: bool
    """Whether it is the output layer's."""


@dataclass(frozen=True, kw_only=True)
class PruningMethod:
    """A score per weight, of which the highest are kept.

    `scores(weights, mask, context, options)` gets a network's state, in which pruned weights are 0;
    the mask so far; a `trainables.pruning.context.Context`; and an instance of `Options`. It
    returns a tensor for each name of the mask, of the weight's shape.
    """

    name: str
    """What results call its subnetworks."""
    scores: Callable[[Weights, Mask, Context, Any], Scores]
    """The function, as described above."""
    when: When = "trained"
    """At what it looks. `trained`: the trained network, as IMP does, one level after another or at
    once (`recipe.pruning`). `start`: W_k, before training; every level at once."""
    shares: Callable[[Mapping[str, Layer], int, Any], Mapping[str, float]] | None = None
    """Of the weights that are kept, so many in all: what share each layer gets, in any unit. What
    a layer has no room for goes to the others. None: all layers compete."""
    uses: Literal["weights", "network", "data"] = "data"
    """What scores are computed from, which decides what enters keys: weights alone; the network
    with them; or training examples, too."""
    steps: Callable[[Any], int] = lambda options: 1
    """In how many steps the weights go, with new scores at each; by equal factors."""
    examples: Callable[[Any, int], float] = lambda options, classes: 0.0
    """Forward and backward passes of one example per step, given the number of classes."""
    Options: type = NoOptions
    """A frozen dataclass. Its fields are what `recipe.pruning_options` may set."""
    version: int = 1
    """Raised when masks come out otherwise."""

    def __post_init__(self) -> None:
        if self.when not in ("trained", "start"):
            raise ValueError(f"when must be 'trained' or 'start', not {self.when!r}")
