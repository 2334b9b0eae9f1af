"""What measures take: contexts of digits-mlp, in which nothing waits for progress; random images
and networks."""

from __future__ import annotations

from dataclasses import replace

import torch

from trainables import networks
from trainables.data.split import Scaling, Split
from trainables.jobs.kinds import pretrained, pruned, trained
from trainables.measures.context import Context
from trainables.networks import NETWORKS
from trainables.recipes import RECIPES

RECIPE = replace(RECIPES["digits-mlp"], iterations=60, milestones=(45,))


def context(data, **changes):
    return Context(recipe=RECIPE, data=data, masks=(None, None), **changes)


def images(name, number):
    """Random pixels and labels, as a network takes them."""
    channels, height, width = NETWORKS[name].inputs
    stream = torch.Generator().manual_seed(0)
    shape = (number, height, width, channels)
    pixels = torch.randint(0, 256, shape, generator=stream, dtype=torch.uint8)
    labels = torch.randint(0, 10, (number,), generator=stream)
    moments = torch.full((channels,), 0.3).double(), torch.full((channels,), 0.25).double()
    return Split(pixels, labels, Scaling.of("standardize", *moments))


def random_networks(name):
    """Two networks whose BatchNorm statistics and biases are not those of W_0."""
    found = []
    for seed in (1, 2):
        weights = networks.initial_weights(name, "kaiming-normal", "init", seed)
        stream = torch.Generator().manual_seed(seed)
        for value in weights.values():
            if value.dim() == 1:
                value.add_(torch.rand(value.shape, generator=stream))
        found.append(weights)
    return found


def pair_of_levels(recipe, k=20):
    """w(0) and w(1) of a chain, and what they need, inputs first."""
    w_k = pretrained(recipe, 1, 0, k)
    dense = trained(w_k, k, 1)
    mask = pruned(dense)
    return [w_k, dense, mask, trained(w_k, k, 1, mask)]
