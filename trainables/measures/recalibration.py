"""Running statistics of BatchNorm, recomputed between two networks.

Interpolated weights have activations of another mean and variance than the interpolated statistics
say, so that a path may look worse than its weights are (Jordan et al., 2022, "REPAIR"; Ainsworth et
al., 2022, appendix A.4).
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import closing

import torch
from torch import Tensor
from torch.nn.modules.batchnorm import _BatchNorm

from trainables import networks
from trainables.data.split import Split, sampled
from trainables.data.streamed import Request, Streamed
from trainables.networks.architecture import Architecture
from trainables.paths import alphas, interpolate
from trainables.weights import Weights


def recalibrating(
    architecture: Architecture | str,
    first: Weights,
    second: Weights,
    train: Split | Streamed,
    points: int,
    batches: int,
    size: int,
    decoders: int = 0,
) -> Generator[float, None, list[Weights]]:
    """Return the statistics at evenly spaced points from `second` (alpha 0) to `first` (alpha 1).

    An iterator's return value; it says after each batch what share is done. At each point between
    the ends the statistics are those of `batches` batches of `size` training examples: the mean
    over batches of the mean and of the unbiased variance of each channel, where earlier layers
    use the statistics of the same batch, as in training. Other layers compute as in evaluation.
    The batches are the same ones at each point, a fixed sample without augmentation. The ends keep
    what they were trained with.
    """
    network = networks.build(architecture).eval()
    norms = {name: m for name, m in network.named_modules() if isinstance(m, _BatchNorm)}
    for norm in norms.values():
        norm.train()
    along = alphas(points)
    own = [f"{name}.running_{leaf}".lstrip(".") for name in norms for leaf in ("mean", "var")]
    inner = {
        n: {name: torch.zeros_like(first[name]) for name in own if name in first}
        for n, alpha in enumerate(along)
        if alpha not in (0, 1)
    }
    first, second = networks.channels_last(first), networks.channels_last(second)
    with closing(_batches(train, batches, size, decoders)) as parts:
        for number, images in enumerate(parts):
            for norm in norms.values():
                norm.momentum = 1 / (number + 1)  # the mean over batches
            for n, statistics in inner.items():
                networks.bind(network, interpolate(first, second, along[n]) | statistics)
                with torch.inference_mode():  # not across a yield: it would hold outside
                    network(train.inputs(images))
            yield (number + 1) / batches
    return [inner.get(n, {}) for n in range(points)]


def _batches(train: Split | Streamed, batches: int, size: int, decoders: int) -> Generator[Tensor]:
    """Yield the images of fixed batches, as few as there are."""
    chosen = sampled(len(train), batches * size)
    whole = [part for part in chosen.split(size) if len(part) > 1]
    if isinstance(train, Split):
        yield from (train.images[part.to(train.images.device)] for part in whole)
        return
    requests: Iterator[Request] = (Request(part) for part in whole)
    with closing(train.batches(requests, decoders)) as read:
        yield from (images for images, _ in read)
