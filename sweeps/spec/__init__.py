"""The spec: what a user writes, as strict models.

What a recipe leaves open is chosen for the machines in the validation context (`machines`), or
for this one.
Reading files and wording errors is `sweeps.loading`'s business.
"""

from __future__ import annotations

import re
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_type_hints

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    create_model,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from sweeps import engine
from sweeps.errors import did_you_mean
from trainables import data, networks
from trainables.levels import weights_at_levels
from trainables.recipe import Recipe
from trainables.recipes import RECIPES

STRICT = ConfigDict(strict=True, extra="forbid", frozen=True)

MAX_SEED = 2**31 - 1


def _seeds(value: Any) -> Any:
    """`3` means the seeds 1, 2 and 3."""
    if isinstance(value, int) and not isinstance(value, bool):
        if value < 1:
            raise ValueError(f"{value} seeds are too few: at least 1")
        return list(range(1, value + 1))
    return value


def _distinct(values: list[Any]) -> list[Any]:
    repeated = sorted({value for value in values if values.count(value) > 1}, key=str)
    if repeated:
        raise ValueError(f"{repeated[0]!r} is there twice")
    return values


Seed = Annotated[int, Field(ge=0, le=MAX_SEED)]
Seeds = Annotated[list[Seed], BeforeValidator(_seeds), Field(min_length=1)]


UNITS = re.compile(r"\d+(\.\d+)? *(%|epochs?)")


def _rewind_point(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError(f"{value!r} is not a rewind point: iterations (120), '2 %' or '5 epochs'")
    if isinstance(value, str) and not UNITS.fullmatch(value):
        raise ValueError(f"{value!r} is not a rewind point: iterations (120), '2 %' or '5 epochs'")
    if isinstance(value, int) and value < 0:
        raise ValueError(f"rewind point {value} lies before the start of training")
    return value


RewindPoint = Annotated[int | str, BeforeValidator(_rewind_point)]
Rewind = Annotated[list[RewindPoint], Field(min_length=1)]
Levels = Annotated[list[Annotated[int, Field(ge=1)]], Field(min_length=1)]


class Dense(BaseModel):
    """The full network (LMC section 3)."""

    model_config = STRICT
    strategy: Literal["dense"]
    rewind: Rewind | None = None
    """Rewind points of these trials; the sweep's own if absent."""

    @property
    def levels(self) -> list[int]:
        return [0]


class Pruned(BaseModel):
    """Subnetworks of LMC section 4: IMP's, and its two baselines with IMP's sparsity."""

    model_config = STRICT
    strategy: Literal["imp", "random-pruning", "random-reinit"]
    levels: Levels
    """Pruning levels: level L leaves (1 - pruning_fraction)^L of the weights."""
    rewind: Rewind | None = None

    _levels_distinct = field_validator("levels")(_distinct)


STRATEGIES = ("dense", "imp", "random-pruning", "random-reinit")


def _check_strategy(value: Any) -> Any:
    """`dense` is short for `{strategy: dense}`."""
    if isinstance(value, str):
        value = {"strategy": value}
    if isinstance(value, dict) and isinstance(value.get("strategy"), str):
        strategy = value["strategy"]
        if strategy not in STRATEGIES:
            raise ValueError(f"unknown strategy {strategy!r}{did_you_mean(strategy, STRATEGIES)}")
    return value


Subnetwork = Annotated[
    Annotated[Dense | Pruned, Field(discriminator="strategy")], BeforeValidator(_check_strategy)
]


class Resources(BaseModel):
    """What Ray keeps for a worker, where it is not to follow from the recipe."""

    model_config = STRICT
    cpus: Annotated[float, Field(ge=0)] | None = None
    gpus: Annotated[float, Field(gt=0)] | None = None
    """A share of one GPU (0.25: four workers on it), or whole ones."""

    @field_validator("gpus")
    @classmethod
    def _share(cls, gpus: float | None) -> float | None:
        if gpus is not None and gpus > 1 and gpus != int(gpus):
            raise ValueError(f"{gpus} GPUs are neither a share of one nor whole ones")
        return gpus


def _complete_recipe(value: Any, info: ValidationInfo) -> Any:
    """A name, or `base` with overrides, as all the fields of a recipe."""
    if isinstance(value, str):
        value = {"base": value}
    if not isinstance(value, dict):
        raise ValueError("a recipe is a name, or a mapping of base and overrides")
    overrides = dict(value)
    base = overrides.pop("base", None)
    if not isinstance(base, str):
        raise ValueError(f"names no base recipe; allowed: {', '.join(sorted(RECIPES))}")
    if base not in RECIPES:
        raise ValueError(f"unknown recipe {base!r}{did_you_mean(base, RECIPES)}")
    if overrides:
        changes = ", ".join(
            f"{name}={value}" for name, value in sorted(overrides.items()) if name != "data_address"
        )
        overrides.setdefault("name", f"{base} with {changes}")
    if isinstance(overrides.get("milestones"), list):
        overrides["milestones"] = tuple(overrides["milestones"])
    length = overrides.pop("length", None)
    if length is not None and "iterations" in overrides:
        raise ValueError("length sets iterations too: give one of them")
    if length is not None:
        length = _in_iterations(length, asdict(RECIPES[base]) | overrides)
        if not isinstance(length, int) or length < 1:
            raise ValueError(f"length {length!r} is not iterations (600), '50 %' or '5 epochs'")
        # Milestones and warm-up that are not given move with the end.
        moved = RECIPES[base].of_length(length)
        overrides = {name: getattr(moved, name) for name in LENGTHS} | overrides
    values = asdict(RECIPES[base]) | overrides
    for name in LENGTHS:
        values[name] = _in_iterations(values[name], values)
    machines = (info.context or {}).get("machines") or engine.this_machine()
    open_ = {name: overrides.get(name, "auto") for name in AUTO}
    return values | engine.choose(values | open_, machines)


LENGTHS = ("iterations", "warmup", "milestones")
"""A recipe's fields that are counted in iterations, T first; a spec may use other units."""


AUTO = ("device", "backend")
"""A recipe's fields that are chosen for it where a spec doesn't, or says `auto`."""


def _in_iterations(length: Any, recipe: dict[str, Any]) -> Any:
    """`5 epochs` or `2 %` of a recipe's training in iterations; anything else as it is."""
    if isinstance(length, tuple):
        return tuple(_in_iterations(one, recipe) for one in length)
    if not isinstance(length, str) or not UNITS.fullmatch(length):
        return length
    number = float(length.rstrip(" %epochs"))
    if length.endswith("%"):
        if length is recipe["iterations"] or not isinstance(recipe["iterations"], int):
            raise ValueError("the length of training cannot be a share of itself")
        return round(recipe["iterations"] * number / 100)
    try:
        epoch = data.iterations_per_epoch(
            recipe["data"], recipe["batch_size"], recipe["last_batch"]
        )
    except (KeyError, TypeError, ZeroDivisionError):
        return length  # the field that is wrong is named on its own account
    return round(number * epoch)


if TYPE_CHECKING:
    RecipeField = Recipe
else:
    # A strict model of the same fields, so that errors name the field; then the recipe itself.
    _hints = get_type_hints(Recipe)
    RecipeFields = create_model(
        "Recipe",
        __config__=STRICT,
        **{field.name: (_hints[field.name], ...) for field in fields(Recipe)},
    )
    RecipeField = Annotated[
        RecipeFields,
        BeforeValidator(_complete_recipe),
        AfterValidator(lambda values: Recipe(**values.model_dump())),
    ]


class Sweep(BaseModel):
    """A sweep: one recipe, and the trials wanted of it."""

    model_config = STRICT

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=100)]
    """What results are filed under: the MLflow experiment."""

    description: str = ""
    """For the report: what is asked, of which paper's table or figure."""

    recipe: RecipeField
    """A built-in recipe's name, or `{base: name, iterations: 600, ...}`."""

    rewind: Rewind
    """Rewind points k: iterations, "2 %" of training, or "5 epochs"."""

    inits: Seeds
    """Seeds of initial weights; a number n means 1 to n."""

    orders: Seeds
    """Order seeds of the arms; every pair of them is a trial. A number n means 1 to n."""

    subnetworks: Annotated[list[Subnetwork], Field(min_length=1)]

    pretrain_order: Seed = 0
    """Order seed of the training from W_0 to W_k."""

    imp_order: Seed = 1
    """Order seed of the trainings that IMP prunes after; an arm with this seed is shared."""

    path_points: Annotated[int, Field(ge=3, le=1000)] = 30
    """Evenly spaced points of a path, ends included (LMC section 2)."""

    train_examples: Annotated[int, Field(ge=1)] | None = None
    """Training examples, a fixed sample, on which errors on the train split are measured; all of
    them if absent."""

    stable_below: Annotated[float, Field(gt=0, le=100)] = 2.0
    """A network is stable if its instability is below this (percentage points, LMC section 2)."""

    matching: Literal["one-std"] | Annotated[float, Field(ge=0, le=100)] = "one-std"
    """Accuracy a matching subnetwork may lose: one standard deviation of the dense networks'
    accuracies (Unmasking's eps), or percentage points (0.2 in LMC section 4.4)."""

    resources: Resources = Resources()
    """Of each worker; has no influence on results."""

    _seeds_distinct = field_validator("inits", "orders")(_distinct)

    @field_validator("recipe")
    @classmethod
    def _known(cls, recipe: Recipe) -> Recipe:
        if recipe.network not in networks.NETWORKS:
            guess = did_you_mean(recipe.network, networks.NETWORKS)
            raise ValueError(f"unknown network {recipe.network!r}{guess}")
        try:
            facts = data.facts(recipe.data)
        except KeyError:
            guess = did_you_mean(recipe.data, data.DATA)
            raise ValueError(
                f"unknown data set {recipe.data!r}{guess}, or the path or URL of a folder or tar "
                "file of images"
            ) from None
        _check_fit(recipe, facts)
        if recipe.backend == "stacked" and not networks.NETWORKS[recipe.network].stackable:
            raise ValueError(
                f"backend stacked is not for {recipe.network}, which joins feature maps; "
                "allowed: loop"
            )
        if recipe.backend == "stacked" and data.streams(recipe):
            raise ValueError("backend stacked is not for images from files; allowed: loop")
        examples = facts.train
        if recipe.batch_size > examples:
            raise ValueError(f"batch_size {recipe.batch_size} is above the {examples} examples")
        normalises = networks.NETWORKS[recipe.network].statistics > 0
        rest = examples % recipe.batch_size
        if normalises and recipe.batch_size == recipe.slices:
            many = f" in {recipe.slices} slices" if recipe.slices > 1 else ""
            raise ValueError(
                f"batch_size {recipe.batch_size}{many} is too small for BatchNorm: at least "
                f"{2 * recipe.slices}"
            )
        if normalises and 0 < rest < 2 * recipe.slices and recipe.last_batch == "keep":
            slices = " slice of the" if recipe.slices > 1 else ""
            raise ValueError(
                f"batch_size {recipe.batch_size} leaves one example for a{slices} last batch of an "
                "epoch, too few for BatchNorm; set last_batch: drop"
            )
        return recipe

    @field_validator("orders")
    @classmethod
    def _pairs(cls, orders: list[int]) -> list[int]:
        if len(orders) < 2:
            raise ValueError("a pair needs at least 2 order seeds")
        return orders

    @model_validator(mode="after")
    def _resolve(self) -> Sweep:
        """Rewind points and levels that the recipe allows."""
        self._iterations_of(self.rewind, ("rewind",))
        possible = len(list(weights_at_levels(self.prunable_weights, self.recipe.pruning_fraction)))
        for index, subnetwork in enumerate(self.subnetworks):
            here = ("subnetworks", index)
            if subnetwork.rewind is not None:
                self._iterations_of(subnetwork.rewind, (*here, "rewind"))
            for position, level in enumerate(subnetwork.levels):
                if level >= possible:
                    raise _error_at(
                        (*here, "levels", position),
                        f"level {level} is impossible: after level {possible - 1} no weight of "
                        f"{self.recipe.network} is left to prune",
                    )
        return self

    @model_validator(mode="after")
    def _sample(self) -> Sweep:
        examples = data.facts(self.recipe.data).train
        if self.train_examples is not None and self.train_examples > examples:
            raise _error_at(
                ("train_examples",),
                f"{self.train_examples} is above the {examples} examples of {self.recipe.data}",
            )
        return self

    @property
    def demand(self) -> engine.Demand:
        """What Ray keeps for a training."""
        worker = engine.shape(self.recipe, self.resources.cpus, self.resources.gpus)
        return engine.Demand(worker, self.recipe.workers)

    @property
    def prunable_weights(self) -> int:
        return networks.prunable_weights(self.recipe.network, self.recipe.prune_output)

    def rewind_of(self, subnetwork: Dense | Pruned) -> list[int]:
        """The rewind points of a subnetwork in iterations, ascending."""
        return self._iterations_of(self.rewind if subnetwork.rewind is None else subnetwork.rewind)

    def _iterations_of(
        self, points: list[int | str], where: tuple[str | int, ...] = ()
    ) -> list[int]:
        total = self.recipe.iterations
        iterations: list[int] = []
        for index, point in enumerate(points):
            iteration: int = _in_iterations(point, asdict(self.recipe))
            if iteration >= total:
                raise _error_at(
                    (*where, index),
                    f"rewind point {point} lies past the end of training: k must be below "
                    f"{total} iterations",
                )
            if iteration in iterations:
                raise _error_at((*where, index), f"rewind point {point} is there twice")
            iterations.append(iteration)
        return sorted(iterations)


def _check_fit(recipe: Recipe, facts: data.Facts) -> None:
    """Raises ValueError unless network and augmentation take the images and their classes."""
    network = networks.NETWORKS[recipe.network]

    def size(shape: tuple[int, int, int]) -> str:
        channels, height, width = shape
        return f"{width}x{height} images with {channels} channel{'s' if channels > 1 else ''}"

    if data.is_folder(recipe.data):
        # A folder at an address of its own has been taken for one because of crop-flip.
        allowed = ["none", "crop-flip"] if recipe.data in data.STREAMED else ["crop-flip"]
    else:
        allowed = ["none"] if recipe.data == "digits" else ["none", "shift-flip"]
    if recipe.augmentation not in allowed:
        raise ValueError(
            f"augmentation {recipe.augmentation} is not for {recipe.data}; "
            f"allowed: {', '.join(allowed)}"
        )
    channels, height, width = network.inputs
    if data.streams(recipe):
        if channels != 3 or height != width:
            raise ValueError(
                f"the network {recipe.network} takes {size(network.inputs)}, but images of a "
                "folder are cropped to squares with 3 channels"
            )
    elif facts.shape is not None and network.inputs != facts.shape:
        raise ValueError(
            f"the network {recipe.network} takes {size(network.inputs)}, but {recipe.data} has "
            f"{size(facts.shape)}"
        )
    if network.classes < facts.classes:
        raise ValueError(
            f"the network {recipe.network} tells {network.classes} classes apart, but "
            f"{recipe.data} has {facts.classes}"
        )


def _error_at(where: tuple[str | int, ...], message: str) -> PydanticCustomError:
    """An error of a part of the spec that only the whole spec can show."""
    return PydanticCustomError("at", "{message}", {"message": message, "at": where})
