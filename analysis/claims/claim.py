"""What a claim is, and what a study shows of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from analysis.claims.evidence import Answer, Evidence
    from analysis.study import Study

Verdict = Literal["agrees", "differs", "cannot tell"]


@dataclass(frozen=True)
class Shown:
    """What a study shows of a claim."""

    sentence: str
    """What is seen, in numbers."""
    evidence: Evidence
    """What decides the verdict: the numbers that are compared, and with what."""

    @property
    def holds(self) -> Answer:
        return self.evidence.holds

    @property
    def verdict(self) -> Verdict:
        return {True: "agrees", False: "differs", None: "cannot tell"}[self.holds]  # type: ignore[return-value]

    @property
    def reason(self) -> str:
        """Why the verdict is what it is: numbers with intervals, beside their borders."""
        return self.evidence.says


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A sentence of a paper that records can agree with or differ from."""

    name: str
    figure: str
    """The figure that shows it, by its name in `analysis.figures`."""
    paper: str = "LMC"
    source: str
    """Where the paper says it."""
    says: str
    check: Callable[[Study], Shown | None]
    """None where the study lacks what it takes."""
