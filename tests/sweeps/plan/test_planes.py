"""Planes of two levels: what they cost, and how their parts are handed out."""

from __future__ import annotations

import pytest

from sweeps.errors import UserError
from sweeps.loading import load
from sweeps.plan import cost, expand
from sweeps.plan.storage import stored_bytes
from sweeps.running.schedule import Schedule
from trainables import measures
from trainables.jobs.ancestry import ancestry, needed
from trainables.jobs.kinds import Measurement, pretrained, pruned, trained
from trainables.recipes import RECIPES

LEVELS = (
    *("compare=levels", "inits=1", "orders=[1]", "rewind=[0]"),
    "subnetworks=[{strategy: imp, levels: 1-2}]",
    "measure=[instability, plane]",
)


def plane(recipe: str, **options: object) -> Measurement:
    start = pretrained(RECIPES[recipe], 1, 0, 0)
    dense = trained(start, 0, 1)
    return measures.measured("plane", [dense, trained(start, 0, 1, pruned(dense))], **options)


@pytest.mark.parametrize("recipe", ["digits-mlp", "lenet-mnist"])
def test_a_plane_costs_what_as_many_points_of_a_path_cost(recipe: str) -> None:
    """Of both splits: a path is on all examples. It has two ends, a plane three networks."""
    test, train = (cost.seconds(plane(recipe, split=split)) for split in ("test", "train"))
    start = pretrained(RECIPES[recipe], 1, 0, 0)
    pair = [trained(start, 0, order) for order in (1, 2)]
    path = cost.seconds(measures.measured("instability", pair, points=51**2))
    assert test + train == pytest.approx(path, abs=2 * cost.SECONDS_PER_JOB, rel=0.003)


def test_a_sample_costs_its_share() -> None:
    whole, tenth = (cost.seconds(plane("lenet-mnist", examples=n)) for n in (None, 1000))
    assert tenth - cost.SECONDS_PER_JOB == pytest.approx((whole - cost.SECONDS_PER_JOB) / 10)


def test_parts_cost_their_share_and_joining_them_next_to_nothing() -> None:
    job = plane("resnet20-cifar10")
    assert cost.seconds(job) == cost.SECONDS_PER_JOB
    each = {cost.seconds(part) for part in job.shards}
    assert len(each) == 1
    assert 100 < each.pop() < 1000
    parts = sum(map(stored_bytes, job.shards))
    assert parts == pytest.approx(stored_bytes(job), rel=0.1)


def test_every_worker_takes_a_part_and_the_whole_comes_last() -> None:
    job = plane("resnet20-cifar10")
    jobs = {one.key: one for one in ancestry([job])}
    trained_ones = set(jobs) - {job.key, *(part.key for part in job.shards)}
    schedule = Schedule(needed(jobs, [job.key], trained_ones), workers=50)
    batches = [schedule.next_batch(str(number)) for number in range(50)]
    handed = [batch for batch in batches if batch]
    assert [len(batch) for batch in handed] == [1] * len(job.shards)
    assert {batch[0].key for batch in handed} == {part.key for part in job.shards}
    for number, batch in enumerate(handed):
        assert not schedule.ready
        schedule.job_done(batch[0].key)
        schedule.batch_ended(str(number))
    assert [one.key for one in schedule.next_batch("last") or []] == [job.key]


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ("side: 1", "side must be from 2 to 1000, not 1"),
        ("margin: -1", "margin must be from 0 to 10, not -1"),
        ("split: valid", "split"),
        ("points: 51", "unknown option; allowed: side, margin, split, examples"),
    ],
)
def test_a_wrong_option_is_told_in_a_line(option: str, words: str) -> None:
    with pytest.raises(UserError, match=words) as raised:
        load("digits-mlp", [*LEVELS, f"measure=[instability, {{measure: plane, {option}}}]"])
    assert "\n" not in str(raised.value)


def test_the_points_of_paths_leave_the_grid_alone() -> None:
    sweep = load("digits-mlp", [*LEVELS, "path_points=7"])[0]
    assert sweep.measure[1].options == ()


def test_a_spec_that_compares_levels_has_a_plane_of_each_step() -> None:
    plan = expand(load("digits-mlp", [*LEVELS, "measure=plane"])[0])
    assert [len(trial.parts) for trial in plan.trials] == [1, 1]
    for trial, level in zip(plan.trials, (1, 2), strict=True):
        (job,) = trial.measurements
        assert [one.mask.level if one.mask else 0 for one in job.of] == [level - 1, level]
