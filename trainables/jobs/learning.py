"""Learning curves: error and loss of a network while it is trained. No torch.

A training whose job has an `Evaluation` pauses at some iterations, and its network is evaluated as
it is then. The same network comes out as without. The curve is an artifact of its own; while the
training is under way its points travel with the checkpoint.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from trainables.store.errors import Unreadable
from trainables.store.keys import content_key

if TYPE_CHECKING:
    from trainables.jobs.kinds import Training

CURVE = "curve"
"""The kind under which a training's learning curve is stored."""

STATE = "progress"
"""The kind under which states of a training are stored that are kept."""

VERSION = 1
"""Raised when values come out otherwise."""

SPLITS = ("test", "train")

QUANTITIES = (*(f"{name}_{split}" for name in ("error", "loss") for split in SPLITS),)
"""What a point says: errors in %, mean cross-entropies in nats."""


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """When a network is evaluated while it is trained, and on how much."""

    every: int
    """Iterations, counted from the beginning of training: at the multiples of this number, and
    where a job begins and ends."""
    examples: int | None
    """Of each split, a fixed sample; None: all."""

    def next_pause(self, iteration: int, until: int) -> int:
        """Return the first iteration after this one, `until` at most, at which to evaluate."""
        return min((iteration // self.every + 1) * self.every, until)

    def due(self, iteration: int, begin: int, until: int) -> bool:
        """Return whether to evaluate at an iteration of a training from `begin` to `until`."""
        return iteration in (begin, until) or iteration % self.every == 0

    def points(self, begin: int, until: int) -> int:
        """Return at how many iterations of such a training the network is evaluated."""
        between = (until - 1) // self.every - begin // self.every
        return 2 + max(between, 0)


@dataclass(frozen=True)
class Point:
    """What was found at one iteration."""

    iteration: int
    measured_at: float
    """Unix time, seconds."""
    learning_rate: float
    """Of the step that follows; of the last one at the end of training."""
    values: dict[str, float]
    """By the names of `QUANTITIES`. NaN or infinite losses are those of a diverged network."""


def curve_key(job: Training) -> str:
    """Return the key under which the learning curve of a job with an evaluation is stored."""
    assert job.evaluation is not None
    return content_key(CURVE, {"training": job.key, "version": VERSION, **asdict(job.evaluation)})


def state_key(training: str, iteration: int) -> str:
    """Return the key under which a state is stored, if it is kept, by the key of its training."""
    return content_key(STATE, {"network": training, "iteration": iteration})


def encode(points: Sequence[Point]) -> tuple[bytes, dict[str, Any]]:
    """Return a learning curve as it is stored: payload, and what its manifest says.

    The times are in the manifest, so that the same curve has the same payload.
    """
    named = [asdict(point) for point in points]
    times = [point.pop("measured_at") for point in named]
    return json.dumps(named, sort_keys=True).encode(), {"measured_at": times}


def decode(payload: bytes, facts: Mapping[str, Any]) -> list[Point]:
    """Return a learning curve from its payload and manifest. Raises Unreadable."""
    try:
        named = zip(json.loads(payload), facts["measured_at"], strict=True)
        return [point_of(one | {"measured_at": at}) for one, at in named]
    except (ValueError, TypeError, KeyError) as error:
        raise Unreadable(f"it is no learning curve: {error}") from error


def noted(job: Training, points: Sequence[Point]) -> dict[str, Any]:
    """Return what the manifest of a job's checkpoint says of its learning curve."""
    if job.evaluation is None:
        return {}
    return {CURVE: {"key": curve_key(job), "points": [asdict(point) for point in points]}}


def recalled(job: Training, facts: dict[str, Any]) -> list[Point]:
    """Return the points that a checkpoint's manifest holds of the curve that a job wants."""
    held = facts.get(CURVE)
    if job.evaluation is None or held is None or held["key"] != curve_key(job):
        return []
    return [point_of(one) for one in held["points"]]


def point_of(one: Mapping[str, Any]) -> Point:
    """Return a point from its fields."""
    return Point(
        int(one["iteration"]),
        float(one["measured_at"]),
        float(one["learning_rate"]),
        {name: float(one["values"][name]) for name in QUANTITIES},
    )
