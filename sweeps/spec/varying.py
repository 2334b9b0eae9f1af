"""A sweep whose hyperparameters vary, from the sweeps of one recipe that it consists of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from pydantic import ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

from sweeps.spec import searches, size, stop_early
from sweeps.spec.fields import error_at
from sweeps.spec.samplers import sampler_of
from sweeps.spec.sweep import Sweep
from sweeps.spec.tuned import REWIND, Proposed, Search, checked
from sweeps.spec.vary import OPTIONS, Combination, applied, combinations, words
from sweeps.spec.wording import problem

Validate = Callable[[Mapping[str, Any]], Sweep]
"""The sweep of a spec's mapping of one recipe. Raises ValidationError."""


def validated(spec: Mapping[str, Any], validate: Validate) -> Sweep:
    """Return the sweep of a spec's mapping, with a recipe for each combination of `vary`.

    Raises ValidationError; where only some combinations are wrong, it names the first of them.
    """
    if "search" in spec:
        return _searching(spec, validate)
    if "vary" not in spec:
        return validate(spec)
    try:
        found = combinations(spec["vary"])
        _check_not_set(spec, set.intersection(*map(set, found)))
    except PydanticCustomError as error:
        raise _invalid(error) from None
    each = _each(spec, found, validate)
    strategies = {one.strategy for one in each[0].subnetworks}
    for name in found[0]:
        of = name.partition(".")[0]
        if of in OPTIONS and of not in strategies:
            raise _invalid(error_at(("vary", name), f"there is no {of} among the subnetworks"))
    whole = each[0].of_each(found, each)
    try:
        _check(whole, found)
        size.check(whole)
    except PydanticCustomError as error:
        raise _invalid(error) from None
    return whole


def _searching(spec: Mapping[str, Any], validate: Validate) -> Sweep:
    """Return the sweep of a spec that searches. Raises ValidationError, and UserError."""
    try:
        search = checked(spec["search"])
        if "vary" in spec:
            raise error_at(("vary",), "search proposes the combinations: leave one of them out")
        if REWIND in search.over and isinstance(spec.get("rewind"), dict):
            raise error_at(("rewind",), "search proposes the rewind points: leave this out")
        proposed = Proposed(spec, search, validate)
        each = [one for _, one in proposed.each(lambda one: None)]
        if not each:
            first = sampler_of(search).ask()
            try:
                validate(proposed.spec_of(first))
            except ValidationError as error:
                told = f"with {words(first)}: {problem(error)}"
                raise error_at(("search", "over"), told) from None
        whole = each[0].of_search(proposed, each)
        _check_search(whole, search)
    except PydanticCustomError as error:
        raise _invalid(error) from None
    return whole


def _check_search(whole: Sweep, search: Search) -> None:
    """Raise an error of a search that cannot be judged, or of too many jobs."""
    strategies = {one.strategy for one in whole.subnetworks}
    for one in whole.each:
        if (grows := searches.what_grows(one)) is not None:
            where, wanted = grows
            raise error_at(where, f"within `search` this must be {wanted}")
    if all(one.measure != "instability" for one in whole.measure) or len(whole.orders) < 2:
        problem = f"metric {search.metric} needs the measure instability and two order seeds"
        raise error_at(("search", "metric"), problem)
    if search.metric == "drop" and not ("dense" in strategies and len(strategies) > 1):
        raise error_at(("search", "metric"), "drop needs dense and other subnetworks")
    if search.stop_early is not None:
        stop_early.check(search.stop_early, whole, search.metric)
    trials, jobs = size.of(whole)
    if search.trials * jobs > size.MAX_JOBS:
        raise error_at(
            ("search", "trials"),
            f"{search.trials:,} times {trials:,} trials of {jobs:,} jobs are too many: a sweep has "
            f"at most {size.MAX_JOBS:,} jobs",
        )


def _check_not_set(spec: Mapping[str, Any], names: Iterable[str]) -> None:
    """Raise an error of a value beside a base recipe that no combination leaves as it is.

    It would change nothing. Without a base a recipe has to have every field.
    """
    recipe = spec.get("recipe")
    if not isinstance(recipe, dict) or "base" not in recipe:
        return
    for name in sorted({*names} - {"base"}):
        of, _, item = name.partition(".")
        held = recipe.get(of) if item else recipe
        if isinstance(held, dict) and (item or of) in held:
            raise error_at(
                ("recipe", *name.split(".")),
                f"{name} varies: this value would change nothing; leave it out, here or there",
            )


def _each(spec: Mapping[str, Any], found: Sequence[Combination], validate: Validate) -> list[Sweep]:
    """The sweep of each combination."""
    each, wrong = [], {}
    for index, one in enumerate(found):
        try:
            each.append(validate(applied(spec, one)))
        except ValidationError as error:
            wrong[index] = error
    if not wrong:
        return each
    index, first = next(iter(wrong.items()))
    told = problem(first)
    same = len(found) > 1 and {problem(one) for one in wrong.values()} == {told}
    if len(wrong) == len(found) and same and not _varies(found, told.location):
        raise first  # it is no fault of the combination
    others = len(wrong) - 1
    more = f" (and {others} more combination{'s' if others > 1 else ''})" if others else ""
    raise _invalid(error_at(_place(spec, index), f"with {words(found[index])}: {told}{more}"))


def _varies(found: Sequence[Combination], location: Sequence[str | int]) -> bool:
    """Whether an error is of what varies itself."""
    return location[:1] == ("recipe",) and any(location[1:2] == (name,) for name in found[0])


def _place(spec: Mapping[str, Any], index: int) -> tuple[str | int, ...]:
    """Where a combination stands."""
    return ("vary", index) if isinstance(spec["vary"], list) else ("vary",)


def _check(whole: Sweep, found: Sequence[Combination]) -> None:
    """Raise an error where two recipes are the same, or need other workers than the first."""
    recipes: dict[str, int] = {}
    names: dict[str, int] = {}
    for index, one in enumerate(whole.each):
        first, own = whole.each[0], words(found[index])
        before = recipes.setdefault(_identity(one), index)
        if before != index:
            raise error_at(("vary",), f"{own} is the same as {words(found[before])}")
        named = names.setdefault(one.recipe.name, index)
        if one.recipe != whole.each[named].recipe:
            raise error_at(("vary",), f"{own}: another recipe has the name {one.recipe.name!r}")
        if one.demand != first.demand:
            raise error_at(
                ("vary",),
                f"{own} needs other workers than {words(found[0])}: device, threads and workers "
                "are the same for a whole sweep; run one sweep for each",
            )


def _identity(one: Sweep) -> str:
    """What tells the trials of a recipe from those of another."""
    recipe = {**one.recipe.identity("init", "length", "training", "rewinding", "pruning")}
    options = [str(sub.options) for sub in one.subnetworks if hasattr(sub, "options")]
    return repr((sorted(recipe.items()), options))


def _invalid(error: PydanticCustomError) -> ValidationError:
    return ValidationError.from_exception_data(
        "Sweep", [InitErrorDetails(type=error, loc=(), input=None)]
    )
