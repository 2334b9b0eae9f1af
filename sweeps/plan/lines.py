"""Which cells a spec is of: those of its lists, and those that its searches come by."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import cache, partial

from sweeps.plan import searching
from sweeps.plan.graph import Cell, Trial
from sweeps.plan.known import Known, Question
from sweeps.plan.verdicts import Trials, Verdicts
from sweeps.spec import Sweep
from sweeps.spec.search import FindLevel, FindRewind
from sweeps.spec.searches import levels_of, points_of, search_of
from sweeps.spec.subnetworks import Dense, Files, ImpAdaptive, Trained
from trainables.jobs.lineage import Restart

TrialsOf = Callable[[Cell, int], Sequence[Trial]]
"""The trials of a cell of one init seed."""

Place = Callable[[int], Cell]
"""The cell at a point of a search."""


def cells(spec: Sweep, known: Known, trials: TrialsOf) -> dict[Cell, list[int]]:
    """Return the cells of a spec, sorted, each with the init seeds that it is wanted of.

    Of searches these are the cells that they have asked for, as far as outcomes are known.
    """
    lines = _Lines(spec, known, trials)
    for one in spec.subnetworks:
        if not isinstance(one, Files):
            lines.add(one)
    return {cell: sorted(lines.found[cell]) for cell in sorted(lines.found)}


class _Lines:
    def __init__(self, spec: Sweep, known: Known, trials: TrialsOf):
        self._spec, self._trials = spec, cache(trials)
        self._known, self._verdicts = known, Verdicts(spec, known)
        self.found: dict[Cell, set[int]] = defaultdict(set)

    def add(self, one: Trained) -> None:
        """Add the cells of a subnetwork."""
        spec, search = self._spec, search_of(self._spec, one)
        levels, points = levels_of(one), points_of(spec, one)
        if isinstance(search, FindRewind):
            for level in levels:
                for restart in spec.restart:
                    place = partial(_at_rewind, one.strategy, level, restart)
                    self._search(search, points, place)
            return
        for k in points:
            for restart in spec.restarts_at(k):
                if isinstance(one, ImpAdaptive):
                    self._adapt(one, k, restart)
                    continue
                if isinstance(search, FindLevel):
                    self._search(search, levels, partial(_at_level, one.strategy, k, restart))
                    continue
                for level in levels:
                    self.found[one.strategy, level, k, restart].update(spec.inits)

    def _adapt(self, one: ImpAdaptive, k: int, restart: Restart) -> None:
        """Prune until so few weights are left; how many levels that takes differs by init."""
        kept = 1 - self._spec.recipe.pruning_fraction
        for init in self._spec.inits:
            for level in range(1, one.most_levels + 1):
                cell: Cell = (one.strategy, level, k, restart)
                self.found[cell].add(init)
                mask = self._trials(cell, init)[0].arms[0].mask
                assert mask is not None
                least = {"weights_left": one.share}
                most = {"weights_left": 100 * kept**level}
                facts = self._known.ask(Question(mask, least, most))
                if facts is None or facts["weights_left"] <= one.share:
                    break

    def _search(self, search: FindRewind | FindLevel, points: list[int], place: Place) -> None:
        """Go as far as outcomes are known."""
        find = searching.first if isinstance(search, FindRewind) else searching.last
        if search.per == "mean":
            find(partial(self._mean, search, points, place), len(points))
            return
        for init in self._spec.inits:
            find(partial(self._of_init, search, points, place, init), len(points))

    def _mean(
        self,
        search: FindRewind | FindLevel,
        points: list[int],
        place: Place,
        index: int,
        longer: bool,
    ) -> bool | None:
        cell = place(points[index])
        holds, inits = self._verdicts.on_mean(
            search.find, partial(self._trials, cell), self._dense(search), longer
        )
        self.found[cell].update(inits)
        return holds

    def _of_init(
        self,
        search: FindRewind | FindLevel,
        points: list[int],
        place: Place,
        init: int,
        index: int,
        longer: bool,
    ) -> bool | None:
        cell = place(points[index])
        self.found[cell].add(init)
        trials = partial(self._trials, cell)
        return self._verdicts.of_init(search.find, trials, self._dense(search), init, longer)

    def _dense(self, search: FindRewind | FindLevel) -> Trials | None:
        """The networks that matching ones are held against: dense ones at the smallest k."""
        if search.find == "stable":
            return None
        dense = [one for one in self._spec.subnetworks if isinstance(one, Dense)]
        first = min(k for one in dense for k in points_of(self._spec, one))
        cell: Cell = ("dense", 0, first, self._spec.restarts_at(first)[0])
        self.found[cell].update(self._spec.inits)
        return partial(self._trials, cell)


def _at_rewind(strategy: str, level: int, restart: Restart, k: int) -> Cell:
    return strategy, level, k, restart if k else "keep"


def _at_level(strategy: str, k: int, restart: Restart, level: int) -> Cell:
    return strategy, level, k, restart
