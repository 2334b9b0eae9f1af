"""The page of everything that a spec may say, from its models."""

from __future__ import annotations

from pydantic import BaseModel

from docs.generate import fields
from docs.generate.markdown import head, table
from sweeps.spec.budget import Budget
from sweeps.spec.evaluate import Evaluate
from sweeps.spec.resources import Resources
from sweeps.spec.search import FindLevel, FindRewind
from sweeps.spec.stop_early import Rung, StopEarly
from sweeps.spec.subnetworks import Dense, Files, ImpAdaptive, Perturbed, Pruned
from sweeps.spec.sweep import Sweep
from sweeps.spec.tuned import Search

INTRODUCTION = """
A spec is a YAML file. It names a recipe, which is a network with its data and hyperparameters
([all fields](recipe.md)), and the trials that you want of it. `sweeps specs digits-mlp` prints one
to start from. A mistake ends the command with one line that says where it is and what is allowed.

Lengths and rewind points are iterations (`120`), a share of training (`"2 %"`) or epochs
(`"5 epochs"`).
"""

SECTIONS: tuple[tuple[str, str, str, type[BaseModel]], ...] = (
    ("Top-level keys", "What a spec has at its top.", "", Sweep),
    (
        "subnetworks: dense",
        "The full network. `dense` alone is short for `{strategy: dense}`.",
        "subnetworks[].",
        Dense,
    ),
    (
        "subnetworks: imp, pruned, random-pruning, random-reinit",
        "`imp` is iterative magnitude pruning; `pruned` is what the recipe's pruning method "
        "leaves; `random-pruning` keeps as many weights in each layer, drawn at random; "
        "`random-reinit` keeps the mask and draws fresh initial weights.",
        "subnetworks[].",
        Pruned,
    ),
    (
        "subnetworks: imp-adaptive",
        "[Adaptive pruning](pruning.md#adaptive-pruning) prunes as much at each level as the "
        "training loss allows.",
        "subnetworks[].",
        ImpAdaptive,
    ),
    (
        "subnetworks: perturbed",
        "The dense network, moved at the rewind point in a random direction "
        "([details](pruning.md#perturbed-rewind-points)).",
        "subnetworks[].",
        Perturbed,
    ),
    (
        "subnetworks: files",
        "Networks that you trained elsewhere ([how](../how-to/checkpoints.md)).",
        "subnetworks[].",
        Files,
    ),
    (
        "rewind: a search",
        "In place of a list of rewind points ([how](../how-to/choose-k.md)).",
        "rewind.",
        FindRewind,
    ),
    (
        "levels: a search",
        "In place of a list of levels ([how](../how-to/choose-k.md)).",
        "subnetworks[].levels.",
        FindLevel,
    ),
    (
        "search",
        "A search for the best hyperparameters ([how](../how-to/hyperparameters.md)).",
        "search.",
        Search,
    ),
    (
        "search: stop_early",
        "Combinations that lag are stopped ([how](../how-to/hyperparameters.md)).",
        "search.stop_early.",
        StopEarly,
    ),
    (
        "search: stop_early: a rung",
        "A part of the trials, on which combinations are judged.",
        "search.stop_early.rungs[].",
        Rung,
    ),
    ("evaluate", "Learning curves.", "evaluate.", Evaluate),
    ("budget", "What all runs of a sweep may take together.", "budget.", Budget),
    ("resources", "What Ray reserves for each worker.", "resources.", Resources),
)
"""Title, what it is, the place in a spec, and the model."""


def page() -> str:
    """Return the page, with a table per model."""
    parts = [head("The spec", "sweeps/spec", INTRODUCTION)]
    for title, text, place, model in SECTIONS:
        rows = fields.of_model(model, place)
        parts.append(f"## {title}\n\n{text}\n\n{table(fields.HEADER, rows)}")
    return "\n".join(parts)
