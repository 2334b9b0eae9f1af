"""Time the subjects in this process: `python -m sweeps.machine.timing` prints rates as JSON.

A process of its own, with a worker's environment: one thread, and malloc's settings, have to be
there before torch is.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from dataclasses import asdict

import torch
from torch import Tensor

from sweeps.machine.fit import fit
from sweeps.machine.subjects import SUBJECTS, Image, Path, Subject, Training
from trainables import networks, sizes
from trainables.data.split import Scaling, Split
from trainables.measures.path import evaluate_path
from trainables.pruning.masks import full_mask, prune_by_magnitude
from trainables.recipe import Recipe
from trainables.training import loop
from trainables.training.group import Group, Trajectory
from trainables.training.loop import TrainingState
from trainables.weights import Mask

ROUNDS = 6
"""Of all subjects in turn, so that a moment in which the machine is busy meets each only once."""

HEAVY_SECONDS = 0.1
HEAVY_ROUNDS = 3
"""Rounds of a subject that takes longer than `HEAVY_SECONDS` at a time."""

LONG_SECONDS = 1.5
"""What takes longer is timed once: ResNet-20 in bf16 takes 8 s where a processor imitates it."""

PULSE_SECONDS = 0.02
"""Of a training's iterations at a time: some such pieces meet no other process on a busy core."""

ENDLESS = 10**6
"""Iterations at which no training that is timed arrives."""

Work = Callable[[], int]
"""Does some units of a subject (iterations, examples at points, images); returns how many."""


def measure() -> dict[str, float]:
    """Return the least processor time of a unit of each subject, in seconds."""
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    loop.PULSE_SECONDS = PULSE_SECONDS
    works = {name: work_of(subject) for name, subject in SUBJECTS.items()}
    least = dict.fromkeys(works, math.inf)
    rounds = dict.fromkeys(works, ROUNDS)
    for number in range(ROUNDS):
        for name, work in works.items():
            if number >= rounds[name]:
                continue
            begin = time.process_time()
            units = work()
            seconds = time.process_time() - begin
            least[name] = min(least[name], seconds / units)
            if seconds > LONG_SECONDS:
                rounds[name] = 1
            elif number and seconds > HEAVY_SECONDS:
                rounds[name] = HEAVY_ROUNDS
    return least


def work_of(subject: Subject) -> Work:
    """Return what does some of a subject. What its first call gets ready is there for the next."""
    if isinstance(subject, Training):
        return _training(subject)
    if isinstance(subject, Path):
        return _path(subject)
    return _images(subject)


def _training(subject: Training) -> Work:
    recipe = subject.recipe
    group = Group(recipe, _examples(recipe, 2 * recipe.batch_size))
    mask = _mask(recipe, subject.weights_left) if subject.weights_left < 1 else None
    states = [_initial(recipe, seed) for seed in range(subject.replicas)]
    for seed, state in enumerate(states):
        group.add(Trajectory(state, seed, ENDLESS, mask))

    def advance() -> int:
        before = states[0].iteration
        group.advance()
        return (states[0].iteration - before) * len(states)

    return advance


def _path(subject: Path) -> Work:
    recipe = subject.recipe
    first, second = (_initial(recipe, seed).weights for seed in (0, 1))
    examples = _examples(recipe, subject.examples)

    def evaluate() -> int:
        evaluate_path(recipe.architecture, first, second, examples, subject.points)
        return subject.examples * subject.points

    return evaluate


def _images(subject: Image) -> Work:
    from trainables.data.images import pixels
    from trainables.data.images.crops import Draws

    content = _jpeg(subject)

    def decode() -> int:
        for number in range(subject.number):
            pixels.training(pixels.decode(content, ""), subject.size, Draws(1, 1, number))
        return subject.number

    return decode


def _jpeg(subject: Image) -> bytes:
    """Return a JPEG with about the bytes of one of ImageNet's: smooth colours, and noise."""
    import numpy as np
    import simplejpeg

    stream = np.random.default_rng(0)
    shape = (subject.height, subject.width)
    rows, columns = np.fft.fftfreq(shape[0])[:, None], np.fft.rfftfreq(shape[1])[None]
    frequency = np.hypot(rows, columns)
    frequency[0, 0] = np.inf
    layers = []
    for _ in range(3):
        layer = np.fft.irfft2(np.fft.rfft2(stream.standard_normal(shape)) / frequency, s=shape)
        layers.append(layer / layer.std())
    grey = 128 + 55 * layers[0] + 3 * stream.standard_normal(shape)
    image = np.stack([grey + 12 * layers[1], grey - 6 * layers[1], grey + 12 * layers[2]], axis=2)
    content: bytes = simplejpeg.encode_jpeg(
        np.ascontiguousarray(image.clip(0, 255).astype(np.uint8)), 90, "RGB", "420"
    )
    return content


def _initial(recipe: Recipe, seed: int) -> TrainingState:
    weights = networks.initial_weights(
        recipe.architecture, recipe.initialization, "init", seed, std=recipe.initial_std
    )
    return TrainingState(0, weights)


def _examples(recipe: Recipe, number: int) -> Split:
    """Return random examples: what they are of changes no time."""
    facts, stream = sizes.facts(recipe), torch.Generator().manual_seed(0)

    def random(below: int, *shape: int, kind: torch.dtype = torch.int64) -> Tensor:
        return torch.randint(0, below, (number, *shape), dtype=kind, generator=stream)

    if len(facts.inputs) == 1:  # tokens, each with the next one as its label
        return Split(random(facts.classes, *facts.inputs), random(facts.classes, *facts.inputs))
    channels, height, width = facts.inputs
    images = random(256, height, width, channels, kind=torch.uint8)
    scaling = Scaling(torch.full((channels,), 1 / 64), torch.full((channels,), -2.0))
    return Split(images, random(facts.classes), scaling)


def _mask(recipe: Recipe, left: float) -> Mask:
    """Return a mask by magnitude over all layers: small layers stay denser, as in a sweep."""
    weights = _initial(recipe, 0).weights
    dense = full_mask(weights, networks.prunable(networks.build(recipe.architecture)))
    return prune_by_magnitude(weights, dense, 1 - left)


if __name__ == "__main__":
    clock, processor = time.monotonic(), time.process_time()
    found = measure()
    busy = (time.monotonic() - clock) / (time.process_time() - processor)
    print(json.dumps({"times": found, "rates": asdict(fit(found)), "busy": busy}))
