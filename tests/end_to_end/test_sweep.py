"""The built-in sweep, reduced, on real Ray and a real MLflow store: verdicts, reuse, records."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pandas as pd
import pytest
from harness import Sweep
from mlflow import MlflowClient

from analysis import records
from analysis.cells import cells
from analysis.onsets import onsets

REDUCED = ("digits-mlp", "--set", "inits=2", "--set", "rewind=[0, 120]", "--workers", "2")


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Sweep, str]:
    sweep = Sweep(tmp_path_factory.mktemp("sweep") / "home", *REDUCED)
    status, output = sweep.run()
    assert status == 0, output
    return sweep, output


@pytest.fixture(scope="module")
def table(finished: tuple[Sweep, str]) -> pd.DataFrame:
    trials = finished[0].trials("digits-mlp")
    return cells(trials).set_index(["strategy", "rewind"])


def test_verdicts_of_the_papers(table: pd.DataFrame) -> None:
    """LMC sections 3 and 4, in miniature: margins are several standard deviations wide."""
    assert set(table["n"]) == {6}
    instability, drop = table["instability_test"], table["drop"]
    assert instability["dense", 0] > 20
    assert instability["dense", 120] < 2
    assert instability["imp", 0] > 10
    assert instability["imp", 120] < 5
    for baseline in ("random-pruning", "random-reinit"):
        for k in (0, 120):
            assert instability[baseline, k] > 20
            assert drop[baseline, k] > 1
    assert drop["imp", 120] < drop["imp", 0] < drop["random-pruning", 0]
    assert drop["imp", 120] < 1.2
    assert (table["accuracy_test"] > 88).all()
    assert table["weights_left"]["imp", 120] == pytest.approx(8.59, abs=0.01)
    assert not table["matching"]["random-pruning", 120]


def test_onset_of_stability(table: pd.DataFrame) -> None:
    onset = onsets(table.reset_index(), "stable").set_index("strategy")["onset"]
    assert onset["dense"] == 120
    assert pd.isna(onset["random-pruning"])


def test_the_summary_says_the_same(finished: tuple[Sweep, str], table: pd.DataFrame) -> None:
    _, output = finished
    for (strategy, _), row in table.iterrows():
        assert f"{row['instability_test']:.1f} ±" in output, strategy
    assert re.search(r"report: .*digits-mlp-[0-9a-f]{8}\.html", output)
    assert "90 trainings" in output


@pytest.mark.slow
def test_bits_do_not_depend_on_the_number_of_workers(
    finished: tuple[Sweep, str], tmp_path: Path
) -> None:
    """Nor on which trainings meet in a stack, which follows from it."""
    sweep = Sweep(tmp_path / "home", *REDUCED[:-1], "1")
    status, output = sweep.run()
    assert status == 0, output
    assert sweep.artifacts() == finished[0].artifacts()


def test_report_is_one_file(finished: tuple[Sweep, str]) -> None:
    sweep, output = finished
    path = Path(output.rpartition("report: ")[2].strip())
    assert path.parent == sweep.home / "reports"
    html = path.read_text()
    assert html.count("<svg") >= 3
    assert "#   --set inits=2" in html
    elsewhere = sweep.home.parent / "again.html"
    result = sweep.command("report", "digits-mlp", "--output", str(elsewhere))
    assert result.returncode == 0, result.stderr
    assert elsewhere.read_text() == html


def test_mlflow_holds_every_trial_once(finished: tuple[Sweep, str]) -> None:
    sweep, output = finished
    report = Path(output.rpartition("report: ")[2].strip())
    client = MlflowClient(f"sqlite:///{sweep.home / 'mlflow.db'}")
    (submission,) = records.submissions(client, "digits-mlp")
    assert submission.info.status == "FINISHED"
    assert submission.data.params["recipe.learning_rate"] == "0.15"
    instability = client.get_metric_history(
        submission.info.run_id, "instability_test/dense level 0"
    )
    assert [point.step for point in instability] == [0, 120], "MLflow draws it against k"
    place = sweep.home / "mlartifacts" / "digits-mlp" / submission.info.run_id / "artifacts"
    files = {file.name for file in place.iterdir()}
    own = {records.SPEC_FILE, records.SWEEP_FILE, records.PLAN_FILE, records.TRIALS_FILE}
    own |= {records.COLUMNS_FILE}
    assert files == own | {report.name, "trials.csv", "cells.csv", "onsets.csv"}
    runs = client.search_runs([submission.info.experiment_id], "tags.kind = 'trial'")
    assert len(runs) == len({run.data.tags[records.TRIAL_KEY] for run in runs}) == 2 * 3 * 8
    for run in runs:
        assert run.info.status == "FINISHED"
        assert run.info.end_time > run.info.start_time
        assert run.data.tags[records.OUTCOME] == "trained"
        assert set(run.data.params) == set(records.TRIAL_PARAMS)
        expected = {*records.SCALAR_METRICS, *records.END_METRICS} - {records.WEIGHTS_LEFT_2}
        assert set(run.data.metrics) == expected
    result = sweep.command("results", "digits-mlp", "--curves", "--format", "json")
    curves = pd.DataFrame(json.loads(result.stdout))
    some = runs[0]
    errors = curves[curves["trial"] == some.data.tags[records.TRIAL_KEY]]["path_error_test"]
    expected = max(errors) - (errors.iloc[0] + errors.iloc[-1]) / 2
    assert len(errors) == 30
    assert some.data.metrics["instability_test"] == pytest.approx(expected)
    dense = client.search_runs(
        [submission.info.experiment_id],
        "params.strategy = 'dense' and metrics.instability_test < 2",
    )
    assert len(dense) == 6, "MLflow's own search finds the stable dense trials"


def test_running_again_does_nothing(finished: tuple[Sweep, str]) -> None:
    sweep, first = finished
    before = sweep.artifacts(), sweep.trials("digits-mlp")
    again = Sweep(sweep.home, *REDUCED)
    status, output = again.run()
    assert status == 0, output
    # Per init: 3 states, 6 + 2 x (10 + 3) + 12 arms, 2 x (11 + 1) masks, 8 x 3 paths.
    assert "nothing to do: all 190 jobs are in the store" in output
    assert output[output.index("\nstrategy") :] == first[first.index("\nstrategy") :]
    assert sweep.artifacts() == before[0]
    pd.testing.assert_frame_equal(sweep.trials("digits-mlp"), before[1])
    client = MlflowClient(f"sqlite:///{sweep.home / 'mlflow.db'}")
    experiment = client.get_experiment_by_name("digits-mlp")
    assert experiment is not None
    assert len(client.search_runs([experiment.experiment_id])) == 48 + 1


@pytest.mark.slow
def test_damage_is_mended_and_an_added_point_trains_only_what_is_new(
    finished: tuple[Sweep, str],
) -> None:
    """An arm and a path are damaged in the store, and a dense rewind point is added."""
    sweep, _ = finished
    before = sweep.artifacts()
    store = sweep.home / "store"
    measured = _payloads(store, "instability")[0]
    measured.write_bytes(measured.read_bytes().replace(b"1", b"2"))
    state = _state_at(store, 120)
    flipped = bytearray(state.read_bytes())
    flipped[-1] ^= 1
    state.write_bytes(flipped)

    wider = [*REDUCED, "--set", "subnetworks=[{strategy: dense, rewind: [0, 120, 140]}]"]
    status, output = Sweep(sweep.home, *wider).run()
    assert status == 0, output
    # 2 inits: pretraining from 120 to 140, then 3 arms of 1060 iterations; the damaged W_120
    # is trained again from W_0.
    assert "8 trainings" in output
    assert f"{2 * (20 + 3 * 1060) + 120:,} iterations" in output
    assert before - sweep.artifacts() <= {str(measured.relative_to(store))}
    assert len(list((store / "damaged").rglob("*.safetensors"))) == 1

    status, output = Sweep(sweep.home, *REDUCED).run()
    assert status == 0, output
    assert sweep.artifacts() > before, "the same bytes as before the damage, and the new point's"


def _payloads(store: Path, kind: str) -> list[Path]:
    return sorted(p for p in (store / kind).rglob("*") if p.name.count(".") == 3)


def _state_at(store: Path, iteration: int) -> Path:
    """The payload of a W_k of that k: the only ones with momentum here."""
    assert iteration == 120
    return max(_payloads(store, "state"), key=lambda path: path.stat().st_size)
