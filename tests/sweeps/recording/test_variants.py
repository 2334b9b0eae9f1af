"""Records of a sweep whose hyperparameters vary: as if each recipe was submitted alone."""

from __future__ import annotations

import json

import pytest
from recording_samples import Recorded, keys, measured

from analysis import records
from analysis.tuned import Unfinished
from sweeps import reporting
from sweeps.loading import load
from sweeps.notebook import Results as Notebook
from sweeps.plan import expand, growing
from sweeps.recording import rebuild, submissions
from sweeps.recording.summary import conclude
from sweeps.searched import tuned_of

SMALL = ("rewind=[0, 20]", "inits=1", "orders=2", "subnetworks=[dense]")
IMP = ("rewind=[0]", "inits=2", "orders=2", "subnetworks=[dense, {strategy: imp, levels: [2]}]")
GRID = "vary={learning_rate: [0.05, 0.3], batch_size: [16, 64]}"


def test_each_recipe_has_a_label_and_a_column_for_what_varies(recorded: Recorded) -> None:
    recorded.submit(*SMALL, GRID)
    found = recorded.read()
    assert len(found.trials) == 8
    assert found.trials["recipe"].nunique() == 4
    rows = found.trials[["recipe.learning_rate", "recipe.batch_size"]].drop_duplicates()
    assert sorted(map(tuple, rows.to_numpy())) == [(0.05, 16), (0.05, 64), (0.3, 16), (0.3, 64)]
    assert list(found.axes) == ["learning_rate", "batch_size"]
    assert "digits-mlp with batch_size=64, learning_rate=0.3" in set(found.trials["recipe"])


def test_runs_have_params_for_what_varies_even_where_it_is_as_built_in(recorded: Recorded) -> None:
    recorded.submit(*SMALL, "vary={learning_rate: [0.15, 0.3], network_arguments.hidden: [[16]]}")
    runs = recorded.read().runs.values()
    rates = {run.data.params["recipe.learning_rate"] for run in runs}
    assert rates == {"0.15", "0.3"}
    assert {run.data.params["recipe.network_arguments.hidden"] for run in runs} == {"[16]"}
    assert all("learning_rate=" in run.info.run_name for run in runs)
    submission = recorded.read().submission.data.params
    assert submission["recipe.learning_rate"] == "0.15, 0.3"
    assert submission[records.VARY] == "learning_rate, network_arguments.hidden"


def test_the_same_recipe_submitted_alone_is_the_same_setting(recorded: Recorded) -> None:
    recorded.submit(*SMALL, GRID)
    alone = recorded.submit(*SMALL, "recipe.learning_rate=0.3", "recipe.batch_size=64")
    found = recorded.read()
    assert len(found.settings) == 4
    assert len(found.trials) == 8
    assert len(recorded.read(alone).trials) == 2
    assert len(recorded.read(alone, "recipe").trials) == 2


def test_a_trial_that_does_not_depend_on_what_varies_is_of_every_recipe(recorded: Recorded) -> None:
    recorded.submit(*IMP, "vary={pruning_fraction: [0.2, 0.5]}")
    found = recorded.read()
    assert found.trials["trial"].nunique() == 2 + 4
    assert len(found.trials) == 2 * (2 + 2)
    dense = found.trials[found.trials["strategy"] == "dense"]
    assert set(dense["recipe.pruning_fraction"]) == {0.2, 0.5}
    assert found.cells["reference"].sum() == 2


def test_a_submission_that_is_half_done_shows_what_there_is(recorded: Recorded) -> None:
    recorded.submit(*SMALL, GRID, trials=3)
    found = recorded.read()
    assert len(found.trials) == 3
    assert found.planned == 8


def test_two_submissions_with_other_grids_lie_side_by_side(recorded: Recorded) -> None:
    recorded.submit(*SMALL, "vary={learning_rate: [0.05, 0.3]}")
    second = recorded.submit(*SMALL, "vary={learning_rate: [0.1, 0.3]}")
    everything = recorded.read()
    assert sorted(everything.axes["learning_rate"].values()) == [0.05, 0.1, 0.3]
    own = recorded.read(second)
    assert sorted(own.axes["learning_rate"].values()) == [0.1, 0.3]
    assert len(keys(own.trials)) == 4


def test_options_of_strategies_are_told_apart(recorded: Recorded) -> None:
    from sweeps.recording.variants import Part, text_of
    from sweeps.settings import axes, settings

    plan, _ = recorded.plan(
        "rewind=[0]",
        "inits=1",
        "orders=2",
        "subnetworks=[dense, {strategy: perturbed, levels: [1]}]",
        "vary={perturbed.norm: [rewound, trained]}",
    )
    text = text_of(plan)
    assert text is not None
    run = recorded.read  # any object: only its place counts here
    parts = [
        Part(run, one["params"], one["vary"], frozenset(one["trials"]))  # type: ignore[arg-type]
        for one in json.loads(text)
    ]
    found = settings(parts)
    assert [one.label for one in found] == [
        "digits-mlp (otherwise as built in)",
        "digits-mlp (perturbed=trained)",
    ]
    assert list(axes(found)["perturbed.norm"].values()) == ["rewound", "trained"]


@pytest.mark.parametrize(
    ("own", "labels"),
    [
        ((), "digits-mlp with network_arguments.hidden={}"),
        (("recipe.name=mine",), "mine (network_arguments.hidden={})"),
    ],
)
def test_items_of_a_nested_field_are_named_as_specs_name_them(
    recorded: Recorded, own: tuple[str, ...], labels: str
) -> None:
    for hidden in ("[24, 24]", "[48, 48]"):
        recorded.submit(*SMALL, *own, f"recipe.network_arguments={{hidden: {hidden}}}")
    found = recorded.read()
    values = ["[48, 48]", "[24, 24]"]
    assert [one.label for one in found.settings] == [labels.format(value) for value in values]
    axis = found.axes["network_arguments.hidden"]
    assert (len(found.axes), list(axis.values())) == (1, values)


@pytest.mark.slow
def test_the_summary_has_a_metric_for_each_recipe(recorded: Recorded) -> None:
    key = recorded.submit(*IMP, "vary={batch_size: [16, 64]}")
    own = recorded.read(key)
    conclude(own, own)
    metrics = recorded.read(key).submission.data.metrics
    assert "instability_test/imp level 2 batch_size 16" in metrics
    assert "instability_test/imp level 2 batch_size 64" in metrics


@pytest.mark.slow
def test_the_report_draws_what_varies_first(recorded: Recorded) -> None:
    recorded.submit(*IMP, "rewind=[0, 20]", GRID)
    names = list(reporting.figures(recorded.read()))
    assert names[:6] == [
        "onset-learning_rate",
        "onset-batch_size",
        "onset-map",
        "instability-learning_rate",
        "instability-batch_size",
        "instability-map",
    ]
    text = reporting.markdown(recorded.read())
    assert "| learning_rate | batch_size | strategy |" in text


@pytest.mark.slow  # test_rebuild.py
def test_records_are_rebuilt_from_the_store(recorded: Recorded) -> None:
    recorded.submit(*SMALL, GRID)
    before = recorded.read().trials
    assert recorded.home.database is not None
    recorded.home.database.unlink()
    rebuild.rebuild(recorded.home, recorded.store, [], lambda line: None)
    after = recorded.read().trials
    columns = ["trial", "recipe", "recipe.learning_rate", "instability_test"]
    assert before[columns].equals(after[columns])


def test_a_spec_read_back_knows_every_recipe(recorded: Recorded) -> None:
    recorded.submit(*SMALL, GRID)
    spec = Notebook([recorded.read()], recorded.home).spec
    assert [one.recipe.batch_size for one in spec.each] == [16, 64, 16, 64]


@pytest.mark.parametrize("label", ["recipe.learning_rate=0.3", "recipe.batch_size=64"])
def test_trials_are_chosen_by_what_varies(recorded: Recorded, label: str) -> None:
    from sweeps.query import parse, select

    recorded.submit(*SMALL, GRID)
    assert len(select(recorded.read().trials, parse(label))) == 4


@pytest.mark.slow
def test_reports_say_which_combinations_a_search_stopped_early(recorded: Recorded) -> None:
    """All came out the same: the first one goes on alone."""
    stop = "search={trials: 4, sampler: random, over: {learning_rate: {log: [0.1, 0.3]}}"
    given = ["rewind=[0]", "inits=2", "orders=2", "subnetworks=[dense]", stop + ", stop_early: {}}"]
    spec, text = load("digits-mlp", given)
    plan = expand(spec)
    while plan.open:
        for job in plan.measurements.values():
            recorded.measure(job, measured(job) | {"instability_test": 1.0})
        plan, _ = growing.from_store(spec, recorded.store)
    for job in plan.measurements.values():
        recorded.measure(job, measured(job) | {"instability_test": 1.0})
    submissions.save(recorded.store, plan, text)
    rebuild.rebuild(recorded.home, recorded.store, [], lambda line: None)
    found = recorded.read(submissions.sweep_key(plan))
    assert len(found.trials) == found.planned == 2 + 3
    tuned = tuned_of(found)
    assert tuned is not None
    assert list(tuned.unfinished.values()) == 3 * [Unfinished(trials=1, whole=2, rung=1)]
    told = reporting.markdown(found)
    assert told.count("stopped early (1 of 2 trials)") == 3
    assert "Of 4 combinations that were tried, 1 is complete; of these" in told
