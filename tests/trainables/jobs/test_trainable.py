"""A worker whose code is not the driver's does nothing, and says so."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import ray
from own_code import write

from trainables import fingerprint, plugins
from trainables.fingerprint import Code, Package
from trainables.jobs import team_worker
from trainables.jobs.reports import Report
from trainables.jobs.trainable import Batch, BatchTrainable
from trainables.registry import Door

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


def test_a_worker_takes_the_own_code_of_its_driver(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before it does anything of the batch, which it does not where it cannot."""
    door = Door("network", {}, "")
    write(tmp_path, {"nets": "def net(): return 1"})
    plugins.use(tmp_path)
    door.find("nets:net")
    batch = Batch((), "/no/store", Path("/no/data"), 1.0)
    lacking = replace(batch, own=replace(batch.own, installed=(("lab.nets", "lab==1.2"),)))
    plugins.use(None)
    worker = object.__new__(BatchTrainable)
    worker.setup({"batch": batch})
    monkeypatch.setattr(worker, "_advance", lambda: Report(trained=door.call("nets:net")))
    assert worker.step()["report"].trained == 1
    worker.reset_config({"batch": lacking})
    refused = worker.step()["report"].refused
    assert refused is not None
    assert "has nothing as lab.nets, the driver lab==1.2: install the same on both" in refused
    plugins.use(None)


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
