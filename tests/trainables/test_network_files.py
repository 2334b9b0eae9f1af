"""Networks in files: however they were written, the same weights; and paths between them."""

from __future__ import annotations

import io

import pytest
import samples
import torch
from job_samples import NEVER, payload
from safetensors.torch import save

from trainables import data, network_files, networks
from trainables.jobs.execute import Executor
from trainables.jobs.given import LostFileError
from trainables.jobs.kinds import Given
from trainables.jobs.measurements import decode
from trainables.measures import measured
from trainables.recipes import RECIPES
from trainables.store import Store, tensors

RECIPE = RECIPES["digits-mlp"]
NETWORK = RECIPE.architecture


def network(seed):
    torch.manual_seed(seed)
    found = networks.build(NETWORK)
    with torch.no_grad():
        for value in found.parameters():
            value.copy_(0.2 * torch.randn_like(value))
        for name, value in found.named_buffers():
            value.copy_(torch.rand_like(value) + 0.5 * name.endswith("var"))
    return found.eval()


def saved(held):
    content = io.BytesIO()
    torch.save(held, content)
    return content.getvalue()


STATE = network(1).state_dict()

WRITTEN = {
    "plain.pt": saved(STATE),
    "plain.safetensors": save(STATE),
    "double.pth": saved({name: value.double() for name, value in STATE.items()}),
    "parallel.pt": saved({f"module.{name}": value for name, value in STATE.items()}),
    "compiled.pt": saved({f"_orig_mod.module.{n}": value for n, value in STATE.items()}),
    "whole.ckpt": saved({"epoch": 3, "state_dict": STATE, "optimizer": {"state": {}}}),
    "counted.bin": saved({**STATE, "norms.0.num_batches_tracked": torch.tensor(7)}),
}


@pytest.mark.parametrize("name", WRITTEN)
def test_however_it_was_written_it_is_the_same_network(tmp_path, name):
    (tmp_path / name).write_bytes(WRITTEN[name])
    found = network_files.read(str(tmp_path / name), NETWORK)
    assert found.keys() == STATE.keys()
    assert all(torch.equal(found[n], value) for n, value in STATE.items())
    assert network_files.content_of(found) == network_files.content_of(dict(STATE))


def test_half_precision_becomes_32_bits(tmp_path):
    (tmp_path / "half.pt").write_bytes(saved({n: v.half() for n, v in STATE.items()}))
    found = network_files.read(str(tmp_path / "half.pt"), NETWORK)
    assert all(torch.equal(found[n], value.half().float()) for n, value in STATE.items())
    assert network_files.content_of(found) != network_files.content_of(dict(STATE))


def test_a_url_is_read_as_a_path_is():
    import fsspec

    fsspec.filesystem("memory").pipe("/nets/a.safetensors", WRITTEN["plain.safetensors"])
    found = network_files.read("memory://nets/a.safetensors", NETWORK)
    assert network_files.content_of(found) == network_files.content_of(dict(STATE))


def given(name, held):
    content = network_files.content_of(held)
    return Given(of=RECIPE, content=content, name=name, address=f"/nowhere/{name}")


@pytest.fixture
def store(tmp_path):
    return Store(str(tmp_path / "store"))


@pytest.fixture
def pair(store):
    """Two jobs of files, whose weights are in the store; and their networks."""
    nets = [network(1), network(2)]
    with torch.no_grad():  # the first is a pruned one
        nets[0].linears[0].weight[:, ::2] = 0
    jobs = []
    for name, net in zip("ab", nets, strict=True):
        held = {n: value.clone() for n, value in net.state_dict().items()}
        jobs.append(given(name, held))
        store.write("given", jobs[-1].key, tensors.to_bytes(held), tensors.SUFFIX)
    return jobs, nets


def test_instability_is_that_of_a_plain_loop_over_the_path(store, pair):
    jobs, (first, second) = pair
    job = measured("instability", jobs, points=5)
    list(Executor(store, samples.FOLDER, NEVER).run(job))
    values = decode(job, payload(store, job))
    test = data.load(RECIPE, samples.FOLDER).test
    inputs, errors = test.inputs(test.images), []
    middle = networks.build(NETWORK).eval()
    for alpha in (0, 0.25, 0.5, 0.75, 1):
        mixed = {
            name: alpha * value + (1 - alpha) * second.state_dict()[name]
            for name, value in first.state_dict().items()
        }
        middle.load_state_dict(mixed, strict=False)
        with torch.no_grad():
            wrong = middle(inputs).argmax(1) != test.labels
        errors.append(100 * wrong.double().mean().item())
    one_example = 100 / len(test.labels)  # ties may fall otherwise
    assert values["path_error_test"] == pytest.approx(errors, abs=1.01 * one_example)
    assert values["accuracy_test_1"] == pytest.approx(100 - errors[-1], abs=1.01 * one_example)
    expected = max(errors) - (errors[0] + errors[-1]) / 2
    assert values["instability_test"] == pytest.approx(expected, abs=2.01 * one_example)
    names = networks.prunable(first)
    weights = [first.state_dict()[name] for name in names]
    left = sum(int((w != 0).sum()) for w in weights) / sum(w.numel() for w in weights)
    assert values["weights_left"] == pytest.approx(100 * left)


@pytest.mark.parametrize("damaged", [False, True])
def test_a_network_that_the_store_lost_is_told(store, pair, damaged):
    jobs, _ = pair
    if damaged:
        store.write("given", jobs[1].key, b"no tensors", tensors.SUFFIX)
    else:
        store.delete("given", jobs[1].key)
    job = measured("distance", jobs)
    with pytest.raises(LostFileError, match="weights of b; run the sweep again where /nowhere/b"):
        list(Executor(store, samples.FOLDER, NEVER).run(job))


def test_names_and_addresses_are_no_part_of_the_key(pair):
    (one, other), _ = pair
    same = Given(of=RECIPE, content=one.content, name="x", address="/y")
    assert same.key == one.key != other.key
    assert measured("distance", [one, other]).title == "distance: a, b"
