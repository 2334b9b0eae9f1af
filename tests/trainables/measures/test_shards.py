"""Measurements in parts against the same ones in one."""

import math
from dataclasses import replace

import pytest
from job_samples import damage, do, payload
from measure_samples import pair_of_levels

from trainables import measures
from trainables.jobs.ancestry import ancestry, needed
from trainables.jobs.events import Measured
from trainables.jobs.measurements import decode
from trainables.measures import shards as sharding
from trainables.measures.shards import joined, shards
from trainables.recipes import RECIPES
from trainables.store import Store


@pytest.fixture
def store(tmp_path):
    return Store(str(tmp_path / "store"))


@pytest.fixture
def in_parts(monkeypatch):
    """Make a plane of digits-mlp with 7 x 7 points, 9e8 operations, one of 5 parts."""
    return lambda: monkeypatch.setattr(sharding, "OPERATIONS", {"cpu": 2e8, "cuda": 2e8})


def plane(recipe):
    _, dense, _, sparse = pair_of_levels(recipe)
    return measures.measured("plane", [dense, sparse], side=7)


def work(**options):
    return measures.wanted("plane", options).work


@pytest.mark.parametrize(
    ("recipe", "options", "expected"),
    [
        ("digits-mlp", {}, 1),
        ("lenet-mnist", {}, 1),
        ("lenet-mnist", {"split": "train"}, 1),
        ("resnet20-cifar10", {"examples": 100}, 1),
        ("resnet20-cifar10", {}, 43),  # 2601 x 10,000 images of 81.6 million operations
        ("resnet50-imagenet", {}, 100),
    ],
)
def test_what_takes_long_is_divided(recipe, options, expected):
    assert shards(work(**options), replace(RECIPES[recipe], device="cpu")) == expected


def test_a_gpu_is_given_more():
    on = [replace(RECIPES["resnet50-imagenet"], device=device) for device in ("cpu", "cuda")]
    many, few = (shards(work(side=11), recipe) for recipe in on)
    assert 1 < few < many <= 100


def test_other_measures_are_not():
    recipe = RECIPES["resnet50-imagenet"]
    assert shards(measures.wanted("disagreement", {}).work, recipe) == 1


def test_parts_have_keys_of_their_own_and_the_whole_has_its_own_still(short, in_parts):
    whole = plane(short())
    assert not whole.shards
    in_parts()
    job = plane(short())
    assert job.key == whole.key
    assert job.title == whole.title
    keys, titles = ({getattr(one, name) for one in job.shards} for name in ("key", "title"))
    assert len(keys | {job.key}) == len(titles | {job.title}) == 6
    assert job.shards[2].title == f"{job.title}, part 3 of 5"
    assert {one.task for one in job.shards} == {"measure: plane, in parts"}


def test_the_whole_waits_for_its_parts_and_they_for_the_networks(short, in_parts):
    in_parts()
    job = plane(short())
    jobs = {one.key: one for one in ancestry([job])}
    assert list(jobs)[-1] == job.key
    assert len(jobs) == 4 + 5 + 1
    done = {one.key for one in job.shards}
    assert list(needed(jobs, [job.key], done)) == [job.key]
    left = needed(jobs, [job.key], done - {job.shards[3].key})
    assert [one.title for one in left.values()][-2:] == [job.shards[3].title, job.title]


def test_in_parts_and_in_one_have_the_same_bits(store, short, in_parts, tmp_path):
    whole = plane(short())
    do(store, *ancestry([whole]))
    expected = payload(store, whole)
    in_parts()
    job, other = plane(short()), Store(str(tmp_path / "other"))
    for one in ancestry([job]):
        told = [event.share for event in do(other, one) if isinstance(event, Measured)]
        assert told == sorted(told)
        assert one not in job.shards or told[-1] == pytest.approx(1, abs=0.1)  # 9 or 10 points
    assert payload(other, job) == expected
    first, second = (decode(one, payload(other, one)) for one in job.shards[:2])
    assert (len(first["plane_error"]), len(second["plane_error"])) == (9, 10)
    assert math.isnan(first["plane_error_1"])
    spent = [other.facts(one.kind, one.key)["seconds"] for one in job.shards]
    assert other.facts(job.kind, job.key)["seconds"] >= sum(spent)


@pytest.mark.parametrize("how", ["damaged", "missing", "not JSON"])
def test_a_part_that_cannot_be_read_is_done_anew(store, short, in_parts, how):
    in_parts()
    job = plane(short())
    do(store, *ancestry([job]))
    expected = payload(store, job)
    part = job.shards[1]
    match how:
        case "damaged":
            damage(store, part)
        case "missing":
            store.delete(part.kind, part.key)
        case _:
            store.write(part.kind, part.key, b"{", "json")
    store.delete(job.kind, job.key)
    do(store, job)
    assert payload(store, job) == expected


def test_with_a_diverged_network_there_is_nothing_in_any_part(store, short, in_parts):
    nothing = {"weights_left": 100.0, **measures.find("plane").nothing()}
    whole = joined([nothing, nothing])
    assert whole["plane_error"] == []
    assert math.isnan(whole["plane_error_1"])
    assert whole["weights_left"] == 100
