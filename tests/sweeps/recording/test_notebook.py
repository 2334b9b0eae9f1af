"""Results in Python, of networks that were trained; and the notebook that shows them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch
from matplotlib.figure import Figure
from recording_samples import SMALL, TRAINED, Recorded

import analysis
import sweeps
from sweeps.errors import UserError
from sweeps.notebook import Results
from trainables.jobs.execute import Executor
from trainables.training.evaluation import evaluate

EXAMPLES = Path(__file__).parents[3] / "examples"


@pytest.fixture
def opened(trained: Recorded) -> Results:
    found: Results = analysis.open("digits-mlp", home=trained.home.folder)
    return found


def test_five_lines_to_an_accuracy_and_a_figure(opened: Results) -> None:
    network, test = opened.network(0), opened.data.test
    with torch.no_grad():
        right = network(test.inputs(test.images)).argmax(1) == test.labels
    accuracy = opened.trials.loc[0, "accuracy_test_1"]
    assert 100 * right.double().mean().item() == pytest.approx(accuracy, abs=1e-9)
    assert isinstance(opened.figure("instability"), Figure)
    assert opened.figures == ["instability", "accuracy", "path", "app-g"]


@pytest.mark.parametrize("arm", [1, 2])
def test_every_network_is_the_one_that_was_measured(opened: Results, arm: int) -> None:
    for place, row in opened.trials.iterrows():
        for trial in (int(str(place)), row, row["trial"], row["trial"][:8]):
            network = opened.network(trial, arm)
            assert not network.training
            found = 100 - evaluate(network, opened.data.test).error
            assert found == pytest.approx(row[f"accuracy_test_{arm}"], abs=1e-9)
        mask = opened.mask(row)
        assert (mask is None) == (row["strategy"] == "dense")
        for name, keep in (mask or {}).items():
            assert not opened.weights(row, arm)[name][~keep].any()


def test_states_of_training_are_read_where_they_were_kept(
    recorded: Recorded, opened: Results
) -> None:
    """The last one is the trained network."""
    with pytest.raises(UserError, match="no state of iteration 30 was kept; measure throughout"):
        opened.network(0, iteration=30)
    kept = ("measure=[{measure: throughout, every: 15, points: 3, keep: true}]", *TRAINED)
    plan, _ = recorded.plan(*kept)
    list(Executor(recorded.store, recorded.home.data, 1e9).run_batch(list(plan.jobs.values())))
    for place in (0, 1):
        middle, end, trained = (opened.weights(place, 2, iteration) for iteration in (15, 30, None))
        assert all(torch.equal(end[name], value) for name, value in trained.items())
        assert any(not torch.equal(middle[name], value) for name, value in trained.items())


def test_frames_are_those_of_the_report(opened: Results, trained: Recorded) -> None:
    found = trained.read()
    pd.testing.assert_frame_equal(opened.trials, found.trials)
    pd.testing.assert_frame_equal(opened.cells, found.cells)
    pd.testing.assert_frame_equal(opened.curves, found.curves())
    assert set(opened.onsets["verdict"]) == {"stable", "matching"}
    assert opened.spec.recipe.iterations == 30
    assert opened.findings
    assert "digits-mlp: 4 trials" in opened._repr_html_()
    assert opened.learning_curves.empty


def test_several_sweeps_at_once(opened: Results, trained: Recorded) -> None:
    trained.submit(*SMALL, "name=other")
    both = analysis.open("digits-mlp", "other", home=trained.home.folder)
    assert list(both.trials["sweep"]) == ["digits-mlp"] * 4 + ["other"] * 2
    assert set(both.cells["sweep"]) == {"digits-mlp", "other"}
    assert "other: path" in both.figures
    assert all(one.startswith(("digits-mlp: ", "other: ")) for one in both.findings)
    assert both.network(3).training is False
    with pytest.raises(sweeps.UserError, match="data is of one sweep"):
        _ = both.data


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda found: found.figure("instabilty"), "did you mean 'instability'"),
        (lambda found: found.network(99), "there is no trial 99"),
        (lambda found: found.network("nothing"), "there is no trial 'nothing'"),
        (lambda found: found.network(0, arm=3), "arm must be 1 or 2, not 3"),
        (lambda found: analysis.open(), "name a sweep"),
        (lambda found: analysis.open("digts"), "no results"),
        (lambda found: analysis.open("digits-mlp", home="nowhere"), "nowhere"),
    ],
)
def test_what_is_wrong_is_a_line(
    opened: Results,
    wrong: Callable[[Results], Any],
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(sweeps.UserError) as raised:
        wrong(opened)
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)


def test_the_notebook_that_reads_results_runs(
    trained: Recorded, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one that trains: tests/docs/test_running.py."""
    notebook = json.loads((EXAMPLES / "reading_results.ipynb").read_text(encoding="utf-8"))
    names: dict[str, Any] = {}
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            exec("".join(cell["source"]), names)
    assert names["accuracy"] == pytest.approx(names["results"].trials.loc[0, "accuracy_test_1"])
    assert sum(names["left"].values()) > 0


def test_specs_are_loaded_from_mappings_too() -> None:
    spec = {
        "name": "mine",
        "recipe": {"base": "digits-mlp", "length": 60},
        "rewind": [0],
        "inits": 1,
        "orders": 2,
        "subnetworks": ["dense"],
    }
    sweep = sweeps.load(spec, set={"inits": 3, "recipe.learning_rate": 0.05})
    assert sweep.inits == [1, 2, 3]
    assert sweep.recipe.learning_rate == 0.05
    assert sweeps.load("digits-mlp", {"inits": [7]}).inits == [7]
    with pytest.raises(sweeps.UserError, match=r"^--set inits=0: inits: 0 seeds are too few"):
        sweeps.load(spec, set={"inits": 0})
    with pytest.raises(sweeps.UserError, match=r"line .*rewind: this key is missing"):
        sweeps.load({name: value for name, value in spec.items() if name != "rewind"})


def test_importing_is_cheap() -> None:
    heavy = "{'torch', 'ray', 'mlflow', 'pandas'}"
    code = f"import sweeps, analysis, sys; print(*{heavy} & {{*sys.modules}})"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.stdout.split() == [], result.stderr
