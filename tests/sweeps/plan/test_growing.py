"""Plans that grow: by outcomes alone, in whatever order these arrive."""

from __future__ import annotations

import math
import random
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sweeps.loading import load
from sweeps.plan import Plan, growing
from sweeps.plan.graph import trainings
from sweeps.plan.known import Facts, Question
from sweeps.recording.submissions import sweep_key
from sweeps.spec import Sweep
from sweeps.spec.searches import points_of
from trainables.jobs.kinds import Mask, Measurement, Training

FIND = "{find: stable, between: [0, 60], within: 30 %}"
FEW = settings(max_examples=max(3, settings.default.max_examples // 10))

SEARCH = [
    "recipe={base: digits-mlp, length: 300}",
    f"rewind={FIND}",
    "inits=3",
    "orders=2",
    "subnetworks=[dense, {strategy: imp, levels: [1, 3]}]",
]


def spec_of(*overrides: str) -> Sweep:
    return load("digits-mlp", list(overrides))[0]


def arms_of(question: Question) -> tuple[Training, ...]:
    job = question.job
    assert isinstance(job, Measurement)
    return tuple(arm for arm in job.of if isinstance(arm, Training))


def outcomes(seed: int, spread: float = 0.5) -> Callable[[Question], Facts]:
    """Made-up outcomes: each line becomes stable somewhere, with noise."""

    def answer(question: Question) -> Facts:
        if isinstance(question.job, Mask):
            random_ = random.Random(f"{seed} {question.job.key}")
            of = question.job.of
            before = 100.0 if of.mask is None else answer(Question(of.mask, {}, {}))["weights_left"]
            return {"weights_left": before * random_.uniform(0.1, 0.8)}
        first, _second = arms_of(question)
        onset = random.Random(f"{seed} {first.level}").uniform(-10, 80)
        noise = random.Random(f"{seed} {question.job.key}").uniform(-spread, spread)
        value = max(0.0, (1.0 if first.begin >= onset else 4.0) + noise)
        return {"instability_test": value, "accuracy_test_1": 90.0, "accuracy_test_2": 90.0}

    return answer


def all_at_once(spec: Sweep, answer: Callable[[Question], Facts]) -> tuple[Plan, dict[str, Facts]]:
    def answers(asked: Iterable[Question]) -> dict[str, Facts]:
        return {one.job.key: answer(one) for one in asked}

    return growing.grown(spec, answers, {})


@FEW
@given(st.integers(0, 10_000), st.floats(0, 2.5))
def test_growing_in_any_order_ends_in_the_same_plan(seed: int, spread: float) -> None:
    spec, answer = spec_of(*SEARCH), outcomes(seed, spread)
    whole, facts = all_at_once(spec, answer)
    order = random.Random(seed)

    def one_at_a_time(asked: Iterable[Question]) -> dict[str, Facts]:
        one = order.choice(sorted(asked, key=lambda question: question.job.key))
        return {one.job.key: answer(one)}

    slowly, slow_facts = growing.grown(spec, one_at_a_time, {})
    assert slow_facts == facts
    assert slowly.jobs.keys() == whole.jobs.keys()
    assert [trial.key for trial in slowly.trials] == [trial.key for trial in whole.trials]
    assert not whole.open
    # With all outcomes at hand nothing is open from the beginning.
    again, _ = growing.grown(spec, lambda asked: {}, facts)
    assert again.jobs.keys() == whole.jobs.keys()
    assert not again.open


@FEW
@given(st.integers(0, 10_000), st.floats(0, 2.5))
def test_a_plan_is_between_its_bounds(seed: int, spread: float) -> None:
    spec = spec_of(*SEARCH)
    start, _ = growing.grown(spec, lambda asked: {}, {})
    more = growing.most(spec, {}, start)
    least = growing.least(spec, {})
    whole, _ = all_at_once(spec, outcomes(seed, spread))
    assert least.jobs.keys() <= whole.jobs.keys()
    bound = trainings(start.jobs.values()) + sum(trainings(line) for line in more)
    assert trainings(least.jobs.values()) <= trainings(whole.jobs.values()) <= bound
    assert len(whole.jobs) <= len(start.jobs) + sum(map(len, more))


@pytest.mark.parametrize("seed", range(5))
def test_a_search_needs_few_cells_and_finds_what_a_grid_would(seed: int) -> None:
    spec = spec_of(*SEARCH)
    whole, facts = all_at_once(spec, outcomes(seed, 0.0))
    points = points_of(spec, spec.subnetworks[0])  # type: ignore[arg-type]
    lines: dict[int, dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
    for trial in whole.trials:
        value = facts[trial.key]["instability_test"]
        lines[trial.at.level][trial.at.rewind].append(value)
    assert lines.keys() == {0, 1, 3}
    for level, line in lines.items():
        assert len(line) <= 2 + math.ceil(math.log2(len(points)))
        onset = random.Random(f"{seed} {level}").uniform(-10, 80)
        expected = next((k for k in points if k >= onset), None)
        stable = sorted(k for k, values in line.items() if sum(values) < 2.0 * len(values))
        assert (stable[0] if stable else None) == expected
        before = [k for k in points if expected is None or k < expected]
        assert not before or before[-1] in line  # the point next to it was looked at


def test_an_init_is_added_only_near_the_threshold() -> None:
    spec = spec_of(*SEARCH[:4], "subnetworks=[dense]")

    def near(question: Question) -> Facts:
        first, _ = arms_of(question)
        value = 5.0 if first.begin == 0 else 1.0
        if first.begin == 60:
            value = 1.5 + 0.8 * (first.init_seed % 2)  # 2.3 and 1.5
        return {"instability_test": value}

    whole, _ = all_at_once(spec, near)
    inits: dict[int, set[int]] = defaultdict(set)
    for trial in whole.trials:
        inits[trial.at.rewind].add(trial.at.init_seed)
    assert inits[0] == {1, 2}
    assert inits[60] == {1, 2, 3}


@pytest.mark.parametrize(
    "failed",
    [
        {"diverged_1": True, "instability_test": math.nan},
        {"accuracy_test_1": 10.0, "accuracy_test_2": 10.0, "instability_test": 0.0},
    ],
)
def test_networks_that_failed_are_not_stable(failed: dict[str, Any]) -> None:
    """A path between two networks that guess is flat, as reports know as well."""
    spec = spec_of(*SEARCH[:4], "subnetworks=[dense]")
    usual = {"accuracy_test_1": 90.0, "accuracy_test_2": 90.0}
    usual |= {"test_examples": 797.0, "majority_test": 10.2, "instability_test": 1.0}

    def answer(question: Question) -> Facts:
        first, *_ = arms_of(question)
        return usual if first.begin >= 20 else usual | failed

    whole, _ = all_at_once(spec, answer)
    points = points_of(spec, spec.subnetworks[0])  # type: ignore[arg-type]
    onset = next(k for k in points if k >= 20)
    looked_at = {trial.at.rewind for trial in whole.trials}
    assert {onset, points[points.index(onset) - 1]} <= looked_at


def test_each_init_may_have_an_onset_of_its_own() -> None:
    each = FIND.replace("}", ", per: init}")
    spec = spec_of(SEARCH[0], f"rewind={each}", *SEARCH[2:4], "subnetworks=[dense]")

    def answer(question: Question) -> Facts:
        first, _ = arms_of(question)
        return {"instability_test": 1.0 if first.begin >= 10 * first.init_seed else 5.0}

    whole, _ = all_at_once(spec, answer)
    points = points_of(spec, spec.subnetworks[0])  # type: ignore[arg-type]
    for init in (1, 2, 3):
        looked_at = {t.at.rewind for t in whole.trials if t.at.init_seed == init}
        onset = next(k for k in points if k >= 10 * init)
        assert {onset, points[points.index(onset) - 1]} <= looked_at


def test_the_sparsest_matching_level_is_found_without_the_deepest() -> None:
    spec = spec_of(
        SEARCH[0], "rewind=[0]", "inits=2", "orders=2",
        "subnetworks=[dense, {strategy: imp, levels: {find: matching, between: [1, 25]}}]",
    )  # fmt: skip

    def answer(question: Question) -> Facts:
        first, _second = arms_of(question)
        accuracy = 90.0 + (first.init_seed - 1.5) * 0.2 - (5.0 if first.level > 4 else 0.0)
        return {"accuracy_test_1": accuracy, "accuracy_test_2": accuracy, "instability_test": 1.0}

    whole, _ = all_at_once(spec, answer)
    levels = {trial.at.level for trial in whole.trials if trial.at.strategy == "imp"}
    assert {4, 5} <= levels
    assert max(levels) <= 8
    assert max(job.level for job in whole.jobs.values() if isinstance(job, Mask)) <= 8


@FEW
@given(st.integers(0, 10_000))
def test_adaptive_pruning_ends_at_the_first_level_that_leaves_few(seed: int) -> None:
    spec = spec_of(
        SEARCH[0], "rewind=[0]", "inits=2", "orders=[1]", "measure=accuracy",
        "subnetworks=[{strategy: imp-adaptive, until_left: 9 %}]",
    )  # fmt: skip
    whole, facts = all_at_once(spec, outcomes(seed))
    for init in (1, 2):
        trials = [trial for trial in whole.trials if trial.at.init_seed == init]
        left = [facts[t.arms[0].mask.key]["weights_left"] for t in trials]  # type: ignore[union-attr]
        assert [trial.at.level for trial in trials] == list(range(1, len(trials) + 1))
        assert all(one > 9 for one in left[:-1])
        assert left[-1] <= 9


@pytest.mark.parametrize(
    "subnetworks",
    [
        "[dense, {strategy: imp, levels: [1, 3]}]",
        "[dense, {strategy: imp, rewind: [0], levels: {find: matching, between: [1, 9]}}]",
        "[dense, {strategy: imp-adaptive, rewind: [0, 10], until_left: 9 %}]",
    ],
)
@settings(max_examples=2, deadline=None)
@given(st.integers(0, 10_000), st.floats(0, 2.5))
def test_nothing_comes_to_a_plan_that_was_not_possible(
    subnetworks: str, seed: int, spread: float
) -> None:
    """`sweeps store gc` keeps all that is possible."""
    spec = spec_of(*SEARCH[:4], f"subnetworks={subnetworks}")
    whole, _ = all_at_once(spec, outcomes(seed, spread))
    possible = growing.possible(spec)
    assert whole.jobs.keys() <= possible.keys()


def test_the_key_of_a_submission_does_not_change_as_its_plan_grows() -> None:
    spec = spec_of(*SEARCH)
    start, _ = growing.grown(spec, lambda asked: {}, {})
    whole, _ = all_at_once(spec, outcomes(1))
    assert len(whole.trials) > len(start.trials)
    assert sweep_key(start) == sweep_key(whole)
    other = spec_of(*SEARCH, "rewind.within=20 %")
    assert sweep_key(growing.grown(other, lambda asked: {}, {})[0]) != sweep_key(start)


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("rewind={find: stable}", "rewind.between: this key is missing"),
        ("rewind={find: flat, between: [0, 5]}", "rewind.find: must be stable or matching"),
        ("rewind={find: stable, between: [9, 5]}", "the first, iteration 9, is not before"),
        ("rewind={find: stable, between: [0, 5000]}", "rewind.between[1]: rewind point 5000 is"),
        ("rewind={find: stable, between: [0, 9], within: 0 %}", "rewind.within: must be a share"),
        ("rewind={find: stable, between: [0, 9], per: pair}", "rewind.per: must be mean or init"),
        ("orders=[1]", "orders: a pair needs at least 2"),
        ("compare=[copies, levels]", "compare: pairs of levels need lists"),
        ("compare=levels|subnetworks=[dense]", "compare: pairs of levels need pruned subnetworks"),
        ("rewind={find: stable, between: [9]}", "rewind.between: the list has only 1; wanted is"),
        (
            "subnetworks=[dense, {strategy: imp, levels: {find: matching, between: [1, 60]}}]",
            "subnetworks[1].levels.between[1]: level 60 is impossible",
        ),
        (
            "subnetworks=[{strategy: imp-adaptive, until_left: 9 %, examples: 1001}]",
            "subnetworks[0].examples: examples 1001 is above the 1000 examples of digits",
        ),
        ("rewind={find: matching, between: [0, 9]}|inits=1", "at least 2 of them"),
        (
            "rewind={find: matching, between: [0, 9]}|subnetworks=[{strategy: imp, levels: [1]}]",
            "needs dense among the subnetworks",
        ),
        (
            "subnetworks=[dense, {strategy: imp, levels: {find: matching, between: [3, 1]}}]",
            "subnetworks[1].levels.between: the first, level 3, is not before the last, level 1",
        ),
        (
            "subnetworks=[dense, {strategy: imp, levels: {find: matching, between: [1, 3]}}]",
            "cannot both be searched for",
        ),
        (
            "subnetworks=[{strategy: dense, rewind: {find: matching, between: [0, 9]}}]",
            "dense networks match by definition",
        ),
        (
            "subnetworks=[{strategy: imp-adaptive, until_left: 9 %}]",
            "imp-adaptive needs a list of rewind points",
        ),
    ],
)  # fmt: skip
def test_a_search_that_makes_no_sense_is_one_line(override: str, words: str) -> None:
    from sweeps.errors import UserError

    with pytest.raises(UserError) as raised:
        spec_of(*SEARCH, *override.split("|"))
    line: Any = str(raised.value)
    assert words in line
    assert "\n" not in line


@settings(max_examples=4, deadline=None)
@given(st.integers(0, 10_000))
def test_a_search_for_a_level_stays_within_its_bounds(seed: int) -> None:
    """Wherever the last matching level is, between the first that fails and all that match."""
    search = "{strategy: imp, levels: {find: matching, between: [1, 12]}}"
    spec = spec_of("rewind=[0]", "inits=2", "orders=2", f"subnetworks=[dense, {search}]")
    last = random.Random(seed).randint(0, 12)

    def answers(asked: Iterable[Question]) -> dict[str, Facts]:
        found = {}
        for one in asked:
            accuracy = 97.0 if arms_of(one)[0].level <= last else 60.0
            names = ("accuracy_test", "accuracy_test_1", "accuracy_test_2")
            found[one.job.key] = {"instability_test": 1.0, **dict.fromkeys(names, accuracy)}
        return found

    start = growing.grown(spec, lambda asked: {}, {})[0]
    whole = growing.grown(spec, answers, {})[0]
    least = growing.least(spec, {})
    most = len(start.jobs) + sum(map(len, growing.most(spec, {}, start)))
    assert len(least.jobs) <= len(whole.jobs) <= most
    assert least.trials != whole.trials or last == 0
