"""Stores of each kind; S3 is moto's server in a process of its own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
import uuid
from collections.abc import Iterator

import fsspec
import pytest


class S3Server:
    """An S3 server on this machine that can be stopped and started; it forgets all when stopped."""

    def __init__(self) -> None:
        with socket.socket() as held:
            held.bind(("127.0.0.1", 0))
            self.port = held.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def start(self, **environment: str) -> None:
        command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port)]
        self._process = subprocess.Popen(
            command,
            env=os.environ | environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        end = time.monotonic() + 60
        while True:
            try:
                urllib.request.urlopen(f"{self.url}/moto-api/", timeout=5).close()
                return
            except OSError:
                assert self._process.poll() is None
                assert time.monotonic() < end
                time.sleep(0.1)

    def make_bucket(self, name: str) -> str:
        request = urllib.request.Request(f"{self.url}/{name}", method="PUT")
        urllib.request.urlopen(request, timeout=30).close()
        return f"s3://{name}/store"

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait()


def forget_connections() -> None:
    """fsspec keeps them by address, and an endpoint of the environment is not part of it."""
    fsspec.get_filesystem_class("s3").clear_instance_cache()


@pytest.fixture(scope="session")
def shared_server() -> Iterator[S3Server]:
    server = S3Server()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "any")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "any")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")


@pytest.fixture
def s3(shared_server: S3Server, credentials: None, monkeypatch: pytest.MonkeyPatch) -> S3Server:
    """A running server that the environment points at."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", shared_server.url)
    return shared_server


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
