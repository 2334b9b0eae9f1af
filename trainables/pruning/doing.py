"""Making a mask by a recipe's method: scores, checked, and the best of them kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from trainables import networks, pruning
from trainables.pruning.context import Context
from trainables.pruning.keeping import allot, keep_best, keep_best_by_layer, left_after, schedule
from trainables.pruning.masks import full_mask
from trainables.pruning.method import Layer, PruningMethod
from trainables.recipe import Recipe
from trainables.registry import PluginError
from trainables.seeds import derive
from trainables.training.numerics import set_numerics
from trainables.weights import Mask, Weights


def pruned(
    recipe: Recipe, weights: Weights, mask: Mask, rounds: int, seed: int, load: Callable[[], Any]
) -> Mask:
    """Return the mask that a recipe's method leaves after so many rounds of its fraction.

    `mask` has the tensors in the network's order, which decides ties. `load` returns the data
    set, and is called if examples are asked for. Raises ValueError where scores are no numbers, and
    PluginError where a user's own method raises, or returns something else than scores.
    """
    method, options = pruning.find(recipe.pruning_method), pruning.options(recipe)
    context = Context(recipe, seed, load)
    if method.uses != "weights":
        set_numerics(recipe)
    left = left_after(mask, recipe.pruning_fraction, rounds)
    dense = sum(int(keep.sum()) for keep in mask.values())
    for target in schedule(dense, left, method.steps(options)):
        held = {name: value.clone() for name, value in weights.items()}
        for name, keep in mask.items():
            held[name] = held[name] * keep
        seen = {name: keep.clone() for name, keep in mask.items()}
        with (
            torch.random.fork_rng(devices=[]),
            torch.enable_grad(),
            pruning.DOOR.calling(recipe.pruning_method),
        ):
            torch.manual_seed(derive("pruning", recipe.pruning_method, seed))
            scores = method.scores(held, seen, context, options)
        checked = _checked(recipe.pruning_method, scores, mask)
        mask = _kept(method, options, recipe, checked, mask, target)
    return mask


def dense_mask(recipe: Recipe, weights: Weights) -> Mask:
    """Return the mask of the dense network, of all that the recipe lets prune."""
    names = networks.prunable(networks.build(recipe.architecture), **recipe.scope)
    return full_mask(weights, names)


def _kept(
    method: PruningMethod, options: Any, recipe: Recipe, scores: Weights, mask: Mask, left: int
) -> Mask:
    if method.shares is None:
        return keep_best(scores, mask, left)
    output = networks.prunable(networks.build(recipe.architecture))[-1]
    layers = {
        name: Layer(tuple(keep.shape), int(keep.sum()), name == output)
        for name, keep in mask.items()
    }
    with pruning.DOOR.calling(recipe.pruning_method):
        shares = method.shares(layers, left, options)
    room = {name: layer.left for name, layer in layers.items()}
    return keep_best_by_layer(scores, mask, allot(shares, room, left))


def _checked(name: str, scores: Any, mask: Mask) -> Weights:
    """Return scores on the CPU. Raises ValueError where they are not what they should be."""
    checked = {}
    for key, keep in mask.items():
        try:
            score = scores[key]
        except (KeyError, TypeError, IndexError):
            raise PluginError(f"pruning method {name}: it returned no scores of {key}") from None
        if not isinstance(score, Tensor) or score.shape != keep.shape:
            got = list(score.shape) if isinstance(score, Tensor) else type(score).__name__
            raise PluginError(
                f"pruning method {name}: its scores of {key} are {got}, not a tensor of shape "
                f"{list(keep.shape)}"
            )
        checked[key] = score.detach().cpu()
        if checked[key][keep].isnan().any():
            raise ValueError(f"cannot prune by {name}: scores of {key} are not numbers")
    return checked
