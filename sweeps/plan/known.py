"""What finished jobs say that a plan depends on, and what it still has to hear."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from trainables.jobs.kinds import Job

Facts = Mapping[str, Any]
"""Of a finished job: the numbers of a measurement, or what the manifest says of a mask."""


@dataclass(frozen=True)
class Question:
    """A job on whose outcome it depends which jobs there are beside it."""

    job: Job
    least: Facts
    """An outcome after which there are as few as there can be."""
    most: Facts
    """One after which there are as many."""


class Known:
    """Facts by the keys of jobs; it notes the questions that they do not answer."""

    def __init__(self, facts: Mapping[str, Facts]):
        self._facts = facts
        self.open: dict[str, Question] = {}

    def ask(self, question: Question) -> Facts | None:
        """Return the facts of a question's job, or None and note the question."""
        found = self._facts.get(question.job.key)
        if found is None:
            self.open[question.job.key] = question
        return found
