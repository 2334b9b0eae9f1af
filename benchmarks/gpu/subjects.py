"""Networks and examples of the right shapes: what an iteration costs doesn't depend on the rest."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from trainables import networks
from trainables.data.split import Scaling, Split
from trainables.recipe import Recipe
from trainables.recipes import RECIPES
from trainables.training.loop import TrainingState

RECIPES_OF = {
    "lenet": ("lenet-mnist", (28, 28, 1), 10),
    "resnet20": ("resnet20-cifar10", (32, 32, 3), 10),
    "vgg16": ("vgg16-cifar10", (32, 32, 3), 10),
    "resnet18": ("unmasking-resnet18-cifar100", (32, 32, 3), 100),
    "resnet50": ("resnet50-imagenet", (224, 224, 3), 1000),
}
"""Recipe, image and classes."""

IMAGENET_BATCH = 256
"""Of one GPU: the papers' 1024 are shared by several."""


def recipe_of(name: str, device: str, backend: str, precision: str = "fp32") -> Recipe:
    """Return a subject's recipe for one device, with a length that is never reached."""
    recipe = RECIPES[RECIPES_OF[name][0]]
    changed: dict[str, Any] = {"device": device, "backend": backend, "precision": precision}
    if name == "resnet50":
        changed |= {"batch_size": IMAGENET_BATCH, "slices": 1, "workers": 1, "augmentation": "none"}
    return replace(recipe, **changed)


def examples_of(name: str, device: str, number: int) -> Split:
    """Return so many random examples, as many bytes each as the real ones have."""
    _, shape, classes = RECIPES_OF[name]
    stream = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (number, *shape), dtype=torch.uint8, generator=stream)
    labels = torch.randint(0, classes, (number,), generator=stream)
    scaling = Scaling(torch.full((shape[-1],), 1 / 64), torch.full((shape[-1],), -2.0))
    return Split(images, labels, scaling).to(device)


def initial(recipe: Recipe, seed: int) -> dict[str, Tensor]:
    """Return initial weights."""
    return networks.initial_weights(recipe.architecture, recipe.initialization, "init", seed)


def state_of(recipe: Recipe, seed: int) -> TrainingState:
    """Return a training's beginning, on the recipe's device."""
    return TrainingState(0, initial(recipe, seed)).copy(recipe.device)
