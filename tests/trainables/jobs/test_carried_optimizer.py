"""Arms that go on with the optimizer's state at k (`optimizer_at_rewind: carried`)."""

from __future__ import annotations

import pytest
import samples
import torch
from job_samples import NEVER, do, family, held, payload
from torch import nn
from workers import in_team

from trainables.jobs.execute import Executor
from trainables.jobs.kinds import pretrained, pruned, trained
from trainables.store import Store, tensors
from trainables.training import loop
from trainables.training.by_hand import sparse
from trainables.training.order import DataOrder

T, K = 60, 20
SGD = {"momentum": 0.9, "weight_decay": 1e-4}
ADAM = {"optimizer": "adam", "momentum": 0.0, "learning_rate": 0.01, "weight_decay": 0.0}
CARRIED = {"optimizer_at_rewind": "carried"}

both_optimizers = pytest.mark.parametrize("optimizer", [SGD, ADAM], ids=["sgd", "adam"])


def arm(recipe, order, mask=None):
    return trained(pretrained(recipe, 1, 0, K, pretrained(recipe, 1, 0, 0)), K, order, mask)


def stepped(network, optimizer, rate, iterations, order_seed, masks=()):
    """Train a Sequential by torch's own optimizer, which keeps its state."""
    examples, loss = samples.digits().train, nn.CrossEntropyLoss()
    for iteration in iterations:
        for group in optimizer.param_groups:
            group["lr"] = rate * (1 if iteration < 30 else 0.1 if iteration < 45 else 0.01)
        batch = DataOrder(1000, 16, order_seed).batch(iteration)
        optimizer.zero_grad()
        loss(network(examples.images[batch].flatten(1)), examples.labels[batch]).backward()
        optimizer.step()
        for weight, mask in masks:
            weight.data *= mask


@both_optimizers
@pytest.mark.parametrize("sparse", [False, True], ids=["dense", "pruned"])
def test_it_is_torchs_optimizer_going_on(store, short, plain, optimizer, sparse):
    recipe = short(**optimizer, **CARRIED)
    mask = pruned(arm(recipe, 1)) if sparse else None
    job = arm(recipe, 2, mask)
    do(store, job)

    network = plain.network(_initial(store, recipe))
    if recipe.optimizer == "adam":
        torchs = torch.optim.Adam(network.parameters(), fused=True)
    else:
        torchs = torch.optim.SGD(network.parameters(), momentum=0.9, weight_decay=1e-4, fused=True)
    stepped(network, torchs, recipe.learning_rate, range(K), 0)
    masks = []
    if mask:
        parameters = dict(network.named_parameters())
        masks = [(parameters[plain.place(name)], keep) for name, keep in held(store, mask).items()]
        for weight, keep in masks:
            weight.data *= keep
            for value in torchs.state[weight].values():
                if value.shape == keep.shape:
                    value *= keep
    stepped(network, torchs, recipe.learning_rate, range(K, T), 2, masks)
    expected = held(store, job)
    for name, value in plain.weights(network, list(expected)).items():
        assert torch.equal(value, expected[name]), name


def _initial(store, recipe):
    return tensors.part(held(store, pretrained(recipe, 1, 0, 0)), "weights")


WAYS = {
    "sgd": SGD,
    "adam": ADAM,
    "stacked": SGD | {"backend": "stacked"},
    "adam stacked": ADAM | {"backend": "stacked"},
    "bf16": ADAM | {"precision": "bf16"},
    "slices": SGD | {"slices": 2},
    "decoupled": ADAM | {"weight_decay_style": "decoupled", "weight_decay": 0.01},
}


@pytest.mark.parametrize("way", WAYS)
def test_under_the_order_of_pretraining_it_is_uninterrupted_training(store, short, way):
    recipe = short(**WAYS[way], **CARRIED)
    job, uninterrupted = arm(recipe, 0), pretrained(recipe, 1, 0, T)
    fresh = arm(short(**WAYS[way]), 0)
    do(store, job, uninterrupted, fresh)
    whole = tensors.part(held(store, uninterrupted), "weights")
    ended = held(store, job)
    assert ended.keys() == whole.keys()
    assert all(torch.equal(ended[name], whole[name]) for name in whole)
    assert not all(torch.equal(held(store, fresh)[name], whole[name]) for name in whole)


@pytest.mark.parametrize("way", ["sgd", "adam stacked"])
def test_a_closed_training_goes_on_from_its_checkpoint(tmp_path, short, monkeypatch, way):
    monkeypatch.setattr(loop, "PULSE_SECONDS", -1.0)
    recipe = short(**WAYS[way], **CARRIED)
    job = arm(recipe, 2, pruned(arm(recipe, 1)))
    whole, parts = (Store(str(tmp_path / name)) for name in ("whole", "parts"))
    do(whole, job)
    do(parts, *job.inputs)
    for seen in (1, 9):
        running = Executor(parts, samples.FOLDER, NEVER).run(job)
        for _ in range(seen):
            next(running)
        running.close()
    do(parts, job)
    assert payload(parts, job) == payload(whole, job)


def test_sparse_layers_start_with_what_is_kept_of_it(tmp_path, short, monkeypatch):
    """As dense layers do, but for rounding, which a few iterations do not amplify much."""
    recipe = short(**SGD, **CARRIED, iterations=K + 5, milestones=())
    job = arm(recipe, 2, pruned(arm(recipe, 1), rounds=8))
    dense, packed = (Store(str(tmp_path / name)) for name in ("dense", "packed"))
    do(dense, job)
    do(packed, *job.inputs)
    monkeypatch.setattr(sparse, "pays", lambda keep: True)
    do(packed, job)
    assert payload(packed, job) != payload(dense, job), "not computed by sparse layers"
    for name, value in held(dense, job).items():
        torch.testing.assert_close(held(packed, job)[name], value, rtol=1e-3, atol=1e-4)


def test_a_team_carries_it_too(tmp_path, short):
    recipe = short(**SGD, **CARRIED, slices=2, iterations=K + 5, milestones=())
    job = arm(recipe, 2)
    one, two = (Store(str(tmp_path / name)) for name in ("one", "two"))
    do(one, job)
    in_team(2, _do_in_team, two.url, job)
    assert payload(two, job) == payload(one, job)


def _do_in_team(team, url, job):
    list(Executor(Store(url), samples.FOLDER, NEVER, team=team).run(job))


def test_only_keys_of_arms_from_trained_weights_depend_on_it(short):
    fresh, carried = family(short()), family(short(**CARRIED))
    same = {name for name, job in fresh.items() if job == carried[name]}
    # The reinit arm itself starts from fresh weights, but its mask is from such an arm.
    assert same == {"w0", "wk"}
    reinit = [pretrained(short(**changes), 1, 0, 0, stream="reinit") for changes in ({}, CARRIED)]
    assert trained(reinit[0], K, 2) == trained(reinit[1], K, 2)
    at_0 = [trained(pretrained(short(**changes), 1, 0, 0), 0, 2) for changes in ({}, CARRIED)]
    assert at_0[0] == at_0[1]
    plain_sgd = [arm(short(momentum=0.0, **changes), 2) for changes in ({}, CARRIED)]
    assert plain_sgd[0] == plain_sgd[1], "without momentum there is no state to carry"
