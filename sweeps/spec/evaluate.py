"""When a sweep's networks are evaluated while they are trained."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator

from sweeps.spec.fields import STRICT, Length, error_of, unfit
from trainables.completing.evaluation import evaluation
from trainables.completing.misfit import Misfit
from trainables.jobs.learning import Evaluation


def _examples(value: Any) -> Any:
    number = isinstance(value, int) and not isinstance(value, bool)
    if value != "all" and not (number and value >= 1):
        raise unfit()
    return value


class Evaluate(BaseModel):
    """Learning curves: error and loss on both splits as training goes on."""

    model_config = STRICT
    every: Length
    """Iterations from one evaluation to the next, "5 %" of training, or "1 epoch"."""
    examples: Annotated[Literal["all"] | int, BeforeValidator(_examples)] = 2000
    """Examples of each split, a fixed sample; all where a split has fewer, or `all`."""

    def resolved(self, recipe: Mapping[str, Any]) -> Evaluation:
        """Return it in iterations of a recipe. Raises an error of the place that is wrong."""
        try:
            return evaluation(self.every, self.examples, recipe)
        except Misfit as misfit:
            raise error_of(misfit) from None
