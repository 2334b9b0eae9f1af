import pytest
import torch
from torch.optim.lr_scheduler import LinearLR, MultiStepLR

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
