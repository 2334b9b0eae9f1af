"""From weights and data to the checked values of a measure, as the executor does it."""

from __future__ import annotations

import math

import pytest
import samples
import torch
from job_samples import NEVER, do, family

from trainables import measures, networks
from trainables.jobs import measurements
from trainables.jobs.execute import Executor
from trainables.measures import Column, Measure, measured
from trainables.registry import PluginError


def of(compute, *columns, **others):
    """A measure of columns by their names; `name/axis` has an axis."""
    parsed = [name.partition("/") for name in columns]
    return Measure(
        name="own",
        columns=tuple(Column(name=name, axis=axis or None) for name, _, axis in parsed),
        compute=compute,
        **others,
    )


@pytest.fixture
def own(monkeypatch):
    """Put a measure into the table under the name `own`."""
    held = {}
    monkeypatch.setitem(measures.MEASURES, "own", f"{__name__}:MEASURE")
    find = measures.find
    monkeypatch.setattr(measures, "find", lambda name: held.get(name) or find(name))

    def put(measure):
        held["own"] = measure
        return "own"

    return put


def values_of(store, short, name, **changes):
    jobs = family(short(**changes))
    job = measured(name, [jobs["arm"], jobs["second arm"]])
    do(store, *job.inputs, job)
    return measurements.decode(job, store.read(job.kind, job.key).payload)


def test_a_measure_sees_the_networks_their_masks_and_the_data(store, short, own):
    seen = {}

    def compute(weights, context, options):
        seen["weights"] = weights
        seen["masks"] = context.masks
        score = context.score(weights[0], "test")
        context.progress(0.5)
        return {"own_error": score.error, "own_norms": [w["output.weight"].norm() for w in weights]}

    found = values_of(store, short, own(of(compute, "own_error", "own_norms/network")))
    assert seen["masks"] == [None, None]
    assert len(seen["weights"]) == 2
    assert 0 < found["own_error"] < 100
    norms = [float(one["output.weight"].norm()) for one in seen["weights"]]
    assert found["own_norms"] == pytest.approx(norms)
    assert found["weights_left"] == 100


def test_a_measure_may_need_gradients(store, short, own):
    def compute(weights, context, options):
        network = context.network({n: w.clone() for n, w in weights[0].items()})
        examples = context.split("train")
        logits = network(examples.inputs(examples.images[:64]))
        loss = torch.nn.functional.cross_entropy(logits, examples.labels[:64])
        gradients = torch.autograd.grad(loss, list(network.parameters()))
        return {"own_gradient": sum(g.square().sum() for g in gradients).sqrt()}

    assert values_of(store, short, own(of(compute, "own_gradient")))["own_gradient"] > 0


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({}, "it returned no value for the column 'own_a'"),
        ({"own_a": 1.0, "own_b": 2.0}, "it returned 'own_b', which is none of its columns"),
        ({"own_a": "high"}, "own_a must be a number, not 'high'"),
        ({"own_a": torch.zeros(3)}, "own_a must be a number"),
        ([1.0], "it returned a list, not a mapping"),
        (None, "it returned a NoneType"),
    ],
)
def test_what_its_columns_do_not_say_is_one_line(store, short, own, values, words):
    with pytest.raises(PluginError, match=f"^measure own: {words}"):
        values_of(store, short, own(of(lambda *_: values, "own_a")))


@pytest.mark.parametrize("values", [1.0, "abc", None, {"a,b": 1.0}, {"a\n": 1.0}, ["x"], []])
def test_what_has_an_axis_is_a_list_or_a_mapping_of_numbers(store, short, own, values):
    with pytest.raises(PluginError, match=r"^measure own: own_a"):
        values_of(store, short, own(of(lambda *_: {"own_a": values}, "own_a/layer")))


def test_lists_along_one_axis_are_of_one_length(store, short, own):
    name = own(of(lambda *_: {"own_a": [1.0, 2.0], "own_b": [1.0]}, "own_a/layer", "own_b/layer"))
    with pytest.raises(PluginError, match="own_b has 1 values along layer, but own_a 2"):
        values_of(store, short, name)


def test_with_a_diverged_network_there_is_nothing_to_measure(store, short, own):
    def compute(weights, context, options):
        raise AssertionError("called with a diverged network")

    name = own(of(compute, "own_a", "own_b/layer"))
    found = values_of(store, short, name, learning_rate=1e30)
    assert math.isnan(found["own_a"])
    assert found["own_b"] == []


def test_what_it_draws_is_the_same_in_every_process(store, short, own):
    name = own(of(lambda *_: {"own_a": torch.rand(())}, "own_a"))
    first = values_of(store, short, name)
    for artifact in ("arm", "second arm"):
        job = family(short())[artifact]
        assert store.complete([(job.kind, job.key)])
    job = measured(name, [family(short())[one] for one in ("arm", "second arm")])
    store.delete(job.kind, job.key)
    torch.manual_seed(9)
    assert values_of(store, short, name)["own_a"] == first["own_a"]
    torch.manual_seed(9)
    assert torch.rand(()) == torch.rand((), generator=torch.Generator().manual_seed(9))


def test_leaving_it_ends_it_and_stores_nothing(store, short, own):
    ended = []

    def compute(weights, context, options):
        try:
            for number in range(1000):
                context.progress(number / 1000)
        finally:
            ended.append(True)
        return {"own_a": 1.0}

    jobs = family(short())
    job = measured(own(of(compute, "own_a")), [jobs["arm"], jobs["second arm"]])
    do(store, *job.inputs)
    running = Executor(store, samples.FOLDER, NEVER).run(job)
    next(running)
    running.close()
    assert ended == [True]
    assert not store.complete([(job.kind, job.key)])


def test_keys_have_what_decides_the_values(short):
    jobs = family(short())
    pair = [jobs["arm"], jobs["second arm"]]
    plain = measured("disagreement", pair)
    assert measured("disagreement", pair[::-1]) != plain
    assert measured("disagreement", pair, train_examples=50) != plain
    assert measured("disagreement", pair, train_examples=None) == plain
    assert measured("distance", pair) != plain


def test_what_it_changes_later_jobs_do_not_see(store, short, own):
    """Weights, masks and the tensors of a worker's memory are the measure's own."""

    def spoil(weights, context, options):
        for one in (*weights, *context.masks):
            for tensor in one.values():
                tensor.zero_()
        return {"own_a": 0.0}

    jobs = family(short())
    pair = [jobs["masked"], jobs["second masked"]]
    spoiling = measured(own(of(spoil, "own_a")), pair)
    wanted = jobs["sparse instability"]
    do(store, *wanted.inputs, wanted)
    payload = store.read(wanted.kind, wanted.key).payload
    store.delete(wanted.kind, wanted.key)
    executor = Executor(store, samples.FOLDER, NEVER)
    for job in (spoiling, wanted):
        list(executor.run(job))
    assert store.read(wanted.kind, wanted.key).payload == payload


def test_examples_that_it_changes_are_read_anew(store, short, own):
    before = samples.digits().test.images.clone()

    def spoil(weights, context, options):
        context.split("test").images.add_(1)
        return {"own_a": 0.0}

    with pytest.raises(PluginError, match="it changed the examples in place; copy them"):
        values_of(store, short, own(of(spoil, "own_a")))
    assert torch.equal(samples.digits().test.images, before)


def test_weights_come_in_the_networks_order(store, short, own):
    """Not in that of their file, which differs: what is drawn for them would be another's."""
    seen = []

    def look(weights, context, options):
        seen.extend(list(one) for one in weights)
        return {"own_a": 0.0}

    values_of(store, short, own(of(look, "own_a")))
    order = list(networks.state(networks.build("digits-mlp")))
    assert seen == [order, order]


def test_there_are_two_splits(store, short, own):
    with pytest.raises(ValueError, match=r"there is no split 'valid'; allowed: test, train"):
        values_of(store, short, own(of(lambda w, c, o: c.split("valid"), "own_a")))
