"""When a sweep's networks are evaluated while they are trained."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from sweeps.spec.fields import STRICT, Examples, Length, error_of
from trainables.completing.evaluation import evaluation
from trainables.completing.misfit import Misfit
from trainables.jobs.learning import Evaluation


class Evaluate(BaseModel):
    """Learning curves: error and loss on both splits as training goes on."""

    model_config = STRICT
    every: Length
    """Iterations from one evaluation to the next, "5 %" of training, or "1 epoch"."""
    examples: Examples = 2000
    """Examples of each split, a fixed sample; all where a split has fewer, or `all`."""

    def resolved(self, recipe: Mapping[str, Any]) -> Evaluation:
        """Return it in iterations of a recipe. Raises an error of the place that is wrong."""
        try:
            return evaluation(self.every, self.examples, recipe)
        except Misfit as misfit:
            raise error_of(misfit) from None
