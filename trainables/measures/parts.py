"""The measurements of a pair of networks, and how what they say is recorded."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from trainables.jobs.kinds import Measurement, Network
from trainables.measures import Wanted

Kind = Literal["copies", "alone", "levels"]
"""What a trial is of: a pair of copies, or of files; one network; or networks of two levels."""


def applies(measure: Wanted, kind: Kind) -> bool:
    """Return whether a measure is of trials of some kind."""
    if kind == "levels":
        return measure.arity == 2 and not (measure.origins or measure.while_training)
    return not measure.of_levels and (kind == "copies" or measure.arity == 1)


@dataclass(frozen=True)
class Part:
    """One measurement of a trial, and how what it says is recorded."""

    of: Wanted
    job: Measurement
    network: int | None = None
    """Which network of the pair it measures, 1 or 2; None: both."""

    @property
    def label(self) -> str:
        """What is measured, as records name it; no two parts of a trial share it."""
        return self.recorded(self.of.measure)

    def recorded(self, column: str) -> str:
        """Return the name under which a column of the measure is recorded."""
        name = column if self.network is None else f"{column}_{self.network}"
        return f"{name}{self.of.suffix}"


def parts_of(
    measures: Iterable[Wanted],
    pair: tuple[Network, ...],
    cell: Sequence[Network] = (),
    kind: Kind = "copies",
) -> tuple[Part, ...]:
    """Return what those of some measures that apply say of a pair, or of a network alone.

    Where a measure takes one network, it is one part for each. `cell` are all copies among which
    it is a pair.
    """
    parts: list[Part] = []
    for wanted in measures:
        if not applies(wanted, kind):
            continue
        if wanted.arity == 2:
            parts.append(Part(wanted, wanted.of(pair, cell)))
        else:
            parts += (Part(wanted, wanted.of([arm], cell), n) for n, arm in enumerate(pair, 1))
    return tuple(parts)
