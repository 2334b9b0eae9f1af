import pytest
import torch
from torch import nn

from trainables import networks
from trainables.networks.mlp import MLP
from trainables.training.optimizers import optimizer

STEPS = 30
SGD = {"optimizer": "sgd", "momentum": 0.9, "weight_decay": 1e-4}
VARIANTS = [
    SGD,
    SGD | {"weight_decay": 0.0},
    SGD | {"momentum": 0.0},
    SGD | {"momentum": 0.0, "weight_decay": 0.0},
    {"optimizer": "adam", "momentum": 0.0, "weight_decay": 0.0},
    {"optimizer": "adam", "momentum": 0.0, "weight_decay": 1e-3},
]
ADAMW = [
    {"optimizer": "adamw", "momentum": 0.0, "weight_decay": 0.01},
    {"optimizer": "adamw", "momentum": 0.0, "weight_decay": 0.5, "beta1": 0.8, "beta2": 0.95},
    {"optimizer": "adam", "momentum": 0.0, "weight_decay": 1e-3, "beta2": 0.99},
]
DECOUPLED = [
    SGD | {"weight_decay": 5e-4, "weight_decay_style": "decoupled"},
    SGD | {"weight_decay": 0.1, "weight_decay_style": "decoupled", "momentum": 0.0},
    VARIANTS[-1] | {"weight_decay_style": "decoupled"},
]


def parametrize(variants):
    return pytest.mark.parametrize(
        "variant", variants, ids=lambda v: "-".join(map(str, v.values()))
    )


def network(dtype):
    torch.manual_seed(0)
    return MLP([6, 5, 4], batchnorm=True).to(dtype)


def random_gradients(module, step):
    stream = torch.Generator().manual_seed(step)
    for parameter in module.parameters():
        parameter.grad = torch.randn(parameter.shape, generator=stream).to(parameter.dtype)


def rate(step):
    return 0.1 * 0.9**step


def torchs(recipe, module):
    options = {"lr": 1.0, "weight_decay": recipe.weight_decay, "fused": True}
    if recipe.optimizer != "sgd":
        kind = torch.optim.Adam if recipe.optimizer == "adam" else torch.optim.AdamW
        return kind(module.parameters(), betas=(recipe.beta1, recipe.beta2), **options)
    return torch.optim.SGD(module.parameters(), momentum=recipe.momentum, **options)


@parametrize(VARIANTS + ADAMW)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_weights_have_the_bits_of_torch_optim(short, variant, dtype):
    recipe = short(**variant)
    ours, theirs = network(dtype), network(dtype)
    state = {}
    step, reference = optimizer(recipe, ours, state), torchs(recipe, theirs)
    for iteration in range(STEPS):
        for module in (ours, theirs):
            random_gradients(module, iteration)
        with torch.no_grad():
            step(rate(iteration))
        reference.param_groups[0]["lr"] = rate(iteration)
        reference.step()
        for one, other in zip(ours.parameters(), theirs.parameters(), strict=True):
            assert torch.equal(one, other), f"step {iteration}"
    # Its state is torch's too, under the names that TrainingState promises.
    slots = {
        "adam": {"mean": "exp_avg", "square": "exp_avg_sq"},
        "adamw": {"mean": "exp_avg", "square": "exp_avg_sq"},
        "sgd": {"momentum": "momentum_buffer"} if recipe.momentum else {},
    }[recipe.optimizer]
    for slot, torch_slot in slots.items():
        for (name, _), parameter in zip(ours.named_parameters(), theirs.parameters(), strict=True):
            assert torch.equal(state[f"{slot}/{name}"], reference.state[parameter][torch_slot])


@parametrize(VARIANTS + DECOUPLED)
def test_going_on_from_a_copy_gives_the_same_bits(short, variant):
    recipe = short(**variant)
    whole, halves = network(torch.float32), network(torch.float32)
    whole_state, halves_state = {}, {}
    whole_step = optimizer(recipe, whole, whole_state)
    halves_step = optimizer(recipe, halves, halves_state)
    for iteration in range(STEPS):
        if iteration == STEPS // 2:
            halves_state = {name: value.clone() for name, value in halves_state.items()}
            weights = {name: value.clone() for name, value in networks.state(halves).items()}
            halves = network(torch.float32)
            networks.bind(halves, weights)
            halves_step = optimizer(recipe, halves, halves_state)
        for module, step in ((whole, whole_step), (halves, halves_step)):
            random_gradients(module, iteration)
            with torch.no_grad():
                step(rate(iteration))
    for one, other in zip(whole.parameters(), halves.parameters(), strict=True):
        assert torch.equal(one, other)
    assert whole_state.keys() == halves_state.keys()
    assert all(torch.equal(whole_state[name], halves_state[name]) for name in whole_state)


@parametrize(VARIANTS + DECOUPLED)
def test_state_is_moved_in_place(short, variant):
    """What is copied as a checkpoint is what the step goes on with."""
    module, state = network(torch.float32), {}
    step = optimizer(short(**variant), module, state)
    held = dict(state)
    random_gradients(module, 0)
    with torch.no_grad():
        step(0.1)
    assert all(state[name] is value for name, value in held.items())
    assert all(float(value.abs().sum()) > 0 for value in state.values())


def test_plain_sgd_by_hand(short):
    """w - rate (g + decay w)."""
    recipe = short(momentum=0.0, weight_decay=0.5)
    module = nn.Linear(2, 1, bias=False).double()
    with torch.no_grad():
        module.weight.copy_(torch.tensor([[1.0, -2.0]]))
        module.weight.grad = torch.tensor([[3.0, 4.0]], dtype=torch.float64)
        optimizer(recipe, module, {})(0.1)
    expected = torch.tensor([[1 - 0.1 * (3 + 0.5), -2 - 0.1 * (4 - 1)]], dtype=torch.float64)
    torch.testing.assert_close(module.weight.detach(), expected, rtol=1e-14, atol=0)


def test_momentum_by_hand(short):
    """v <- 0.9 v + g, from 0; w <- w - rate v."""
    recipe = short(momentum=0.9, weight_decay=0.0)
    module, state = nn.Linear(1, 1, bias=False).double(), {}
    step = optimizer(recipe, module, state)
    with torch.no_grad():
        module.weight.fill_(0.0)
        for gradient in (1.0, 2.0, -1.0):
            module.weight.grad = torch.tensor([[gradient]], dtype=torch.float64)
            step(0.1)
    # v: 1, 2.9, 1.61
    assert module.weight.item() == pytest.approx(-0.1 * (1 + 2.9 + 1.61), rel=1e-14)
    assert state["momentum/weight"].item() == pytest.approx(1.61, rel=1e-14)


def test_adams_first_step_is_the_rate_whatever_the_gradient(short):
    recipe = short(optimizer="adam", momentum=0.0, weight_decay=0.0)
    module = nn.Linear(3, 1, bias=False).double()
    with torch.no_grad():
        module.weight.fill_(0.0)
        module.weight.grad = torch.tensor([[1e-3, -5.0, 200.0]], dtype=torch.float64)
        optimizer(recipe, module, {})(0.01)
    expected = torch.tensor([[-0.01, 0.01, -0.01]], dtype=torch.float64)
    torch.testing.assert_close(module.weight.detach(), expected, rtol=2e-5, atol=0)


# --- decoupled weight decay -------------------------------------------------------------


def peak_and_after():
    """A schedule that warms up to a peak of 0.1, stays, and falls."""
    return [0.02, 0.06, 0.1, 0.1, 0.1, 0.03, 0.001, 0.0]


@parametrize(DECOUPLED[:2])
def test_decoupled_decay_of_sgd_is_loshchilov_and_hutters(short, variant):
    """Their SGDW, with torch's momentum: w - rate v - eta decay w, where eta is rate / peak."""
    recipe, module = short(**variant, learning_rate=0.1), network(torch.float64)
    weights = [parameter.detach().clone() for parameter in module.parameters()]
    momentum = [torch.zeros_like(weight) for weight in weights]
    step = optimizer(recipe, module, {})
    for iteration, rate in enumerate(peak_and_after()):
        random_gradients(module, iteration)
        for weight, velocity, parameter in zip(weights, momentum, module.parameters(), strict=True):
            velocity.mul_(recipe.momentum).add_(parameter.grad)
            weight.sub_(rate * velocity + rate / 0.1 * recipe.weight_decay * weight)
        with torch.no_grad():
            step(rate)
        for weight, parameter in zip(weights, module.parameters(), strict=True):
            torch.testing.assert_close(parameter.detach(), weight, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("decay", [1e-3, 0.3])
def test_adamw_shrinks_by_the_rate_times_the_decay(short, decay):
    """1 - rate decay, whatever the peak; ours of `adam` is 1 - decay rate / peak."""
    module = nn.Linear(1, 1, bias=False).double()
    step = optimizer(short(optimizer="adamw", momentum=0.0, weight_decay=decay), module, {})
    with torch.no_grad():
        module.weight.fill_(2.0)
        module.weight.grad = torch.zeros_like(module.weight)
        step(0.1)
    assert module.weight.item() == pytest.approx(2 * (1 - 0.1 * decay), rel=1e-14)


@pytest.mark.parametrize("decay", [1e-3, 0.3])
def test_decoupled_decay_of_adam_is_adamw(short, decay):
    """AdamW shrinks by 1 - rate decay: its decay is ours over the peak rate."""
    recipe = short(
        optimizer="adam",
        momentum=0.0,
        learning_rate=0.1,
        weight_decay=decay,
        weight_decay_style="decoupled",
    )
    ours, theirs = network(torch.float64), network(torch.float64)
    step = optimizer(recipe, ours, {})
    reference = torch.optim.AdamW(theirs.parameters(), lr=0.1, weight_decay=decay / 0.1)
    for iteration, rate in enumerate([0.1] * 10 + peak_and_after()):
        for module in (ours, theirs):
            random_gradients(module, iteration)
        with torch.no_grad():
            step(rate)
        reference.param_groups[0]["lr"] = rate
        reference.step()
        for one, other in zip(ours.parameters(), theirs.parameters(), strict=True):
            torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-12)


@parametrize(DECOUPLED)
def test_decoupled_decay_alone_is_a_product(short, variant):
    """Without gradients, each weight shrinks by 1 - decay * rate / peak, at any peak."""
    recipe, module = short(**variant, learning_rate=0.4), network(torch.float64)
    before = [parameter.detach().clone() for parameter in module.parameters()]
    step = optimizer(recipe, module, {})
    for rate in (0.4, 0.1):
        for parameter in module.parameters():
            parameter.grad = torch.zeros_like(parameter)
        with torch.no_grad():
            step(rate)
    factor = (1 - recipe.weight_decay) * (1 - recipe.weight_decay / 4)
    for weight, parameter in zip(before, module.parameters(), strict=True):
        torch.testing.assert_close(parameter.detach(), weight * factor, rtol=1e-12, atol=0)
