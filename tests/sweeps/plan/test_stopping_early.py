"""Searches that stop combinations early: by results alone, in the order of combinations."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Iterable, Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sweeps.errors import UserError
from sweeps.loading import load
from sweeps.plan import Plan, expand, growing
from sweeps.plan.graph import Variant
from sweeps.plan.halving import Rungs
from sweeps.plan.known import Facts, Question
from sweeps.recording.submissions import sweep_key
from sweeps.spec import Sweep
from sweeps.spec.stored import from_resolved, resolved
from trainables.jobs.kinds import Measurement

OVER = "{learning_rate: {log: [0.01, 1]}}"
RUNGS = "{rungs: [{inits: 1, orders: 2}, {inits: 2, orders: 2}]}"
SMALL = ["rewind=[0]", "inits=3", "orders=3", "subnetworks=[dense]"]


def sweep(stop: str = RUNGS, *overrides: str, search: str = "trials: 12") -> Sweep:
    stopping = f", stop_early: {stop}" if stop else ""
    given = [f"search={{{search}, sampler: random, over: {OVER}{stopping}}}", *SMALL, *overrides]
    return load("digits-mlp", given)[0]


def outcome(question: Question) -> Facts:
    """Best at a learning rate of 0.1, with noise."""
    job = question.job
    if not isinstance(job, Measurement):
        return {"diverged": False}
    off = abs(math.log10(job.recipe.learning_rate) + 1)
    noise = random.Random(job.key).uniform(0, 4)
    return {"instability_test": 20 * off + noise, "accuracy_test": 98.0 - 10 * off}


def at_once(asked: Iterable[Question]) -> Mapping[str, Facts]:
    return {one.job.key: outcome(one) for one in asked}


def whole(spec: Sweep) -> Plan:
    return growing.grown(spec, at_once, {})[0]


def fates(plan: Plan) -> list[tuple[tuple[str, ...], int | None]]:
    return [(one.trials, one.rung) for one in plan.variants]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(0, 9), max_size=30), st.integers(2, 5))
def test_those_go_on_that_are_among_the_best_so_far(values: list[int], factor: int) -> None:
    rungs = Rungs(1, factor, "min")
    for number, value in enumerate(values, 1):
        ahead = sum(other <= value for other in values[: number - 1])
        assert rungs.goes_on(0, value) == (ahead < max(1, number // factor))


def test_the_largest_are_the_best_of_a_maximum() -> None:
    least, most = Rungs(1, 3, "min"), Rungs(1, 3, "max")
    values = [random.Random(1).random() for _ in range(40)]
    assert [least.goes_on(0, one) for one in values] == [most.goes_on(0, -one) for one in values]


@pytest.mark.parametrize("factor", [2, 3, 4])
def test_one_in_so_many_goes_on_of_values_in_random_order(factor: int) -> None:
    """Of the first n the n-th is among the best m with probability m / n."""
    number, tries, random_ = 40, 3000, random.Random(factor)
    expected = sum(max(1, n // factor) / n for n in range(1, number + 1))
    gone = 0
    for _ in range(tries):
        rungs = Rungs(1, factor, "min")
        gone += sum(rungs.goes_on(0, random_.random()) for _ in range(number))
    assert gone / tries == pytest.approx(expected, rel=0.03)
    assert abs(expected - number / factor) < 1


@settings(max_examples=3, deadline=None)
@given(st.integers(0, 10_000))
def test_whatever_the_order_of_results_and_interruptions_the_end_is_the_same(seed: int) -> None:
    order, spec = random.Random(seed), sweep()

    def one_by_one(asked: Iterable[Question]) -> Mapping[str, Facts]:
        chosen = order.choice(sorted(asked, key=lambda one: one.job.key))
        return {} if order.random() < 0.05 else {chosen.job.key: outcome(chosen)}

    facts: dict[str, Facts] = {}
    wanted: set[str] = set()
    plan = expand(spec)
    while plan.open:  # each turn begins from what is stored, as a run that was killed does
        wanted |= {trial.key for trial in plan.trials}
        plan, facts = growing.grown(from_resolved(resolved(spec)), one_by_one, facts)
    assert fates(plan) == fates(whole(spec))
    assert wanted <= {trial.key for trial in plan.trials}, "nothing was trained in vain"


def test_a_combination_is_judged_on_its_rungs_alone() -> None:
    spec = sweep()
    plan = whole(spec)
    every = {1: 1, 2: 2, None: 3 * 3}  # trials by the rung after which it ended
    assert all(len(one.trials) == every[one.rung] for one in plan.variants)
    assert all(one.whole == 9 for one in plan.variants)
    assert {1, None} <= {one.rung for one in plan.variants}
    alone = {one.vary["learning_rate"]: one for one in whole(sweep("")).variants}
    for one in plan.variants:
        assert set(one.trials) <= set(alone[one.vary["learning_rate"]].trials)
    judged = Rungs(2, 3, "min")
    for one in plan.variants:
        values = iter([_mean(plan, one, {1}), _mean(plan, one, {1, 2})])
        rung = next((r + 1 for r, value in enumerate(values) if not judged.goes_on(r, value)), None)
        assert rung == one.rung


def _mean(plan: Plan, one: Variant, inits: set[int]) -> float:
    """The objective of a combination's trials under the orders 1 and 2."""
    found = []
    for trial in plan.trials:
        if trial.key in one.trials and trial.at.order_seeds == (1, 2):
            if trial.at.init_seed not in inits:
                continue
            facts = outcome(Question(trial.measurements[0], {}, {}))
            found.append(facts["instability_test"] + 100 - facts["accuracy_test"])
    return sum(found) / len(found) if len(found) == len(inits) else math.inf


def test_dense_networks_are_judged_before_pruned_ones() -> None:
    pruned = "subnetworks=[dense, {strategy: imp, levels: [1, 3]}]"
    plan = whole(sweep("{rungs: [{level: 0}]}", pruned))
    trials = {trial.key: trial for trial in plan.trials}
    stopped = [one for one in plan.variants if one.rung == 1]
    assert 0 < len(stopped) < 12
    assert {trials[key].at.strategy for one in stopped for key in one.trials} == {"dense"}


def test_what_is_proposed_follows_from_what_a_stopped_combination_is_known_by() -> None:
    spec = sweep(RUNGS).search
    assert spec is not None
    search = "trials: 20, at_a_time: 2, seed: 1"
    given = [f"search={{{search}, over: {OVER}, stop_early: {RUNGS}}}", *SMALL]
    plan = whole(load("digits-mlp", given)[0])
    assert len(plan.variants) == 20
    assert not plan.open
    rates = [abs(math.log10(one.vary["learning_rate"]) + 1) for one in plan.variants]
    assert sum(rates[10:]) < sum(rates[:10])


@pytest.mark.parametrize("metric", ["objective", "instability", "error", "drop"])
@pytest.mark.parametrize("mode", ["min", "max"])
def test_bounds_are_the_first_alone_and_all(metric: str, mode: str) -> None:
    pruned = "subnetworks=[dense, {strategy: imp, levels: [1]}]"
    asked = f"trials: 7, metric: {metric}, mode: {mode}"
    spec = sweep("{}", pruned, search=asked)
    now, least = expand(spec), growing.least(spec, {})
    assert [one.rung for one in least.variants] == [None] + 6 * [1]
    [more] = growing.most(spec, {}, now)
    every = whole(sweep("", pruned, search=asked))
    assert {*now.jobs, *(job.key for job in more)} == set(every.jobs)
    between = whole(spec)
    assert len(least.trials) <= len(between.trials) <= len(every.trials)


def test_a_search_without_it_has_the_key_that_it_had() -> None:
    """That of the version before there was any `stop_early`."""
    assert sweep_key(expand(sweep(""))) == "e756b3f6bf0c8c661f5f1518d5594d03"
    assert sweep_key(expand(sweep())) != sweep_key(expand(sweep("")))


def test_it_can_be_read_back() -> None:
    spec = sweep()
    again = from_resolved(json.loads(json.dumps(resolved(spec))))
    assert fates(whole(again)) == fates(whole(spec))
    assert sweep_key(expand(again)) == sweep_key(expand(spec))


@pytest.mark.parametrize(
    ("stop", "words"),
    [
        ("", "search.stop_early: it has no value; wanted is a mapping"),
        ("3", "search.stop_early: must be a mapping: {rungs: "),
        ("{rungs: []}", "search.stop_early.rungs: the list is empty; wanted is a list of 1 to"),
        ("{rungs: [{init: 1}]}", "rungs[0].init: unknown key; did you mean 'inits'?"),
        ("{rung: [{inits: 1}]}", "search.stop_early.rung: unknown key; did you mean 'rungs'?"),
        ("{reduction_factor: 1}", "must be a whole number from 2 to 100, not 1"),
        ("{rungs: [{inits: 4}]}", "rungs[0].inits: the spec has 3 inits, fewer than 4"),
        ("{rungs: [{orders: 1}]}", "rungs[0].orders: must be a number of orders, at least 2"),
        ("{rungs: [{inits: 3}]}", "rungs[0]: it must have fewer trials than all trials: it is of"),
        ("{rungs: [{inits: 2}, {inits: 1}]}", "rungs[0]: it must have fewer trials than the next"),
        ("{rungs: [{inits: 1}, {orders: 2}]}", "rungs[0]: it must have fewer trials than the n"),
        ("{rungs: [{level: 1}]}", "it must have fewer trials than all trials"),
    ],
)
def test_bad_input_is_one_line(stop: str, words: str) -> None:
    with pytest.raises(UserError) as error:
        load("digits-mlp", [f"search={{trials: 3, over: {OVER}, stop_early: {stop}}}", *SMALL])
    assert words in str(error.value)
    assert "\n" not in str(error.value)


def test_a_drop_is_not_judged_on_dense_networks() -> None:
    with pytest.raises(UserError, match=r"rungs\[0\]\.level: metric drop needs pruned networks"):
        sweep(
            "{rungs: [{level: 0}]}",
            "subnetworks=[dense, {strategy: imp, levels: [2, 3]}]",
            search="trials: 3, metric: drop",
        )
