"""The kinds of job: what a job is, which jobs it needs, and the content key of its artifact.

    State        W_k: a network at iteration k                       (LMC Algorithms 1 and 2)
    Arm          the end of one training from W_k (or m * W_k) to T
    ImpMask      the next level's mask, from the trained arm          (LMC Algorithm 2)
    RandomMask   a random mask with an IMP mask's layer-wise proportions
    Instability  the path between two arms of a pair                  (LMC Algorithm 1)

Jobs hold the jobs they need, so a job carries its whole ancestry: any worker can make any
artifact again. Two jobs are equal when their keys are. This module describes; `execute` does.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

from trainables.recipe import Recipe, Stage
from trainables.store.keys import content_key


class Job:
    """A node of the job graph."""

    kind: ClassVar[str]

    @property
    def recipe(self) -> Recipe:
        raise NotImplementedError

    @property
    def inputs(self) -> tuple[Job, ...]:
        """The jobs whose artifacts this one reads."""
        raise NotImplementedError

    def identity(self) -> dict[str, Any]:
        """Everything the artifact depends on, as JSON; jobs are named by their keys."""
        raise NotImplementedError

    @property
    def iterations(self) -> int:
        """SGD steps that the job takes."""
        return 0

    @property
    def title(self) -> str:
        """A few words for people, which no other job of a sweep has."""
        raise NotImplementedError

    @cached_property
    def key(self) -> str:
        return content_key(self.kind, self.identity())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Job) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)


@dataclass(frozen=True, eq=False)
class State(Job):
    """W_k and the optimizer's state there, trained from W_0 under one order seed.

    `earlier` is the nearest state before it that the plan also wants; training goes on from
    there. It is not part of the key: the same W_k comes out.
    """

    kind: ClassVar[str] = "state"
    of: Recipe
    init_seed: int
    order_seed: int
    iteration: int
    earlier: State | None = None
    stream: str = "init"
    """"reinit" draws other initial weights than "init" from the same seed."""

    @property
    def recipe(self) -> Recipe:
        return self.of

    @property
    def inputs(self) -> tuple[Job, ...]:
        return (self.earlier,) if self.earlier else ()

    def identity(self) -> dict[str, Any]:
        drawn = {
            "recipe": self.of.identity("init"),
            "stream": self.stream,
            "init_seed": self.init_seed,
        }
        if self.iteration == 0:
            return drawn
        return drawn | {
            "recipe": self.of.identity("init", "training"),
            "order_seed": self.order_seed,
            "iteration": self.iteration,
        }

    @property
    def iterations(self) -> int:
        return self.iteration - (self.earlier.iteration if self.earlier else 0)

    @property
    def title(self) -> str:
        if self.stream == "reinit":
            return f"reinitialise init {self.init_seed}"
        return f"pretrain init {self.init_seed} to k={self.iteration}"


@dataclass(frozen=True, eq=False)
class Arm(Job):
    """The weights at T of a training that begins at iteration `rewind` under an order seed.

    It begins with the weights of `start`, masked, and a fresh optimizer, or the one of `start`
    (`carries_optimizer`). `start` is W_rewind, or freshly drawn weights for random
    reinitialisation.
    """

    kind: ClassVar[str] = "arm"
    start: State
    rewind: int
    order_seed: int
    mask: ImpMask | RandomMask | None = None

    @property
    def recipe(self) -> Recipe:
        return self.start.of

    @property
    def level(self) -> int:
        return self.mask.level if self.mask else 0

    @property
    def carries_optimizer(self) -> bool:
        """Whether it goes on with the optimizer's state at `start`, where there is one."""
        recipe = self.recipe
        has_state = recipe.optimizer != "sgd" or recipe.momentum > 0
        return recipe.optimizer_at_rewind == "carried" and self.start.iteration > 0 and has_state

    @property
    def inputs(self) -> tuple[Job, ...]:
        return (self.start, self.mask) if self.mask else (self.start,)

    def identity(self) -> dict[str, Any]:
        stages: tuple[Stage, ...] = ("training", "length")
        if self.carries_optimizer:
            stages = (*stages, "rewinding")
        return {
            "recipe": self.recipe.identity(*stages),
            "start": self.start.key,
            "rewind": self.rewind,
            "order_seed": self.order_seed,
            "mask": self.mask.key if self.mask else None,
        }

    @property
    def iterations(self) -> int:
        return self.recipe.iterations - self.rewind

    @property
    def subnetwork(self) -> str:
        """In a spec's words: dense, or by which strategy it was pruned to which level."""
        if self.mask is None:
            return "dense"
        imp = "random-reinit" if self.start.stream == "reinit" else "imp"
        strategy = imp if isinstance(self.mask, ImpMask) else "random-pruning"
        return f"{strategy} level {self.level}"

    @property
    def title(self) -> str:
        return (
            f"train init {self.start.init_seed} k={self.rewind} {self.subnetwork} "
            f"order {self.order_seed}"
        )


@dataclass(frozen=True, eq=False)
class ImpMask(Job):
    """The mask of level `level`: `arm`, trained, pruned by magnitude by `rounds` levels at once.

    Iterative pruning takes one level at a time; one-shot takes all, from the dense network.
    """

    kind: ClassVar[str] = "mask"
    arm: Arm
    rounds: int = 1

    @property
    def recipe(self) -> Recipe:
        return self.arm.recipe

    @property
    def level(self) -> int:
        return self.arm.level + self.rounds

    @property
    def inputs(self) -> tuple[Job, ...]:
        return (self.arm, self.arm.mask) if self.arm.mask else (self.arm,)

    def identity(self) -> dict[str, Any]:
        recipe = self.recipe.identity("pruning")
        recipe.pop("pruning", None)  # what it means here is in the arm and the rounds
        identity = {"arm": self.arm.key, "recipe": recipe}
        return identity if self.rounds == 1 else identity | {"rounds": self.rounds}

    @property
    def title(self) -> str:
        return f"prune init {self.arm.start.init_seed} k={self.arm.rewind} to level {self.level}"


@dataclass(frozen=True, eq=False)
class RandomMask(Job):
    """A random mask with the layer-wise proportions of `like`."""

    kind: ClassVar[str] = "mask"
    like: ImpMask
    seed: int

    @property
    def recipe(self) -> Recipe:
        return self.like.recipe

    @property
    def level(self) -> int:
        return self.like.level

    @property
    def inputs(self) -> tuple[Job, ...]:
        return (self.like,)

    def identity(self) -> dict[str, Any]:
        return {"like": self.like.key, "seed": self.seed}

    @property
    def title(self) -> str:
        arm = self.like.arm
        return f"prune randomly init {arm.start.init_seed} k={arm.rewind} to level {self.level}"


@dataclass(frozen=True, eq=False)
class Instability(Job):
    """Errors and losses at `points` points of the path between two arms.

    On the train split they are of a fixed sample of `train_examples`, or of all (None).
    """

    kind: ClassVar[str] = "instability"
    version: ClassVar[int] = 3
    """Raised when paths come out otherwise, be it by rounding; trainings stay valid."""
    first: Arm
    second: Arm
    points: int
    train_examples: int | None = None

    @property
    def recipe(self) -> Recipe:
        return self.first.recipe

    @property
    def inputs(self) -> tuple[Job, ...]:
        mask = self.first.mask
        return (self.first, self.second, mask) if mask else (self.first, self.second)

    def identity(self) -> dict[str, Any]:
        measured = {
            "version": self.version,
            "data": self.recipe.data,
            "first": self.first.key,
            "second": self.second.key,
            "points": self.points,
        }
        if self.train_examples is None:
            return measured
        return measured | {"train_examples": self.train_examples}

    @property
    def title(self) -> str:
        arm, orders = self.first, f"{self.first.order_seed},{self.second.order_seed}"
        return f"path init {arm.start.init_seed} k={arm.rewind} {arm.subnetwork} orders {orders}"
