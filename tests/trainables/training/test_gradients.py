import copy

import pytest
import torch

from trainables.networks.mlp import MLP
from trainables.training.gradients import gradients

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
    steps = gradients(by_hand), gradients(autograd, by_hand=False)
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
            gradients(network, by_hand=by_hand)(inputs, labels)


@pytest.mark.parametrize("by_hand", [True, False])
def test_a_linear_model_by_its_closed_form(by_hand):
    """d loss / d W = (softmax - onehot)^T x / B."""
    network, x, labels = case([5, 3], False, torch.float64, 8)
    with torch.no_grad():
        gradients(network, by_hand=by_hand)(x, labels)
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
        gradients(network)(inputs, labels)
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
        gradients(flat)(inputs, labels)
        gradients(images)(inputs.view(8, 1, 8, 8), labels)
    for one, other in zip(flat.parameters(), images.parameters(), strict=True):
        assert torch.equal(one.grad, other.grad)


def test_running_statistics_move_by_batchnorms_momentum():
    """0.9 old + 0.1 new: the mean, and the unbiased variance, of the first layer's sums."""
    network, inputs, labels = case([64, 48, 10], True, torch.float64, 16)
    norm = twice(network)[0].norms[0]
    sums = inputs @ network.linears[0].weight.detach().T
    with torch.no_grad():
        gradients(network)(inputs, labels)
    torch.testing.assert_close(norm.running_mean, 0.1 * sums.mean(0), rtol=1e-10, atol=1e-14)
    expected = 0.9 + 0.1 * sums.var(0, correction=1)
    torch.testing.assert_close(norm.running_var, expected, rtol=1e-10, atol=0)
