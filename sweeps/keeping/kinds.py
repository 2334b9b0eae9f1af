"""The kinds of artifact that this version knows. What is of another kind is left alone."""

from __future__ import annotations

from sweeps.recording import submissions
from trainables.jobs import needs
from trainables.jobs.contents import CHECKPOINT
from trainables.jobs.learning import CURVE, STATE

MEASURED = {
    "instability": "what was measured of the path between two networks",
    "measurement": "what other measures say of networks",
    CURVE: "learning curves",
}
"""Small, and costly to make again."""

GIVEN = "given"
"""Copies of networks from files, which cannot be made again without the files."""

MADE = {
    "state": "networks at rewind points, with the optimizer's state",
    "arm": "trained networks",
    "mask": "which weights pruning keeps",
    "threshold": "losses up to which adaptive pruning goes",
    "perturbation": "networks moved at a rewind point",
    STATE: "networks kept while they were trained",
} | MEASURED
"""What jobs make, and make again where it is missing."""

KINDS = MADE | {
    GIVEN: "networks from files",
    CHECKPOINT: "trainings that are not finished",
    submissions.KIND: "specs that were submitted",
    submissions.OF_HOME: "which homes submitted them",
    needs.KIND: "what trials of searches in Ray Tune need",
}
"""Kind -> what it holds."""
