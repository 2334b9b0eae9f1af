"""Error and loss of multilayer perceptrons at points of a plane of networks."""

from __future__ import annotations

from collections.abc import Generator, Sequence

import torch

from trainables.data.split import Split
from trainables.networks.mlp import MLP
from trainables.planes import Corners, Plane, Point
from trainables.training.by_hand.path import layers_above
from trainables.training.evaluation import Score, Tally, chunk_of, chunks, count, scores
from trainables.training.team import Team

LOWEST = "linears.0.weight"

HELD_CHUNKS = 16
"""Chunks of examples whose first layer's sums are in memory at a time: 25 MB of them."""

HELD_POINTS = 32
"""Points whose networks above the first layer are in memory at a time, for all these chunks."""


def evaluating_mlp_plane(
    network: MLP, plane: Plane, points: Sequence[Point], split: Split, team: Team
) -> Generator[float, None, list[Score]]:
    """Do for an MLP what `trainables.measures.landscape.evaluating_plane` does for any network.

    The first layer's sums, without its bias, are linear in both coordinates: they are computed for
    the three networks alone, then combined. `by_hand.path` says how the other layers compute.
    """
    widths = [linear.out_features for linear, _ in network.hidden_layers()]
    classes = network.output.out_features
    tallies = [Tally() for _ in points]
    groups = [range(len(points))[n : n + HELD_POINTS] for n in range(0, len(points), HELD_POINTS)]
    kernels = torch.cat(plane.corners(LOWEST))
    own = chunks(len(split), chunk_of(network), team)
    blocks = [own[n : n + HELD_CHUNKS] for n in range(0, len(own), HELD_CHUNKS)]
    done = 0

    @torch.inference_mode()
    def first_sums(examples: slice) -> Corners:
        inputs = split.inputs(split.images[examples]).flatten(1).t()
        projection, second, first = torch.mm(kernels, inputs).chunk(3)
        return projection, second, first

    @torch.inference_mode()
    def count_group(group: Sequence[int], parts: Sequence[tuple[int, slice, Corners]]) -> None:
        at = [points[n] for n in group]
        weights = [plane.at(point, leave_out=LOWEST) for point in at]
        above = [layers_above(network, one) for one in weights]
        biases = [one.get("linears.0.bias") for one in weights]
        for number, examples, sums in parts:
            size = sums[0].shape[1]
            held = [sums[0].new_ones(width + 1, size) for width in widths]
            logits = sums[0].new_empty(len(at), classes, size)
            for point, bias, compute, out in zip(at, biases, above, logits, strict=True):
                mixed = plane.combined(sums, point, out=held[0][:-1])
                if bias is not None:  # which is not linear in them outside the triangle
                    mixed.add_(bias.unsqueeze(1))
                compute(held, out)
            for n, counted in zip(group, count(logits, split.labels[examples]), strict=True):
                tallies[n].chunks[number] = counted

    for block in blocks:
        parts = [(*part, first_sums(part[1])) for part in block if part is not None]
        for group in groups:
            count_group(group, parts)
            done += 1
            yield done / (len(blocks) * len(groups))
    return scores(tallies, team)
