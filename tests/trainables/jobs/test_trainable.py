"""A worker whose code is not the driver's does nothing, and says so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import ray

from trainables import fingerprint
from trainables.fingerprint import Code, Package
from trainables.jobs import team_worker
from trainables.jobs.reports import Report
from trainables.jobs.trainable import Batch, BatchTrainable

PACKAGES = {name: Package(f"/other/{name}", "0") for name in fingerprint.PACKAGES}
OTHER = Batch((), "/no/store", Path("/no/data"), 1.0, code=Code("elsewhere", PACKAGES))


def test_a_batch_bears_the_code_of_who_made_it() -> None:
    assert Batch((), "", Path(), 1.0).code == fingerprint.here()


def test_a_worker_refuses_the_batch_of_other_code(monkeypatch: pytest.MonkeyPatch) -> None:
    worker = object.__new__(BatchTrainable)
    worker.setup({"batch": OTHER})
    monkeypatch.setattr(worker, "_advance", lambda: pytest.fail("it began"))
    result = worker.step()
    assert result["done"]
    assert result["report"].finished == ()
    assert "the driver has trainables in /other/trainables (0)" in result["report"].refused


class Team:
    """The first of two workers; the other has the driver's code."""

    size, rank = 2, 0

    def gather(self, value: Any) -> list[Any]:
        return [value, None]


def test_a_team_refuses_if_one_of_it_has_other_code(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Report] = []

    class Mailbox:
        class report:
            remote = staticmethod(told.append)

    monkeypatch.setattr(ray, "get", lambda value: value)
    team_worker._do(OTHER, Team(), Mailbox, ())  # type: ignore[arg-type]
    [report] = told
    assert report.done
    assert report.refused
    assert "runs other code than the driver on elsewhere" in report.refused
