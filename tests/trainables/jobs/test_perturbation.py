"""Perturbed rewind points on real digits (Unmasking appendix D)."""

from dataclasses import replace

import pytest
import samples
import torch
from job_samples import damage, do, held, payload

from trainables.jobs.events import InputDiverged
from trainables.jobs.kinds import Perturbation, pretrained, trained
from trainables.jobs.lineage import Lineage
from trainables.measures import wanted
from trainables.recipes import RECIPES
from trainables.store import Store, tensors
from trainables.training import loop
from trainables.training.loop import TrainingState

K = 20


def lineage(**changes):
    recipe = replace(RECIPES["digits-mlp"], **({"iterations": 60, "milestones": (30,)} | changes))
    return Lineage(recipe, 1, [0, K])


@pytest.mark.parametrize("k", [0, K])
@pytest.mark.parametrize("norm", ["rewound", "trained"])
def test_w_k_is_moved_as_far_as_the_mask_projects(store, k, norm):
    arm = lineage().arm("perturbed", 1, k, 2, options=norm)
    start = arm.start
    do(store, start)
    w_k = tensors.part(held(store, start.state), "weights")
    projected = w_k if norm == "rewound" else held(store, lineage().arm("dense", 0, k, 1))
    mask = held(store, start.mask)
    gone = [projected[name][~keep] for name, keep in mask.items()]
    distance = sum(float((part.double() ** 2).sum()) for part in gone) ** 0.5
    moved = tensors.part(held(store, start), "weights")
    by = torch.cat([(moved[name] - w_k[name]).flatten() for name in mask])
    assert float(by.norm()) == pytest.approx(distance, rel=1e-5)
    assert store.facts(start.kind, start.key)["distance"] == pytest.approx(distance, rel=1e-6)
    assert all(torch.equal(moved[name], w_k[name]) for name in w_k.keys() - mask.keys())
    assert start.recipe.optimizer == "sgd"
    assert len(tensors.part(held(store, start), "optimizer")) == (0 if k == 0 else len(w_k) - 12)


def test_the_copy_is_trained_densely_from_there(store):
    arm = lineage().arm("perturbed", 1, K, 2)
    do(store, arm)
    state = TrainingState(K, tensors.part(held(store, arm.start), "weights"))
    examples = samples.digits().train
    for _ in loop.train(arm.recipe, state, examples, order_seed=2, until=60):
        pass
    found = held(store, arm)
    assert all(torch.equal(found[name], value) for name, value in state.weights.items())
    assert (arm.mask, arm.level, arm.strategy) == (None, 0, "perturbed")


def test_a_carried_optimizer_is_that_of_w_k(store):
    arm = lineage(optimizer_at_rewind="carried").arm("perturbed", 1, K, 2)
    assert arm.carries_optimizer
    do(store, arm)
    w_k, moved = held(store, arm.start.state), held(store, arm.start)
    slots = [name for name in w_k if name.startswith("optimizer:")]
    assert slots
    assert all(torch.equal(w_k[name], moved[name]) for name in slots)
    assert payload(store, arm) != _fresh(store, arm)


def _fresh(store, arm):
    fresh = lineage().arm("perturbed", 1, K, 2)
    do(store, fresh)
    return payload(store, fresh)


def test_it_is_the_same_made_again(store, tmp_path):
    arm = lineage().arm("perturbed", 1, K, 2)
    do(store, arm)
    before = [payload(store, job) for job in (arm.start, arm)]
    damage(store, arm.start)
    store.delete(arm.kind, arm.key)
    do(store, arm)
    assert [payload(store, job) for job in (arm.start, arm)] == before
    other = Store(str(tmp_path / "other"))
    do(other, arm)
    assert [payload(other, job) for job in (arm.start, arm)] == before


def test_what_decides_it_is_in_its_key():
    arms = [
        lineage().arm("perturbed", 1, K, 2),
        lineage().arm("perturbed", 2, K, 2),
        lineage().arm("perturbed", 1, K, 3),
        lineage().arm("perturbed", 1, 0, 2),
        lineage().arm("perturbed", 1, K, 2, options="trained"),
        lineage().arm("perturbed", 1, K, 2, "reset"),
        lineage().arm("dense", 0, K, 2),
    ]
    assert len({arm.key for arm in arms}) == len(arms)
    titles = [arm.title for index, arm in enumerate(arms) if index != 4]
    assert len(set(titles)) == len(titles)
    assert arms[0] == lineage().arm("perturbed", 1, K, 2, options="rewound")
    assert set(arms[0].start.inputs) == {lineage().state(K), lineage().mask(1, K)}
    assert arms[4].start.dense == lineage().arm("dense", 0, K, 1)


def test_measures_of_the_way_there_begin_at_the_perturbed_state():
    arm = lineage().arm("perturbed", 1, K, 2)
    job = wanted("rewinding", {}).of([arm, lineage().arm("perturbed", 1, K, 3)])
    assert job.origins == (lineage().state(0), arm.start)


def test_a_diverged_training_perturbs_nothing(store):
    arm = lineage(learning_rate=1e30).arm("perturbed", 1, K, 2)
    with pytest.raises(InputDiverged, match=r"diverged$"):
        do(store, arm)


def test_a_state_that_diverged_cannot_be_perturbed(store, jobs):
    do(store, jobs["mask"], jobs["wk"])
    lost = held(store, jobs["wk"])
    lost["weights:linears.0.weight"][0] = torch.inf
    store.write("state", jobs["wk"].key, tensors.to_bytes(lost), tensors.SUFFIX)
    job = Perturbation(state=jobs["wk"], mask=jobs["mask"])
    with pytest.raises(InputDiverged, match=r"^pretrain init 1 to k=20 diverged$"):
        do(store, job)


def test_a_perturbed_w_0_differs_from_a_drawn_one():
    recipe = lineage().recipe
    start = lineage().arm("perturbed", 1, 0, 2).start
    assert trained(start, 0, 2) != trained(pretrained(recipe, 1, 0, 0), 0, 2)
