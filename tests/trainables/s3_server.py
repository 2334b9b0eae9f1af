"""moto's S3 server in a process of its own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request

import fsspec

SERVE = """
import sys
import threading
from moto.core import DEFAULT_ACCOUNT_ID
from moto.s3.models import s3_backends
from moto.s3.responses import S3Response
from moto.server import main

# S3 decides conditional puts one after another; moto looks and then puts, in threads.
put, turns = S3Response.put_object, threading.Lock()
def put_in_turn(self):
    with turns:
        return put(self)
S3Response.put_object = put_in_turn

s3_backends[DEFAULT_ACCOUNT_ID]["aws"].create_bucket("lasting", "us-east-1")
main(["-H", "127.0.0.1", "-p", sys.argv[1]])
"""


class S3Server:
    """An S3 server on this machine; when stopped it forgets all but a bucket `lasting`, empty."""

    def __init__(self) -> None:
        with socket.socket() as held:
            held.bind(("127.0.0.1", 0))
            self.port = held.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, **environment: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", SERVE, str(self.port)],
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
        if self._process:
            self._process.terminate()
            self._process.wait()


def forget_connections() -> None:
    """fsspec keeps them by address, and an endpoint of the environment is not part of it."""
    fsspec.get_filesystem_class("s3").clear_instance_cache()
