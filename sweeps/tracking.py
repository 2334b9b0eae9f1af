"""Whether an MLflow tracking server is there."""

from __future__ import annotations

import os

from sweeps.errors import ClusterError

ANSWER_SECONDS = 10.0

os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "30")
"""MLflow's own patience, minutes, hides an outage from those who could say so."""
os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
"""Two lines a trial."""


def answers(address: str) -> bool:
    """Whether there is a server at an http address; anything else is a file, and there."""
    if not address.startswith(("http://", "https://")):
        return True
    import requests

    try:
        return requests.get(f"{address.rstrip('/')}/health", timeout=ANSWER_SECONDS).ok
    except requests.RequestException:
        return False


def check(address: str) -> None:
    """Raises ClusterError unless it answers."""
    if not answers(address):
        raise ClusterError(f"no MLflow tracking server answers at {address}")
