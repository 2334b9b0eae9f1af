"""Sparse multilayer perceptrons, trained as the values of their remaining weights alone.

A mask leaves a dense layer all of its work and adds some. Here layers of which few weights remain
are CSR matrices, and the optimizer moves vectors of values: an iteration of LeNet-300-100 with
3.5 % of its weights left takes 36 % of the time. Rounding differs from that of dense layers.
"""

from __future__ import annotations

import math
import warnings
from typing import cast

import torch
from torch import Tensor, nn

from trainables.networks.mlp import BATCHNORM_MOMENTUM, MLP
from trainables.recipe import Recipe
from trainables.training.by_hand import Gradients, can_by_hand
from trainables.training.by_hand.kernels import batch_norm_backward, relu_backward
from trainables.weights import Mask, Weights

DENSITY = 0.2
"""Share of remaining weights above which a large layer is faster dense. Measured on one thread:
0.23 with batches of 60, 0.20 with 128."""

FIXED = 1000
"""Fixed time of a sparse layer, as a number of remaining weights that take as long."""

VECTOR = 16
"""float32 values that the widest instructions take at once."""


class SparseLinear(nn.Module):
    """A linear layer that has only the weights for which `keep` [outputs, inputs] is true.

    `weight` [kept] has their values, row by row; `bias` [outputs] is the dense layer's. It has no
    `forward`: `sparse_gradients` computes with it.
    """

    def __init__(self, dense: nn.Linear, keep: Tensor):
        super().__init__()
        self.weight = nn.Parameter(dense.weight.detach()[keep])
        self.bias = dense.bias
        self.keep = keep


def sparsify(recipe: Recipe, network: nn.Module, weights: Weights, mask: Mask) -> Mask:
    """Put a `SparseLinear` in place of each linear layer that trains faster so.

    Returns the masks of these layers. Networks whose gradients are not taken by hand, and those
    on a GPU, are left alone.
    """
    kept: Mask = {}
    if not can_by_hand(network, recipe):
        return kept
    for name, keep in mask.items():
        if weights[name].device.type == "cpu" and pays(keep):
            layer = name.removesuffix(".weight")
            kept[name] = keep.bool()
            dense = cast(nn.Linear, network.get_submodule(layer))
            network.set_submodule(layer, SparseLinear(dense, kept[name]))
    return kept


def pays(keep: Tensor) -> bool:
    """Return whether a layer with this mask [outputs, inputs] trains faster as its values."""
    return int(keep.count_nonzero()) + FIXED < DENSITY * keep.numel()


def pack(tensors: dict[str, Tensor], kept: Mask) -> dict[str, Tensor]:
    """Return tensors, named `name` or `slot/name`, those of sparse weights as vectors [kept]."""
    keeps = {key: kept.get(key.rpartition("/")[2]) for key in tensors}
    return {key: t if (keep := keeps[key]) is None else t[keep] for key, t in tensors.items()}


def unpack(packed: dict[str, Tensor], kept: Mask, tensors: dict[str, Tensor]) -> None:
    """Bring `tensors` to what `packed` holds: dense, zero where nothing is kept, in place."""
    for key, value in packed.items():
        keep = kept.get(key.rpartition("/")[2])
        if keep is None:
            tensors[key] = value
        else:
            dense = tensors.setdefault(key, value.new_empty(keep.shape))
            dense.zero_()[keep] = value


class _Dense:
    """Multiplies a linear layer with activations and their gradients, [features, B]."""

    def __init__(self, layer: nn.Module):
        self.parameter = cast(Tensor, layer.weight)
        self.values = self.parameter.detach()
        bias = cast(Tensor | None, layer.bias)
        self.bias = None if bias is None else bias.detach().unsqueeze(1)

    def sums(self, inputs: Tensor) -> Tensor:
        if self.bias is None:
            return torch.mm(self.values, inputs)
        return torch.addmm(self.bias, self.values, inputs)

    def to_inputs(self, delta: Tensor) -> Tensor:
        return torch.mm(self.values.t(), delta)

    def to_weight(self, delta: Tensor, inputs: Tensor) -> Tensor:
        return torch.mm(delta, inputs.t())


class _Sparse(_Dense):
    """Does the same for a `SparseLinear`; its matrix's values are the parameter's own memory."""

    def __init__(self, layer: SparseLinear):
        super().__init__(layer)
        keep, values = layer.keep, self.values
        self.matrix = _csr(keep, values)
        # A transposed view would be no CSR (15 times slower): its own order, copied at each use.
        places = torch.zeros(keep.shape, dtype=torch.long)
        places[keep] = torch.arange(len(values))
        self.places = places.t()[keep.t()]
        self.transposed_values = values[self.places]
        self.transposed = _csr(keep.t(), self.transposed_values)
        self.zero = values.new_zeros(1, 1)
        self.zeros = _csr(keep, torch.zeros_like(values))
        self.slope_values = torch.zeros_like(values)
        self.slope = _csr(keep, self.slope_values)

    def sums(self, inputs: Tensor) -> Tensor:
        bias, beta = (self.zero, 0) if self.bias is None else (self.bias, 1)
        return torch.addmm(bias, self.matrix, inputs, beta=beta)

    def to_inputs(self, delta: Tensor) -> Tensor:
        torch.index_select(self.values, 0, self.places, out=self.transposed_values)
        return torch.addmm(self.zero, self.transposed, delta, beta=0)

    def to_weight(self, delta: Tensor, inputs: Tensor) -> Tensor:
        torch.sparse.sampled_addmm(self.zeros, delta, inputs.t(), beta=0, out=self.slope)
        return self.slope_values


def _csr(keep: Tensor, values: Tensor) -> Tensor:
    rows = torch.zeros(len(keep) + 1, dtype=torch.int32)
    rows[1:] = keep.sum(1).cumsum(0)
    columns = keep.nonzero()[:, 1].int()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # CSR is "in beta state"
        return torch.sparse_csr_tensor(rows, columns, values, keep.shape, check_invariants=True)


def sparse_gradients(network: MLP) -> Gradients:
    """Return the gradient function of an MLP with sparse layers in training mode.

    Activations are [features, B]: the sparse kernels work along the batch. As autograd, it raises
    ValueError for a single example where there is BatchNorm.
    """

    def products(layer: nn.Module) -> _Dense:
        return _Sparse(layer) if isinstance(layer, SparseLinear) else _Dense(layer)

    layers = [(products(linear), linear, norm) for linear, norm in network.hidden_layers()]
    output = products(network.output)
    minus_one = -torch.ones((), dtype=output.values.dtype)
    known, columns, share = 0, torch.empty(0), torch.empty(0)

    def transposed(inputs: Tensor) -> Tensor:
        """Return inputs [features, B], padded with zeros to whole vectors: a tenth less time."""
        nonlocal known, columns, share
        size = len(inputs)
        if size != known:
            # BatchNorm's statistics must not see what fills up.
            width = size if network.norms else math.ceil(size / VECTOR) * VECTOR
            columns = inputs.new_zeros(inputs[0].numel(), width)
            share = inputs.new_zeros(width)  # of an example in the mean loss
            share[:size] = 1 / size
            known = size
        columns[:, :size].copy_(inputs.flatten(1).t())
        return columns

    def step(inputs: Tensor, labels: Tensor) -> None:
        if len(inputs) == 1 and network.norms:
            raise ValueError("BatchNorm needs more than 1 value per channel in training")
        hidden = transposed(inputs)
        tape = []  # a layer's input and sums; BatchNorm's mean and 1/deviation of the batch
        for product, _, norm in layers:
            sums = product.sums(hidden)
            if norm is None:
                tape.append((hidden, sums, sums, sums))
                hidden = torch.relu_(sums)
            else:
                normal, mean, rstd = torch.native_batch_norm(
                    sums.unsqueeze(0), norm.weight, norm.bias, norm.running_mean,
                    norm.running_var, True, BATCHNORM_MOMENTUM, norm.eps,
                )  # fmt: skip
                tape.append((hidden, sums, mean, rstd))
                hidden = torch.relu_(normal).squeeze(0)
        # d loss / d logits = (softmax - one-hot) / B, and 0 for what fills up
        delta = torch.softmax(output.sums(hidden), 0)
        delta.scatter_add_(0, labels.unsqueeze(0), minus_one.expand(1, len(labels))).mul_(share)

        output.parameter.grad = output.to_weight(delta, hidden)
        network.output.bias.grad = delta.sum(1)
        upper = output
        for (product, linear, norm), (below, sums, mean, rstd) in zip(
            reversed(layers), reversed(tape), strict=True
        ):
            delta = relu_backward(upper.to_inputs(delta), hidden, 0)
            if norm is None:
                linear.bias.grad = delta.sum(1)
            else:
                change, norm.weight.grad, norm.bias.grad = batch_norm_backward(
                    delta.unsqueeze(0), sums.unsqueeze(0), norm.weight, norm.running_mean,
                    norm.running_var, mean, rstd, True, norm.eps, [True, True, True],
                )  # fmt: skip
                delta = change.squeeze(0)
            product.parameter.grad = product.to_weight(delta, below)
            upper, hidden = product, below

    return step
