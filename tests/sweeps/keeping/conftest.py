"""Homes that share stores, and sweeps that are trained in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from keeping_samples import Keeper
from recording.conftest import created_quickly as created_quickly
from recording.conftest import empty_database as empty_database
from recording.conftest import make_home as make_home
from s3_server import S3Server, forget_connections

from sweeps.home import Home


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def keeper(tmp_path: Path, make_home: Callable[[Path], Home], created_quickly: None) -> Keeper:
    """A home with a store of its own, in which nothing was run yet."""
    return Keeper(make_home(tmp_path / "home"))


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The URL of an empty store on a server that speaks S3."""
    server = S3Server()
    for name, value in (
        ("ACCESS_KEY_ID", "any"),
        ("SECRET_ACCESS_KEY", "any"),
        ("DEFAULT_REGION", "us-east-1"),
        ("ENDPOINT_URL", server.url),
    ):
        monkeypatch.setenv(f"AWS_{name}", value)
    server.start()
    forget_connections()
    yield server.make_bucket("results")
    server.stop()
    forget_connections()
