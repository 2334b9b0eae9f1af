"""What proposes the next combination of a search."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from sweeps.errors import UserError
from sweeps.spec.vary import Combination, at, evenly, rounded

if TYPE_CHECKING:
    from sweeps.spec.tuned import Search


class Sampler(Protocol):
    """Proposes combinations one by one; the same after the same results."""

    def ask(self) -> Combination:
        """Return the next combination."""

    def tell(self, number: int, value: float | None) -> None:
        """Hear the metric of the combination of this number; None of one that cannot be."""


def sampler_of(search: Search) -> Sampler:
    """Return a search's sampler, which has proposed nothing yet. Raises UserError."""
    return _Even(search) if search.sampler == "random" else _Optuna(search)


class _Even:
    def __init__(self, search: Search):
        points = evenly(len(search.over), search.trials, search.seed)
        self._left = iter(points)
        self._over = search.over

    def ask(self) -> Combination:
        drawn = zip(self._over.items(), next(self._left), strict=True)
        return {name: at(share, of) for (name, of), share in drawn}

    def tell(self, number: int, value: float | None) -> None:
        pass


class _Optuna:
    def __init__(self, search: Search):
        try:
            import optuna
        except ImportError:
            raise UserError(
                "search: this needs Optuna, pip install 'stability-sweeps[search]'; or write "
                "sampler: random"
            ) from None
        logging.getLogger("optuna").setLevel(logging.WARNING)
        self._optuna = optuna
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self._study = optuna.create_study(
                direction="minimize" if search.mode == "min" else "maximize",
                sampler=optuna.samplers.TPESampler(seed=search.seed),
            )
        self._over = {name: self._distribution(of) for name, of in search.over.items()}
        self._choices = {n: of["choice"] for n, of in search.over.items() if "choice" in of}
        self._trials: list[Any] = []

    def ask(self) -> Combination:
        trial = self._study.ask(self._over)
        self._trials.append(trial)
        found = {}
        for name in self._over:
            value = trial.params[name]
            if name in self._choices:
                value = self._choices[name][value]
            found[name] = rounded(value) if isinstance(value, float) else value
        return found

    def tell(self, number: int, value: float | None) -> None:
        if value is None:
            self._study.tell(self._trials[number], state=self._optuna.trial.TrialState.FAIL)
        else:
            self._study.tell(self._trials[number], value)

    def _distribution(self, of: Mapping[str, Any]) -> Any:
        kind, ends = next(iter(of.items()))
        made = self._optuna.distributions
        if kind == "choice":  # by place: Optuna takes no lists
            return made.CategoricalDistribution(list(range(len(ends))))
        if kind == "integers":
            return made.IntDistribution(*ends)
        return made.FloatDistribution(*map(float, ends), log=kind == "log")
