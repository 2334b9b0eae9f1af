from dataclasses import replace
from math import cos, pi, sqrt

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.optim.lr_scheduler import CosineAnnealingLR, LinearLR, MultiStepLR, SequentialLR

from trainables.recipes import RECIPES
from trainables.training.schedules import learning_rate


def torch_rates(scheduler, peak, iterations, **options):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=peak)
    schedule = scheduler(optimizer, **options)
    rates = []
    for _ in range(iterations):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    return rates


def rates(recipe):
    return [learning_rate(recipe, iteration) for iteration in range(recipe.iterations)]


def test_step_by_step(short):
    recipe = short(iterations=8, learning_rate=1.0, milestones=(3, 5), decay=0.5)
    assert rates(recipe) == [1, 1, 1, 0.5, 0.5, 0.25, 0.25, 0.25]


def test_warm_up_step_by_step(short):
    recipe = short(iterations=7, learning_rate=1.0, milestones=(5,), decay=0.5, warmup=4)
    assert rates(recipe) == [0.25, 0.5, 0.75, 1, 1, 0.5, 0.5]


def test_a_milestone_within_warm_up_decays_the_ramp(short):
    recipe = short(iterations=5, learning_rate=1.0, milestones=(2,), decay=0.5, warmup=4)
    assert rates(recipe) == [0.25, 0.5, 0.375, 0.5, 0.5]


def test_constant_without_milestones_and_warm_up(short):
    assert set(rates(short(milestones=(), learning_rate=0.3))) == {0.3}


@pytest.mark.parametrize("decay", [0.1, 0.2, 1.0])
def test_milestones_are_torchs(short, decay):
    recipe = short(learning_rate=0.15, milestones=(1, 20, 59), decay=decay)
    expected = torch_rates(MultiStepLR, 0.15, 60, milestones=[1, 20, 59], gamma=decay)
    assert rates(recipe) == pytest.approx(expected, rel=1e-14)


def test_warm_up_is_torchs(short):
    """LinearLR whose first step has a rate of peak / warmup."""
    recipe = short(learning_rate=0.15, milestones=(), warmup=24)
    expected = torch_rates(LinearLR, 0.15, 60, start_factor=1 / 24, total_iters=23)
    assert rates(recipe) == pytest.approx(expected, rel=1e-12)


# --- cosine and linear ------------------------------------------------------------------


def test_cosine_step_by_step(short):
    recipe = short(iterations=4, learning_rate=1.0, milestones=(), schedule="cosine")
    half = sqrt(0.5) / 2
    assert rates(recipe) == pytest.approx([1, 0.5 + half, 0.5, 0.5 - half], rel=1e-14)


def test_linear_step_by_step(short):
    recipe = short(iterations=4, learning_rate=1.0, milestones=(), schedule="linear")
    assert rates(recipe) == [1, 0.75, 0.5, 0.25]


def test_they_fall_to_the_final_rate(short):
    changes = {"iterations": 4, "learning_rate": 1.0, "milestones": (), "final_rate": 0.2}
    assert rates(short(schedule="linear", **changes)) == pytest.approx([1, 0.8, 0.6, 0.4])
    half = 0.4 * sqrt(0.5)
    expected = [1, 0.6 + half, 0.6, 0.6 - half]
    assert rates(short(schedule="cosine", **changes)) == pytest.approx(expected)


def test_they_begin_to_fall_after_warm_up(short):
    changes = {"iterations": 8, "learning_rate": 1.0, "milestones": (), "warmup": 4}
    ramp = [0.25, 0.5, 0.75, 1]
    assert rates(short(schedule="linear", **changes)) == [*ramp, 1, 0.75, 0.5, 0.25]
    expected = [*ramp, *((1 + cos(pi * step / 4)) / 2 for step in range(4))]
    assert rates(short(schedule="cosine", **changes)) == pytest.approx(expected)


@pytest.mark.parametrize("schedule", ["steps", "cosine", "linear"])
def test_training_may_be_all_warm_up(short, schedule):
    recipe = short(iterations=4, learning_rate=1.0, milestones=(), schedule=schedule, warmup=4)
    assert rates(recipe) == [0.25, 0.5, 0.75, 1]


@pytest.mark.parametrize("final_rate", [0.0, 0.003, 0.15])
def test_cosine_is_torchs(short, final_rate):
    recipe = short(learning_rate=0.15, milestones=(), schedule="cosine", final_rate=final_rate)
    expected = torch_rates(CosineAnnealingLR, 0.15, 60, T_max=60, eta_min=final_rate)
    assert rates(recipe) == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("final_rate", [0.0, 0.003, 0.15])
def test_linear_is_torchs(short, final_rate):
    recipe = short(learning_rate=0.15, milestones=(), schedule="linear", final_rate=final_rate)
    expected = torch_rates(
        LinearLR, 0.15, 60, start_factor=1.0, end_factor=final_rate / 0.15, total_iters=60
    )
    assert rates(recipe) == pytest.approx(expected, rel=1e-10)


AFTER_WARM_UP = {
    "steps": lambda optimizer: MultiStepLR(optimizer, [30 - 24, 45 - 24], gamma=0.1),
    "cosine": lambda optimizer: CosineAnnealingLR(optimizer, T_max=60 - 24, eta_min=0.003),
    "linear": lambda optimizer: LinearLR(optimizer, 1.0, 0.003 / 0.15, total_iters=60 - 24),
}


@pytest.mark.parametrize("schedule", AFTER_WARM_UP)
def test_after_warm_up_all_are_torchs(short, schedule):
    def sequence(optimizer):
        warmup = LinearLR(optimizer, start_factor=1 / 24, total_iters=23)
        parts = [warmup, AFTER_WARM_UP[schedule](optimizer)]
        return SequentialLR(optimizer, parts, milestones=[24])

    falls = {"milestones": (), "final_rate": 0.003} if schedule != "steps" else {}
    recipe = short(learning_rate=0.15, warmup=24, schedule=schedule, **falls)
    assert rates(recipe) == pytest.approx(torch_rates(sequence, 0.15, 60), rel=1e-10)


@given(
    st.sampled_from(["cosine", "linear"]),
    st.integers(2, 300),
    st.floats(0, 1, allow_subnormal=False),
    st.floats(0.01, 10.0),
    st.floats(0, 1, allow_subnormal=False),
)
def test_rates_rise_to_the_peak_and_fall_to_the_final_rate(schedule, length, warm, peak, final):
    recipe = replace(
        RECIPES["digits-mlp"],
        iterations=length,
        milestones=(),
        schedule=schedule,
        warmup=int(warm * (length - 1)),
        learning_rate=peak,
        final_rate=final * peak,
    )
    found, top = rates(recipe), max(recipe.warmup - 1, 0)
    assert found[top] == pytest.approx(peak)
    assert found[: top + 1] == sorted(found[: top + 1])
    assert all(
        later <= now * (1 + 1e-12)
        for now, later in zip(found[top:], found[top + 1 :], strict=False)
    )
    assert min(found[top:]) >= recipe.final_rate * (1 - 1e-12)
    assert learning_rate(recipe, length) == pytest.approx(recipe.final_rate, abs=1e-12 * peak)


# --- the built-in recipes ---------------------------------------------------------------

EPOCH = 1252
CIFAR = {0: 0.1, 31_999: 0.1, 32_000: 0.01, 47_999: 0.01, 48_000: 0.001, 62_999: 0.001}
LANDMARKS = {
    "digits-mlp": {0: 0.15, 599: 0.15, 600: 0.015, 899: 0.015, 900: 0.0015, 1199: 0.0015},
    "lenet-mnist": {0: 0.0012, 23_999: 0.0012},
    "resnet20-cifar10": CIFAR,
    "vgg16-cifar10": CIFAR,
    "cifar10-small": {0: 0.1, 499: 0.1, 500: 0.01, 749: 0.01, 750: 0.001, 999: 0.001},
    "resnet20-cifar10-low": {iteration: rate / 10 for iteration, rate in CIFAR.items()},
    "vgg16-cifar10-low": {iteration: rate / 10 for iteration, rate in CIFAR.items()},
    "resnet20-cifar10-warmup": {
        0: 1e-6, 14_999: 0.015, 29_999: 0.03, 30_000: 0.03,
        31_999: 0.03, 32_000: 0.003, 47_999: 0.003, 48_000: 0.0003, 62_999: 0.0003,
    },
    "vgg16-cifar10-warmup": CIFAR | {0: 0.1 / 30_000, 14_999: 0.05, 29_999: 0.1},
    "resnet50-imagenet": {
        0: 0.4 / (5 * EPOCH), 5 * EPOCH - 1: 0.4, 30 * EPOCH - 1: 0.4, 30 * EPOCH: 0.04,
        60 * EPOCH - 1: 0.04, 60 * EPOCH: 0.004, 80 * EPOCH - 1: 0.004, 80 * EPOCH: 4e-4,
        90 * EPOCH - 1: 4e-4,
    },
    "inceptionv3-imagenet": {
        0: 0.03, 171 * EPOCH // 2: 0.0175, 171 * EPOCH - 1: 0.005 + 0.025 / (171 * EPOCH),
    },
    "unmasking-resnet20-cifar10": {
        0: 0.1, 31_199: 0.1, 31_200: 0.01, 46_799: 0.01, 46_800: 0.001, 62_399: 0.001,
    },
    "unmasking-resnet18-cifar100": {
        0: 0.1, 23_437: 0.1, 23_438: 0.02, 46_874: 0.02, 46_875: 0.004, 62_499: 0.004,
        62_500: 0.0008, 78_124: 0.0008,
    },
    "unmasking-resnet50-imagenet": {
        0: 2.048 / 5_000, 2_499: 1.024, 4_999: 2.048, 5_000: 2.048, 10_485: 1.024,
        15_969: 2.048 * (1 - cos(pi / 10_970)) / 2,
    },
}  # fmt: skip
"""Iteration -> rate, by the papers' tables."""


@pytest.mark.parametrize("name", LANDMARKS)
def test_built_in_recipes_at_their_landmarks(name):
    recipe = RECIPES[name]
    assert max(LANDMARKS[name]) == recipe.iterations - 1
    for iteration, rate in LANDMARKS[name].items():
        assert learning_rate(recipe, iteration) == pytest.approx(rate, rel=1e-9), iteration
