"""Two networks to measure."""

import pytest
import samples
from measure_samples import RECIPE

from trainables import networks
from trainables.training.loop import TrainingState, train


@pytest.fixture(scope="session")
def arms():
    """Two children of one W_0, trained shortly."""
    found = []
    for order_seed in (1, 2):
        weights = networks.initial_weights("digits-mlp", "kaiming-normal", "init", 1)
        examples = samples.digits().train
        *_, state = train(
            RECIPE, TrainingState(0, weights), examples, order_seed=order_seed, until=60
        )
        found.append(state.weights)
    return found
