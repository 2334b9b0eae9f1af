"""Whether an MLflow tracking address is one, and its server there."""

from __future__ import annotations

import os
from importlib.metadata import entry_points

from sweeps.errors import ClusterError, UserError

ANSWER_SECONDS = 10.0

SERVERS = ("http", "https")
SCHEMES = (*SERVERS, "sqlite", "postgresql", "mysql", "mssql", "databricks", "databricks-uc", "uc")
"""What MLflow opens; plugins may add to it."""
WORDS = ("databricks", "databricks-uc", "uc")
"""Addresses without `://`."""
IN_MEMORY = ("/", "/:memory:")
"""SQLite's, after `sqlite://`: nothing would be kept."""

os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "30")
"""MLflow's own patience, minutes, hides an outage from those who could say so."""
os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
"""Two lines a trial."""
os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
"""A bar for each file that a server sends."""


def is_server(address: str) -> bool:
    """Whether requests to an address go to an MLflow server."""
    return address.partition("://")[0] in SERVERS


def answers(address: str) -> bool:
    """Whether there is a server at an http address; anything else is a database, and there."""
    if not is_server(address):
        return True
    import requests

    try:
        return requests.get(f"{address.rstrip('/')}/health", timeout=ANSWER_SECONDS).ok
    except (requests.RequestException, ValueError):  # the latter: an address that is none
        return False


def check(address: str) -> None:
    """Raises UserError if MLflow has no such addresses, ClusterError if its server is away."""
    scheme, separator, rest = address.partition("://")
    known = {*SCHEMES, *(plugin.name for plugin in entry_points(group="mlflow.tracking_store"))}
    kept = separator and rest and not (scheme.startswith("sqlite") and rest in IN_MEMORY)
    if address not in WORDS and not (kept and scheme.partition("+")[0] in known):
        raise UserError(
            f"tracking address {address}: must be a server, http://HOST:PORT, or a database such "
            "as sqlite:///FILE"
        )
    if not is_server(address) and address not in WORDS and scheme != "sqlite":
        _check_driver(address)
    if not answers(address):
        raise ClusterError(f"no MLflow tracking server answers at {address}")


def _check_driver(address: str) -> None:
    """Raise UserError if the package is missing by which SQLAlchemy speaks to a database."""
    from sqlalchemy import create_engine
    from sqlalchemy.exc import SQLAlchemyError

    try:
        create_engine(address)  # connects to nothing yet
    except (ImportError, SQLAlchemyError, ValueError) as error:
        raise UserError(f"tracking address {address}: {' '.join(str(error).split())}") from None
