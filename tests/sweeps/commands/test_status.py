"""`sweeps status --watch` where nobody watches: in a file or a pipe."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from sweeps.commands import cluster


def test_what_is_watched_ends_with_its_line(cli, monkeypatch: pytest.MonkeyPatch) -> None:
    ended = SimpleNamespace(
        id="one-1", state="FAILED", priority=0, begun=None, seconds=None, under_way=False
    )
    jobs = SimpleNamespace(get=lambda identity: ended, log=lambda one: "first\nlast words\n")
    monkeypatch.setattr(cluster, "_jobs", lambda address: jobs)
    said = cli("status", "--watch")
    assert said.status == 1
    assert said.out.endswith("last words\n")
