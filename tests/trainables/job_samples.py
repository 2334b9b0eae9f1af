"""One job of every kind, doing jobs, and looking at what a store then has."""

from pathlib import Path

import samples

from trainables.jobs.execute import CHECKPOINT, Executor
from trainables.jobs.kinds import pretrained, pruned, randomly_pruned, trained
from trainables.measures import measured
from trainables.store import Missing, tensors

NEVER = 1e9
"""Seconds between checkpoints."""


def do(store, *jobs):
    """Jobs done by a fresh process; it returns what they yielded."""
    executor = Executor(store, samples.FOLDER, NEVER)
    return [progress for job in jobs for progress in executor.run(job)]


def payload(store, job):
    return store.read(job.kind, job.key).payload


def held(store, job):
    return tensors.from_bytes(payload(store, job))


def path(store, job):
    folder = Path(store.url) / job.kind / job.key[:2]
    return folder / store.facts(job.kind, job.key)["payload"]


def damage(store, job):
    file = path(store, job)
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)


def checkpoint_of(store, job):
    """Its iteration, or None."""
    try:
        return store.read(CHECKPOINT, job.key).facts["iteration"]
    except Missing:
        return None


def family(recipe, k=20):
    """One of every kind, in an order in which each one's inputs come before it."""
    w0 = pretrained(recipe, 1, 0, 0)
    wk = pretrained(recipe, 1, 0, k, w0)
    arms = [trained(wk, k, order) for order in (1, 2)]
    mask = pruned(arms[0])
    masked = [trained(wk, k, order, mask) for order in (1, 2)]
    second = pruned(masked[0])
    randomly = randomly_pruned(second, 1)
    return {
        "w0": w0,
        "wk": wk,
        "arm": arms[0],
        "second arm": arms[1],
        "mask": mask,
        "masked": masked[0],
        "second masked": masked[1],
        "second mask": second,
        "random mask": randomly,
        "random arm": trained(wk, k, 2, randomly),
        "reinit arm": trained(pretrained(recipe, 1, 0, 0, stream="reinit"), k, 2, mask),
        "instability": measured("instability", arms, points=5),
        "sparse instability": measured("instability", masked, points=5),
    }


OWN = '''
import torch
from torch import nn

class Gated(nn.Module):
    """GroupNorm, an embedding of positions, constants of several kinds, and dropout."""

    def __init__(self, width=8, classes=10):
        super().__init__()
        self.stem = nn.Conv2d(1, width, 3, padding=1)
        self.norm = nn.GroupNorm(2, width)
        self.place = nn.Parameter(torch.randn(1, width, 8, 8))
        self.register_buffer("order", torch.randperm(64))
        self.register_buffer("noise", torch.randn(64), persistent=False)
        self.register_buffer("seen", torch.zeros(1))
        self.output = nn.Linear(64 * width, classes)

    def forward(self, inputs):
        if self.training:
            self.seen.add_(1)
        hidden = self.norm(self.stem(inputs)).relu() + self.place
        hidden = hidden.flatten(2)[:, :, self.order] + self.noise
        return self.output(nn.functional.dropout(hidden.flatten(1), 0.2, self.training))
'''
"""The file `gated_nets.py` of a user: a network with layers that ours have not."""
