"""How many networks a stack has, and that filling it up changes no result."""

from __future__ import annotations

from dataclasses import replace

import pytest
import samples
import torch

from trainables import networks
from trainables.recipe import Recipe
from trainables.training import stack
from trainables.training.group import Group, Trajectory
from trainables.training.loop import TrainingState


def trainings(recipe: Recipe, *seeds: int) -> list[Trajectory]:
    def state(seed: int) -> TrainingState:
        weights = networks.initial_weights(recipe.network, recipe.initialization, "init", seed)
        return TrainingState(0, weights)

    return [Trajectory(state(seed), seed, recipe.iterations) for seed in seeds]


def finish(recipe: Recipe, members: list[Trajectory]) -> list[dict[str, torch.Tensor]]:
    group = Group(recipe, samples.digits().train)
    for one in members:
        group.add(one)
    while group.waiting:
        group.advance()
    return [one.state.weights for one in members]


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("replicas", [1, 2, 15, 16])
def test_every_stack_on_a_gpu_has_one_size(replicas: int) -> None:
    assert stack.places("cuda", replicas) == stack.MOST["cuda"] == 16


def test_a_stack_on_a_cpu_has_as_many_as_there_are_but_never_one() -> None:
    assert [stack.places("cpu", replicas) for replicas in (1, 2, 3, 32)] == [2, 2, 3, 32]


@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_more_than_a_stack_holds_are_refused(device: str) -> None:
    most = stack.MOST[device]
    with pytest.raises(ValueError, match=f"{most + 1} trainings in a stack; a {device} has"):
        stack.places(device, most + 1)


@pytest.mark.parametrize(
    ("device", "backend", "most"),
    [("cuda", "stacked", 16), ("cuda", "loop", 1), ("cpu", "stacked", 32), ("cpu", "loop", 1)],
)
def test_a_group_takes_as_many_as_its_device_stacks(short, device, backend, most) -> None:
    group = Group(replace(short(), device=device, backend=backend), samples.digits().train)
    one = trainings(short(), 1)[0]
    counted = 0
    while not group.full:
        group.add(one)
        counted += 1
    assert counted == most


@pytest.mark.parametrize("seeds", [(1,), (1, 2), (3, 2, 1)])
def test_copies_that_fill_a_stack_change_no_result(short, monkeypatch, seeds) -> None:
    """With every stack of size 5, as a GPU's are of 16: the bits of any other company."""
    recipe = short(backend="stacked")
    [expected] = finish(recipe, trainings(recipe, 1))
    sizes = []
    monkeypatch.setattr(stack, "places", lambda device, replicas: sizes.append(replicas) or 5)
    reached = finish(recipe, trainings(recipe, *seeds))
    assert set(sizes) == {len(seeds)}
    assert same(expected, reached[seeds.index(1)])
    assert len(seeds) == 1 or not same(reached[0], reached[1])
