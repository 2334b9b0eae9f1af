"""`search` in a spec: hyperparameters that are proposed one after another, by what came out.

What a search trains follows from its seed and from results alone, in the order of its combinations:
each is proposed from the results of all but the last few before it, whenever these arrived. So
nothing of a search has to be kept beside the results.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, Field, ValidationError, field_validator

from sweeps.errors import did_you_mean, shown
from sweeps.spec.fields import STRICT, error_at
from sweeps.spec.samplers import sampler_of
from sweeps.spec.stop_early import StopEarly
from sweeps.spec.vary import Combination, applied, check_name, check_range

if TYPE_CHECKING:
    from sweeps.spec.sweep import Sweep

REWIND = "rewind"
"""May be searched over beside what may vary: the one rewind point of all networks."""

SHAPE = ("device", "threads", "workers", "slices")
"""Fields by which recipes need other workers."""

Make = Callable[[Mapping[str, Any]], "Sweep"]
"""The sweep of a spec's mapping of one recipe. Raises ValidationError."""


class Search(BaseModel):
    """A search over hyperparameters for the best outcome."""

    model_config = STRICT
    over: Annotated[dict[str, Any], Field(min_length=1)]
    """Hyperparameters with their ranges, written as for a sample in `vary`; also `rewind`."""
    trials: Annotated[int, Field(ge=1, le=1000)]
    """Combinations that are tried. Each makes a recipe, with all that the spec wants of it."""
    metric: Literal["objective", "instability", "error", "drop"] = "objective"
    """In %, the mean over trials: `objective` is the highest test error on the path, that is,
    instability plus error; `drop` the accuracy that subnetworks lose against dense networks. What
    diverged counts as 100."""
    mode: Literal["min", "max"] = "min"
    """Whether the lowest value of the metric is the best, or the highest."""
    sampler: Literal["optuna", "random"] = "optuna"
    """`optuna`: its tree-structured Parzen estimator; `random`: an evenly spread sample that does
    not look at results."""
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = 0
    """Seed of the sampler."""
    at_a_time: Annotated[int, Field(ge=1, le=100)] = 4
    """How many combinations may be under way together. With 4, the tenth is proposed from the
    results of the first six. More keep more workers busy, and each proposal knows less."""
    stop_early: StopEarly | None = None
    """Whether combinations that lag are stopped: each is judged on a part of its trials first.
    `{}` judges on one init and two orders, after which the best third goes on."""

    @field_validator("over")
    @classmethod
    def _known(cls, value: dict[str, Any]) -> dict[str, Any]:
        for name, one in value.items():
            where = ("search", "over", name)
            if name in SHAPE:
                raise error_at(where, f"{name} is the same for a whole sweep")
            if name != REWIND:
                check_name(name, where)
            check_range(one, where)
        return value


class _Spec(BaseModel):
    """What of a spec is looked at before the rest: errors name the place in it."""

    search: Search


class Proposed:
    """The combinations of a search, as far as results are known, and what each makes of a spec."""

    def __init__(self, written: Mapping[str, Any], search: Search, make: Make):
        """`written` is the spec's mapping, as its user wrote it."""
        self.written, self.search, self._make = written, search, make
        self._made: dict[str, Sweep | None] = {}

    def each(
        self, value_of: Callable[[Sweep], float | None]
    ) -> Iterator[tuple[Combination, Sweep]]:
        """Yield the combinations that are proposed, each once, and its sweep of one recipe.

        `value_of` returns the metric of one, or None while it is not known. It is asked for them in
        their order. Combinations that contradict themselves are passed over.
        """
        sampler = sampler_of(self.search)
        made: list[Sweep | None] = []
        seen: set[str] = set()
        told = 0
        for number in range(self.search.trials):
            while told <= number - self.search.at_a_time:
                one = made[told]
                value = None if one is None else value_of(one)
                if value is None and one is not None:
                    return
                sampler.tell(told, value)
                told += 1
            combination = sampler.ask()
            own = self.sweep(combination)
            made.append(own)
            if own is not None and repr(combination) not in seen:
                seen.add(repr(combination))
                yield combination, own

    def sweep(self, combination: Mapping[str, Any]) -> Sweep | None:
        """Return the sweep of one recipe; None of a combination that contradicts itself."""
        key = repr(combination)
        if key not in self._made:
            try:
                self._made[key] = self._make(self.spec_of(combination))
            except ValidationError:
                self._made[key] = None
        return self._made[key]

    def spec_of(self, combination: Mapping[str, Any]) -> dict[str, Any]:
        """Return the mapping of a spec of one recipe."""
        own = {name: value for name, value in combination.items() if name != REWIND}
        found = applied({n: v for n, v in self.written.items() if n != "search"}, own)
        if REWIND in combination:
            found[REWIND] = [combination[REWIND]]
        return found


def checked(value: Any) -> Search:
    """Return what `search` in a spec means. Raises ValidationError, and an error of the place."""
    if not isinstance(value, dict):
        example = "{trials: 20, over: {learning_rate: {log: [0.01, 1]}}}"
        raise error_at(("search",), f"must be a mapping: {example}, not {shown(value)}")
    for name in value:
        if name not in Search.model_fields:
            guess = did_you_mean(str(name), Search.model_fields)
            raise error_at(("search", str(name)), f"unknown key{guess}")
    if "stop_early" in value and value["stop_early"] is None:
        problem = "it has no value; wanted is a mapping: {rungs: [{inits: 1}], reduction_factor: 3}"
        raise error_at(("search", "stop_early"), problem)
    return _Spec.model_validate({"search": value}).search
