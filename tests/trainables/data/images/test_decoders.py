"""What processes that decode images import."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import trainables
from trainables.data.images.decoders import starting


def test_their_server_imports_what_this_process_does(tmp_path: Path) -> None:
    """Whatever lies in the current folder. The server is started with `-c` as here."""
    (tmp_path / "trainables.py").write_text("raise RuntimeError('the wrong one')")
    before = dict(os.environ)
    with starting():
        command = [sys.executable, "-c", "import trainables; print(trainables.__file__)"]
        found = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert found.stdout.strip() == trainables.__file__, found.stderr
    assert os.environ == before
