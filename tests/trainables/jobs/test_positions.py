"""Several labels per example, from training to measures, against plain PyTorch; and tiny-gpt."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from job_samples import NEVER, checkpoint_of, do, payload
from torch import nn
from torch.nn.functional import cross_entropy

from trainables import data, networks
from trainables.jobs import measurements
from trainables.jobs.execute import Executor
from trainables.jobs.kinds import pretrained, trained
from trainables.measures import measured
from trainables.measures.context import Context
from trainables.networks.architecture import Architecture
from trainables.recipes import RECIPES
from trainables.store import Store, tensors
from trainables.training import loop
from trainables.training.feed import from_memory
from trainables.training.gradients import gradients

RECIPE = replace(
    RECIPES["tiny-gpt"], name="short", iterations=12, warmup=4, batch_size=8,
    network_arguments={"width": 16, "depth": 1, "heads": 2},
)  # fmt: skip
ARCHITECTURE = RECIPE.architecture
FOLDER = Path("nowhere")


@pytest.fixture(scope="module")
def dataset():
    whole = data.load(RECIPE, FOLDER)
    return data.split.Dataset(whole.train.sample(90), whole.test.sample(70))


def drawn(seed: int) -> dict[str, torch.Tensor]:
    return networks.initial_weights(ARCHITECTURE, "kaiming-normal", "init", seed, 0.3)


def bound(weights: dict[str, torch.Tensor]) -> nn.Module:
    network = networks.build(ARCHITECTURE).eval()
    networks.bind(network, weights)
    return network


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_gradients_are_those_of_the_mean_over_all_labels(dataset, smoothing) -> None:
    """torch's own loss takes logits [B, classes, L] for labels [B, L]."""
    recipe = replace(RECIPE, label_smoothing=smoothing)
    ours, theirs = bound(drawn(1)), bound(drawn(1))
    inputs, labels = dataset.train.images[:8], dataset.train.labels[:8]
    gradients(ours, recipe)(inputs, labels)
    logits = theirs(inputs).transpose(1, 2)
    cross_entropy(logits, labels, label_smoothing=smoothing).backward()
    for one, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(one.grad, other.grad, rtol=1e-5, atol=1e-7)


def test_measures_count_every_label(dataset) -> None:
    first, second = drawn(1), drawn(2)
    context = Context(recipe=RECIPE, data=dataset, masks=(None, None))
    labels = dataset.test.labels
    with torch.no_grad():
        mixed = {n: (first[n] + second[n]) / 2 for n in first}
        logits = [bound(one)(dataset.test.images) for one in (second, mixed, first)]
    errors = [100 * float((one.argmax(-1) != labels).double().mean()) for one in logits]
    losses = [float(cross_entropy(one.double().transpose(1, 2), labels)) for one in logits]
    path = context.path(first, second, 3, "test")
    assert [score.error for score in path] == pytest.approx(errors, abs=1e-9)
    assert [score.loss for score in path] == pytest.approx(losses, rel=1e-5)

    answers = context.answers(first, "test")
    assert answers.predicted.shape == answers.losses.shape == labels.shape == (70, 32)
    assert torch.equal(answers.predicted, logits[2].argmax(-1))
    each = cross_entropy(logits[2].transpose(1, 2), labels, reduction="none")
    torch.testing.assert_close(answers.losses, each, rtol=1e-4, atol=1e-5)

    from trainables.measures import disagreement, instability

    values = instability.compute((first, second), context, instability.Options(3))
    assert values["instability_test"] == pytest.approx(
        max(errors) - (errors[0] + errors[2]) / 2, abs=1e-9
    )
    assert values["test_examples"] == 70 * 32
    assert values["majority_test"] == 100 * int(labels.flatten().bincount().max()) / (70 * 32)
    values = disagreement.compute((first, second), context, disagreement.Options())
    differ = (logits[0].argmax(-1) != logits[2].argmax(-1)).double().mean()
    assert values["disagreement_test"] == pytest.approx(100 * float(differ), abs=1e-9)


def test_a_plain_loop_with_torchs_adamw_and_clipping_ends_where_we_do(dataset) -> None:
    weights = drawn(1)
    network = bound({name: value.clone() for name, value in weights.items()}).train()
    state = loop.TrainingState(0, weights)
    for _ in loop.train(RECIPE, state, dataset.train, order_seed=1, until=12):
        pass
    optimizer = torch.optim.AdamW(network.parameters(), lr=1.0, weight_decay=0.01, fused=True)
    rates = [6e-3 * (i + 1) / 4 for i in range(4)] + [
        6e-4 + 5.4e-3 * (1 + torch.cos(torch.tensor(torch.pi * i / 8)).item()) / 2 for i in range(8)
    ]
    feed = from_memory(RECIPE, dataset.train, 1)
    for iteration, rate in enumerate(rates):
        inputs, labels, _ = feed(iteration, 0)
        optimizer.zero_grad()
        cross_entropy(network(inputs).transpose(1, 2), labels).backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.param_groups[0]["lr"] = rate
        optimizer.step()
    for name, value in networks.state(network).items():
        ours = state.weights[name]
        if name.endswith("qkv.bias"):  # keys' biases change nothing: Adam scales rounding up
            ours, value = (torch.cat([one[:16], one[32:]]) for one in (ours, value))
        torch.testing.assert_close(ours, value, rtol=1e-3, atol=1e-4)


def test_interrupted_and_measured(tmp_path: Path, monkeypatch) -> None:
    """Killed after each step, it ends with the same bits; a pair of it is measured."""
    jobs = []
    stores = [Store(str(tmp_path / name)) for name in ("whole", "killed")]
    w0 = pretrained(RECIPE, 1, 0, 0)
    wk = pretrained(RECIPE, 1, 0, 4, w0)
    jobs = [w0, wk, *(trained(wk, 4, order) for order in (1, 2))]
    do(stores[0], *jobs)
    monkeypatch.setattr(loop, "PULSE_SECONDS", -1.0)
    for job in jobs[:2]:
        do(stores[1], job)
    for job in jobs[2:]:
        running = Executor(stores[1], FOLDER, NEVER).run(job)
        for _ in range(3):
            next(running)
        running.close()
        assert checkpoint_of(stores[1], job) is not None
        do(stores[1], job)
        assert payload(stores[1], job) == payload(stores[0], job)
    pair = measured("instability", jobs[2:], points=3, train_examples=50)
    do(stores[0], pair)
    values = measurements.decode(pair, payload(stores[0], pair))
    assert values["test_examples"] == 16_000
    weights = tensors.from_bytes(payload(stores[0], jobs[2]))
    split = data.load(RECIPE, FOLDER).test
    with torch.no_grad():
        right = (bound(weights)(split.images).argmax(-1) == split.labels).double().mean()
    assert values["accuracy_test_1"] == pytest.approx(100 * float(right), abs=1e-9)


def test_logits_of_another_shape_are_refused() -> None:
    from trainables.networks.counting import count
    from trainables.registry import PluginError

    words = (
        r"of 2 examples of shape \[32\] it makes shape \[2, 32, 103\]; wanted are logits "
        r"\[2, 16, classes\], as an example has labels of shape \[16\]"
    )
    with pytest.raises(PluginError, match=words):
        count(Architecture("tiny-gpt"), (32,), True, (16,))
    with pytest.raises(PluginError, match=r"wanted are logits \[2, classes\]"):
        count(Architecture("tiny-gpt"), (32,), True)
