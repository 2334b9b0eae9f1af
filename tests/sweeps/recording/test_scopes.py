"""Results never vanish: submissions of one name, with the same recipe and with others."""

from __future__ import annotations

import json
from dataclasses import asdict
from types import SimpleNamespace
from typing import Any

import pytest
from recording_samples import SMALL, Recorded, keys

from analysis import records
from sweeps import overview
from sweeps.errors import UserError
from sweeps.loading import load
from sweeps.recording import files
from sweeps.recording.database import client_of
from sweeps.recording.variants import Part, params_of
from sweeps.settings import settings

WIDER = ("rewind=[0, 20]", "inits=2", "orders=2", "subnetworks=[dense]")


def test_a_smaller_submission_hides_nothing(recorded: Recorded) -> None:
    recorded.submit(*WIDER)
    everything = keys(recorded.read().trials)
    assert len(everything) == 4
    small = recorded.submit(*SMALL)
    assert keys(recorded.read().trials) == everything
    assert keys(recorded.read(small, "recipe").trials) == everything
    assert len(recorded.read(small).trials) == 2
    assert recorded.read(small[:6]).submission.data.tags[records.SWEEP_KEY] == small
    assert set(recorded.read().trials["recipe"]) == {"digits-mlp"}


@pytest.mark.parametrize(
    ("change", "label"),
    [
        ("recipe.learning_rate=0.3", "digits-mlp with learning_rate=0.3"),
        ("path_points=11", "digits-mlp (path_points=11)"),
        ("train_examples=500", "digits-mlp (train_examples=500)"),
        (
            "measure=[{measure: instability, batchnorm: recalibrate, batchnorm_batches: 9}]",
            "digits-mlp (batchnorm=recalibrate (9 batches))",
        ),
    ],
)
def test_what_cannot_be_compared_stays_apart(recorded: Recorded, change: str, label: str) -> None:
    recorded.submit(*SMALL)
    key = recorded.submit(*SMALL, change)
    found = recorded.read()
    others = "digits-mlp" if "recipe" in change else "digits-mlp (otherwise as built in)"
    assert found.trials["recipe"].tolist() == [label] * 2 + [others] * 2
    assert [setting.label for setting in found.settings] == [label, others]
    if "recipe" in change:
        rates = found.trials["recipe.learning_rate"].tolist()
        assert rates == [0.3, 0.3, 0.15, 0.15]
    own = recorded.read(key, "recipe")
    assert len(own.trials) == own.others == 2


@pytest.mark.parametrize("change", ["recipe.pruning_fraction=0.5", "imp_order=2"])
def test_trials_that_two_recipes_share_are_in_both(recorded: Recorded, change: str) -> None:
    """Dense networks do not depend on how subnetworks are pruned."""
    both = [*SMALL[:3], "subnetworks=[dense, {strategy: imp, levels: [1]}]"]
    recorded.submit(*both)
    recorded.submit(*both, change)
    trials = recorded.read().trials
    assert trials.groupby(["recipe", "strategy"]).size().tolist() == [2] * 4
    assert trials["trial"].nunique() == 6


@pytest.mark.parametrize(
    ("entry", "usual", "other", "label"),
    [
        ("strategy: perturbed", "norm: rewound", "norm: trained", "perturbed=trained"),
        (
            "strategy: imp-adaptive, until_left: 85 %",
            "loss: evaluated",
            "loss: trained, examples: all",
            "imp_adaptive=trained losses, all examples, 11 points",
        ),
    ],
)
def test_options_of_strategies_are_settings(entry: str, usual: str, other: str, label: str) -> None:
    """Results of one strategy, level and rewind point are samples of one cell."""

    def part(own: str) -> Part:
        run: Any = SimpleNamespace(info=SimpleNamespace(run_id="1"))
        params = params_of(load("digits-mlp", [f"subnetworks={own}"])[0])
        return Part(run, params, {}, frozenset())

    same = [part(f"[dense, {{{entry}, {usual}}}]"), part(f"[dense, {{{entry}}}]"), part("[dense]")]
    assert [one.label for one in settings(same)] == ["digits-mlp"]
    assert [one.label for one in settings([part(f"[{{{entry}, {other}}}]"), *same])] == [
        f"digits-mlp ({label})",
        "digits-mlp (otherwise as built in)",
    ]


def test_a_submission_says_the_options_of_its_strategies(recorded: Recorded) -> None:
    entries = "{strategy: imp-adaptive, until_left: 85 %}, {strategy: perturbed, norm: trained}"
    recorded.submit(*SMALL[:3], f"subnetworks=[{entries}]")
    params = recorded.read().submission.data.params
    assert params[records.ADAPTIVE] == "evaluated losses, 2000 examples, 11 points"
    assert params[records.PERTURBED] == "trained"


def test_a_recipes_own_name_can_stand_for_two(recorded: Recorded) -> None:
    for rate in ("0.1", "0.2"):
        recorded.submit(*SMALL, "recipe.name=mine", f"recipe.learning_rate={rate}")
    labels = recorded.read().trials["recipe"].unique().tolist()
    assert labels == ["mine (learning_rate=0.2)", "mine (learning_rate=0.1)"]


def test_trials_stay_when_their_submission_is_deleted_in_mlflow(recorded: Recorded) -> None:
    key = recorded.submit(*SMALL)
    recorded.submit("rewind=[5]", *SMALL[1:])
    client = client_of(recorded.home, write=True)
    client.delete_run(recorded.read(key).submission.info.run_id)
    assert sorted(recorded.read().trials["rewind"]) == [0, 5, 20]


@pytest.mark.parametrize("key", ["zz", "0" * 32, ""])
def test_no_such_submission(recorded: Recorded, key: str) -> None:
    recorded.submit(*SMALL)
    recorded.submit(*WIDER)
    with pytest.raises(UserError, match="--submission"):
        recorded.read(key)


def test_what_is_missing_of_a_submission(recorded: Recorded) -> None:
    key = recorded.submit(*WIDER, trials=3)
    found = recorded.read(key)
    assert (len(found.trials), found.planned) == (3, 4)
    recorded.submit(*WIDER)
    assert recorded.read(key).planned == 4


def test_a_home_lists_its_submissions(recorded: Recorded) -> None:
    recorded.submit(*WIDER)
    recorded.submit(*SMALL, "recipe.learning_rate=0.3", trials=1)
    second, first = overview.rows(recorded.home)
    assert (first.state, first.recorded, first.wanted) == ("complete", 4, 4)
    assert first.differences == ("rewind: [0, 20]", "inits: 2", "orders: 2", "subnetworks: [dense]")
    assert (second.state, second.recorded, second.wanted) == ("partial", 1, 2)
    assert "recipe.learning_rate: 0.3" in second.differences
    assert first.report is None
    recorded.home.report("digits-mlp", first.key).write_text("a report")
    assert overview.rows(recorded.home)[1].report == recorded.home.report("digits-mlp", first.key)


def as_earlier(recorded: Recorded, key: str) -> None:
    """Takes from a submission what earlier versions did not write."""
    found = recorded.read(key)
    place = files.folder(recorded.home, found.submission)
    assert place is not None
    for name in (records.TRIALS_FILE, records.SWEEP_FILE):
        (place / name).unlink()


def test_a_submission_of_an_earlier_version_keeps_its_trials(recorded: Recorded) -> None:
    """They move below the next submission in MLflow, which then tells them no more."""
    key = recorded.submit(*WIDER)
    as_earlier(recorded, key)
    (row,) = overview.rows(recorded.home)
    assert (row.recorded, row.wanted) == (4, 4)
    assert row.differences == WIDER
    assert len(recorded.read(key).trials) == 4
    recorded.submit(*WIDER, "stable_below=1.0")
    assert len(recorded.read(key).trials) == 4
    assert {(row.recorded, row.wanted) for row in overview.rows(recorded.home)} == {(4, 4)}


def test_a_specs_differences_are_told_in_its_own_words() -> None:
    usual = {"inits": [1, 2, 3], "recipe": {"base": "a", "learning_rate": 0.1, "device": "cpu"}}
    spec = {"inits": [4], "recipe": {"base": "b", "learning_rate": 0.2, "device": "cuda"}}
    assert overview.differences(spec, usual) == ["inits: [4]", "recipe.learning_rate: 0.2"]
    assert overview.differences(usual, usual) == []
    assert overview.differences(usual, spec)[0] == "inits: 3"


def test_every_file_of_a_submission_is_there(recorded: Recorded) -> None:
    key = recorded.submit(*SMALL)
    found = recorded.read(key)
    of = (found.client, found.home, found.submission)
    assert "# --set inits=1" in (files.read_text(*of, records.SPEC_FILE) or "")
    assert json.loads(files.read_text(*of, records.SWEEP_FILE) or "")["inits"] == [1]
    assert len(json.loads(files.read_text(*of, records.TRIALS_FILE) or "")) == 2
    assert json.loads(files.read_text(*of, records.PLAN_FILE) or "") == {"trials": 2}
    assert asdict(overview.rows(recorded.home)[0])["key"] == key
