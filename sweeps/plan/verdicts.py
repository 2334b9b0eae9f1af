"""Whether networks are stable, or matching, by what is known of their trials: as reports judge it.

A verdict on a mean begins with two inits. While its 95 % interval holds the threshold the next init
is added, until the spec has no more: then the mean decides.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Literal

import pandas as pd

from analysis.cells import DenseReference
from analysis.ends import no_better_than_chance
from analysis.statistics import below, difference, estimate, init_means, straddles
from sweeps.plan.graph import Trial
from sweeps.plan.known import Facts, Known, Question
from sweeps.spec import Sweep

Find = Literal["stable", "matching"]

FEWEST_INITS = 2
"""Of a mean, for which there is an interval."""

Trials = Callable[[int], Sequence[Trial]]
"""The trials of a cell by their init seed."""


class Verdicts:
    """Judges cells by the facts of their trials, and asks for what is missing."""

    def __init__(self, spec: Sweep, known: Known):
        self._spec, self._known = spec, known

    def on_mean(
        self, find: Find, cell: Trials, dense: Trials | None, longer: bool
    ) -> tuple[bool | None, list[int]]:
        """Return whether a cell's mean is stable or matching, and the inits that it needs.

        None while some of their trials are not known. `dense` are the networks that matching ones
        are held against; `longer` is the answer after which the search goes on for longer.
        """
        inits = sorted(self._spec.inits)
        for number in range(min(FEWEST_INITS, len(inits)), len(inits) + 1):
            held = (
                self._stable(cell, inits[:number], longer)
                if find == "stable"
                else self._matching(cell, dense, inits[:number], longer)
            )
            if held is None:
                return None, inits[:number]
            holds, clear = held
            if clear or number == len(inits):
                return holds, inits[:number]
        raise AssertionError("a sweep has at least one init")

    def of_init(
        self, find: Find, cell: Trials, dense: Trials | None, init: int, longer: bool
    ) -> bool | None:
        """Return whether the networks of one init are stable or matching by themselves."""
        if find == "stable":
            held = self._stable(cell, [init], longer)
        else:
            held = self._matching(cell, dense, [init], longer)
        return None if held is None else held[0]

    def _stable(self, cell: Trials, inits: Sequence[int], longer: bool) -> tuple[bool, bool] | None:
        """Return whether the mean instability is low, and whether that is clear."""
        threshold = self._spec.stable_below
        values: dict[int, list[float]] = {}
        for number, init in enumerate(inits):
            most = {"instability_test": threshold * _doubtful(number, longer)}
            least = {"instability_test": 50.0 * threshold if longer else 0.0}
            facts = self._facts(cell(init), least, most)
            values[init] = [_instability(one) for _, one in facts]
        if any(not held for held in values.values()):
            return None
        found = estimate(*_series(values))
        trials = sum(map(len, values.values()))
        if 2 * found.n <= trials:  # most failed: the others do not stand for them
            return False, True
        return below(found.mean, threshold), not straddles(found.low, found.high, threshold)

    def _matching(
        self, cell: Trials, dense: Trials | None, inits: Sequence[int], longer: bool
    ) -> tuple[bool, bool] | None:
        """Return whether the mean accuracy is that of dense networks, and whether that is clear."""
        assert dense is not None
        every = sorted(self._spec.inits)  # the tolerance is a deviation over all of them
        usual = {"accuracy_test": 50.0, "accuracy_test_1": 50.0, "accuracy_test_2": 50.0}
        of_dense = {init: self._facts(dense(init), usual, usual) for init in every}
        there = {i: list(_accuracies(facts).values()) for i, facts in of_dense.items() if facts}
        mean = estimate(*_series(there)).mean if len(there) == len(every) else 50.0
        of_cell = {}
        for number, init in enumerate(inits):
            off = 2.0 * (_doubtful(number, longer) - 1)
            of_cell[init] = self._facts(
                cell(init),
                dict.fromkeys(usual, mean - 50.0 if longer else mean),
                dict.fromkeys(usual, mean - off),
            )
        if len(there) < len(every) or not all(of_cell.values()):
            return None
        reference = estimate(*_series(there))
        own = {init: list(_accuracies(facts).values()) for init, facts in of_cell.items()}
        found = estimate(*_series(own))
        if 2 * found.n <= sum(map(len, own.values())) or math.isnan(reference.mean):
            return False, True
        held = DenseReference(reference.mean, reference.std_inits, reference.n, reference.inits, 0)
        deviation = 0.0 if math.isnan(found.std_inits) else found.std_inits
        tolerance = held.tolerance(self._spec.matching, deviation)
        drop, low, high = difference(init_means(*_series(there)), init_means(*_series(own)))
        return below(drop, tolerance, inclusive=True), not straddles(low, high, tolerance)

    def _facts(
        self, trials: Sequence[Trial], least: Facts, most: Facts
    ) -> list[tuple[Trial, Facts]]:
        """Return the facts of some trials; nothing if those of one are not known yet."""
        found, whole = [], True
        for trial in trials:
            for part in trial.parts:
                if part.of.measure not in ("instability", "accuracy"):
                    continue
                facts = self._known.ask(Question(part.job, least, most))
                whole &= facts is not None
                found.append((trial, facts or {}))
        return found if whole else []


def _doubtful(number: int, low: bool) -> float:
    """Return the share of a threshold that the init of some number has, so that their mean is just
    below the threshold if `low`, or just above it, and never clear."""
    return (0.0 if number % 2 == 0 else 1.9) if low else (2.0 if number % 2 == 0 else 0.1)


def _instability(values: Facts) -> float:
    """Return a trial's test instability; NaN where a network diverged or is no better than chance.

    As in reports (`analysis.ends`): a path between two networks that guess is flat.
    """
    for number in (1, 2):
        if values.get(f"diverged_{number}", False):
            return math.nan
        known = (f"accuracy_test_{number}", "test_examples", "majority_test")
        if all(name in values for name in known):
            accuracy, examples, majority = (pd.Series([float(values[name])]) for name in known)
            if no_better_than_chance(accuracy, examples, majority).any():
                return math.nan
    return float(values.get("instability_test", math.nan))


def _accuracies(facts: Sequence[tuple[Trial, Facts]]) -> dict[int, float]:
    """Order seed -> test accuracy of a network, each once."""
    found = {}
    for trial, values in facts:
        for number, order in enumerate(trial.at.order_seeds, 1):
            name = "accuracy_test" if len(trial.arms) == 1 else f"accuracy_test_{number}"
            diverged = values.get(f"diverged_{number}", values.get("diverged", False))
            found[order] = math.nan if diverged else float(values.get(name, math.nan))
    return found


def _series(values: Mapping[int, Sequence[float]]) -> tuple[pd.Series, pd.Series]:
    """Values, and the init of each."""
    pairs = [(value, init) for init, held in values.items() for value in held]
    return (
        pd.Series([value for value, _ in pairs], dtype="float64"),
        pd.Series([init for _, init in pairs], dtype="int64"),
    )
