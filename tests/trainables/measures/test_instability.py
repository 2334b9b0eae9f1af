import json
import math
from dataclasses import replace

import pytest
import samples
import torch
from measure_samples import context
from torch.nn.functional import cross_entropy

from trainables.measures.instability import Options, compute, instability


@pytest.mark.parametrize(
    ("errors", "expected"),
    [
        ([10.0, 10.0, 10.0], 0.0),
        ([10.0, 50.0, 12.0], 39.0),
        ([10.0, 8.0, 12.0], 1.0),  # the highest may be an end
        ([0.0, 90.0, 80.0, 0.0], 90.0),
        ([4.0, 2.0], 1.0),
    ],
)
def test_instability_is_the_highest_error_over_the_ends_mean(errors, expected):
    assert instability(errors) == expected


POINTS = 11


def measure(first, second, data, points):
    """What a path of so many points between two networks says."""
    return compute((first, second), context(data), Options(points))


@pytest.fixture(scope="module")
def measured(arms):
    return measure(*arms, samples.digits(), POINTS)


@pytest.fixture(scope="module")
def brute_force(arms, plain):
    """LMC Algorithm 1, step 5: W(a) = a W_1 + (1 - a) W_2, each loaded into a network."""
    network = plain.network(arms[0]).eval()
    curves = {}
    for split in ("train", "test"):
        examples = getattr(samples.digits(), split)
        errors, losses = [], []
        for point in range(POINTS):
            alpha = point / (POINTS - 1)
            mixed = {n: alpha * arms[0][n] + (1 - alpha) * arms[1][n] for n in arms[0]}
            ours = {plain.place(name): value for name, value in mixed.items()}
            network.load_state_dict(ours, strict=False)
            with torch.no_grad():
                logits = network(examples.images)
            wrong = int((logits.argmax(1) != examples.labels).sum())
            errors.append(100 * wrong / len(examples.labels))
            losses.append(cross_entropy(logits.double(), examples.labels).item())
        curves[split] = errors, losses
    return curves


@pytest.mark.parametrize("split", ["train", "test"])
def test_the_path_is_algorithm_1s(measured, brute_force, split):
    errors, losses = brute_force[split]
    assert measured[f"path_error_{split}"] == errors
    assert measured[f"path_loss_{split}"] == pytest.approx(losses, rel=1e-5)
    assert max(errors) > errors[0] != errors[-1], "a path that could be told from its reverse"


@pytest.mark.parametrize("split", ["train", "test"])
def test_the_numbers_follow_from_the_path(measured, brute_force, split):
    errors, _ = brute_force[split]
    mean = (errors[0] + errors[-1]) / 2
    assert measured[f"instability_{split}"] == pytest.approx(max(errors) - mean, abs=1e-12)
    assert measured[f"accuracy_{split}_1"] == pytest.approx(100 - errors[-1], abs=1e-12)
    assert measured[f"accuracy_{split}_2"] == pytest.approx(100 - errors[0], abs=1e-12)
    assert measured[f"accuracy_{split}"] == pytest.approx(100 - mean, abs=1e-12)


def test_arms_are_left_alone(arms):
    before = [{name: value.clone() for name, value in arm.items()} for arm in arms]
    measure(*arms, samples.digits(), 3)
    for arm, copy in zip(arms, before, strict=True):
        assert all(torch.equal(arm[name], value) for name, value in copy.items())


def test_a_network_is_stable_against_itself(arms):
    measured = measure(arms[0], arms[0], samples.digits(), 5)
    for split in ("train", "test"):
        assert measured[f"instability_{split}"] <= 0.2  # an example may flip by rounding
        assert measured[f"accuracy_{split}_1"] == measured[f"accuracy_{split}_2"]


@pytest.fixture
def few():
    """Ten test examples, six of them of one class."""
    data = samples.digits()
    labels = data.test.labels
    chosen = torch.cat([(labels == 3).nonzero()[:6, 0], (labels == 5).nonzero()[:4, 0]])
    test = replace(data.test, images=data.test.images[chosen], labels=labels[chosen])
    return replace(data, test=test)


def test_what_guessing_would_give_is_recorded(arms, few):
    measured = measure(*arms, few, 3)
    assert (measured["test_examples"], measured["majority_test"]) == (10, 60.0)
    assert (measured["diverged_1"], measured["diverged_2"]) == (False, False)


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("name", ["output.bias", "norms.0.running_var"])
def test_a_diverged_end_has_no_instability(arms, few, which, value, name):
    ends = [{key: tensor.clone() for key, tensor in arm.items()} for arm in arms]
    ends[which][name][0] = value
    measured = json.loads(json.dumps(measure(*ends, few, 3)))
    assert [measured["diverged_1"], measured["diverged_2"]] == [which == 0, which == 1]
    assert math.isnan(measured["instability_test"])
    assert math.isnan(measured["instability_train"])
    assert len(measured["path_error_test"]) == len(measured["path_loss_train"]) == 3
    assert 0 <= measured["accuracy_test"] <= 100


def test_finite_weights_with_an_infinite_loss_have_diverged(arms, few):
    """Logits overflow although no weight does."""
    ends = [{key: tensor.clone() for key, tensor in arm.items()} for arm in arms]
    ends[0]["output.weight"].fill_(3e38)
    measured = measure(*ends, few, 3)
    assert [measured["diverged_1"], measured["diverged_2"]] == [True, False]
    assert math.isnan(measured["instability_test"])


def test_guessing_is_told_of_the_test_split_whatever_is_sampled_of_the_other(arms, few):
    measured = measure(*arms, replace(few, train=few.train.sample(50)), 3)
    assert (measured["test_examples"], measured["majority_test"]) == (10, 60.0)
