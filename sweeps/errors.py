"""Errors that are the user's to mend."""

from __future__ import annotations

from trainables.wording import did_you_mean as did_you_mean
from trainables.wording import one_line as one_line
from trainables.wording import shown as shown


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
