"""What a claim is, and how cells answer yes, no or neither."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from analysis.formats import number
from analysis.records import REWIND

if TYPE_CHECKING:
    from analysis.study import Study

Verdict = Literal["agrees", "differs", "cannot tell"]

Answer = bool | None
"""None: the records do not tell."""


@dataclass(frozen=True)
class Shown:
    """What a study shows of a claim."""

    sentence: str
    holds: Answer

    @property
    def verdict(self) -> Verdict:
        return {True: "agrees", False: "differs", None: "cannot tell"}[self.holds]  # type: ignore[return-value]


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A sentence of the paper that records can agree with or differ from."""

    name: str
    figure: str
    """The figure that shows it, by its name in `analysis.figures.lmc`."""
    source: str
    says: str
    check: Callable[[Study], Shown | None]
    """None where the study lacks what it takes."""


def every(answers: Iterable[Answer]) -> Answer:
    """Whether all hold: False if one does not, None if that is not known of one."""
    known = list(answers)
    if not known or any(one is False for one in known):
        return False if known else None
    return None if any(one is None for one in known) else True


def opposite(answer: Answer) -> Answer:
    return None if answer is None else not answer


def stable(cell: Any) -> Answer:
    """Whether a cell is stable; None where that is not judged, or borderline."""
    return _told(cell.stable, cell.stable_borderline)


def matching(cell: Any) -> Answer:
    """Whether a cell is matching; None where that is not judged, or borderline."""
    return _told(cell.matching, cell.matching_borderline)


def _told(holds: Any, borderline: bool) -> Answer:
    return None if pd.isna(holds) or borderline else bool(holds)


def rows(line: pd.DataFrame) -> list[Any]:
    """The cells of a line, by ascending k."""
    return list(line.sort_values(REWIND).itertuples(index=False))


def from_to(line: pd.DataFrame, column: str = "instability_test") -> str:
    """The values of a line: "64.3 % at k = 0, 1.1 % at 20, 0.2 % at 480"."""
    parts = [f"{number(getattr(one, column))} % at {one.rewind}" for one in rows(line)]
    if len(parts) > 3:
        parts = [*parts[:2], parts[-1]]
    return ", ".join(parts).replace(" at ", " at k = ", 1)
