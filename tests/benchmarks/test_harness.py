"""Medians, spreads, ratios, targets and their JSON."""

from __future__ import annotations

import json
import time

import pytest

from benchmarks import harness
from benchmarks.harness import QUICK, Effort, Row, Spread, Target, compare, estimate, seconds


def test_spread():
    assert Spread.of([3.0, 1.0, 2.0, 10.0]) == Spread(2.5, 1.0, 10.0)
    assert Spread.of([3.0, 1.0, 2.0]).times(10) == Spread(20.0, 10.0, 30.0)
    assert Spread.once(4.0) == Spread.of([4.0])


def test_effort_scales_counts_but_never_to_nothing():
    assert [Effort(1, scale).of(400) for scale in (1.0, 0.2, 0.0)] == [400, 80, 1]
    assert QUICK.of(400) < 400


def test_targets_are_bounds_of_the_median():
    assert Target(least=5).reached(5.0)
    assert not Target(least=5).reached(4.99)
    assert Target(most=80).reached(80.0)
    assert not Target(least=0.5, most=1.5).reached(1.6)
    assert [str(Target(least=5)), str(Target(most=0.3)), str(Target(0.5, 1.5))] == [
        "≥ 5", "≤ 0.3", "0.5 to 1.5",
    ]  # fmt: skip


def test_a_target_is_of_the_ratio_where_there_is_one():
    row = Row("work", Spread.once(2.0), "s", target=Target(least=5))
    assert row.reached is False
    ratio = Spread(6.0, 4.0, 7.0)
    assert Row("work", Spread.once(2.0), "s", ratio=ratio, target=Target(least=5)).reached is True
    assert Row("work", Spread.once(2.0), "s").reached is None


@pytest.mark.parametrize(
    "row",
    [
        Row("work", Spread(1.0, 0.5, 2.0), "ms"),
        Row(
            "work", Spread.once(1.0), "ms", Spread.once(6.0), Spread(6.0, 5.0, 7.0),
            Target(least=5), "a note", "errors differ",
        ),
    ],
)  # fmt: skip
def test_rows_survive_json(row):
    text = json.dumps(row.as_json())
    assert Row.from_json(json.loads(text)) == row
    assert json.loads(text)["reached"] == row.reached


def test_comparison_takes_turns_and_pairs_each_turn(monkeypatch):
    """Clock readings are made up: ours takes 2 s then 4 s, the other 10 s then 12 s."""
    turns = []
    took = iter([9.0, 9.0, 2.0, 10.0, 4.0, 12.0])  # the first pair warms up

    def measured(work):
        work()
        return next(took)

    monkeypatch.setattr(harness, "seconds", measured)
    monkeypatch.setattr(harness, "HELD_BYTES", 2**20)
    found = compare(lambda: turns.append("ours"), lambda: turns.append("other"), repeats=2, per=2)
    assert turns == ["ours", "other"] * 3
    assert found.ours == Spread(1.5, 1.0, 2.0)
    assert found.against == Spread(5.5, 5.0, 6.0)
    assert found.ratio == Spread(4.0, 3.0, 5.0)


def test_seconds_are_processor_time():
    assert seconds(lambda: time.sleep(0.2)) < 0.1


def test_an_estimate_is_good_within_a_quarter():
    assert estimate("x", planned=12.0, measured=10.0).reached
    assert estimate("x", planned=8.5, measured=10.0).reached
    assert not estimate("x", planned=13.0, measured=10.0).reached
    assert not estimate("x", planned=7.5, measured=10.0).reached
