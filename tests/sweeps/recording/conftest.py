import shutil
from pathlib import Path

import pytest
from mlflow import MlflowClient
from recording_samples import Recorded

from sweeps.home import resolve


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """MLflow takes 2 s to make one."""
    path = tmp_path_factory.mktemp("database") / "mlflow.db"
    MlflowClient(f"sqlite:///{path}").search_experiments()
    return path


@pytest.fixture
def recorded(tmp_path: Path, empty_database: Path) -> Recorded:
    home = resolve(str(tmp_path / "home"))
    home.make()
    shutil.copy(empty_database, home.folder)
    return Recorded(home)
