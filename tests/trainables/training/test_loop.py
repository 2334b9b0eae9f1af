import pytest
import samples
import torch
from torch import nn
from torch.nn.functional import cross_entropy
from torch.optim.lr_scheduler import MultiStepLR

from trainables import networks
from trainables.data.split import Split
from trainables.training import loop
from trainables.training.loop import TrainingState, train
from trainables.training.order import DataOrder


@pytest.fixture
def every_iteration(monkeypatch):
    monkeypatch.setattr(loop, "PULSE_SECONDS", -1.0)


def digits():
    return samples.digits().train


def w0(dtype=torch.float32, seed=1):
    weights = networks.initial_weights("digits-mlp", "kaiming-normal", "init", seed)
    return {name: value.to(dtype) for name, value in weights.items()}


def some_mask(fraction=0.3):
    weights = w0(seed=7)
    names = networks.prunable(networks.build("digits-mlp"))
    return {name: weights[name] > weights[name].quantile(1 - fraction) for name in names}


def trained(recipe, weights, **options):
    """Weights at the end."""
    state = TrainingState(options.pop("begin", 0), {n: v.clone() for n, v in weights.items()})
    options = {"order_seed": 3, "until": recipe.iterations, "data": digits()} | options
    *_, last = train(recipe, state, **options)
    assert last.iteration == options["until"]
    return last.weights


def same(one, other):
    assert one.keys() == other.keys()
    return all(torch.equal(one[name], other[name]) for name in one)


# --- against plain PyTorch --------------------------------------------------------------


def plain_loop(plain, recipe, weights, examples, fused, mask=None):
    """The textbook loop: nn.Module, torch.optim.SGD, MultiStepLR, masks after each step."""
    network = plain.network(weights).train()
    optimizer = torch.optim.SGD(
        network.parameters(),
        lr=recipe.learning_rate,
        momentum=recipe.momentum,
        weight_decay=recipe.weight_decay,
        fused=fused,
    )
    scheduler = MultiStepLR(optimizer, list(recipe.milestones), gamma=recipe.decay)
    parameters = dict(network.named_parameters())
    order = DataOrder(len(examples), recipe.batch_size, 3, keep_last=recipe.last_batch == "keep")

    def apply_mask():
        with torch.no_grad():
            for name, keep in (mask or {}).items():
                parameters[plain.place(name)] *= keep

    apply_mask()
    for iteration in range(recipe.iterations):
        batch = order.batch(iteration)
        optimizer.zero_grad()
        cross_entropy(network(examples.images[batch].flatten(1)), examples.labels[batch]).backward()
        optimizer.step()
        scheduler.step()
        apply_mask()
    return plain.weights(network, list(weights))


@pytest.mark.parametrize("masked", [False, True], ids=["dense", "masked"])
@pytest.mark.parametrize("last_batch", ["keep", "drop"])
def test_training_has_the_bits_of_a_plain_loop(short, plain, masked, last_batch):
    recipe = short(iterations=100, milestones=(50, 75), last_batch=last_batch)
    mask = some_mask() if masked else None
    expected = plain_loop(plain, recipe, w0(), digits(), True, mask)
    assert same(trained(recipe, w0(), mask=mask), expected)


@pytest.mark.parametrize("masked", [False, True], ids=["dense", "masked"])
def test_training_is_a_plain_loop_in_exact_enough_arithmetic(short, plain, masked):
    """With torch's default kernels, in float64, where only rounding could differ."""
    recipe = short(iterations=100, milestones=(50, 75), learning_rate=0.05)
    split = Split(digits().images.double(), digits().labels)
    weights = w0(torch.float64)
    mask = some_mask() if masked else None
    expected = plain_loop(plain, recipe, weights, split, False, mask)
    ours = trained(recipe, weights, data=split, mask=mask)
    for name, value in ours.items():
        assert value.dtype == torch.float64
        torch.testing.assert_close(value, expected[name], rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_gradients_by_hand_change_nothing(short, optimizer):
    momentum = 0.9 if optimizer == "sgd" else 0.0
    recipe = short(optimizer=optimizer, momentum=momentum, learning_rate=0.01)
    assert same(trained(recipe, w0(), by_hand=True), trained(recipe, w0(), by_hand=False))


def test_networks_that_are_not_mlps_train(short, monkeypatch):
    """Convolutions go through autograd; here one layer, against torch.optim."""

    def build(name):
        return nn.Sequential(nn.Conv2d(1, 10, 8), nn.Flatten())

    monkeypatch.setattr(networks, "build", build)
    recipe = short(iterations=20, milestones=())
    torch.manual_seed(0)
    network = build("")
    weights = {name: value.detach().clone() for name, value in network.named_parameters()}
    ours = trained(recipe, weights)
    optimizer = torch.optim.SGD(
        network.parameters(), lr=0.15, momentum=0.9, weight_decay=1e-4, fused=True
    )
    for iteration in range(20):
        batch = DataOrder(1000, 16, 3).batch(iteration)
        optimizer.zero_grad()
        cross_entropy(network(digits().images[batch]), digits().labels[batch]).backward()
        optimizer.step()
    assert same(ours, {name: value.detach() for name, value in network.named_parameters()})


# --- stopping and going on --------------------------------------------------------------

WAYS = [
    {},
    {"momentum": 0.0},
    {"optimizer": "adam", "momentum": 0.0, "learning_rate": 0.01},
    {"warmup": 20, "last_batch": "drop", "batch_size": 48},
]


@pytest.mark.parametrize("way", WAYS, ids=["sgd", "no momentum", "adam", "warm-up"])
@pytest.mark.parametrize("masked", [False, True], ids=["dense", "masked"])
def test_going_on_from_any_copy_gives_the_same_bits(short, every_iteration, way, masked):
    recipe = short(**(way | {"iterations": 40, "milestones": (10, 30)}))
    mask = some_mask() if masked else None
    options = {"order_seed": 3, "until": 40, "mask": mask}
    copies = [s.copy() for s in train(recipe, TrainingState(0, w0()), digits(), **options)]
    assert [copy.iteration for copy in copies] == list(range(1, 41))
    for copy in copies[:-1:5]:
        *_, last = train(recipe, copy, digits(), **options)
        assert last.iteration == 40
        assert same(last.weights, copies[-1].weights)
        assert same(last.optimizer, copies[-1].optimizer)


def test_a_copy_is_left_alone(short, every_iteration):
    steps = train(short(), TrainingState(0, w0()), digits(), order_seed=3, until=60)
    state = next(steps)
    copy = state.copy()
    weights = {name: value.clone() for name, value in copy.weights.items()}
    momentum = {name: value.clone() for name, value in copy.optimizer.items()}
    next(steps)
    assert same(copy.weights, weights)
    assert same(copy.optimizer, momentum)
    assert not same(state.weights, weights)
    assert copy.iteration == 1


def test_it_hands_out_the_end_once_and_nothing_before_the_pulse(short, monkeypatch):
    monkeypatch.setattr(loop, "PULSE_SECONDS", 1e9)
    state = TrainingState(0, w0())
    handed = list(train(short(), state, digits(), order_seed=3, until=60))
    assert handed == [state]
    assert state.iteration == 60


def test_training_in_two_parts_is_training_once(short):
    """A(A(W_0, 0 -> 25), 25 -> 60) with the same noise and the optimizer kept."""
    state = TrainingState(0, w0())
    for until in (25, 60):
        *_, state = train(short(), state, digits(), order_seed=3, until=until)
    assert same(state.weights, trained(short(), w0()))


def test_a_training_on_hold_leaves_the_callers_gradients_on(short, every_iteration):
    """Also where several are under way, and end in any order."""
    options = {"order_seed": 3, "until": 60}
    first, second = (train(short(), TrainingState(0, w0()), digits(), **options) for _ in range(2))
    next(first)
    assert torch.is_grad_enabled()
    next(second)
    first.close()
    second.close()
    assert torch.is_grad_enabled()


def test_nothing_is_trained_at_the_end(short):
    weights = trained(short(), w0(), begin=60)
    assert same(weights, w0())


# --- dropout ----------------------------------------------------------------------------


class Watched(nn.Dropout):
    """Keeps the masks that it draws."""

    drawn: list[torch.Tensor] = []  # noqa: RUF012

    def forward(self, inputs):
        outputs = super().forward(inputs)
        self.drawn.append(outputs != 0)
        return outputs


@pytest.fixture
def dropping(monkeypatch):
    """A network with dropout takes the place of any; its initial weights, and the masks drawn."""

    def build(name):
        layers = [nn.Linear(64, 32), nn.Sigmoid(), Watched(0.4), nn.Linear(32, 10)]
        return nn.Sequential(nn.Flatten(), *layers)

    monkeypatch.setattr(networks, "build", build)
    monkeypatch.setattr(Watched, "drawn", [])
    torch.manual_seed(0)
    weights = {name: value.detach().clone() for name, value in build("").named_parameters()}
    return weights, Watched.drawn


def test_dropout_is_the_same_whatever_was_drawn_before(short, dropping):
    weights, drawn = dropping
    results = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        results.append(trained(short(), weights))
    assert same(*results)
    assert len(drawn) == 120
    assert all(torch.equal(*masks) for masks in zip(drawn[:60], drawn[60:], strict=True))
    kept = torch.stack(drawn).double().mean().item()
    assert kept == pytest.approx(0.6, abs=0.01)  # 5 deviations of 30,720 draws, doubled


def test_dropout_differs_by_iteration_and_order_seed(short, dropping):
    weights, drawn = dropping
    for order_seed in (3, 4):
        trained(short(), weights, order_seed=order_seed)
    assert len({tuple(mask.flatten().tolist()) for mask in drawn}) == 120


def test_training_with_dropout_resumes_anywhere(short, dropping, every_iteration):
    weights, _ = dropping
    options = {"order_seed": 3, "until": 12}
    recipe = short(iterations=12, milestones=())
    state = TrainingState(0, {name: value.clone() for name, value in weights.items()})
    copies = [state.copy() for state in train(recipe, state, digits(), **options)]
    for copy in copies[:-1]:
        torch.manual_seed(copy.iteration)  # another process has drawn other numbers
        *_, last = train(recipe, copy, digits(), **options)
        assert same(last.weights, copies[-1].weights)
        assert same(last.optimizer, copies[-1].optimizer)


# --- batches, masks ---------------------------------------------------------------------


def test_training_from_the_middle_of_an_epoch_sees_its_batches(short):
    """Examples whose turn does not come between k and T may as well not be there."""
    recipe = short(iterations=80, milestones=())
    order = DataOrder(1000, 16, 3, keep_last=False)
    seen = torch.cat([order.batch(iteration) for iteration in range(30, 80)])
    assert len(set(seen.tolist())) < 1000
    poisoned = digits().images.clone()
    unseen = torch.ones(1000, dtype=torch.bool)
    unseen[seen] = False
    poisoned[unseen] = float("nan")
    expected = trained(recipe, w0(), begin=30)
    ours = trained(recipe, w0(), begin=30, data=Split(poisoned, digits().labels))
    assert same(ours, expected)
    poisoned[order.batch(30)[0]] = float("nan")
    worse = trained(recipe, w0(), begin=30, data=Split(poisoned, digits().labels))
    assert worse["output.weight"].isnan().any()


def test_another_order_seed_gives_other_weights(short):
    assert not same(trained(short(), w0(), order_seed=4), trained(short(), w0()))


def test_pruned_weights_are_exactly_zero_and_the_others_move(short):
    mask = some_mask()
    weights = trained(short(), w0(), mask=mask)
    for name, keep in mask.items():
        assert not weights[name][~keep].any()
        assert weights[name][keep].all()
        assert not torch.equal(weights[name][keep], w0()[name][keep])


def test_masks_are_applied_when_handed_out(short, every_iteration):
    mask = some_mask()
    steps = train(short(), TrainingState(0, w0()), digits(), order_seed=3, until=60, mask=mask)
    for state in steps:
        assert not any(state.weights[name][~keep].any() for name, keep in mask.items())


def test_weights_without_training_are_masked_too(short):
    mask = some_mask()
    weights = trained(short(), w0(), begin=60, mask=mask)
    for name, keep in mask.items():
        assert torch.equal(weights[name], w0()[name] * keep)


def test_a_mask_of_ones_changes_nothing(short):
    ones = {name: torch.ones_like(keep) for name, keep in some_mask().items()}
    assert same(trained(short(), w0(), mask=ones), trained(short(), w0()))


def test_training_learns(short):
    """From about 90 % wrong to below 10 % on the training set within three epochs."""
    weights = trained(short(iterations=189, milestones=(150,)), w0())
    network = networks.build("digits-mlp").eval()
    networks.bind(network, weights)
    with torch.no_grad():
        wrong = (network(digits().images).argmax(1) != digits().labels).double().mean()
    assert wrong < 0.10
