"""Where a user's state lives: artifact store, MLflow records, reports, logs."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from sweeps.errors import UserError

DEFAULT_HOME = ".sweeps"


@dataclass(frozen=True)
class Home:
    """Addresses of everything that outlives a command."""

    folder: Path
    store: str
    """fsspec URL of the artifact store."""
    tracking: str
    """MLflow tracking URI."""
    data: Path
    """Where data sets lie, or are downloaded to."""
    artifacts: str | None
    """Where MLflow keeps a new experiment's files; None where a tracking server decides."""

    def report(self, sweep: str, submission: str | None = None) -> Path:
        """Where a sweep's report lies: that of all its results, or that of a submission's key."""
        own = f"-{submission[:8]}" if submission else ""
        return self.folder / "reports" / f"{sweep}{own}.html"

    def log(self, sweep: str) -> Path:
        return self.folder / "logs" / f"{sweep}.log"

    def lock(self, sweep: str) -> Path:
        return self.folder / "locks" / f"{sweep}.lock"

    def make(self) -> None:
        """Create the folders. Raises UserError if that can't be done."""
        for name in ("reports", "logs", "locks"):
            try:
                (self.folder / name).mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise UserError(f"cannot use the home {self.folder}: {error.strerror}") from None
        if not os.access(self.folder, os.W_OK):
            raise UserError(f"cannot write to the home {self.folder}")


def resolve(
    folder: str | None = None,
    store: str | None = None,
    tracking: str | None = None,
    data: str | None = None,
) -> Home:
    """What options say, then `SWEEPS_HOME`, `SWEEPS_STORE`, `SWEEPS_TRACKING` and `SWEEPS_DATA`,
    then defaults. Creates nothing."""
    store = store or os.environ.get("SWEEPS_STORE")
    tracking = tracking or os.environ.get("SWEEPS_TRACKING")
    home = Path(folder or os.environ.get("SWEEPS_HOME") or DEFAULT_HOME).absolute()
    return Home(
        folder=home,
        store=store or str(home / "store"),
        tracking=tracking or f"sqlite:///{home / 'mlflow.db'}",
        data=Path(data or os.environ.get("SWEEPS_DATA") or home / "data").absolute(),
        artifacts=None if tracking else (home / "mlartifacts").as_uri(),
    )
