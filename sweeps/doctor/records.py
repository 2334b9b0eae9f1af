"""MLflow: the database of a home, or a tracking server."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from sweeps import tracking
from sweeps.doctor.disk import existing
from sweeps.doctor.finding import Finding, fine, hint, stop
from sweeps.errors import ClusterError, UserError
from sweeps.home import Home, resolve
from sweeps.recording import database, diagnosis

SUBJECT = "records"
SLOW_SECONDS = 1.0
"""Of an answer: a trial takes several requests."""


def check(home: Home, quick: bool) -> Finding:
    """Check where a home's records are kept. Unless `quick`, let MLflow make a database."""
    if home.database is None:
        return server(home.tracking)
    if not diagnosis.blank(home.database):
        return existing_database(home)
    return fine(SUBJECT, "none yet") if quick else new_database(home.database.parent)


def existing_database(home: Home) -> Finding:
    """Check whether a database can be written, and is one of this MLflow's."""
    try:
        database.check(home)
    except UserError as error:
        return stop(SUBJECT, str(error))
    return fine(SUBJECT, f"{home.database} can be written")


def new_database(folder: Path) -> Finding:
    """Check that MLflow makes a database on a folder's disk, and writes into it; it is removed."""
    try:
        with tempfile.TemporaryDirectory(prefix=".doctor-", dir=existing(folder)) as place:
            client = database.client_of(resolve(place, None, f"sqlite:///{place}/t.db"), write=True)
            run = client.create_run(client.create_experiment("trial"))
            client.log_metric(run.info.run_id, "one", 1.0)
            client.set_terminated(run.info.run_id)
            kept = client.get_run(run.info.run_id).data.metrics
    except UserError as error:
        return stop(SUBJECT, str(error))
    except Exception as error:  # of SQLite, SQLAlchemy, Alembic and MLflow
        why = " ".join(str(error).split())[:200]
        return stop(SUBJECT, f"MLflow cannot make a database in {existing(folder)}: {why}")
    if kept != {"one": 1.0}:
        return stop(SUBJECT, f"MLflow does not keep what it is given: {kept}")
    return fine(SUBJECT, "none yet; MLflow can make them")


def server(address: str) -> Finding:
    """Check whether an MLflow tracking server answers, and how fast."""
    begin = time.perf_counter()
    try:
        tracking.check(address)
        seconds = time.perf_counter() - begin
        if not tracking.is_server(address):
            return fine(SUBJECT, f"{address} is a database that MLflow opens")
        problem = _searches(address)
    except (ClusterError, UserError) as error:
        return stop(SUBJECT, f"{error}: start it, open the tunnel to it, or name another")
    if problem:
        return stop(SUBJECT, problem)
    if seconds > SLOW_SECONDS:
        return hint(SUBJECT, f"{address} takes {seconds:.1f} s to answer: each trial waits for it")
    return fine(SUBJECT, f"{address} answers in {seconds * 1000:.0f} ms")


def _searches(address: str) -> str | None:
    """What keeps a server from being MLflow's, or from answering us; None if nothing does."""
    import requests

    path = "api/2.0/mlflow/experiments/search"
    try:
        answer = requests.post(
            f"{address.rstrip('/')}/{path}",
            json={"max_results": 1},
            timeout=tracking.ANSWER_SECONDS,
        )
        answer.json()
    except (requests.RequestException, ValueError):
        return f"{address} is no MLflow tracking server"
    if not answer.ok:
        return f"{address} answers {answer.status_code}: {answer.reason}"
    return None
