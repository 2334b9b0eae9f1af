"""Adaptive pruning on real digits: thresholds, masks, and chains of them (Unmasking 2.2)."""

import json
from dataclasses import replace
from statistics import fmean, stdev

import pytest
import samples
import torch
from job_samples import NEVER, checkpoint_of, damage, do, held, payload
from torch import nn

from trainables.jobs.events import InputDiverged
from trainables.jobs.execute import Executor
from trainables.jobs.kinds import Mask, Threshold
from trainables.jobs.lineage import Lineage
from trainables.pruning.adaptive import Adaptive
from trainables.pruning.masks import masked
from trainables.recipes import RECIPES
from trainables.seeds import generator
from trainables.store import Store, tensors

K, T = 20, 140
EPOCH = range(62, 124)
"""The last complete pass: 1000 // 16 iterations."""

RECIPE = replace(RECIPES["digits-mlp"], iterations=T, milestones=(70, 105))


def lineage(**changes):
    return Lineage(replace(RECIPE, **changes), 1, [K])


def threshold(loss, **changes):
    return Threshold(of=lineage(**changes).arm("dense", 0, K, 1), loss=loss)


def batch(iteration):
    """Inputs and labels under order seed 1, drawn as the papers say: a permutation an epoch."""
    epoch, position = divmod(iteration, 62)
    order = torch.randperm(1000, generator=generator("order", 1, epoch))
    chosen = order[16 * position : 16 * position + 16]
    examples = samples.digits().train
    return examples.images[chosen], examples.labels[chosen]


def summary(losses):
    return {"loss": fmean(losses), "eps": stdev(losses), "threshold": fmean(losses) + stdev(losses)}


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """With the dense copy, both thresholds, and masks after one and two prunings."""
    store = Store(str(tmp_path_factory.mktemp("adaptive")))
    options = Adaptive(loss="trained", examples=300, points=5)
    do(store, *(threshold(loss) for loss in ("evaluated", "trained")))
    do(store, lineage().adaptive_mask(2, K, options))
    return store


def test_evaluated_losses_are_those_of_a_loop_by_hand(store, plain):
    job = threshold("evaluated")
    network = plain.network(held(store, job.of)).eval()
    losses = []
    for iteration in EPOCH:
        inputs, labels = batch(iteration)
        with torch.no_grad():
            losses.append(float(nn.functional.cross_entropy(network(inputs), labels)))
    found = json.loads(payload(store, job))
    assert found.pop("losses") == pytest.approx(losses, rel=1e-5, abs=1e-7)
    assert found == pytest.approx(summary(losses), rel=1e-5)
    assert found.items() <= store.facts(job.kind, job.key).items()


def test_trained_losses_are_those_that_plain_pytorch_prints_while_training(store, plain):
    job = threshold("trained")
    weights = tensors.part(held(store, job.of.start), "weights")
    network = plain.network(weights).train()
    optimizer = torch.optim.SGD(network.parameters(), lr=0.15, momentum=0.9, weight_decay=1e-4)
    losses = []
    for iteration in range(K, EPOCH.stop):
        for group in optimizer.param_groups:
            group["lr"] = 0.15 if iteration < 70 else 0.015 if iteration < 105 else 0.0015
        inputs, labels = batch(iteration)
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(network(inputs), labels)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    losses = losses[EPOCH.start - K :]
    found = json.loads(payload(store, job))
    assert found.pop("losses") == pytest.approx(losses, rel=1e-4)
    assert found == pytest.approx(summary(losses), rel=1e-4)
    facts = store.facts(job.kind, job.key)
    assert facts["iterations"] == job.iterations == EPOCH.stop - K - 1


def test_batchnorm_tells_evaluated_from_trained_losses(store):
    """Evaluation on running statistics gives another loss than the batch's own."""
    one, two = (json.loads(payload(store, threshold(loss))) for loss in ("evaluated", "trained"))
    assert one["loss"] < 0.75 * two["loss"]


def test_measuring_does_not_disturb_the_training(store, tmp_path, every_iteration):
    """It is stopped after each step, and closed again and again: the losses keep their bits."""
    job, other = threshold("trained"), Store(str(tmp_path))
    do(other, *job.inputs)
    steps = 0
    for _ in range(4):
        executor = Executor(other, samples.FOLDER, NEVER)
        running = executor.run(job)
        for _ in range(17):
            next(running)
        running.close()
        steps += executor.trained_iterations
        assert checkpoint_of(other, job) == K + steps
    do(other, job)
    assert payload(other, job) == payload(store, job)
    assert checkpoint_of(other, job) is None


def test_the_backend_that_trained_it_trains_it_again(tmp_path, store):
    """Sums are in another order, so that losses agree but for rounding."""
    job, other = threshold("trained", backend="stacked"), Store(str(tmp_path))
    do(other, job)
    losses = json.loads(payload(other, job))["losses"]
    expected = json.loads(payload(store, threshold("trained")))["losses"]
    assert losses == pytest.approx(expected, rel=1e-2)
    assert losses != expected


def test_slices_add_up_to_a_batch(tmp_path, store):
    whole, halves = threshold("evaluated"), threshold("evaluated", slices=2)
    other = Store(str(tmp_path))
    do(other, halves.of)
    other.write("arm", halves.of.key, payload(store, whole.of), tensors.SUFFIX)
    do(other, halves)
    found, expected = (
        json.loads(payload(at, job)) for at, job in ((other, halves), (store, whole))
    )
    assert found["losses"] == pytest.approx(expected["losses"], rel=1e-5, abs=1e-7)


@pytest.mark.parametrize(("begin", "batches"), [(63, 62), (T - 2, 2), (T - 1, 1)])
def test_a_copy_without_a_complete_epoch(tmp_path, begin, batches):
    for loss in ("evaluated", "trained"):
        job, store = (
            Threshold(of=Lineage(RECIPE, 1, [begin]).arm("dense", 0, begin, 1), loss=loss),
            Store(str(tmp_path / loss)),
        )
        do(store, job)
        found = json.loads(payload(store, job))
        assert len(found["losses"]) == batches
        assert (found["eps"] == 0) == (batches == 1)
        assert found["threshold"] == found["loss"] + found["eps"]


def test_a_mask_tells_the_highest_losses_on_the_paths(store, plain):
    """Against a path of plain PyTorch on the same 300 examples."""
    options = Adaptive(loss="trained", examples=300, points=5)
    job = lineage().adaptive_mask(2, K, options)
    weights, mask = held(store, job.of), held(store, job.of.mask)
    examples = samples.digits().train.sample(300)
    facts = store.facts(job.kind, job.key)
    left = sum(int(keep.sum()) for keep in mask.values())
    remaining = torch.cat([weights[name][keep].abs() for name, keep in mask.items()])
    ordered = remaining.sort().values
    for ratio, highest in facts["tried"]:
        cut = ordered[round(left * ratio / 100) - 1]
        pruned = masked(weights, {name: weights[name].abs() > cut for name in mask})
        losses = []
        for alpha in (0, 0.25, 0.5, 0.75, 1):
            mixed = {n: alpha * w + (1 - alpha) * pruned[n] for n, w in weights.items()}
            with torch.no_grad():
                logits = plain.network(mixed).eval()(examples.images)
            losses.append(float(nn.functional.cross_entropy(logits, examples.labels)))
        assert highest == pytest.approx(max(losses), rel=1e-5)
    assert [ratio for ratio, _ in facts["tried"]] == list(
        range(10, 10 * len(facts["tried"]) + 1, 10)
    )
    below = [ratio for ratio, highest in facts["tried"] if highest < facts["threshold"]]
    assert len(below) >= len(facts["tried"]) - 1
    assert facts["ratio"] == max(below[-1] if below else 0, 20)
    kept = sum(int(keep.sum()) for keep in held(store, job).values())
    assert kept == left - round(left * facts["ratio"] / 100)
    assert facts["weights_left"] == pytest.approx(100 * kept / 15_072)
    assert facts["threshold"] == json.loads(payload(store, threshold("trained")))["threshold"]


def test_more_than_the_fixed_fraction_goes_where_the_threshold_allows(store):
    options = Adaptive(loss="trained", examples=300, points=5)
    job = lineage().adaptive_mask(1, K, options)
    assert store.facts(job.kind, job.key)["ratio"] > 20
    assert (job.level, lineage().adaptive_mask(2, K, options).level) == (1, 2)


def test_a_mask_is_the_same_made_again_or_after_it_was_closed(store, tmp_path):
    job = lineage().adaptive_mask(2, K, Adaptive(loss="trained", examples=300, points=5))
    other = Store(str(tmp_path))
    do(other, *job.inputs)
    running = Executor(other, samples.FOLDER, NEVER).run(job)
    next(running)
    running.close()
    assert not other.complete([(job.kind, job.key)])
    do(other, job)
    assert payload(other, job) == payload(store, job)
    assert other.facts("mask", job.key)["tried"] == store.facts("mask", job.key)["tried"]


def test_a_damaged_threshold_is_found_again(tmp_path):
    job, store = threshold("evaluated"), Store(str(tmp_path))
    mask = lineage().adaptive_mask(1, K, Adaptive(examples=50, points=3))
    do(store, job)
    before = payload(store, job)
    damage(store, job)
    do(store, mask)
    assert payload(store, job) == before
    store.write(job.kind, job.key, b'{"eps": NaN}', "json")
    store.delete(mask.kind, mask.key)
    do(store, mask)
    assert payload(store, job) == before


@pytest.mark.parametrize("loss", ["evaluated", "trained"])
def test_a_diverged_training_has_no_threshold(tmp_path, loss):
    store = Store(str(tmp_path))
    with pytest.raises(InputDiverged, match=r"^train init 1 k=20 dense order 1 diverged$"):
        do(store, threshold(loss, learning_rate=1e30))
    job = lineage(learning_rate=1e30).adaptive_mask(1, K, Adaptive(loss=loss))
    with pytest.raises(InputDiverged, match=r"diverged$"):
        do(store, job)


# --- jobs -------------------------------------------------------------------------------


def test_what_decides_a_mask_is_in_its_key():
    usual = Adaptive()
    keys = {
        job.key
        for job in (
            lineage().adaptive_mask(1, K, usual),
            lineage().adaptive_mask(1, K, replace(usual, loss="trained")),
            lineage().adaptive_mask(1, K, replace(usual, examples=None)),
            lineage().adaptive_mask(1, K, replace(usual, points=12)),
            lineage(pruning_fraction=0.3).adaptive_mask(1, K, usual),
            lineage().mask(1, K),
        )
    }
    assert len(keys) == 6
    assert lineage().adaptive_mask(1, K, usual) == lineage().adaptive_mask(1, K, usual)


def test_a_chain_has_one_threshold_and_shares_the_copy_that_is_pruned():
    line, options = lineage(), Adaptive()
    arms = [line.arm("imp-adaptive", n, K, 1, options=options) for n in (1, 2, 3)]
    masks = [arm.mask for arm in arms]
    assert masks[0].of == line.arm("dense", 0, K, 1)
    assert [mask.of for mask in masks[1:]] == arms[:2]
    assert len({mask.threshold for mask in masks}) == 1
    assert masks[0].threshold.of == line.arm("dense", 0, K, 1)
    assert [arm.level for arm in arms] == [1, 2, 3]
    assert {arm.strategy for arm in arms} == {"imp-adaptive"}
    assert isinstance(masks[1], Mask)
    assert set(masks[1].inputs) == {arms[0], masks[0], masks[1].threshold}
    titles = [job.title for job in (*masks, *(line.mask(n, K) for n in (1, 2, 3)))]
    assert len(set(titles)) == 6
