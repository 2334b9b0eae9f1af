"""A folder with a spec that names a measure of one's own; and a network, data and a pruning
method of one's own."""

from __future__ import annotations

from pathlib import Path

from own_code import write

MEASURE = """\
from lab.scales import scale
from trainables.measures import Column, Measure


def compute(weights, context, options):
    return {"total": scale * sum(float(one.sum()) for one in weights[0].values())}


MEASURE = Measure(name="total", columns=(Column(name="total"),), compute=compute, arity=1)
"""

NETWORK = """\
from torch import nn


def wide(width=30):
    hidden = nn.Sequential(nn.Linear(64, width), nn.LayerNorm(width), nn.ReLU())
    return nn.Sequential(nn.Flatten(), hidden, nn.Linear(width, 10))
"""

DATA = """\
import numpy as np


def split(examples, seed):
    labels = np.arange(examples) % 10
    noise = np.random.default_rng(seed).normal(size=(examples, 1, 8, 8))
    return (noise + labels[:, None, None, None]).astype("float32"), labels


def made():
    (x_train, y_train), (x_test, y_test) = split(600, 1), split(200, 2)
    return {"x_train": x_train, "y_train": y_train, "x_test": x_test, "y_test": y_test}
"""

PRUNING = """\
from lab.scales import scale


def score(weights, mask, context, power=1):
    return {name: scale * weights[name].abs() ** power for name in mask}


score.when = "start"
"""

OWN_RECIPE = (
    *("--set", "recipe.network=nets:wide"),
    *("--set", "recipe.data=sets:made"),
    *("--set", "recipe.pruning_method=prunes:score"),
    *("--set", "recipe.pruning_options={power: 2}"),
    *("--set", "subnetworks=[{strategy: pruned, levels: [2]}]"),
)
"""Has the spec use network, data and pruning method, too."""

SPEC = """\
name: own
recipe: {base: digits-mlp, length: 60}
rewind: [0]
inits: 1
orders: 2
subnetworks: [dense]
measure: [instability, mine:MEASURE]
"""


def write_all(folder: Path, scale: float = 2.0) -> str:
    """Write them, and return the path of the spec."""
    write(folder, {"mine": MEASURE, "lab/scales": f"scale = {scale}"})
    write(folder, {"nets": NETWORK, "sets": DATA, "prunes": PRUNING})
    (folder / "own.yaml").write_text(SPEC)
    return str(folder / "own.yaml")
