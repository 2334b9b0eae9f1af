"""Layers side by side: a replica's numbers have the same bits at every place of every stack."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from trainables.networks.stacked import StackedLinear


def passes(inputs: int, outputs: int, batch: int, replicas: int, place: int) -> list[Tensor]:
    """One replica's outputs and gradients, the same numbers at any place among others."""
    own, others = (torch.Generator().manual_seed(seed) for seed in (1, 100 * replicas + place))
    values = []
    for shape in ((batch, inputs), (outputs, inputs), (outputs,), (batch, outputs)):
        all_ = [torch.randn(shape, generator=others) for _ in range(replicas)]
        all_[place] = torch.randn(shape, generator=own)
        values.append(torch.cat(all_, 1 if shape[0] == batch else 0))
    images, weight, bias, above = values
    layer = StackedLinear(nn.Linear(inputs, outputs), replicas)
    with torch.no_grad():
        layer.weight.copy_(weight)
        layer.bias.copy_(bias)
    images.requires_grad_()
    result = layer(images)
    result.backward(above)
    found = [(result.detach(), 1), (images.grad, 1), (layer.weight.grad, 0), (layer.bias.grad, 0)]
    return [value.chunk(replicas, along)[place] for value, along in found]


@pytest.mark.parametrize("batch", [8, 63, 128])
@pytest.mark.parametrize(
    ("inputs", "outputs"),
    [(64, 10), (512, 100), (300, 100), (48, 48), (10, 3), (13, 2), (33, 17), (7, 1)],
)
def test_neither_place_nor_company_changes_a_linear_layer(inputs, outputs, batch) -> None:
    """With 10 classes every second replica's biases begin between multiples of 16 bytes."""
    expected = passes(inputs, outputs, batch, 2, 0)
    for replicas in (2, 3, 5):
        for place in range(replicas):
            found = passes(inputs, outputs, batch, replicas, place)
            assert all(map(torch.equal, expected, found)), (replicas, place)


@pytest.mark.parametrize(("inputs", "outputs"), [(64, 10), (13, 2)])
def test_a_stacked_layer_is_its_replicas_layers(inputs, outputs) -> None:
    """Against torch's own, in 64-bit floats."""
    alone = [nn.Linear(inputs, outputs).double() for _ in range(3)]
    layer = StackedLinear(alone[0], 3)
    layer.weight = nn.Parameter(torch.cat([one.weight for one in alone]))
    layer.bias = nn.Parameter(torch.cat([one.bias for one in alone]))
    images = torch.randn(5, 3 * inputs).double()
    parts = zip(alone, images.chunk(3, 1), strict=True)
    torch.testing.assert_close(layer(images), torch.cat([one(part) for one, part in parts], 1))
