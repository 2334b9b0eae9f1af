"""Planning against a store with many artifacts: what is there, and is every measurement sound."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

import fsspec

from benchmarks.harness import Row, Setting, Spread, Target
from benchmarks.s3_server import BUCKET
from trainables.store import Store, content_key

KINDS = {"state": 0.2, "arm": 0.3, "mask": 0.2, "path": 0.3}
"""Kind -> its share of a store. `path` are the measurements."""

ARTIFACTS = 10_000
MEASUREMENT = b"0123456789abcdef" * 128
"""2 KB."""

SECONDS = 10.0


def local(setting: Setting) -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        artifacts = _fill(folder, setting)
        return _rows(folder, "a local store", artifacts)


def s3(setting: Setting) -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        artifacts = _fill(f"{folder}/store", setting)
        with _served(folder):
            return _rows(f"s3://{BUCKET}/store", "S3 (moto)", artifacts)


def _fill(url: str, setting: Setting) -> list[tuple[str, str]]:
    store = Store(url)
    artifacts = [
        (kind, content_key(kind, {"number": number}))
        for kind, share in KINDS.items()
        for number in range(setting.effort.of(round(ARTIFACTS * share)))
    ]
    for kind, key in artifacts:
        store.write(kind, key, MEASUREMENT, "json")
    return artifacts


def _rows(url: str, where: str, artifacts: list[tuple[str, str]]) -> list[Row]:
    Store(url)  # imports and connects
    store = Store(url)
    measured = [artifact for artifact in artifacts if artifact[0] == "path"]
    begin = time.monotonic()
    complete = store.complete(artifacts)
    planned = time.monotonic()
    read = store.read_many(measured)
    end = time.monotonic()
    rows = [
        (f"{where}: which of {len(artifacts):,} artifacts are there", planned - begin),
        (f"{where}: {len(measured):,} measurements read and verified", end - planned),
    ]
    wrong = "" if (len(complete), len(read)) == (len(artifacts), len(measured)) else "not all found"
    note = "on the clock, for it waits: other load on the machine counts, the server's own, too"
    return [
        Row(
            work=work,
            ours=Spread.once(seconds),
            unit="s",
            target=Target(most=SECONDS),
            note=note,
            wrong=wrong,
        )
        for work, seconds in rows
    ]


@contextmanager
def _served(folder: str) -> Iterator[None]:
    command = [sys.executable, "-m", "benchmarks.s3_server", folder]
    server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert server.stdin is not None
    assert server.stdout is not None
    environment = {
        "AWS_ENDPOINT_URL": server.stdout.readline().strip(),
        "AWS_ACCESS_KEY_ID": "any",
        "AWS_SECRET_ACCESS_KEY": "any",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    # fsspec keeps connections, but not by what the environment says of them.
    fsspec.get_filesystem_class("s3").clear_instance_cache()
    try:
        with patch.dict(os.environ, environment):
            yield
    finally:
        fsspec.get_filesystem_class("s3").clear_instance_cache()
        server.stdin.close()
        server.wait()
