"""A moto S3 server of its own process: `python -m benchmarks.s3_server FOLDER`.

Its bucket holds the folder's files (over HTTP it would take minutes to fill). Prints its address
once it is ready, and ends with its standard input.
"""

from __future__ import annotations

import logging
import sys
from pathlib import Path

BUCKET = "benchmark"


def main(folder: Path) -> None:
    from moto.core import DEFAULT_ACCOUNT_ID
    from moto.s3.models import s3_backends
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    held = s3_backends[DEFAULT_ACCOUNT_ID]["aws"]
    held.create_bucket(BUCKET, "us-east-1")
    for path in folder.rglob("*"):
        if path.is_file():
            held.put_object(BUCKET, str(path.relative_to(folder)), path.read_bytes())
    host, port = server.get_host_and_port()
    print(f"http://{host}:{port}", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
