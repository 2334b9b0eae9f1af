"""All that the numbers of a sweep say, in sentences: for the report, the terminal and Python."""

from __future__ import annotations

from analysis import hyperparameter_findings, level_tables, pairs
from analysis.evidence import Finding
from analysis.findings import findings
from analysis.hyperparameters import Axes
from analysis.records import RECIPE
from analysis.study import Study
from analysis.tuned import Tuned, finding

MAX_RECIPES = 4
"""Of which each is told, and drawn, by itself. Of more there is what they say together."""


def conclusions(study: Study, axes: Axes, tuned: Tuned | None = None) -> list[Finding]:
    """Return the findings of a sweep with their evidence, of what its hyperparameters do first."""
    few = study.cells[RECIPE].nunique() <= MAX_RECIPES
    return [
        *(finding(study.usual, axes, tuned) if tuned is not None else []),
        *hyperparameter_findings.findings(study.cells, axes),
        *(findings(study.cells) if few else []),
        *pairs.findings(study.pairs, study.stable_below),
        *level_tables.findings(study),
    ]
