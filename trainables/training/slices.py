"""A batch in slices: each has BatchNorm statistics of its own, and their gradients are averaged.

A slice is what a worker computes at a time. One worker that does them one after another
accumulates their gradients; N workers do a share each. As sums are taken in the order of a binary
tree over the slices, both come to the same bits (`trainables.training.team`).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable

import torch
from torch import Tensor, nn

from trainables.training.by_hand import Gradients
from trainables.training.team import Team


def bounds(examples: int, slices: int) -> list[tuple[int, int]]:
    """First and last + 1 of each slice of a batch; sizes differ by one at most, where an epoch
    ends with a batch that is smaller."""
    edges = [examples * number // slices for number in range(slices + 1)]
    return list(itertools.pairwise(edges))


class Sliced:
    """Sets `.grad` of every parameter to the mean over a batch of which a team has the slices.

    Running statistics become the mean of what each slice would make of them. A vector holds both:
    it is what workers add up.
    """

    def __init__(self, network: nn.Module, gradients: Gradients, team: Team):
        self._gradients, self._team = gradients, team
        self._parameters = list(network.parameters())
        self._statistics = list(network.buffers())
        self._tensors = [*(p.detach() for p in self._parameters), *self._statistics]
        self._size = sum(tensor.numel() for tensor in self._tensors)
        self._free: list[Tensor] = []

    def __call__(self, parts: Iterable[tuple[Tensor, Tensor, float]]) -> None:
        """`parts` are this worker's slices in order: inputs, labels, and the share of the batch's
        examples. A slice may be empty."""
        before = [statistic.clone() for statistic in self._statistics]
        sums: list[tuple[int, Tensor]] = []
        for inputs, labels, share in parts:
            vector = self._vector()
            if share:
                self._gradients(inputs, labels)
                found = [p.grad for p in self._parameters if p.grad is not None]
                torch._foreach_copy_(self._views(vector), [*found, *self._statistics])
                vector.mul_(share)
                for statistic, value in zip(self._statistics, before, strict=True):
                    statistic.copy_(value)
            else:
                vector.zero_()
            sums.append((1, vector))
            while len(sums) > 1 and sums[-1][0] == sums[-2][0]:
                count, last = sums.pop()
                sums[-1] = 2 * count, sums[-1][1].add_(last)
                self._free.append(last)
        ((_, vector),) = sums
        views = self._views(self._team.add(vector))
        self._free.append(vector)
        gradients, statistics = views[: len(self._parameters)], views[len(self._parameters) :]
        for parameter, gradient in zip(self._parameters, gradients, strict=True):
            parameter.grad = gradient
        for statistic, value in zip(self._statistics, statistics, strict=True):
            statistic.copy_(value)

    def _vector(self) -> Tensor:
        return self._free.pop() if self._free else self._tensors[0].new_empty(self._size)

    def _views(self, vector: Tensor) -> list[Tensor]:
        """A vector's parts in the shapes and memory layouts of what they are of."""
        views, offset = [], 0
        for tensor in self._tensors:
            views.append(vector.as_strided(tensor.shape, tensor.stride(), offset))
            offset += tensor.numel()
        return views
