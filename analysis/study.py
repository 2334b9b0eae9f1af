"""A sweep's trials of one recipe, and what follows from them: what figures and claims look at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import pandas as pd

from analysis.cells import NAMED, DenseReference, Matching, cells, dense_reference, samples
from analysis.ends import of_levels, usual
from analysis.pairs import pairs
from analysis.published import EXTREME, printed_sparsity
from analysis.records import LEVEL, RECIPE, RESET, RESTART, REWIND, STRATEGY, WEIGHTS_LEFT
from analysis.sparsities import extreme_level
from analysis.strategies import DENSE, IMP

NOTHING = pd.DataFrame({"trial": pd.Series(dtype="object")})


UNTIL_LEFT = 9.0
"""% of weights that Unmasking's Figure 4 prunes to."""


@dataclass(frozen=True)
class Study:
    """The trials of one recipe under a sweep's name."""

    name: str
    """What panels and sentences call it."""
    trials: pd.DataFrame
    """As `records.trials`."""
    curves: pd.DataFrame = field(default_factory=NOTHING.copy)
    """Their paths, as `curves.curves`."""
    progress: pd.DataFrame = field(default_factory=NOTHING.copy)
    """What was measured while they were trained: `trial`, `iteration`, and columns of
    `throughout` (test and train instability and accuracy in %)."""
    planes: pd.DataFrame = field(default_factory=NOTHING.copy)
    """Errors on planes through two levels: `trial`, and a row per point with `plane_x`, `plane_y`
    (shares of the axes) and `plane_error` (%)."""
    stable_below: float = 2.0
    matching: Matching = "one-std"
    iterations: Mapping[str, int] = field(default_factory=dict)
    """T of each recipe, by its label."""
    until_left: float = UNTIL_LEFT
    """How many weights (%) adaptive pruning is to leave at most."""

    @cached_property
    def recipe(self) -> str:
        """Its recipe's label; empty without trials."""
        return str(self.trials[RECIPE].iloc[0]) if len(self.trials) else ""

    @cached_property
    def usual(self) -> pd.DataFrame:
        """The trials of cells: copies of W_k that were trained from k on."""
        return self.trials[usual(self.trials)]

    @cached_property
    def samples(self) -> pd.DataFrame:
        return samples(self.trials, stable_below=self.stable_below, matching=self.matching)

    @cached_property
    def cells(self) -> pd.DataFrame:
        return cells(self.trials, stable_below=self.stable_below, matching=self.matching)

    @cached_property
    def pairs(self) -> pd.DataFrame:
        """Pairs of networks from files, as `pairs.pairs`."""
        return pairs(self.trials, self.stable_below)

    @cached_property
    def restarted(self) -> pd.DataFrame:
        """Cells of copies that start over at iteration 0, with those at k = 0, which all do."""
        start_over = (self.trials[RESTART] == RESET) | (self.trials[REWIND] == 0)
        kept = self.trials[start_over].assign(**{RESTART: "keep"})
        return cells(kept, stable_below=self.stable_below, matching=self.matching)

    @cached_property
    def reference(self) -> DenseReference | None:
        return dense_reference(self.samples)

    @property
    def tolerance(self) -> str:
        """The accuracy that a matching sample may lose, in words."""
        if self.matching in NAMED:
            return "one standard deviation of the dense networks"
        return f"{self.matching:g} points"

    @cached_property
    def levels(self) -> list[int]:
        """Pruning levels that were measured, 0 left out."""
        return sorted(int(level) for level in self.cells[LEVEL].unique() if level)

    @cached_property
    def level(self) -> int | None:
        """The level that figures of one sparsity show: the one of the paper if it was measured.

        Otherwise the extreme sparsity, if that can be told; else the sparsest of those at which IMP
        was rewound to the most k.
        """
        imp = self.cells[self.cells[STRATEGY] == IMP]
        if imp.empty:
            return self.levels[-1] if self.levels else None
        if (published := EXTREME.get(self.recipe)) is not None:
            for level, left in imp.groupby(LEVEL)[WEIGHTS_LEFT].mean().items():
                if printed_sparsity(self.recipe, float(left)) == f"{published:.1f}":
                    return int(str(level))
        if (extreme := extreme_level(self.cells, self.reference)) is not None:
            return extreme
        points = imp.groupby(LEVEL)[REWIND].nunique()
        return int(points[points == points.max()].index.max())

    def left(self, level: int) -> float:
        """The weights that are left at a level, in %."""
        return float(self.cells.loc[self.cells[LEVEL] == level, WEIGHTS_LEFT].mean())

    def line(self, strategy: str, level: int | None = None) -> pd.DataFrame:
        """The cells of a strategy, at a level if it has several, by ascending k."""
        at = 0 if strategy == DENSE else level
        chosen = (self.cells[STRATEGY] == strategy) & (self.cells[LEVEL] == at)
        return self.cells[chosen].sort_values(REWIND)


def by_recipe(whole: Study) -> Mapping[str, Study]:
    """Return a study per recipe, by the recipe's label, in the order of cells.

    A recipe without cells is there if pairs of its levels were compared.
    """
    compared = sorted(whole.trials.loc[of_levels(whole.trials), RECIPE].unique())
    recipes = list(dict.fromkeys([*whole.cells[RECIPE], *compared]))
    if whole.trials[RECIPE].nunique() == 1:
        return {str(recipe): whole for recipe in recipes}
    found = {}
    for recipe in recipes:
        own = whole.trials[whole.trials[RECIPE] == recipe]
        name = whole.name if len(recipes) == 1 else f"{whole.name}: {recipe}"
        found[str(recipe)] = Study(
            name=name,
            trials=own.reset_index(drop=True),
            curves=whole.curves[whole.curves["trial"].isin(own["trial"])],
            progress=whole.progress[whole.progress["trial"].isin(own["trial"])],
            planes=whole.planes[whole.planes["trial"].isin(own["trial"])],
            stable_below=whole.stable_below,
            matching=whole.matching,
            iterations=whole.iterations,
            until_left=whole.until_left,
        )
    return found
