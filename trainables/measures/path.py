"""Error and loss along the linear path between two networks."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from functools import partial

from torch import nn

from trainables import networks
from trainables.data.split import Split
from trainables.data.streamed import Streamed
from trainables.networks.architecture import Architecture
from trainables.networks.folded import Folded
from trainables.networks.mlp import MLP
from trainables.paths import alphas, interpolate
from trainables.training.by_hand.path import evaluating_mlp_path
from trainables.training.evaluation import Score, chunk_of, evaluating, finish
from trainables.training.team import ALONE, Team
from trainables.weights import Weights


def evaluate_path(
    architecture: Architecture | str,
    first: Weights,
    second: Weights,
    split: Split,
    points: int,
) -> list[Score]:
    """Return the scores at `points` evenly spaced alphas, from `second` (0) to `first` (1)."""
    return finish(evaluating_path(architecture, first, second, split, points))


def evaluating_path(
    architecture: Architecture | str,
    first: Weights,
    second: Weights,
    split: Split | Streamed,
    points: int,
    team: Team = ALONE,
    decoders: int = 0,
    statistics: Sequence[Weights] | None = None,
) -> Generator[float, None, list[Score]]:
    """Do as `evaluate_path`, whose scores are the return value; yield the share that is done.

    The workers of a `team` share the examples. `decoders` decode images that are not in memory.
    `statistics` are running statistics for each point, instead of the interpolated ones.
    """
    held = statistics or [{}] * points
    network = networks.build(architecture).eval()
    device = next(iter(first.values())).device.type
    if type(network) is MLP and isinstance(split, Split):
        return (yield from evaluating_mlp_path(network, first, second, split, held, team))
    folded = Folded(architecture)
    first, second = networks.channels_last(first), networks.channels_last(second)

    def at(alpha: float, own: Weights) -> nn.Module:
        folded.bind(interpolate(first, second, alpha) | own)
        return folded.module

    between = [partial(at, alpha, own) for alpha, own in zip(alphas(points), held, strict=True)]
    return (yield from evaluating(between, split, chunk_of(network, device), team, decoders))
