import copy
from dataclasses import replace

import pytest
import torch
from torch import nn

from trainables.networks.mlp import MLP
from trainables.recipes import RECIPES
from trainables.training.gradients import gradients

DIGITS = RECIPES["digits-mlp"]
"""SGD on the mean cross-entropy in 32-bit floats: nothing that changes a gradient."""

WIDTHS = {
    "digits-mlp": [64, 48, 48, 48, 48, 48, 48, 10],
    "one hidden": [64, 33, 10],
    "wide": [64, 300, 100, 10],
}


def case(widths, batchnorm, dtype, batch):
    torch.manual_seed(batch)
    network = MLP(widths, batchnorm).to(dtype).train()
    inputs = torch.randn(batch, widths[0], dtype=dtype)
    inputs[:, ::7] = 0  # as the margins of images
    return network, inputs, torch.randint(widths[-1], (batch,))


def twice(network):
    """The same network for both ways; BatchNorm counts no batches, as `networks.build` has it."""
    for norm in network.norms:
        norm.num_batches_tracked = None
    return network, copy.deepcopy(network)


@pytest.mark.parametrize("widths", WIDTHS.values(), ids=WIDTHS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=["float32", "float64"])
@pytest.mark.parametrize(
    ("batchnorm", "batch"),
    [*((True, batch) for batch in (2, 8, 13, 16, 128)), *((False, batch) for batch in (1, 13, 60))],
)
def test_by_hand_has_the_bits_of_autograd(widths, batchnorm, dtype, batch):
    network, inputs, labels = case(widths, batchnorm, dtype, batch)
    by_hand, autograd = twice(network)
    steps = gradients(by_hand, DIGITS), gradients(autograd, DIGITS, by_hand=False)
    with torch.no_grad():  # as the training loop calls them
        for _ in range(2):  # the second replaces the gradients and moves the statistics again
            for step in steps:
                step(inputs, labels)
    for (name, one), other in zip(by_hand.named_parameters(), autograd.parameters(), strict=True):
        assert torch.equal(one.grad, other.grad), name
        assert float(one.grad.abs().sum()) > 0
    for (name, one), other in zip(by_hand.named_buffers(), autograd.buffers(), strict=True):
        assert torch.equal(one, other), name


def test_a_single_example_has_no_batch_statistics():
    """Autograd's way raises ValueError; by hand must not put NaN into running variances."""
    network, inputs, labels = case([64, 48, 10], True, torch.float32, 1)
    for by_hand in (False, True):
        with torch.no_grad(), pytest.raises(ValueError, match="more than 1 value per channel"):
            gradients(network, DIGITS, by_hand=by_hand)(inputs, labels)


@pytest.mark.parametrize("by_hand", [True, False])
def test_a_linear_model_by_its_closed_form(by_hand):
    """d loss / d W = (softmax - onehot)^T x / B."""
    network, x, labels = case([5, 3], False, torch.float64, 8)
    with torch.no_grad():
        gradients(network, DIGITS, by_hand=by_hand)(x, labels)
    logits = x @ network.output.weight.detach().T + network.output.bias.detach()
    scores = logits.exp()
    error = scores / scores.sum(1, keepdim=True)
    error[range(8), labels] -= 1
    torch.testing.assert_close(network.output.weight.grad, error.T @ x / 8, rtol=1e-12, atol=1e-15)
    torch.testing.assert_close(network.output.bias.grad, error.mean(0), rtol=1e-12, atol=1e-15)


def test_a_deep_network_by_finite_differences():
    network, inputs, labels = case([6, 5, 5, 4], True, torch.float64, 9)

    def loss():
        scores = network(inputs).log_softmax(1)
        return -scores[range(9), labels].mean().item()

    with torch.no_grad():
        gradients(network, DIGITS)(inputs, labels)
        for parameter in network.parameters():
            flat, slope = parameter.view(-1), parameter.grad.view(-1)
            for index in range(0, len(flat), 7):
                ends = []
                for step in (1e-6, -2e-6):
                    flat[index] += step
                    ends.append(loss())
                flat[index] += 1e-6
                assert (ends[0] - ends[1]) / 2e-6 == pytest.approx(slope[index].item(), abs=1e-7)


def test_inputs_are_flattened():
    network, inputs, labels = case([64, 48, 10], True, torch.float32, 8)
    flat, images = twice(network)
    with torch.no_grad():
        gradients(flat, DIGITS)(inputs, labels)
        gradients(images, DIGITS)(inputs.view(8, 1, 8, 8), labels)
    for one, other in zip(flat.parameters(), images.parameters(), strict=True):
        assert torch.equal(one.grad, other.grad)


def test_running_statistics_move_by_batchnorms_momentum():
    """0.9 old + 0.1 new: the mean, and the unbiased variance, of the first layer's sums."""
    network, inputs, labels = case([64, 48, 10], True, torch.float64, 16)
    norm = twice(network)[0].norms[0]
    sums = inputs @ network.linears[0].weight.detach().T
    with torch.no_grad():
        gradients(network, DIGITS)(inputs, labels)
    torch.testing.assert_close(norm.running_mean, 0.1 * sums.mean(0), rtol=1e-10, atol=1e-14)
    expected = 0.9 + 0.1 * sums.var(0, correction=1)
    torch.testing.assert_close(norm.running_var, expected, rtol=1e-10, atol=0)


# --- label smoothing and auxiliary outputs ----------------------------------------------


def plain_loss(logits, labels, smoothing):
    """Mean cross-entropy with (1 - s) onehot + s / classes."""
    classes = logits.shape[1]
    targets = torch.full_like(logits, smoothing / classes)
    targets[range(len(labels)), labels] += 1 - smoothing
    return -(targets * (logits - logits.exp().sum(1, keepdim=True).log())).sum(1).mean()


def check_against(network, loss, inputs, labels, smoothing):
    """Twice: the second batch replaces the first one's gradients."""
    step = gradients(network, replace(DIGITS, label_smoothing=smoothing))
    for batch in (slice(4, None), slice(None)):
        expected = torch.autograd.grad(loss(inputs[batch], labels[batch]), [*network.parameters()])
        with torch.no_grad():
            step(inputs[batch], labels[batch])
    for (name, parameter), slope in zip(network.named_parameters(), expected, strict=True):
        torch.testing.assert_close(parameter.grad, slope, rtol=1e-10, atol=1e-14, msg=name)
        assert slope.any()


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.5])
@pytest.mark.parametrize("batchnorm", [False, True])
def test_label_smoothing_is_that_of_a_plain_loss(smoothing, batchnorm):
    network, inputs, labels = case([6, 5, 4], batchnorm, torch.float64, 9)

    def loss(inputs, labels):
        return plain_loss(network(inputs), labels, smoothing)

    check_against(network, loss, inputs, labels, smoothing)


def test_label_smoothing_changes_the_gradients():
    network, inputs, labels = case([6, 5, 4], False, torch.float64, 9)
    found = []
    for smoothing in (0.0, 0.1):
        with torch.no_grad():
            gradients(network, replace(DIGITS, label_smoothing=smoothing))(inputs, labels)
        found.append(network.output.bias.grad)
    # Of the mean loss by the output's bias: softmax less the target.
    logits = network(inputs).detach()
    targets = torch.eye(4).double()[labels]
    for smoothing, grad in zip((0.0, 0.1), found, strict=True):
        expected = logits.softmax(1) - (1 - smoothing) * targets - smoothing / 4
        torch.testing.assert_close(grad, expected.mean(0), rtol=1e-10, atol=1e-14)


class TwoOutputs(nn.Module):
    """As Inception-v3 in training: a tuple, the network's own logits first."""

    def __init__(self):
        super().__init__()
        self.shared = nn.Linear(6, 5)
        self.own, self.side = nn.Linear(5, 4), nn.Linear(5, 4)

    def forward(self, inputs):
        hidden = self.shared(inputs).tanh()
        return self.own(hidden), self.side(hidden)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_an_auxiliary_output_counts_two_fifths(smoothing):
    """Szegedy et al. (2016) as in torchvision's reference training: 0.4 of its loss."""
    torch.manual_seed(0)
    network = TwoOutputs().double()
    _, inputs, labels = case([6, 4], False, torch.float64, 9)

    def loss(inputs, labels):
        own, side = network(inputs)
        return plain_loss(own, labels, smoothing) + 0.4 * plain_loss(side, labels, smoothing)

    check_against(network, loss, inputs, labels, smoothing)
