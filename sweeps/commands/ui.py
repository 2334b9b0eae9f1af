"""`sweeps ui`: MLflow's own interface."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from sweeps.cluster.commands import AddressOption
from sweeps.commands.options import HomeOption
from sweeps.commands.reading import require_records, tracking_of


def ui(
    port: Annotated[int, typer.Option(help="the port on this machine")] = 5000,
    home: HomeOption = None,
    address: AddressOption = None,
) -> None:
    """Open MLflow's own interface on the sweeps of a home, or say where a cluster's is."""
    from sweeps.home import resolve

    if cluster := tracking_of(None, address):
        print(f"MLflow: {cluster}")
        return
    place = resolve(home)
    require_records(place)
    command = [sys.executable, "-m", "mlflow", "ui", "--backend-store-uri", place.tracking]
    assert place.artifacts is not None
    command += ["--default-artifact-root", place.artifacts, "--port", str(port)]
    print(f"MLflow: http://127.0.0.1:{port}", flush=True)
    os.execv(sys.executable, command)
