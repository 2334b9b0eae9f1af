"""What the configuration of a trial means: a pair of networks, what is measured of it, and where.

The keys are those of a spec, each with one value in place of a list. No Ray.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal, get_type_hints

from trainables import data, measures
from trainables.addresses import absolute, is_url
from trainables.arguments import Arguments
from trainables.completing.evaluation import evaluation
from trainables.completing.fit import check_measures
from trainables.completing.measures import resolve, written
from trainables.completing.misfit import Misfit, Where
from trainables.completing.recipe import check_base, complete, with_defaults
from trainables.completing.subnetworks import (
    MAX_LEVEL,
    STRATEGIES,
    check_level,
    check_strategy,
    rewind_iteration,
)
from trainables.completing.types import fitted
from trainables.jobs.kinds import Measurement, Training
from trainables.jobs.learning import Evaluation
from trainables.jobs.lineage import Lineage
from trainables.jobs.perturbation import Norm
from trainables.measures.parts import Part, parts_of
from trainables.recipe import Recipe
from trainables.recipes import RECIPES
from trainables.seeds import MAX_SEED
from trainables.wording import did_you_mean, one_line, shown

Length = int | str

DEFAULTS: dict[str, Any] = {
    "strategy": "dense",
    "level": 0,
    "norm": "rewound",
    "rewind": 0,
    "rewind_points": (),
    "restart": "keep",
    "init_seed": 1,
    "order_seeds": (1, 2),
    "measure": ("instability",),
    "path_points": 30,
    "train_examples": None,
    "pretrain_order": 0,
    "imp_order": 1,
    "seeds": "shared",
    "evaluate": {"every": "5 %", "examples": 2000},
    "data": None,
    "checkpoint_seconds": 60.0,
    "plugins": None,
}
"""Keys of a configuration beside `recipe` and `store` -> what they are where they are left out."""

TYPES: dict[str, Any] = {
    "strategy": Literal[STRATEGIES],
    "level": int,
    "norm": Norm,
    "rewind": Length,
    "rewind_points": tuple[Length, ...],
    "restart": Literal["keep", "reset"],
    "init_seed": int,
    "order_seeds": tuple[int, int],
    "path_points": int,
    "train_examples": int | None,
    "pretrain_order": int,
    "imp_order": int,
    "seeds": Literal["shared", "independent"],
    "evaluate": Mapping[str, Any] | None,
    "store": str,
    "data": str | None,
    "checkpoint_seconds": float,
    "plugins": str | None,
}

OTHERWISE = {
    "base": str,
    "length": Length,
    "iterations": Length,
    "warmup": Length,
    "milestones": tuple[Length, ...],
    "network_arguments": Mapping[str, Any],
    "pruning_options": Mapping[str, Any],
    "final_rate": float | str,
    "device": Literal["auto", "cpu", "cuda"],
    "backend": Literal["auto", "loop", "stacked"],
}
"""Types of a recipe's fields that may be given in other ways than a recipe has them."""

BOUNDS = {
    "level": (0, MAX_LEVEL),
    "init_seed": (0, MAX_SEED),
    "pretrain_order": (0, MAX_SEED),
    "imp_order": (0, MAX_SEED),
    "path_points": (3, 1000),
}


@dataclass(frozen=True)
class TrialConfig:
    """What a trial is, and where it lies."""

    recipe: Recipe
    pair: tuple[Training, Training]
    """The two copies, of the lower order seed first, as sweeps have them."""
    parts: tuple[Part, ...]
    key: str
    """That of its instability, measured or not, by which sweeps know the trial."""
    store: str
    data: Path
    checkpoint_seconds: float

    @property
    def measurements(self) -> list[Measurement]:
        return [part.job for part in self.parts]


def read(config: Mapping[str, Any], gpus: float) -> TrialConfig:
    """Return what a configuration means; where it leaves the device open, for so many `gpus`.

    Raises Misfit, whose text names the key.
    """
    try:
        return _read(config, gpus)
    except Misfit as misfit:
        text = f"{misfit.place}: {misfit}" if misfit.where else str(misfit)
        raise Misfit(misfit.where, f"InstabilityTrial: {text}") from None


def _read(config: Mapping[str, Any], gpus: float) -> TrialConfig:
    given = _typed(config)
    store, folder = _place("store", given["store"]), given["data"]
    data_folder = Path(_place("data", folder)) if folder else Path("no-data-folder")
    recipe = _recipe(config.get("recipe"), folder and data_folder, gpus)
    strategy, level = given["strategy"], given["level"]
    if strategy == "imp-adaptive":
        raise Misfit(("strategy",), "imp-adaptive is for sweeps, not for a trial by itself")
    if (strategy == "dense") != (level == 0):
        allowed = "0" if strategy == "dense" else f"from 1 to {MAX_LEVEL}"
        raise Misfit(("level",), f"{level} does not go with {strategy}; allowed: {allowed}")
    check_strategy(strategy, recipe, ("strategy",))
    check_level(level, recipe, ("level",))
    k = rewind_iteration(given["rewind"], recipe, ("rewind",))
    points = {
        rewind_iteration(point, recipe, ("rewind_points", index))
        for index, point in enumerate(given["rewind_points"])
    }
    lineage = Lineage(
        recipe,
        given["init_seed"],
        points={k} | points,
        pretrain_order=given["pretrain_order"],
        imp_order=given["imp_order"],
        independent=given["seeds"] == "independent",
    )
    when = _evaluation(given["evaluate"], recipe)
    restart = given["restart"]
    orders = sorted(given["order_seeds"])
    norm = given["norm"] if strategy == "perturbed" else None
    arms = (lineage.arm(strategy, level, k, order, restart, norm) for order in orders)
    first, second = (replace(arm, evaluation=when) for arm in arms)
    shared = {"points": given["path_points"], "train_examples": given["train_examples"]}
    wanted = resolve(written(given["measure"]), shared, recipe)
    check_measures(wanted, recipe)
    found = (one for one in wanted if one.measure == "instability")
    instability = next(found, None) or measures.wanted("instability", {}, shared)
    return TrialConfig(
        recipe=recipe,
        pair=(first, second),
        parts=parts_of(wanted, (first, second)),
        key=instability.of((first, second)).key,
        store=store,
        data=data_folder,
        checkpoint_seconds=given["checkpoint_seconds"],
    )


def _typed(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the configuration with its defaults, each of the type that is wanted."""
    keys = ["recipe", "store", *DEFAULTS]
    for name in config:
        if name not in keys:
            raise Misfit((str(name),), f"unknown key{did_you_mean(str(name), keys)}")
    for name in ("recipe", "store"):
        if config.get(name) is None:
            raise Misfit((name,), "is missing")
    found = {**DEFAULTS, **{name: value for name, value in config.items() if name != "recipe"}}
    for name, hint in TYPES.items():
        found[name] = _fitted(found[name], hint, (name,))
    for name, (low, high) in BOUNDS.items():
        if not low <= found[name] <= high:
            raise Misfit((name,), f"must be from {low} to {high}, not {found[name]}")
    orders = found["order_seeds"]
    if len(set(orders)) < 2 or not all(0 <= one <= MAX_SEED for one in orders):
        raise Misfit(
            ("order_seeds",), f"must be two different seeds from 0 to {MAX_SEED}, not {orders}"
        )
    if found["train_examples"] is not None and found["train_examples"] < 1:
        raise Misfit(("train_examples",), "must be at least 1")
    if found["checkpoint_seconds"] < 0:
        raise Misfit(("checkpoint_seconds",), "must not be negative")
    return found


def _fitted(value: Any, hint: Any, where: Where) -> Any:
    try:
        return fitted(value, hint)
    except ValueError as error:
        raise Misfit(where, str(error)) from None


def _place(key: str, address: str) -> str:
    """Return an address that means the same on every worker. Each has a current folder of its own,
    so a relative path is an error."""
    try:
        full = absolute(address)
    except ValueError as error:
        raise Misfit((key,), str(error)) from None
    if not is_url(address) and not address.startswith(("/", "~")):
        raise Misfit(
            (key,),
            f"{shown(address)} is a relative path, and workers have other current folders; write "
            f"{full}",
        )
    return full


def _recipe(value: Any, folder: Path | None, gpus: float) -> Recipe:
    if isinstance(value, str):
        value = {"base": value}
    if not isinstance(value, Mapping):
        raise Misfit(("recipe",), "must be a recipe's name, or a mapping of base and fields")
    check_base(value)
    hints = get_type_hints(Recipe) | OTHERWISE
    allowed = ["base", "length", *(field.name for field in fields(Recipe))]
    for name in value:
        if name not in allowed:
            raise Misfit(("recipe", str(name)), f"unknown key{did_you_mean(str(name), allowed)}")
    given = {name: _fitted(one, hints[name], ("recipe", name)) for name, one in value.items()}
    given |= _data(given, folder)
    for name in ("network_arguments", "pruning_options"):
        if name in given:
            try:
                given[name] = Arguments(given[name])
            except ValueError as error:
                raise Misfit(("recipe", name), str(error)) from None
    found = complete(with_defaults(given, value), given, gpus)
    if found.workers > 1:
        raise Misfit(
            ("recipe", "workers"),
            f"is {found.workers}, but a trial trains in its own process; 1 gives the same bits",
        )
    return found


def _data(given: Mapping[str, Any], folder: Path | None) -> dict[str, Any]:
    """Return name and address of the data, where a recipe says an address of a user's own."""
    base = RECIPES[given["base"]]
    address = given.get("data", base.data)
    if not data.is_address(address):
        if folder is None and not (address in data.ROWS and data.ROWS[address].installed):
            raise Misfit(("data",), f"is missing: the folder where {address} lies or is put")
        return {}
    if folder is None:
        raise Misfit(("data",), "is missing: the folder for what is decoded of your data")
    crops = given.get("augmentation", base.augmentation) == "crop-flip"
    try:
        full = data.full(address)
        return {"data": data.resolve(full, folder, crops=crops), "data_address": full}
    except (data.DataError, ValueError, OSError) as error:
        raise Misfit(("recipe", "data"), one_line(str(error), 200)) from None


def _evaluation(given: Mapping[str, Any] | None, recipe: Recipe) -> Evaluation | None:
    if given is None:
        return None
    for name in given:
        if name not in ("every", "examples"):
            raise Misfit(("evaluate", str(name)), "unknown key; allowed: every, examples")
    every = _fitted(given.get("every", "5 %"), Length, ("evaluate", "every"))
    examples = given.get("examples", 2000)
    if examples != "all":
        examples = _fitted(examples, int, ("evaluate", "examples"))
        if examples < 1:
            raise Misfit(("evaluate", "examples"), "must be at least 1, or all")
    return evaluation(every, examples, asdict(recipe))
