"""Errors that are the user's to mend."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class UserError(Exception):
    """One clear line: what, where, what is allowed. The command line ends with status 2."""


class ClusterError(Exception):
    """One clear line: what the cluster, its tracking server or its store lacks. Status 3."""


class RecordingError(UserError):
    """What keeps results from being written to MLflow, or read from it. They are in the store."""

    def __init__(self, problem: str, way_out: str, *, again: bool = False):
        super().__init__(f"{problem}; {way_out}")
        self.problem, self.way_out = problem, way_out
        self.again = again
        """Whether the same command may succeed later, with nothing else done."""


def did_you_mean(word: str, allowed: Iterable[str]) -> str:
    """`; did you mean 'x'? allowed: a, b, x`, for the end of an error's line."""
    names = sorted(allowed)
    near = difflib.get_close_matches(word, names, n=1, cutoff=0.5)
    guess = f"; did you mean {near[0]!r}?" if near else ";"
    return f"{guess} allowed: {', '.join(names)}" if names else ""
