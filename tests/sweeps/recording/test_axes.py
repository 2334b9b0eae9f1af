"""What measures say along an axis, as `sweeps results --along` exports it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from recording_samples import SMALL, Recorded, measured

from sweeps import axes
from sweeps.errors import UserError
from sweeps.home import Home
from trainables.jobs.kinds import Measurement

pytestmark = pytest.mark.usefixtures("created_quickly", "without_figures")

BY_LAYER = {"distance_l2_by_layer": {"a": 1.0, "b": 2.0}, "distance_cosine_by_layer": {"a": 0.5}}


def values(job: Measurement) -> dict[str, Any]:
    if job.measure == "instability":
        return measured(job)
    return {"weights_left": 100.0, "distance_l2": 3.0, "distance_cosine": 0.1, **BY_LAYER}


def test_a_row_per_trial_and_place(recorded: Recorded) -> None:
    recorded.submit(*SMALL, "measure=[instability, distance]", values=values)
    found = recorded.read()
    frame = axes.along(found, found.trials, "layer")
    assert list(frame["layer"]) == ["a", "b"] * 2
    assert list(frame["distance_l2_by_layer"]) == [1.0, 2.0] * 2
    assert frame["distance_cosine_by_layer"].isna().tolist() == [False, True] * 2
    assert list(frame["rewind"]) == [0, 0, 20, 20]
    assert len(axes.along(found, found.trials[found.trials["rewind"] == 20], "layer")) == 2
    with pytest.raises(UserError, match="has nothing along 'layers'; did you mean 'layer'"):
        axes.along(found, found.trials, "layers")


def test_without_such_a_measure(recorded: Recorded) -> None:
    recorded.submit(*SMALL)
    found = recorded.read()
    with pytest.raises(UserError, match="nothing along 'layer'; its paths, along alpha, are --cur"):
        axes.along(found, found.trials, "layer")


def test_on_the_command_line(
    cli: Callable[..., Any], recorded: Recorded, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded.submit(*SMALL, "measure=[instability, distance]", values=values)
    monkeypatch.setenv("SWEEPS_HOME", str(home.folder))
    said = cli("results", "digits-mlp", "--along", "layer")
    assert said.status == 0, said.err
    assert len(said.out.splitlines()) == 5
    for wrong in (["--curves"], ["--columns", "rewind"], ["--format", "table"]):
        assert cli("results", "digits-mlp", "--along", "layer", *wrong).status == 2
