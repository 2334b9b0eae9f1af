"""Move trainings of one recipe that are under way together, by the recipe's backend.

`loop` moves one at a time, `stacked` all that are at the lowest iteration side by side: a training
that begins at a later iteration joins the stack when the others have come there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from trainables.data.split import Split
from trainables.data.streamed import Streamed
from trainables.recipe import Recipe
from trainables.training.loop import TrainingState, train
from trainables.training.stack import MOST, train_stack
from trainables.training.team import ALONE, Team
from trainables.weights import Mask


@dataclass(eq=False)
class Trajectory:
    """One training: from where it is (`state`, moved in place) up to iteration `until`."""

    state: TrainingState
    order_seed: int
    until: int
    mask: Mask | None = None
    next_pause: Callable[[int, int], int] = lambda iteration, until: until
    """Iteration and `until` -> where a group hands control back, at the latest."""

    @property
    def pause(self) -> int:
        return self.next_pause(self.state.iteration, self.until)

    @property
    def finished(self) -> bool:
        return self.state.iteration >= self.until


def together(recipe: Recipe) -> int:
    """Return how many trainings of a recipe are moved side by side at most."""
    return MOST[recipe.device] if recipe.backend == "stacked" else 1


class Group:
    """The trainings under way. Add some at any time; `advance` moves some of them."""

    def __init__(
        self, recipe: Recipe, data: Split | Streamed, *, team: Team = ALONE, decoders: int = 0
    ):
        """`team` and `decoders` as for `loop.train`."""
        self.recipe, self.data = recipe, data
        self._team, self._decoders = team, decoders
        self.waiting: list[Trajectory] = []
        """All that have not been moved to their end."""
        self._moving: tuple[Trajectory, ...] = ()
        self._steps: Iterator[object] = iter(())

    @property
    def full(self) -> bool:
        """Whether another training would only wait."""
        return len(self.waiting) >= together(self.recipe)

    def add(self, training: Trajectory) -> None:
        self.waiting.append(training)

    def advance(self) -> Sequence[Trajectory]:
        """Move some trainings for about `loop.PULSE_SECONDS`; returns those that moved.

        A training that has come to its end leaves the group. Results don't depend on what else
        is in the group.
        """
        moving, end = self._next()
        if moving != self._moving:
            self._moving, self._steps = moving, self._train(moving, end)
        next(self._steps)
        self.waiting = [training for training in self.waiting if not training.finished]
        if moving[0].state.iteration >= end:
            self._moving = ()
        return moving

    def _next(self) -> tuple[tuple[Trajectory, ...], int]:
        """Return who moves now, and up to which iteration."""
        if self.recipe.backend == "loop":
            return (self.waiting[0],), self.waiting[0].pause
        iterations = sorted({training.state.iteration for training in self.waiting})
        now = [t for t in self.waiting if t.state.iteration == iterations[0]]
        now = now[: together(self.recipe)]
        # Up to where one pauses, or the next ones join.
        end = min([training.pause for training in now] + iterations[1:2])
        return tuple(now), end

    def _train(self, trainings: tuple[Trajectory, ...], end: int) -> Iterator[object]:
        if self.recipe.backend == "stacked" and isinstance(self.data, Split):
            yield from train_stack(self.recipe, trainings, self.data, end)
        else:
            one = trainings[0]
            yield from train(
                self.recipe, one.state, self.data,
                order_seed=one.order_seed, until=end, mask=one.mask,
                team=self._team, decoders=self._decoders,
            )  # fmt: skip
