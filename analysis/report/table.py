"""A table of the report with its words, and the trials behind its rows."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from analysis.evidence import Place, rows_of

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Table:
    """A table of strings, and what stands around it."""

    kind: str
    """What `evidence.Evidence` calls it; several tables may be of one kind."""
    title: str
    caption: str
    frame: pd.DataFrame
    trials: pd.DataFrame
    """Those that its rows may be about, by the index of all trials."""
    measured: tuple[str, ...] = ()
    """Columns of trials, beside instability and accuracy, that its numbers are of."""
    place: Mapping[str, Any] = field(default_factory=dict)
    """What all rows are about, beside what each is."""

    @property
    def rows(self) -> list[Place]:
        """What each row is about; every trial of the table where nothing is noted."""
        noted = rows_of(self.frame)
        return [{**self.place, **row} for row in noted or [{}] * len(self.frame)]

    def behind(self) -> list[list[Hashable]]:
        """Return for each row the index of the trials that it is about."""
        groups: dict[tuple[str, ...], Mapping[Any, Any]] = {}
        found: list[list[Hashable]] = []
        for row in self.rows:
            names = tuple(name for name in row if name in self.trials)
            if names not in groups:
                groups[names] = self.trials.groupby(_alone(list(names))).groups if names else {}
            key = _alone(tuple(row[name] for name in names))
            whole = self.trials.index if not names else groups[names].get(key, ())
            found.append(list(whole))
        return found


def _alone(names: Sequence[Any]) -> Any:
    """Return what is alone in a sequence by itself, as pandas wants it; else the sequence."""
    return names[0] if len(names) == 1 else names
