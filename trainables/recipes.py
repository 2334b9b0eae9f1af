"""The built-in recipes: LMC Table 1, Unmasking's settings (appendix C), and smaller ones.

Weight decay is not in LMC's text: 1e-4 is what the reference implementations of its convolutional
networks use; those of LeNet use none.
"""

from __future__ import annotations

from dataclasses import replace

from trainables.recipe import Recipe

# A network small enough for a laptop that shows every phenomenon of the papers: unstable at
# initialisation, stable from about iteration 20 of 1200 on; sparse subnetworks match only when
# rewound to after initialisation.
_DIGITS = Recipe(
    name="digits-mlp",
    network="digits-mlp",
    data="digits",
    iterations=1200,
    batch_size=16,
    last_batch="drop",
    optimizer="sgd",
    learning_rate=0.15,
    momentum=0.9,
    weight_decay=1e-4,
    milestones=(600, 900),
)

# Pixels in [0, 1], and Glorot's initialisation as in the work that LMC takes the network from
# (Frankle and Carbin, 2019).
_LENET = Recipe(
    name="lenet-mnist",
    network="lenet-300-100",
    data="mnist",
    input_scaling="unit",
    initialization="glorot-normal",
    iterations=24_000,
    batch_size=60,
    optimizer="adam",
    learning_rate=12e-4,
)

_RESNET20 = Recipe(
    name="resnet20-cifar10",
    network="resnet20-cifar",
    data="cifar10",
    augmentation="shift-flip",
    iterations=63_000,
    batch_size=128,
    optimizer="sgd",
    learning_rate=0.1,
    momentum=0.9,
    weight_decay=1e-4,
    milestones=(32_000, 48_000),
)
# 19 levels print as 1.5 % only if the output layer is not pruned but counted: as OpenLTH does.
_VGG16 = replace(_RESNET20, name="vgg16-cifar10", network="vgg16-cifar", prune_output=False)

# A transformer small enough for a laptop, trained as GPT-2 was: unstable at initialisation, stable
# after some hundred of 1000 iterations (docs/results/tiny-gpt.md).
_TINY_GPT = Recipe(
    name="tiny-gpt",
    network="tiny-gpt",
    data="python-topics",
    initial_std=0.02,
    iterations=1000,
    batch_size=32,
    last_batch="drop",
    optimizer="adamw",
    learning_rate=6e-3,
    weight_decay=0.01,
    gradient_clipping=1.0,
    schedule="cosine",
    final_rate=6e-4,
    warmup=100,
)

IMAGENET_EPOCH = 1252
"""Iterations: 1,281,167 examples in batches of 1024, the last one smaller."""

_RESNET50 = Recipe(
    name="resnet50-imagenet",
    network="resnet50",
    data="imagenet",
    augmentation="crop-flip",
    iterations=90 * IMAGENET_EPOCH,
    batch_size=1024,
    optimizer="sgd",
    learning_rate=0.4,
    momentum=0.9,
    weight_decay=1e-4,
    milestones=(30 * IMAGENET_EPOCH, 60 * IMAGENET_EPOCH, 80 * IMAGENET_EPOCH),
    warmup=5 * IMAGENET_EPOCH,
    pruning="one-shot",
    pruning_fraction=0.7,
    slices=8,  # BatchNorm over 128 examples, as on 8 GPUs
    workers=8,
)

# ImageNet's recipe on a laptop: JPEG files, crops, slices, one-shot pruning.
_TINY = Recipe(
    name="tiny-imagefolder",
    network="resnet26-narrow",
    data="cifar10-jpeg",
    augmentation="crop-flip",
    iterations=200,
    batch_size=64,
    optimizer="sgd",
    learning_rate=0.05,
    momentum=0.9,
    weight_decay=1e-4,
    milestones=(140, 180),
    warmup=20,
    pruning="one-shot",
    pruning_fraction=0.7,
    slices=2,
    workers=2,
)

RECIPES: dict[str, Recipe] = {
    recipe.name: recipe
    for recipe in (
        _DIGITS,
        _LENET,
        _TINY_GPT,
        _RESNET20,
        # A residual network and a schedule that are small enough for a laptop.
        replace(
            _RESNET20,
            name="cifar10-small",
            network="resnet8-narrow-cifar",
            iterations=1000,
            milestones=(500, 750),
        ),
        replace(_RESNET20, name="resnet20-cifar10-low", learning_rate=0.01),
        replace(_RESNET20, name="resnet20-cifar10-warmup", learning_rate=0.03, warmup=30_000),
        _VGG16,
        replace(_VGG16, name="vgg16-cifar10-low", learning_rate=0.01),
        replace(_VGG16, name="vgg16-cifar10-warmup", warmup=30_000),
        _TINY,
        _RESNET50,
        replace(
            _RESNET50,
            name="inceptionv3-imagenet",
            network="inception-v3",
            iterations=171 * IMAGENET_EPOCH,
            learning_rate=0.03,
            schedule="linear",
            milestones=(),
            final_rate=0.005,
            warmup=0,
        ),
        replace(
            _RESNET20,
            name="unmasking-resnet20-cifar10",
            iterations=62_400,  # 160 epochs of 390
            last_batch="drop",
            milestones=(31_200, 46_800),
        ),
        # 78,125 iterations are 200 epochs of 390.625: neither 390 nor 391 batches an epoch.
        replace(
            _RESNET20,
            name="unmasking-resnet18-cifar100",
            network="resnet18-cifar",
            data="cifar100",
            iterations=78_125,
            weight_decay=5e-4,
            milestones=(23_438, 46_875, 62_500),
            decay=0.2,
        ),
        # Decoupled weight decay as in the library that the paper's speed-ups come from
        # (Composer), which scales it with the schedule.
        replace(
            _RESNET50,
            name="unmasking-resnet50-imagenet",
            iterations=15_970,
            batch_size=2048,
            last_batch="drop",  # it rewinds to 1,250 and 5,000: 2 and 8 epochs of 625
            learning_rate=2.048,
            momentum=0.875,
            weight_decay=5e-4,
            weight_decay_style="decoupled",
            schedule="cosine",
            milestones=(),
            warmup=5_000,
            pruning="iterative",
            pruning_fraction=0.2,
        ),
    )
}
"""Every built-in recipe by name."""
