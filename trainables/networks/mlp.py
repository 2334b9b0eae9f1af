"""Multilayer perceptrons: linear layers with ReLU between, optionally with BatchNorm."""

from __future__ import annotations

from torch import Tensor, nn


class MLP(nn.Module):
    """Input [B, ...] is flattened to [B, widths[0]]; output logits are [B, widths[-1]].

    A hidden layer is Linear, BatchNorm (if asked for; the linear layer then has no bias, which
    BatchNorm would cancel), ReLU. `trainables.training.gradients` has its gradients by hand.
    """

    def __init__(self, widths: list[int], batchnorm: bool):
        super().__init__()
        hidden = list(zip(widths[:-2], widths[1:-1], strict=True))
        self.linears = nn.ModuleList(nn.Linear(i, o, bias=not batchnorm) for i, o in hidden)
        self.norms = nn.ModuleList(nn.BatchNorm1d(o) for _, o in hidden if batchnorm)
        self.output = nn.Linear(widths[-2], widths[-1])

    def forward(self, inputs: Tensor) -> Tensor:
        hidden = inputs.flatten(1)
        for index, linear in enumerate(self.linears):
            hidden = linear(hidden)
            if self.norms:
                hidden = self.norms[index](hidden)
            hidden = hidden.relu()
        logits: Tensor = self.output(hidden)
        return logits
