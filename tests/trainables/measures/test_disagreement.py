"""How differently networks answer, against answers that are computed plainly."""

import math

import pytest
import samples
import torch
from measure_samples import RECIPE, context
from torch.nn.functional import cross_entropy

from trainables import networks
from trainables.measures.disagreement import Options, compute


def plainly(weights, split):
    network = networks.build(RECIPE.architecture).eval()
    networks.bind(network, weights)
    with torch.no_grad():
        logits = network(split.images)
    return logits.argmax(1), cross_entropy(logits, split.labels, reduction="none").double()


@pytest.mark.parametrize("split", ["test", "train"])
def test_it_counts_other_classes_and_measures_losses(arms, split):
    data = samples.digits()
    found = compute(arms, context(data), Options())
    examples = getattr(data, split)
    (first, losses), (second, others) = (plainly(arm, examples) for arm in arms)
    different = int((first != second).sum())
    assert different > 0
    assert found[f"disagreement_{split}"] == pytest.approx(100 * different / len(examples))
    wrong = sum(int((one != examples.labels).sum()) for one in (first, second))
    assert found[f"disagreement_of_errors_{split}"] == pytest.approx(different / wrong)
    expected = (losses - others).norm().item()
    assert found[f"disagreement_losses_{split}"] == pytest.approx(expected, rel=1e-5)


def test_a_network_agrees_with_itself(arms):
    found = compute((arms[0], arms[0]), context(samples.digits()), Options())
    assert found["disagreement_test"] == found["disagreement_losses_train"] == 0


def test_without_errors_there_is_no_ratio(arms):
    """Examples that both networks have right."""
    data = samples.digits()
    right = plainly(arms[0], data.test)[0] == data.test.labels
    right &= plainly(arms[1], data.test)[0] == data.test.labels
    chosen = data.test.__class__(data.test.images[right], data.test.labels[right])
    found = compute(arms, context(data.__class__(data.train, chosen)), Options())
    assert found["disagreement_test"] == 0
    assert math.isnan(found["disagreement_of_errors_test"])
