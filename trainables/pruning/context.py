"""What a pruning method sees beside the weights: examples, a network, a seed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from trainables import networks, sizes
from trainables.data.split import Split
from trainables.data.streamed import Request
from trainables.recipe import Recipe
from trainables.seeds import generator
from trainables.weights import Mask, Weights


@dataclass
class Context:
    """Handed to a method's `scores`."""

    recipe: Recipe
    seed: int
    """Of the initialisation: what a method draws at random depends on it alone."""
    load: Callable[[], Any]
    """Returns the data set, `train` of which examples are from."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Of an example as the network gets it."""
        return sizes.facts(self.recipe).inputs

    def network(self, weights: Weights, *, training: bool = True) -> nn.Module:
        """Return the network with a copy of some weights, in `train` mode unless said otherwise.

        In `train` mode BatchNorm normalises with the batch's own statistics.
        """
        network = networks.build(self.recipe.architecture).train(training)
        copies = {name: value.clone() for name, value in weights.items()}
        networks.bind(network, networks.channels_last(copies))
        return network.to(self.recipe.device)

    def examples(self, number: int) -> tuple[Tensor, Tensor]:
        """Return inputs and labels of training examples drawn by the seed, without augmentation.

        All of them, in random order, where there are fewer.
        """
        data = self.load().train
        return self._taken(data, self._order(len(data))[:number])

    def examples_per_class(self, number: int) -> tuple[Tensor, Tensor]:
        """Return the same, so many of each class (all where there are fewer)."""
        data = self.load().train
        order = self._order(len(data))
        labels = data.labels.cpu()[order]
        chosen = [order[labels == one][:number] for one in labels.unique()]
        return self._taken(data, torch.cat(chosen))

    def gradients(
        self, network: nn.Module, loss: Tensor, mask: Mask, *, graph: bool = False
    ) -> dict[str, Tensor]:
        """Return the gradient of a loss with respect to each prunable weight."""
        parameters = dict(network.named_parameters())
        chosen = [parameters[name] for name in mask]
        found = torch.autograd.grad(loss, chosen, create_graph=graph, materialize_grads=True)
        return dict(zip(mask, found, strict=True))

    def random(self, mask: Mask, purpose: str) -> dict[str, Tensor]:
        """Return uniform random scores, of each tensor from a stream of its own."""
        return {
            name: torch.rand(keep.shape, generator=generator(purpose, self.seed, name))
            for name, keep in mask.items()
        }

    def _order(self, number: int) -> Tensor:
        return torch.randperm(number, generator=generator("pruning-examples", self.seed))

    def _taken(self, data: Any, indices: Tensor) -> tuple[Tensor, Tensor]:
        device = self.recipe.device
        if isinstance(data, Split):
            data = data.to(device)
            indices = indices.to(device)
            return data.inputs(data.images[indices]), data.labels[indices]
        images, labels = next(iter(data.to(device).batches([Request(indices)], 0)))
        return data.to(device).inputs(images), labels.to(device)


def loss_of(network: nn.Module, inputs: Tensor, labels: Tensor, temperature: float = 1.0) -> Tensor:
    """Return the mean cross-entropy of a network's logits, divided by a temperature."""
    outputs = network(inputs)
    logits = outputs[0] if isinstance(outputs, tuple) else outputs
    return cross_entropy(logits.flatten(0, -2) / temperature, labels.flatten())
