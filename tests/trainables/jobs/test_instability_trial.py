"""A trial of Ray Tune, stepped by hand: what it reports, and how it stops and goes on."""

from __future__ import annotations

import math
from collections import Counter

import pytest
from job_samples import checkpoint_of

from trainables import InstabilityTrial
from trainables.measures import measured
from trainables.store import Leases, Store
from trainables.training import loop

RECIPE = {"base": "digits-mlp", "length": 60, "backend": "loop"}


@pytest.fixture
def trial(tmp_path, monkeypatch):
    made = []

    def make(**config):
        given = {"recipe": RECIPE, "store": str(tmp_path / "store"), "rewind": 20, **config}
        one = InstabilityTrial(given)
        monkeypatch.setattr(type(one), "trial_id", str(len(made)), raising=False)
        made.append(one)
        return one

    yield make
    for one in made:
        one.cleanup()


def run(one):
    """All that a trial reports, to its end."""
    reports = [one.step()]
    while not reports[-1]["done"]:
        reports.append(one.step())
    return reports


def test_it_reports_while_it_trains_and_every_column_at_the_end(trial, tmp_path):
    one = trial(measure=["instability", "distance"], evaluate={"every": 10, "examples": 100})
    *before, last = run(one)
    iterations = [report["iteration"] for report in before]
    assert iterations == sorted(iterations)
    # T is reached once all is measured: schedulers end a trial at their `max_t`.
    assert sorted(set(iterations)) == [20, 30, 40, 50, 59]
    assert last["iteration"] == 60
    shares = [report["progress"] for report in before]
    assert shares == sorted(shares)
    assert 0 < shares[1] < 1
    assert all(math.isnan(report["instability_test"]) for report in before)
    assert all(0 <= report["error_test"] <= 100 for report in before)
    names = {name for report in before for name in report}
    assert names <= last.keys()  # Tune wants each metric in each report
    store, pair = Store(str(tmp_path / "store")), one._trial.pair
    for name in ("instability", "distance"):
        key = measured(name, pair).key
        assert store.complete([(measured(name, pair).kind, key)])
    assert last["trial_key"] == measured("instability", pair).key
    assert last["progress"] == 1
    assert 0 <= last["instability_test"] <= 100
    assert last["weights_left"] == 100
    assert last["distance_l2"] > 0
    assert len(last["path_error_test"]) == 30
    assert all(report["objective"] == 100 for report in before)
    expected = last["instability_test"] + 100 - last["accuracy_test"]
    assert last["objective"] == pytest.approx(expected)
    assert not last["diverged"]
    # The error of all 797 test examples, as the measure has it.
    assert last["error_test"] == pytest.approx(100 - last["accuracy_test_1"], abs=5)


def test_a_trial_whose_result_exists_trains_nothing(trial):
    first = run(trial())[-1]
    *before, again = run(trial())
    assert not before
    volatile = {"waiting"}
    assert {n: v for n, v in first.items() if n not in volatile} == {
        n: v for n, v in again.items() if n not in volatile
    }


def test_trials_share_what_they_need(trial, tmp_path):
    run(trial(strategy="imp", level=2))
    written = Counter(path.parts[-3] for path in (tmp_path / "store").rglob("*.json"))
    run(trial(strategy="imp", level=2, order_seeds=[1, 3]))
    now = Counter(path.parts[-3] for path in (tmp_path / "store").rglob("*.json"))
    # Of the second trial one copy is new: pretraining, masks and the copy of order 1 are shared.
    assert {n: now[n] - written[n] for n in ("state", "mask", "arm")} == {
        "state": 0,
        "mask": 0,
        "arm": 1,
    }


def test_a_saved_trial_goes_on_where_it_was_and_blocks_nobody(trial, tmp_path, monkeypatch):
    undisturbed = run(trial(store=str(tmp_path / "other")))[-1]
    monkeypatch.setattr(loop, "PULSE_SECONDS", -1.0)
    one = trial(evaluate={"every": 10, "examples": 100})
    while one.step()["iteration"] < 40:
        pass
    arm = one._trial.pair[0]
    saved = one.save_checkpoint(str(tmp_path))
    store = Store(str(tmp_path / "store"))
    assert checkpoint_of(store, arm) >= 40
    assert Leases(store, "another").holder(arm.key) is None
    other = trial(evaluate={"every": 10, "examples": 100})
    other.load_checkpoint(saved)
    reports = run(other)
    assert reports[0]["iteration"] >= 40
    same = ("instability_test", "path_loss_train", "accuracy_test_1", "accuracy_test_2")
    assert [reports[-1][n] for n in same] == [undisturbed[n] for n in same]


def test_one_process_can_become_another_trial(trial, tmp_path):
    one = trial()
    one.step()
    config = {**one.config, "order_seeds": [3, 4]}
    assert one.reset_config(config)
    run(one)
    assert [arm.order_seed for arm in one._trial.pair] == [3, 4]


def test_population_based_training_is_refused(trial, tmp_path):
    saved = trial().save_checkpoint(str(tmp_path))
    faster = trial(recipe={**RECIPE, "learning_rate": 0.5})
    with pytest.raises(ValueError, match="Population-based training changes hyperparameters"):
        faster.load_checkpoint(saved)


@pytest.mark.parametrize("level", [0, 1])
def test_a_diverged_trial_ends_with_what_is_known(trial, level):
    strategy = "imp" if level else "dense"
    recipe = {**RECIPE, "learning_rate": 1e30}
    for _ in ("trained", "from the store"):
        last = run(trial(recipe=recipe, strategy=strategy, level=level))[-1]
        assert last["diverged"]
        assert math.isnan(last["instability_test"])
        assert last["objective"] == 100


def test_a_trial_without_instability_has_no_objective(trial):
    assert all("objective" not in report for report in run(trial(measure=["distance"])))


def test_a_wrong_configuration_is_told_and_asks_for_one_core(trial, tmp_path):
    wrong = {"recipe": "digit-mlp", "store": str(tmp_path)}
    with pytest.raises(ValueError, match=r"^InstabilityTrial: recipe.base: unknown recipe"):
        InstabilityTrial.check(wrong)
    with pytest.raises(ValueError, match=r"^InstabilityTrial: recipe.base: unknown recipe"):
        InstabilityTrial(wrong)
    request = InstabilityTrial.default_resource_request(wrong)
    assert request.required_resources == {"CPU": 1}


def test_resources_are_those_of_the_recipe(tmp_path):
    config = {"recipe": {**RECIPE, "threads": 2}, "store": str(tmp_path)}
    request = InstabilityTrial.default_resource_request(config)
    assert request.required_resources == {"CPU": 2}
    on_a_gpu = {**config, "recipe": {**RECIPE, "device": "cuda"}}
    request = InstabilityTrial.default_resource_request(on_a_gpu)
    assert request.required_resources == {"CPU": 1, "GPU": 1}


def test_own_code_is_found_in_the_folder_of_plugins(tmp_path, monkeypatch):
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "my_nets.py").write_text(
        "from torch import nn\n\n\ndef small(inputs, classes):\n"
        "    return nn.Sequential(nn.Flatten(), nn.Linear(64, classes))\n"
    )
    config = {
        "recipe": {**RECIPE, "network": "my_nets:small"},
        "store": str(tmp_path / "store"),
        "plugins": str(folder),
    }
    InstabilityTrial.check(config)
    with pytest.raises(ValueError, match="plugins: no folder"):
        InstabilityTrial.check({**config, "plugins": str(tmp_path / "nowhere")})
