"""What every job is: a node of the job graph, known by the content key of its artifact."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from trainables.recipe import Recipe
from trainables.store.keys import content_key


class Job:
    """A node of the job graph."""

    @property
    def kind(self) -> str:
        """The kind under which its artifact is stored."""
        raise NotImplementedError

    @property
    def task(self) -> str:
        """What the job does, in a few words that all jobs like it share."""
        raise NotImplementedError

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


@dataclass(frozen=True, kw_only=True)
class Work:
    """What a measurement takes, for the planner: evaluations of its networks' data."""

    passes: float = 0.0
    """Forward passes over both splits."""
    points: int = 0
    """Points of paths over both splits, which cost an MLP less than a pass."""
    train_examples: int | None = None
    """Of the train split, if they are not all."""
    batches: int = 0
    """Training batches that are passed through a network without gradients."""
    grid: int = 0
    """Points of a plane over examples of one split. Such a measurement may be done in parts, each
    of which computes the values at some of the points (`Context.shard_of`)."""
    grid_split: str = "test"
    grid_examples: int | None = None
    """Of that split, if they are not all."""

    def evaluated(self, train: int, test: int) -> int:
        """Return the examples times networks that it evaluates, of splits that are so large.

        Of the train split it is the number that `train_examples` leaves.
        """
        return int((self.passes + self.points) * (train + test)) + self.grid * self.at_grid(
            train, test
        )

    def at_grid(self, train: int, test: int) -> int:
        """Return the examples that are evaluated at each point of a plane."""
        whole = test if self.grid_split == "test" else train
        return min(self.grid_examples or whole, whole)


NO_WORK = Work()
