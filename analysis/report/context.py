"""What a report says about a sweep beyond its numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from analysis import hyperparameters, searches
from analysis.cells import Matching
from analysis.quantities import Quantity
from analysis.study import UNTIL_LEFT
from analysis.tuned import Tuned

if TYPE_CHECKING:
    import pandas as pd


class Spec(NamedTuple):
    """A spec that was submitted, and what runs it again."""

    text: str
    """As the user wrote it (YAML); what the command changes is noted at its top."""
    command: str
    """The command that runs it again; empty if it is not known."""
    file: str = ""
    """The name under which the command expects the text; empty for a built-in spec."""
    own_code: bool = False
    """Whether it names code of the user's own, which the command needs beside it."""


@dataclass(frozen=True)
class Context:
    """What the report says about a sweep beyond its numbers."""

    name: str
    description: str
    specs: tuple[Spec, ...]
    """Those whose trials these are, in the order in which they are to be run again."""
    provenance: Mapping[str, str]
    """Shown as it comes: versions, hyperparameters of the recipe, command, date, ..."""
    matching: Matching
    """As in `cells.cells`: "one-std", "bands-overlap" or a number of percentage points."""
    stable_below: float
    """Percentage points."""
    planned: int | None = None
    """Trials that the sweep is to have; None if that is not known."""
    unmeasurable: int = 0
    """How many of these can never be measured, since a training that they need diverged."""
    lacking: int = 0
    """How many are recorded without some of what is to be measured of them."""
    scope: str = ""
    """A sentence that says whose trials these are, where that is not plain; or empty."""
    quantities: tuple[Quantity, ...] = ()
    """What measures other than instability say."""
    batchnorm: str = "interpolate"
    """BatchNorm's statistics along paths, as `records.BATCHNORM` has them."""
    progress: pd.DataFrame | None = None
    """What was measured while networks were trained, as `Study.progress`, if anything was."""
    searches: tuple[searches.Search, ...] = ()
    """What the sweep searched for."""
    planes: pd.DataFrame | None = None
    """Errors on planes through two levels, as `Study.planes`, if any were measured."""
    iterations: Mapping[str, int] = field(default_factory=dict)
    """As `Study.iterations`."""
    until_left: float = UNTIL_LEFT
    """As `Study.until_left`."""
    learning: pd.DataFrame | None = None
    """Learning curves, as `learning.learning_curves`, if there are any."""
    axes: hyperparameters.Axes = field(default_factory=dict)
    """The hyperparameters in which recipes differ."""
    tuned: Tuned | None = None
    """What a search over hyperparameters was for, if it is one."""
    report_command: str = ""
    """The command that writes a report of these very trials; `sweeps report NAME` if empty."""
    unknown: int = 0
    """Trials whose submissions are not recorded any more."""
    runs: str = ""
    """What precedes a run's id in the address of its page in MLflow; empty without a server."""
    written: str = ""
    """When the report was written: shown where trials are still to come."""
    fields: Mapping[str, str] = field(default_factory=dict)
    """Every field of the spec: several sweeps in one report are told apart by them."""
