"""Files of a run."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from sweeps.home import Home

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run


def write_text(client: MlflowClient, home: Home, run: Run, name: str, text: str) -> None:
    client.log_text(run.info.run_id, text, name)


def write_file(client: MlflowClient, home: Home, run: Run, path: Path) -> None:
    client.log_artifact(run.info.run_id, str(path))


def read_text(client: MlflowClient, home: Home, run: Run, name: str) -> str | None:
    with tempfile.TemporaryDirectory() as folder:
        try:
            return Path(client.download_artifacts(run.info.run_id, name, folder)).read_text(
                encoding="utf-8"
            )
        except Exception:
            return None
