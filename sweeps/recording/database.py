"""The tracking store as MLflow's client."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweeps.home import Home

if TYPE_CHECKING:
    from mlflow import MlflowClient


def client_of(home: Home, *, write: bool) -> MlflowClient:
    from mlflow import MlflowClient

    return MlflowClient(home.tracking)
