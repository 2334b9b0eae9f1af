"""Definitions of the report that depend on the numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.cells import NAMED, Matching
from analysis.formats import listed
from analysis.study import by_recipe

if TYPE_CHECKING:
    from analysis.study import Study

PAIRS = (
    "Networks from files, pair by pair: instability on the straight line between their weights, in "
    "points of test and train error; test accuracy of each; whether they are linearly connected."
)

OVER = (
    "Copies of W_k that start over: trained for all of training, with data order and schedule of "
    "iteration 0 (LMC Figure 4). At k = 0 all do."
)


def tolerance(study: Study, matching: Matching) -> str:
    """How far below the dense networks still counts as matching, in words."""
    if matching not in NAMED:
        return f"at most {matching:g} points below that of the dense networks (LMC section 4.4)"
    references = [(recipe, one.reference) for recipe, one in by_recipe(study).items()]
    here = [
        f"{reference.std:.2f} points" + (f" ({recipe})" if len(references) > 1 else "")
        for recipe, reference in references
        if reference is not None and reference.inits > 1
    ]
    if matching == "bands-overlap":
        return (
            "no further below that of the dense networks than the standard deviations over inits "
            f"of both together{f'; of the dense ones {listed(here)}' if here else ''} (bands that "
            "meet in a figure: LMC appendix B)"
        )
    return (
        "no further below that of the dense networks than one standard deviation of theirs over "
        f"inits{f', here {listed(here)}' if here else ''} (LMC Figure 7, Unmasking appendix A)"
    )
