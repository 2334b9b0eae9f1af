"""Error and loss of a network on a split.

Every label counts as an example, where an example has several: `error` is the share of them that
are wrong, `loss` the mean over them. Logits are [B, ..., classes] for labels [B, ...].

A split is evaluated in chunks. A chunk is one worker's, and sums over chunks are in their order:
scores have the same bits on any number of workers.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from typing import NamedTuple, TypeVar

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from trainables.data.split import Split
from trainables.data.streamed import Request, Streamed
from trainables.networks.mlp import MLP
from trainables.training.team import ALONE, Team

T = TypeVar("T")
A = TypeVar("A")
B = TypeVar("B")

CONVOLUTIONAL_CHUNK = 64
"""Examples evaluated at once: larger temporaries leave the caches and cost twice (measured)."""

MLP_VALUES = 2**17
"""Of a chunk's widest hidden layer, for the same reason: 4 tensors of them fit into 2 MB."""

GPU_CHUNK = 512
"""The same on a GPU, which smaller ones don't fill."""

HELD_CHUNKS = 16
"""Chunks of images from files that are in memory at a time, for all points of a path."""


class Score(NamedTuple):
    error: float
    """% misclassified."""
    loss: float
    """Mean cross-entropy, nats."""


Count = tuple[int, int, float]
"""Examples, how many of them are misclassified, and their summed loss."""


class Tally:
    """Sums over the chunks of a split."""

    def __init__(self) -> None:
        self.chunks: dict[int, Count] = {}

    @property
    def score(self) -> Score:
        counts = [self.chunks[chunk] for chunk in sorted(self.chunks)]
        examples = sum(size for size, _, _ in counts)
        wrong = sum(wrong for _, wrong, _ in counts)
        return Score(100 * wrong / examples, sum(loss for _, _, loss in counts) / examples)


def count(logits: Tensor, labels: Tensor) -> list[Count]:
    """Count for several networks on the same examples: logits [networks, classes, B].

    A prediction that is not finite is wrong, whatever its label.
    """
    # By hand: torch's cross_entropy alone takes as long as a small layer, and so does argmax.
    top = logits.amax(1)
    highest = torch.eq(logits, top.unsqueeze(1), out=torch.empty_like(logits))
    losses = (logits - top.unsqueeze(1)).exp_().sum(1).log_().add_(top)
    own = logits.gather(1, labels.expand(len(logits), 1, -1)).squeeze(1)
    losses -= own
    right, finite = own == top, logits.sum(1).isfinite()
    # Of several, the first is the prediction. NaN has no highest, so that it may hide a tie.
    if highest.sum() != top.numel() or not finite.all():
        right = logits.argmax(1) == labels
    right.logical_and_(finite)
    size = len(labels)
    sums = zip(right.sum(1).tolist(), losses.sum(1).tolist(), strict=True)
    return [(size, size - hits, loss) for hits, loss in sums]


Chunk = tuple[int, Tensor, Tensor]
"""Its number, images and labels."""


def evaluate(network: nn.Module, split: Split | Streamed, chunk: int | None = None) -> Score:
    """Return the score of a network in `eval` mode on a whole split."""
    return finish(evaluating([lambda: network], split, chunk or chunk_of(network)))[0]


def evaluating(
    networks: Sequence[Callable[[], nn.Module]],
    split: Split | Streamed,
    chunk: int,
    team: Team = ALONE,
    decoders: int = 0,
) -> Generator[float, None, list[Score]]:
    """Return scores of networks in `eval` mode, each made by a call; read a split's images once.

    An iterator's return value; it says after each chunk what share is done, as often on each
    worker of a team. `decoders` is the number of processes
    that decode images which are not in memory; 0: this one does.
    """
    tallies = [Tally() for _ in networks]
    steps, done = len(networks) * team.rounds(-(-len(split) // chunk)), 0
    with closing(_blocks(split, chunk, team, decoders)) as blocks:
        for block in blocks:
            for ready, tally in zip(networks, tallies, strict=True):
                network = ready()
                for part in block:
                    if part is not None:
                        number, images, labels = part
                        with torch.inference_mode():  # not across a yield: it would hold outside
                            logits = network(split.inputs(images)).flatten(0, -2).t()
                            (tally.chunks[number],) = count(logits.unsqueeze(0), labels.flatten())
                    done += 1
                    yield done / steps
    return scores(tallies, team)


def answering(
    network: nn.Module,
    split: Split | Streamed,
    chunk: int,
    team: Team = ALONE,
    decoders: int = 0,
) -> Generator[float, None, tuple[Tensor, Tensor]]:
    """Class (int64) and cross-entropy (nats) of every label, in their shape [N, ...], on the CPU.

    An iterator's return value, as that of `evaluating`. `network` is in `eval` mode.
    """
    found: dict[int, tuple[Tensor, Tensor]] = {}
    steps, done = team.rounds(-(-len(split) // chunk)), 0
    with closing(_blocks(split, chunk, team, decoders)) as blocks:
        for part in (part for block in blocks for part in block):
            if part is not None:
                number, images, labels = part
                with torch.inference_mode():  # not across a yield: it would hold outside
                    logits = network(split.inputs(images)).flatten(0, -2)
                    losses = cross_entropy(logits, labels.flatten(), reduction="none")
                    answers = logits.argmax(1).view_as(labels), losses.view_as(labels)
                    found[number] = answers[0].cpu(), answers[1].cpu()
            done += 1
            yield done / steps
    whole = {number: both for others in team.gather(found) for number, both in others.items()}
    ordered = [whole[number] for number in sorted(whole)]
    return torch.cat([one for one, _ in ordered]), torch.cat([one for _, one in ordered])


def scores(tallies: Sequence[Tally], team: Team) -> list[Score]:
    """Return the scores of tallies of which each worker of a team has its own chunks."""
    for others in team.gather([tally.chunks for tally in tallies]):
        for tally, chunks in zip(tallies, others, strict=True):
            tally.chunks |= chunks
    return [tally.score for tally in tallies]


def chunk_of(network: nn.Module, device: str = "cpu") -> int:
    """Return how many examples to evaluate at once."""
    if device == "cuda":
        return GPU_CHUNK
    if type(network) is not MLP:
        return CONVOLUTIONAL_CHUNK
    widest = max(linear.out_features for linear, _ in network.hidden_layers())
    return max(MLP_VALUES // widest // 64, 1) * 64


def chunks(examples: int, size: int, team: Team) -> list[tuple[int, slice] | None]:
    """Return this worker's chunks, by number; None where another worker has one more."""
    total = -(-examples // size)
    own = [(n, slice(n * size, min((n + 1) * size, examples))) for n in team.turns(total)]
    return [*own, *[None] * (team.rounds(total) - len(own))]


def _blocks(
    split: Split | Streamed, size: int, team: Team, decoders: int
) -> Generator[list[Chunk | None]]:
    """Yield the chunks that are in memory at a time: all, or some that were read from files."""
    parts = chunks(len(split), size, team)
    if isinstance(split, Split):
        yield [part and (part[0], split.images[part[1]], split.labels[part[1]]) for part in parts]
        return
    requests = (Request(torch.arange(p[1].start, p[1].stop)) for p in parts if p)
    with closing(split.batches(requests, decoders)) as batches:
        for first in range(0, len(parts), HELD_CHUNKS):
            yield [
                part and (part[0], *next(batches)) for part in parts[first : first + HELD_CHUNKS]
            ]


def told(steps: Generator[A, None, T], change: Callable[[A], B]) -> Generator[B, None, T]:
    """Apply a change to every yielded value; pass the return value through."""
    with closing(steps):
        while True:
            try:
                value = next(steps)
            except StopIteration as end:
                result: T = end.value
                return result
            yield change(value)


def finish(steps: Generator[A, None, T]) -> T:
    """Exhaust a generator and return its return value."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            result: T = end.value
            return result
