"""The spec: what a user writes, as a strict model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    Field,
    PrivateAttr,
    ValidationInfo,
    field_validator,
    model_validator,
)

from sweeps import placement
from sweeps.spec import fitting, searches, size
from sweeps.spec.budget import Budget
from sweeps.spec.evaluate import Evaluate
from sweeps.spec.fields import (
    STRICT,
    AccuracyLost,
    Seed,
    Seeds,
    distinct,
    error_of,
    one_or_more,
)
from sweeps.spec.files import completed
from sweeps.spec.measures import Measures
from sweeps.spec.recipe import RecipeField
from sweeps.spec.resources import Resources
from sweeps.spec.search import RewindOrSearch
from sweeps.spec.subnetworks import Files, ImpAdaptive, Subnetwork, Trained, check_options
from sweeps.spec.tuned import Proposed, Search
from trainables import measures
from trainables.completing import devices
from trainables.completing.fit import check_kinds, check_measures, check_origins
from trainables.completing.measures import resolve
from trainables.completing.misfit import Misfit
from trainables.jobs.learning import Evaluation
from trainables.jobs.lineage import Restart
from trainables.jobs.perturbation import Norm
from trainables.measures import Wanted
from trainables.measures.parts import Kind
from trainables.pruning.adaptive import Adaptive

Compared = Literal["copies", "levels", "all-levels"]

INSTABILITY: Any = ["instability"]
"""What is measured unless a spec says otherwise, as a spec would say it."""


class Sweep(BaseModel):
    """A sweep: a recipe or several, and the trials wanted of each."""

    model_config = STRICT

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=100)]
    """What results are filed under: the MLflow experiment."""

    description: str = ""
    """What the sweep asks, and of which paper's table or figure; shown in the report."""

    recipe: RecipeField
    """A built-in recipe's name, or `{base: name, iterations: 600, ...}`. Where something varies,
    the first of its recipes."""

    vary: list[dict[str, Any]] | None = None
    """Which values of hyperparameters are compared: a grid, `{learning_rate: [0.05, 0.15]}`; a
    sample, `{sample: 20, learning_rate: {log: [0.01, 1]}}`; or a list of combinations. Each makes
    a recipe of its own, with all that the spec wants of one."""

    search: Search | None = None
    """A search over hyperparameters for the best outcome: `{trials: 40, over: {learning_rate: {log:
    [0.01, 1]}}}`. Each trial of the search is everything that the spec wants of one recipe."""

    rewind: RewindOrSearch
    """Rewind points k: iterations, "2 %" of training, or "5 epochs"; or a search for one,
    `{find: stable, between: [0, 10 %], within: 10 %}`."""

    restart: Annotated[
        list[Restart],
        BeforeValidator(one_or_more, json_schema_input_type=Restart | list[Restart]),
        Field(min_length=1),
    ] = ["keep"]
    """Whether copies of W_k are trained from iteration k on (`keep`), or for all of training with
    data order and schedule from 0 (`reset`: LMC section 3, Figure 4); or both, [keep, reset]. At
    k = 0 they are the same."""

    inits: Seeds
    """Seeds of initial weights; a number n means 1 to n."""

    orders: Seeds
    """Order seeds of the arms; every pair of them is a trial. A number n means 1 to n. One alone is
    enough where no measure compares two networks: then each network is a trial."""

    subnetworks: Annotated[list[Subnetwork], Field(min_length=1, max_length=100)]
    """Which networks, each with its levels and, if the spec's own do not fit, rewind points."""

    compare: Annotated[
        list[Compared],
        BeforeValidator(one_or_more, json_schema_input_type=Compared | list[Compared]),
        Field(min_length=1),
    ] = ["copies"]
    """Which networks are compared: `copies` of one subnetwork that were trained under two order
    seeds; of one strategy, rewind point and order seed, networks of two successive `levels`, the
    dense one being level 0 (Unmasking Figure 2); or those of every two levels (`all-levels`)."""

    pretrain_order: Seed = 0
    """Order seed of the training from W_0 to W_k."""

    imp_order: Seed = 1
    """Order seed of the trainings that IMP prunes after; an arm with this seed is shared."""

    seeds: Literal["shared", "independent"] = "shared"
    """Whether networks of one order seed see the same batches whatever their initial weights
    (`shared`), or order and augmentation are drawn anew for each init (`independent`): "replicates
    with independent random seeds" (Unmasking appendix C)."""

    path_points: Annotated[int, Field(ge=3, le=1000)] = 30
    """Evenly spaced points of a path, ends included (LMC section 2)."""

    train_examples: Annotated[int, Field(ge=1)] | None = None
    """Training examples, a fixed sample, on which errors on the train split are measured; all of
    them if absent."""

    measure: Measures = Field(default=INSTABILITY)
    """What is measured of each pair: names of measures, or mappings of name and options:
    `{measure: instability, points: 50}`. `path_points` and `train_examples` are options of every
    measure that has `points` and `train_examples`."""

    evaluate: Evaluate | None = None
    """When networks are evaluated while they are trained, for learning curves:
    `{every: 1 epoch, examples: 2000}`. Has no influence on results."""

    stable_below: Annotated[float, Field(gt=0, le=100)] = 2.0
    """A network is stable if its instability is below this (percentage points, LMC section 2)."""

    matching: AccuracyLost = "one-std"
    """Accuracy a matching subnetwork may lose: one standard deviation of the dense networks'
    accuracies over inits (Unmasking's eps); that and its own (`bands-overlap`: the bands of both
    in a figure meet); or percentage points (0.2 in LMC section 4.4)."""

    on_divergence: Literal["continue", "stop"] = "continue"
    """What a run does when a training diverges, that is, ends with weights that are not finite:
    `continue` with the other trials and mark this one, or `stop` with exit status 1. Has no
    influence on results."""

    resources: Resources = Resources()
    """What Ray reserves for each worker. Has no influence on results."""

    budget: Budget | None = None
    """What all runs of the sweep may take together: `{hours: 2}`, or `{cost: 20, price_per_hour:
    1.5}`. A run ends when its next jobs would go beyond. Has no influence on results."""

    _each: tuple[Sweep, ...] = PrivateAttr(default=())
    _proposed: Proposed | None = PrivateAttr(default=None)

    _distinct = field_validator("inits", "orders", "restart", "compare")(distinct)

    @model_validator(mode="before")
    @classmethod
    def _of_files_alone(cls, value: Any, info: ValidationInfo) -> Any:
        """A sweep of files alone trains nothing: it has neither rewind points nor seeds."""
        return completed(value, stored=bool((info.context or {}).get("stored")))

    @model_validator(mode="after")
    def _known(self) -> Sweep:
        """With the content of each file, and how many levels there may be."""
        check_options(self.subnetworks)
        found = [
            one.known(self.recipe, ("subnetworks", index))
            if isinstance(one, Files | ImpAdaptive)
            else one
            for index, one in enumerate(self.subnetworks)
        ]
        object.__setattr__(self, "subnetworks", found)
        return self

    @model_validator(mode="after")
    def _resolve(self, info: ValidationInfo) -> Sweep:
        """Rewind points, levels and numbers of examples that the recipe allows."""
        fitting.check(self)
        if not (info.context or {}).get("stored"):
            fitting.check_examples(self)
        _ = self.evaluation
        return self

    @model_validator(mode="after")
    def _measures(self) -> Sweep:
        """With every option of each measure."""
        try:
            object.__setattr__(self, "measure", resolve(self.measure, self._shared, self.recipe))
            check_measures(self.measure, self.recipe)
            check_kinds(self.measure, self.kinds)
            check_origins(self.measure, any(isinstance(one, Files) for one in self.subnetworks))
        except Misfit as misfit:
            raise error_of(misfit) from None
        return self

    @cached_property
    def instability(self) -> Wanted:
        """The measure that trials are known by: of `measure` if it is there."""
        found = [one for one in self.measure if one.measure == "instability"]
        return found[0] if found else measures.wanted("instability", {}, self._shared)

    @property
    def kinds(self) -> list[Kind]:
        """Of its trials."""
        copies: list[Kind] = ["copies" if len(self.orders) > 1 else "alone"]
        levels: list[Kind] = ["levels"]
        return (copies if "copies" in self.compare else []) + (levels if self.of_levels else [])

    @property
    def of_levels(self) -> bool:
        """Whether networks of two levels are compared."""
        return self.compare != ["copies"]

    @property
    def _shared(self) -> dict[str, Any]:
        return {"points": self.path_points, "train_examples": self.train_examples}

    @model_validator(mode="after")
    def _searches(self) -> Sweep:
        searches.check(self)
        return self

    @model_validator(mode="after")
    def _not_too_large(self) -> Sweep:
        """Counted before anything is built."""
        size.check(self)
        return self

    @property
    def size(self) -> tuple[int, int]:
        """Numbers of trials and of jobs, at most."""
        trials, jobs = zip(*map(size.of, self.each), strict=True)
        return sum(trials), sum(jobs)

    @property
    def each(self) -> tuple[Sweep, ...]:
        """The sweeps of one recipe that it consists of: itself, or one for each combination; of a
        search, those that it begins with."""
        return self._each or (self,)

    def of_each(self, vary: list[dict[str, Any]], each: Sequence[Sweep]) -> Sweep:
        """Return the sweep that consists of sweeps of one recipe, one for each combination."""
        whole = self.model_copy(update={"vary": vary})
        whole._each = tuple(each)
        return whole

    @property
    def proposed(self) -> Proposed | None:
        """What a search proposes."""
        return self._proposed

    def of_search(self, proposed: Proposed, each: Sequence[Sweep]) -> Sweep:
        """Return the sweep that searches, and begins with sweeps of one recipe."""
        whole = self.model_copy(update={"search": proposed.search})
        whole._proposed, whole._each = proposed, tuple(each)
        return whole

    @cached_property
    def evaluation(self) -> Evaluation | None:
        """When networks are evaluated while they are trained."""
        return None if self.evaluate is None else self.evaluate.resolved(asdict(self.recipe))

    @property
    def demand(self) -> placement.Demand:
        """What Ray keeps for a training."""
        worker = devices.shape(self.recipe, self.resources.cpus, self.resources.gpus)
        return placement.Demand(worker, self.recipe.workers)

    def rewind_of(self, subnetwork: Trained | Files) -> list[int]:
        """The rewind points of a subnetwork in iterations, ascending."""
        points = self.rewind if subnetwork.rewind is None else subnetwork.rewind
        return fitting.iterations_of(self, points)

    def options_of(self, strategy: str) -> Adaptive | Norm | None:
        """Return the options of a strategy, as `Lineage.arm` takes them."""
        trained = (one for one in self.subnetworks if not isinstance(one, Files))
        return next((one.options for one in trained if one.strategy == strategy), None)

    @property
    def grows(self) -> bool:
        """Whether what it trains depends on what comes out."""
        return self.search is not None or any(map(searches.grows, self.each))

    def restarts_at(self, k: int) -> list[Restart]:
        """How copies of W_k are trained: from k on, from 0 on, or both ways."""
        return self.restart if k else ["keep"]
