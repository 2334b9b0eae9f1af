"""Searches over hyperparameters: what is proposed follows from results, in the order of trials."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pytest

from sweeps.errors import UserError
from sweeps.loading import load
from sweeps.plan import Plan, expand, growing
from sweeps.plan.known import Facts, Question
from sweeps.recording.submissions import sweep_key
from sweeps.spec import Sweep
from sweeps.spec.stored import from_resolved, resolved
from trainables.jobs.kinds import Measurement

OVER = "{learning_rate: {log: [0.01, 1]}, batch_size: {choice: [16, 32, 64]}}"
SMALL = ["rewind=[0]", "inits=1", "orders=2", "subnetworks=[dense]"]


def sweep(search: str = "", *overrides: str) -> Sweep:
    given = [f"search={{trials: 12, over: {OVER}{search}}}", *SMALL, *overrides]
    return load("digits-mlp", given)[0]


def objective(question: Question) -> Facts:
    """A made-up outcome: best at a learning rate of 0.1."""
    job = question.job
    assert isinstance(job, Measurement)
    off = abs(math.log10(job.recipe.learning_rate) + 1)
    return {"instability_test": 20 * off, "accuracy_test": 98.0 - 10 * off}


def all_at_once(asked: Iterable[Question]) -> Mapping[str, Facts]:
    return {one.job.key: objective(one) for one in asked}


def rates(plan: Plan) -> list[float]:
    return [one.vary["learning_rate"] for one in plan.variants]


def one_by_one(order: random.Random) -> Callable[[Iterable[Question]], Mapping[str, Facts]]:
    """Answers arrive one at a time, in any order."""

    def answer(asked: Iterable[Question]) -> Mapping[str, Facts]:
        chosen = order.choice(list(asked))
        return {chosen.job.key: objective(chosen)}

    return answer


def test_it_begins_with_what_needs_no_result() -> None:
    spec = sweep(", at_a_time: 3")
    plan = expand(spec)
    assert len(plan.variants) == 3
    assert len(plan.open) == 1  # of the first alone
    assert spec.grows


@pytest.mark.parametrize("seed", range(4))
def test_whatever_the_order_of_results_it_proposes_the_same(seed: int) -> None:
    spec = sweep()
    whole, _ = growing.grown(spec, all_at_once, {})
    other, _ = growing.grown(spec, one_by_one(random.Random(seed)), {})
    assert rates(whole) == rates(other)
    assert len(whole.variants) == 12
    assert not whole.open


def test_a_search_that_is_read_back_goes_on_as_before() -> None:
    spec = sweep()
    again = from_resolved(json.loads(json.dumps(resolved(spec))))
    whole, facts = growing.grown(spec, all_at_once, {})
    assert [trial.key for trial in expand(again, facts).trials] == [t.key for t in whole.trials]
    assert sweep_key(expand(again)) == sweep_key(expand(spec))


def test_what_came_out_decides_what_is_proposed() -> None:
    """After the first ten, which are drawn at random."""
    spec = load("digits-mlp", [f"search={{trials: 24, over: {OVER}}}", *SMALL])[0]

    def otherwise(asked: Iterable[Question]) -> Mapping[str, Facts]:
        return {q.job.key: {"instability_test": 1.0, "accuracy_test": 97.0} for q in asked}

    assert rates(growing.grown(spec, all_at_once, {})[0]) != rates(
        growing.grown(spec, otherwise, {})[0]
    )


def test_it_looks_where_results_are_good() -> None:
    """Of 40, the later half is nearer to the best rate than the earlier."""
    spec = load(
        "digits-mlp",
        ["search={trials: 40, seed: 3, over: {learning_rate: {log: [0.001, 10]}}}", *SMALL],
    )[0]
    found = rates(growing.grown(spec, all_at_once, {})[0])
    off = [abs(math.log10(rate) + 1) for rate in found]
    assert sum(off[20:]) < 0.7 * sum(off[:20])


def test_each_combination_is_as_if_it_was_written_alone() -> None:
    plan = expand(sweep())
    for one in plan.variants:
        own = [f"recipe.{name}={value}" for name, value in one.vary.items()]
        alone = expand(load("digits-mlp", [*SMALL, *own])[0])
        assert one.trials == tuple(trial.key for trial in alone.trials)


def test_rewind_points_are_searched_over() -> None:
    spec = load("digits-mlp", ["search={trials: 5, over: {rewind: {integers: [0, 60]}}}", *SMALL])[
        0
    ]
    plan, _ = growing.grown(spec, all_at_once, {})
    assert all(0 <= trial.at.rewind <= 60 for trial in plan.trials)
    assert [one.vary["rewind"] for one in plan.variants] == [
        next(t.at.rewind for t in plan.trials if t.key in one.trials) for one in plan.variants
    ]


def test_a_sample_does_not_look_at_results_and_needs_none() -> None:
    spec = sweep(", sampler: random, at_a_time: 12")
    assert len(expand(spec).variants) == 12
    assert not expand(spec).open


def test_what_diverged_is_the_worst_and_ends_no_search() -> None:
    def diverges(asked: Iterable[Question]) -> Mapping[str, Facts]:
        nothing = {"instability_test": math.nan, "accuracy_test": math.nan, "diverged_1": True}
        return {q.job.key: nothing for q in asked}

    plan, _ = growing.grown(sweep(), diverges, {})
    assert len(plan.variants) == 12


def test_a_training_that_diverged_before_it_could_be_pruned_ends_no_search() -> None:
    """IMP cannot prune after it: the path is never measured."""
    spec = sweep("", "subnetworks=[{strategy: imp, levels: [2]}]")

    def answers(asked: Iterable[Question]) -> Mapping[str, Facts]:
        found: dict[str, Facts] = {}
        for one in asked:
            fast = one.job.recipe.learning_rate > 0.1
            if isinstance(one.job, Measurement):
                found |= {} if fast else {one.job.key: objective(one)}
            else:
                found[one.job.key] = {"seconds": 1.0, **({"diverged": True} if fast else {})}
        return found

    plan, _ = growing.grown(spec, answers, {})
    assert len(plan.variants) == 12
    assert any(rate > 0.1 for rate in rates(plan))


def test_combinations_that_contradict_themselves_are_passed_over() -> None:
    """A warm-up past the end of training is no recipe."""
    over = "{warmup: {integers: [0, 2400]}}"
    spec = load("digits-mlp", [f"search={{trials: 16, over: {over}}}", *SMALL])[0]
    plan, _ = growing.grown(spec, all_at_once, {})
    assert 0 < len(plan.variants) < 16
    assert all(one.spec.recipe.warmup <= 1200 for one in plan.variants)


@pytest.mark.parametrize("metric", ["objective", "instability", "error"])
def test_metrics_are_searched_for(metric: str) -> None:
    plan, _ = growing.grown(sweep(f", metric: {metric}"), all_at_once, {})
    assert len(plan.variants) == 12


def test_plans_of_least_and_most_are_of_all_trials() -> None:
    spec = sweep()
    now = expand(spec)
    assert len(growing.least(spec, {}).variants) == 12
    [more] = growing.most(spec, {}, now)
    assert more


@pytest.mark.parametrize(
    ("search", "words"),
    [
        ("3", "search: must be a mapping"),
        ("{trials: 3}", "search.over: this key is missing"),
        ("{over: {learning_rate: {log: [0.1, 1]}}}", "search.trials: this key is missing"),
        ("{trials: 0, over: {learning_rate: {log: [0.1, 1]}}}", "from 1 to 1000, not 0"),
        ("{trials: 3, over: {}}", "search.over: it is empty"),
        ("{trials: 3, over: {learning_rat: {log: [0.1, 1]}}}", "did you mean 'learning_rate'"),
        ("{trials: 3, over: {learning_rate: [0.1, 1]}}", "{choice: "),
        ("{trials: 3, over: {workers: {integers: [1, 2]}}}", "the same for a whole sweep"),
        ("{trials: 3, metric: drop, over: {momentum: {uniform: [0, 1]}}}", "drop needs dense"),
        ("{trials: 3, metric: los, over: {momentum: {uniform: [0, 1]}}}", "there is no 'los'"),
        ("{tirals: 3, over: {momentum: {uniform: [0, 1]}}}", "did you mean 'trials'"),
        ("{trials: 3, over: {warmup: {integers: [2000, 2400]}}}", "with warmup="),
        ("{trials: 1000, over: {momentum: {uniform: [0, 0.9]}}}", "are too many"),
    ],
)
def test_bad_input_is_one_line(search: str, words: str) -> None:
    large = ["inits=1000"] if words == "are too many" else []
    with pytest.raises(UserError) as error:
        load("digits-mlp", [f"search={search}", *SMALL, *large])
    assert words in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("rewind={find: stable, between: [0, 60]}", "rewind: within `search` .* rewind points"),
        (
            "subnetworks=[dense, {strategy: imp, levels: {find: stable, between: [1, 9]}}]",
            r"subnetworks\[1\].levels: within `search` this must be a list of levels",
        ),
        (
            "subnetworks=[dense, {strategy: imp-adaptive, until_left: 30 %}]",
            r"subnetworks\[1\].strategy: .* another strategy than imp-adaptive",
        ),
        ("vary={batch_size: [16]}", "leave one of them out"),
        (
            "search={trials: 3, over: {rewind: {integers: [0, 9]}}}|"
            "rewind={find: stable, between: [0, 9]}",
            "search proposes the rewind points",
        ),
        ("measure=[distance]", "needs the measure instability"),
    ],
)
def test_what_cannot_be_searched_is_refused(override: str, words: str) -> None:
    with pytest.raises(UserError, match=words):
        sweep("", *override.split("|"))


def test_without_optuna_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    blocked: Any = None
    monkeypatch.setitem(sys.modules, "optuna", blocked)
    with pytest.raises(UserError, match="needs Optuna"):
        sweep()
    assert len(expand(sweep(", sampler: random")).variants) == 4
