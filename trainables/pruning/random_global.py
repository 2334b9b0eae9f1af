"""Random pruning: every weight is as likely to go, whatever its layer. Score: uniform noise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trainables.pruning.method import PruningMethod, Scores

if TYPE_CHECKING:
    from trainables.pruning.context import Context
    from trainables.weights import Mask, Weights


def scores(weights: Weights, mask: Mask, context: Context, options: Any) -> Scores:
    """Return noise that depends on the seed of the initialisation."""
    return context.random(mask, "random-global")


METHOD = PruningMethod(name="random-global", scores=scores, when="start", uses="weights")
