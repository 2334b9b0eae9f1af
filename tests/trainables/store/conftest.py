"""Stores of each kind."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest
from s3_server import S3Server, forget_connections
from stored_files import Files

from trainables.store import Store


@pytest.fixture
def own_server(credentials: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[S3Server]:
    """One to be stopped, not started yet."""
    server = S3Server()
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
    forget_connections()
    yield server
    server.stop()
    forget_connections()


@pytest.fixture(params=["local", "memory", "s3"])
def url(request: pytest.FixtureRequest, tmp_path) -> str:
    """A fresh place for a store."""
    if request.param == "s3":
        return request.getfixturevalue("s3").make_bucket(f"bucket-{uuid.uuid4().hex[:12]}")
    return str(tmp_path / "store") if request.param == "local" else f"memory://{uuid.uuid4().hex}"


@pytest.fixture
def store(url: str) -> Store:
    return Store(url)


@pytest.fixture
def files(url: str) -> Files:
    return Files(url)
