"""Trainings together: the stacked backend against the loop, and what a stack may look like."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

import pytest
import samples
import torch

from trainables import networks
from trainables.arguments import Arguments
from trainables.data.split import Scaling, Split
from trainables.networks.stacked import stacked
from trainables.recipe import Recipe
from trainables.recipes import RECIPES
from trainables.training import loop, stack
from trainables.training.group import Group, Trajectory
from trainables.training.loop import TrainingState, train

NO_MOMENTUM = {"optimizer": "sgd", "momentum": 0.0, "weight_decay": 0.0}
ADAM = {"optimizer": "adam", "momentum": 0.0, "learning_rate": 0.002}
DECOUPLED = {"weight_decay_style": "decoupled", "weight_decay": 0.01}
SMOOTH = {"label_smoothing": 0.1}
ODD = Arguments({"hidden": [33, 17]})
AFTER_A_WARMUP = {"schedule": "cosine", "milestones": (), "warmup": 5}


@dataclass(frozen=True)
class Doubles(Split):
    """Examples for training in 64-bit floats."""

    def inputs(self, images):
        return super().inputs(images).double()


def images(shape, number, classes=10):
    """Random pixels, as data in memory have them."""
    channels, height, width = shape
    generator = torch.Generator().manual_seed(0)
    pixels = torch.randint(
        0, 256, (number, height, width, channels), generator=generator, dtype=torch.uint8
    )
    labels = torch.randint(0, classes, (number,), generator=generator)
    scaling = Scaling.of("standardize", torch.full((channels,), 0.5), torch.full((channels,), 0.3))
    return Doubles(pixels, labels, scaling)


def recipe_of(name: str, iterations: int, **changes) -> Recipe:
    """A built-in recipe, shortened, on few examples."""
    usual = {"iterations": iterations, "milestones": (iterations // 2,), "backend": "stacked"}
    return replace(RECIPES[name], **(usual | changes))


def examples_of(recipe: Recipe, single: bool = False) -> Split:
    facts = networks.NETWORKS[recipe.network]
    data = (
        samples.digits().train
        if recipe.data == "digits"
        else images(facts.inputs, 50, facts.classes)
    )
    if single:
        return Split(data.images, data.labels, data.scaling)
    if recipe.data == "digits":
        return Split(data.images.double(), data.labels)
    return data


def state(recipe: Recipe, seed: int, dtype=torch.float32, iteration=0) -> TrainingState:
    weights = networks.initial_weights(recipe.architecture, recipe.initialization, "init", seed)
    return TrainingState(iteration, {name: value.to(dtype) for name, value in weights.items()})


def some_mask(recipe: Recipe, seed: int) -> dict[str, torch.Tensor]:
    weights = state(recipe, 100 + seed).weights
    names = networks.prunable(networks.build(recipe.architecture))
    return {name: weights[name].abs() > weights[name].abs().median() for name in names}


def trainings(recipe, dtype=torch.float32) -> list[Trajectory]:
    """Dense and masked, of several inits and order seeds, one from a later iteration on."""
    until = recipe.iterations
    return [
        Trajectory(state(recipe, 1, dtype), 1, until),
        Trajectory(state(recipe, 1, dtype), 2, until, some_mask(recipe, 1)),
        Trajectory(state(recipe, 2, dtype), 1, until, some_mask(recipe, 2)),
        Trajectory(state(recipe, 3, dtype, iteration=3), 3, until),
    ]


def finish(recipe: Recipe, members: list[Trajectory], data: Split) -> list[TrainingState]:
    together = Group(recipe, data)
    for one in members:
        together.add(one)
    while together.waiting:
        together.advance()
    assert all(one.finished for one in members)
    return [one.state for one in members]


def alone(recipe: Recipe, one: Trajectory, data: Split) -> TrainingState:
    """By the loop."""
    *_, last = train(
        replace(recipe, backend="loop"), one.state, data,
        order_seed=one.order_seed, until=one.until, mask=one.mask,
    )  # fmt: skip
    return last


def same(one: TrainingState, other: TrainingState) -> bool:
    return all(torch.equal(one.weights[name], other.weights[name]) for name in one.weights) and all(
        torch.equal(one.optimizer[name], other.optimizer[name]) for name in one.optimizer
    )


@pytest.fixture
def every_iteration(monkeypatch):
    monkeypatch.setattr(loop, "PULSE_SECONDS", -1.0)


# --- against the loop -------------------------------------------------------------------

FAMILIES = [
    ("digits-mlp", 40, {}),
    ("digits-mlp", 40, NO_MOMENTUM),
    ("digits-mlp", 40, ADAM),
    ("digits-mlp", 40, ADAM | {"weight_decay": 0.01} | AFTER_A_WARMUP),
    ("digits-mlp", 40, DECOUPLED | {"last_batch": "keep", "batch_size": 300}),
    ("digits-mlp", 40, SMOOTH),
    ("digits-mlp", 40, {"gradient_clipping": 0.5}),
    ("digits-mlp", 20, ADAM | {"optimizer": "adamw", "weight_decay": 0.1, "beta1": 0.8}),
    ("lenet-mnist", 30, {"batch_size": 16}),
    ("lenet-mnist", 30, {"batch_size": 16, "optimizer": "sgd", "learning_rate": 0.1}),
    ("cifar10-small", 20, {"batch_size": 8}),
    pytest.param("cifar10-small", 20, {"batch_size": 8} | ADAM | SMOOTH, marks=pytest.mark.slow),
    pytest.param("cifar10-small", 20, {"batch_size": 8} | DECOUPLED, marks=pytest.mark.slow),
    # Few: at its rate, rounding grows threefold an iteration.
    ("resnet20-cifar10", 8, {"batch_size": 2}),
    pytest.param(
        "vgg16-cifar10", 20, {"batch_size": 3, "learning_rate": 0.01}, marks=pytest.mark.slow
    ),
    pytest.param("unmasking-resnet18-cifar100", 20, {"batch_size": 3}, marks=pytest.mark.slow),
]


@pytest.mark.parametrize(("name", "iterations", "changes"), FAMILIES)
def test_stacked_agrees_with_the_loop_in_64_bits(name, iterations, changes):
    """Every network family and optimizer: orders, augmentation, statistics, masks, rates."""
    recipe = recipe_of(name, iterations, **changes)
    data = examples_of(recipe)
    together = finish(recipe, trainings(recipe, torch.float64), data)
    for one, reached in zip(trainings(recipe, torch.float64), together, strict=True):
        begun = {key: value.clone() for key, value in one.state.weights.items()}
        expected = alone(recipe, one, data)
        moved = 0.0
        for key, value in expected.weights.items():
            torch.testing.assert_close(reached.weights[key], value, rtol=1e-8, atol=1e-8)
            moved = max(moved, float((value - begun[key]).abs().max()))
        assert moved > 1e-3
        for key, value in expected.optimizer.items():
            torch.testing.assert_close(
                reached.optimizer[key], value, rtol=1e-7, atol=1e-8, check_dtype=False
            )


def test_the_loop_backend_is_a_lone_run_bit_for_bit(short):
    recipe = short()
    data = samples.digits().train
    together = finish(recipe, trainings(recipe), data)
    for one, reached in zip(trainings(recipe), together, strict=True):
        assert same(reached, alone(recipe, one, data))


# --- any stack gives the same bits ------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "iterations", "changes"),
    [
        ("digits-mlp", 40, {}),
        ("digits-mlp", 20, ADAM),
        ("digits-mlp", 20, {"gradient_clipping": 0.5}),
        ("digits-mlp", 10, {"precision": "bf16"}),
        ("digits-mlp", 8, {"batch_size": 61, "network_arguments": ODD}),
        ("lenet-mnist", 10, {}),
        pytest.param("cifar10-small", 6, {"batch_size": 16}, marks=pytest.mark.slow),
        ("cifar10-small", 2, {"batch_size": 64}),  # 10 classes, and sums long enough to differ
        pytest.param("resnet20-cifar10", 4, {"batch_size": 4}, marks=pytest.mark.slow),
        pytest.param(
            "cifar10-small", 4, {"batch_size": 8, "precision": "bf16"}, marks=pytest.mark.slow
        ),
    ],
)
def test_bits_do_not_depend_on_the_stack(name, iterations, changes):
    """Alone, in pairs, among others, in another order: what meets in a stack is chance."""
    recipe = recipe_of(name, iterations, **changes)
    data = examples_of(recipe, single=True)
    expected = finish(recipe, trainings(recipe), data)
    assert not same(expected[0], expected[1])
    rng = random.Random(0)
    for chosen in ([0], [1], [3], [1, 2], [2, 0, 3], [3, 1, 0, 2]):
        fresh = trainings(recipe)
        others = [
            Trajectory(state(recipe, 10 + seed), seed, recipe.iterations)
            for seed in range(rng.randrange(4))
        ]
        members = [fresh[index] for index in chosen] + others
        rng.shuffle(members)
        finish(recipe, members, data)
        for index in chosen:
            assert same(fresh[index].state, expected[index]), (chosen, index)


def test_bits_do_not_depend_on_pulses_and_interruptions(short, every_iteration):
    """Stopped anywhere, and gone on from copies in other stacks."""
    recipe = short(backend="stacked")
    data = samples.digits().train
    expected = finish(recipe, trainings(recipe), data)
    members = trainings(recipe)
    stopped = Group(recipe, data)
    for one in members:
        stopped.add(one)
    for _ in range(17):
        stopped.advance()
    for one in members:
        assert not one.finished
        one.state = one.state.copy()
    for part in (members[:1], members[1:]):
        finish(recipe, part, data)
    assert all(same(one.state, other) for one, other in zip(members, expected, strict=True))


def test_a_training_joins_when_the_others_have_come_to_its_iteration(short, every_iteration):
    """Whether it is added before or after; and it may have a fresh optimizer, or one it brings."""
    recipe = short(backend="stacked", **ADAM)
    data = samples.digits().train
    [reached] = finish(recipe, [Trajectory(state(recipe, 1), 0, 20)], data)

    def arms():
        return [
            Trajectory(TrainingState(20, reached.copy().weights), 5, 60),
            Trajectory(reached.copy(), 6, 60),
        ]

    expected = [finish(recipe, [arm], data)[0] for arm in arms()]
    for late in (False, True):
        members, other = arms(), Trajectory(state(recipe, 2), 7, 60)
        together = Group(recipe, data)
        together.add(other)
        sizes = []
        while together.waiting:
            if not late or other.state.iteration == 20:
                for arm in members:
                    if arm not in together.waiting and not arm.finished:
                        together.add(arm)
            sizes.append(len(together.advance()))
        assert sizes == [1] * 20 + [3] * 40
        assert all(same(arm.state, state) for arm, state in zip(members, expected, strict=True))


def test_more_than_a_stack_holds_go_one_stack_after_another(short, monkeypatch):
    recipe = short(backend="stacked")
    data = samples.digits().train
    expected = finish(recipe, trainings(recipe), data)
    monkeypatch.setitem(stack.MOST, "cpu", 2)
    together = Group(recipe, data)
    members = trainings(recipe)
    for count, one in enumerate(members):
        assert together.full is (count >= 2)
        together.add(one)
    while together.waiting:
        assert len(together.advance()) <= 2
    assert all(same(one.state, other) for one, other in zip(members, expected, strict=True))


def test_a_diverged_training_harms_no_other(short):
    recipe = short(backend="stacked")
    data = samples.digits().train
    expected = finish(recipe, trainings(recipe), data)
    members = trainings(recipe)
    broken = Trajectory(state(recipe, 9), 1, 60)
    for value in broken.state.weights.values():
        value.fill_(torch.inf)
    finish(recipe, [*members[:2], broken, *members[2:]], data)
    assert broken.state.weights["output.weight"].isnan().all()
    assert all(same(one.state, other) for one, other in zip(members, expected, strict=True))


def test_masked_weights_are_zero_and_dense_neighbours_are_not(short):
    recipe = short(backend="stacked")
    members = trainings(recipe)
    finish(recipe, members, samples.digits().train)
    for one in members:
        for name in some_mask(recipe, 1):
            weights = one.state.weights[name]
            if one.mask is None:
                assert weights.all()
            else:
                assert not weights[~one.mask[name]].any()
                assert weights[one.mask[name]].all()


def test_what_cannot_be_stacked_raises():
    with pytest.raises(ValueError, match="a Dropout cannot be stacked"):
        stacked("inception-v3", 2)


# --- precision --------------------------------------------------------------------------


@pytest.mark.parametrize("backend", ["loop", "stacked"])
@pytest.mark.parametrize(
    ("name", "batch"), [("digits-mlp", 16), ("lenet-mnist", 60), ("cifar10-small", 16)]
)
def test_bf16_rounds_products_and_keeps_weights_in_32_bits(name, batch, backend):
    exact, rounded = (
        recipe_of(name, 1, milestones=(), batch_size=batch, backend=backend, precision=precision)
        for precision in ("fp32", "bf16")
    )
    data = examples_of(exact, single=True)
    begun = state(exact, 1).weights
    expected, reached = (
        finish(recipe, [Trajectory(state(recipe, 1), 1, 1)], data)[0] for recipe in (exact, rounded)
    )
    for key in expected.weights:
        assert reached.weights[key].dtype == torch.float32
    weights = [n for n in networks.prunable(networks.build(exact.network)) if "output" not in n]
    for key in weights:
        step, rounded_step = expected.weights[key] - begun[key], reached.weights[key] - begun[key]
        assert not torch.equal(step, rounded_step)
        similarity = torch.nn.functional.cosine_similarity(
            step.flatten(), rounded_step.flatten(), 0
        )
        assert similarity > (0.5 if exact.optimizer == "adam" else 0.98), key
