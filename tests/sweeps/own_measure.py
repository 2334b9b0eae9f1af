"""A spec that names a measure of one's own, and that measure, in a folder."""

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
    (folder / "own.yaml").write_text(SPEC)
    return str(folder / "own.yaml")
