"""Error and loss at points of a plane through two networks and a projection."""

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
from trainables.planes import Plane, Point
from trainables.training.by_hand.plane import evaluating_mlp_plane
from trainables.training.evaluation import Score, chunk_of, evaluating, finish
from trainables.training.team import ALONE, Team


def evaluate_plane(
    architecture: Architecture | str, plane: Plane, points: Sequence[Point], split: Split
) -> list[Score]:
    """Return the scores at some points of a plane, in their order."""
    return finish(evaluating_plane(architecture, plane, points, split))


def evaluating_plane(
    architecture: Architecture | str,
    plane: Plane,
    points: Sequence[Point],
    split: Split | Streamed,
    team: Team = ALONE,
    decoders: int = 0,
) -> Generator[float, None, list[Score]]:
    """Do as `evaluate_plane`, whose scores are the return value; yield the share that is done.

    A score has the same bits whatever the other points are. The workers of a `team` share the
    examples. `decoders` decode images that are not in memory.
    """
    network = networks.build(architecture).eval()
    device = next(iter(plane.first.values())).device.type
    if type(network) is MLP and isinstance(split, Split):
        return (yield from evaluating_mlp_plane(network, plane, points, split, team))
    folded = Folded(architecture)

    def at(point: Point) -> nn.Module:
        folded.bind(plane.at(point))
        return folded.module

    made = [partial(at, point) for point in points]
    return (yield from evaluating(made, split, chunk_of(network, device), team, decoders))
