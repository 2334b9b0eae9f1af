"""Artifacts that agree with their checksums, but do not hold what their kinds hold."""

import json
import math
from itertools import takewhile
from pathlib import Path

import pytest
import samples
import torch
from job_samples import NEVER, checkpoint_of, do, held, payload

from analysis import records
from trainables.jobs import measurements
from trainables.jobs.contents import CHECKPOINT
from trainables.jobs.execute import Executor
from trainables.jobs.kinds import pretrained
from trainables.store import Store, Unreadable, tensors


def aside(store, kind):
    folder = Path(store.url) / "damaged" / kind
    return [file.name for file in folder.iterdir()] if folder.exists() else []


def rewrite(store, kind, key, payload, **facts):
    """With a checksum and a size that are right."""
    store.delete(kind, key)
    store.write(kind, key, payload, "any", **facts)


# --- artifacts --------------------------------------------------------------------------------


def without(name):
    return lambda held: {key: value for key, value in held.items() if key != name}


def changed(name, change):
    return lambda held: held | {name: change(held[name])}


UNREADABLE = {
    "no tensors at all": ("arm", "mask", lambda held: b"\xff no tensors"),
    "empty": ("arm", "mask", lambda held: b""),
    "json": ("wk", "arm", lambda held: b'{"weights": []}'),
    "an arm without a layer": ("arm", "mask", without("linears.3.weight")),
    "an arm without statistics": ("second arm", "instability", without("norms.0.running_var")),
    "an arm with a tensor too many": ("arm", "mask", lambda h: h | {"other": torch.ones(1)}),
    "an arm of another shape": ("arm", "mask", changed("output.weight", lambda t: t[:, :-1])),
    "an arm in double precision": ("arm", "mask", changed("output.weight", lambda t: t.double())),
    "a state of an arm's form": ("wk", "arm", lambda held: tensors.part(held, "weights")),
    "a state without its optimizer": (
        "wk", "second arm", lambda h: {n: t for n, t in h.items() if n.startswith("weights:")},
    ),
    "a state without one slot": ("wk", "arm", without("optimizer:momentum/output.bias")),
    "an initial state of another form": ("w0", "wk", changed("weights:output.bias", torch.diag)),
    "a mask without a layer": ("mask", "masked", without("output.weight")),
    "a mask of numbers": ("mask", "masked", changed("output.weight", lambda t: t.float())),
    "a random mask of another shape": (
        "random mask", "random arm", changed("output.weight", torch.t),
    ),
}  # fmt: skip
"""What is wrong -> whose artifact, which job reads it, and what it holds instead."""


@pytest.mark.parametrize(("name", "reader", "change"), UNREADABLE.values(), ids=UNREADABLE)
def test_an_input_that_cannot_be_read_is_made_again(store, jobs, undisturbed, name, reader, change):
    done = [*takewhile(lambda job: job != jobs[reader], jobs.values()), jobs[name]]
    do(store, *done)
    job = jobs[name]
    content = change(held(store, job))
    if not isinstance(content, bytes):
        content = tensors.to_bytes(content)
    rewrite(store, job.kind, job.key, content)
    do(store, jobs[reader])
    assert payload(store, jobs[reader]) == undisturbed[reader]
    assert payload(store, job) == undisturbed[name]
    assert len([file for file in aside(store, job.kind) if job.key in file]) == 2


# --- checkpoints ------------------------------------------------------------------------------


def stopped_after(store, job, iterations):
    running = Executor(store, samples.FOLDER, NEVER).run(job)
    for _ in range(iterations):
        next(running)
    running.close()


@pytest.mark.parametrize(
    ("change", "facts"),
    [
        (lambda held: b"no tensors", {"iteration": 25}),
        (lambda held: held, {}),
        (lambda held: held, {"iteration": "25"}),
        (lambda held: held, {"iteration": 61}),
        (lambda held: held, {"iteration": 19}),
        (without("weights:output.weight"), {"iteration": 25}),
        (without("optimizer:momentum/output.weight"), {"iteration": 25}),
    ],
    ids=["bytes", "no iteration", "text", "past the end", "before the start", "weights", "slots"],
)
def test_a_checkpoint_that_cannot_be_read_is_begun_anew(
    store, jobs, undisturbed, every_iteration, change, facts
):
    job = jobs["arm"]
    do(store, *job.inputs)
    stopped_after(store, job, 5)
    assert checkpoint_of(store, job) == 25
    content = change(tensors.from_bytes(store.read(CHECKPOINT, job.key).payload))
    if not isinstance(content, bytes):
        content = tensors.to_bytes(content)
    rewrite(store, CHECKPOINT, job.key, content, **facts)
    executor = Executor(store, samples.FOLDER, NEVER)
    list(executor.run(job))
    assert executor.trained_iterations == 40
    assert payload(store, job) == undisturbed["arm"]
    assert len(aside(store, CHECKPOINT)) == 2


def test_a_checkpoint_of_a_training_from_an_earlier_state_is_good(
    store, jobs, undisturbed, every_iteration
):
    """The key of a state does not say from which earlier one it is trained."""
    direct = pretrained(jobs["wk"].of, 1, 0, 20)
    assert direct.key == jobs["wk"].key
    stopped_after(store, direct, 5)
    executor = Executor(store, samples.FOLDER, NEVER)
    list(executor.run(jobs["wk"]))
    assert executor.trained_iterations == 15
    assert payload(store, jobs["wk"]) == undisturbed["wk"]
    assert not aside(store, CHECKPOINT)


# --- measurements -----------------------------------------------------------------------------


def test_what_jobs_store_can_be_decoded(jobs, undisturbed):
    for name in ("instability", "sparse instability"):
        values = measurements.decode(jobs[name], undisturbed[name])
        assert values.keys() >= {*measurements.NUMBERS, *measurements.CURVES}


def test_measurements_hold_what_is_recorded():
    of_all = {"weights_left", "weights_left_2"}
    assert {*measurements.NUMBERS, *of_all} == set(records.SCALAR_METRICS)
    assert set(measurements.CURVES) == set(records.CURVE_METRICS)


def test_numbers_may_be_infinite_or_none_at_all(jobs, undisturbed):
    values = json.loads(undisturbed["instability"])
    values["path_loss_test"][2], values["instability_test"] = math.inf, math.nan
    decoded = measurements.decode(jobs["instability"], json.dumps(values).encode())
    assert decoded["path_loss_test"][2] == math.inf
    assert math.isnan(decoded["instability_test"])


def dropped(name):
    return lambda values: {key: value for key, value in values.items() if key != name}


@pytest.mark.parametrize(
    "change",
    [
        lambda values: b"",
        lambda values: b"\xff\xfe",
        lambda values: b'{"instability_test": 1',
        lambda values: [values],
        lambda values: None,
        dropped("instability_train"),
        dropped("accuracy_test_2"),
        dropped("weights_left"),
        dropped("path_error_test"),
        lambda values: values | {"instability_test": "high"},
        lambda values: values | {"instability_test": True},
        lambda values: values | {"path_loss_train": values["path_loss_train"][:-1]},
        lambda values: values | {"path_loss_train": [None] * 5},
        lambda values: values | {"path_loss_train": 0.5},
    ],
)
def test_a_measurement_that_cannot_be_read_is_missing(store, jobs, undisturbed, change):
    job, other = jobs["instability"], jobs["sparse instability"]
    content = change(json.loads(undisturbed["instability"]))
    if not isinstance(content, bytes):
        content = json.dumps(content).encode()
    with pytest.raises(Unreadable):
        measurements.decode(job, content)
    store.write(job.kind, job.key, content, "json")
    store.write(other.kind, other.key, undisturbed["sparse instability"], "json")
    assert measurements.sound(store, [job, other]) == {other.key}
    assert store.complete([(j.kind, j.key) for j in (job, other)]) == {other.key}
    assert len(aside(store, job.kind)) == 2


def test_no_measurement_is_not_an_unreadable_one(jobs, tmp_path):
    store = Store(str(tmp_path))
    assert measurements.sound(store, [jobs["instability"]]) == set()
    assert not aside(store, "instability")
