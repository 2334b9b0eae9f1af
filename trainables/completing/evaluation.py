"""When networks are evaluated while they are trained, in iterations of a recipe."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from trainables.completing.lengths import in_iterations
from trainables.completing.misfit import Misfit
from trainables.jobs.learning import Evaluation
from trainables.wording import shown


def evaluation(
    every: int | str, examples: int | Literal["all"], recipe: Mapping[str, Any]
) -> Evaluation:
    """Return an evaluation on so many `examples` each so many iterations, shares or epochs.

    Raises Misfit.
    """
    here, total = ("evaluate", "every"), recipe["iterations"]
    try:
        iterations = in_iterations(every, recipe)
    except ValueError as error:
        raise Misfit(here, str(error)) from None
    if not 1 <= iterations <= total:
        raise Misfit(
            here, f"must be from 1 to {total} iterations (all of training), not {shown(every)}"
        )
    return Evaluation(every=iterations, examples=None if examples == "all" else examples)
