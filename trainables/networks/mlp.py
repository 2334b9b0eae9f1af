"""Multilayer perceptrons: linear layers with ReLU between, optionally with BatchNorm."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import cast

from torch import Tensor, nn

from trainables.networks.arguments import Inputs, positive

BATCHNORM_MOMENTUM = 0.1
"""Weight of a batch in the running statistics."""


def perceptron(hidden: object, batchnorm: object, inputs: Inputs, classes: int) -> MLP:
    """Return an MLP for examples of any shape, by the arguments that a spec gives.

    Raises ValueError unless `hidden` are widths of one or more layers, and `batchnorm` is true or
    false.
    """
    if not isinstance(hidden, list | tuple) or not hidden:
        raise ValueError(f"hidden must be a list of widths, [300, 100], not {hidden!r:.60}")
    if not isinstance(batchnorm, bool):
        raise ValueError(f"batchnorm must be true or false, not {batchnorm!r:.60}")
    widths = [positive("a width in hidden", width) for width in hidden]
    return MLP([math.prod(inputs), *widths, classes], batchnorm)


class MLP(nn.Module):
    """Input [B, ...] is flattened to [B, widths[0]]; output logits are [B, widths[-1]].

    A hidden layer is Linear, BatchNorm (if asked for; the linear layer then has no bias, which
    BatchNorm would cancel), ReLU. `trainables.training.by_hand` computes with it.
    """

    def __init__(self, widths: list[int], batchnorm: bool):
        super().__init__()
        sizes = list(pairwise(widths[:-1]))
        self.linears = nn.ModuleList(nn.Linear(i, o, bias=not batchnorm) for i, o in sizes)
        self.norms = nn.ModuleList(
            nn.BatchNorm1d(o, momentum=BATCHNORM_MOMENTUM) for _, o in sizes if batchnorm
        )
        self.output = nn.Linear(widths[-2], widths[-1])

    def hidden_layers(self) -> list[tuple[nn.Linear, nn.BatchNorm1d | None]]:
        """The linear layers below the output with their BatchNorms, from the input up."""
        norms: list[nn.Module | None] = list(self.norms) or [None] * len(self.linears)
        layers = list(zip(self.linears, norms, strict=True))
        return cast(list[tuple[nn.Linear, nn.BatchNorm1d | None]], layers)

    def forward(self, inputs: Tensor) -> Tensor:
        values = inputs.flatten(1)
        for linear, norm in self.hidden_layers():
            sums = linear(values)
            values = (sums if norm is None else norm(sums)).relu()
        logits: Tensor = self.output(values)
        return logits
