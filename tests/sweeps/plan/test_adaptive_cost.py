"""What adaptive pruning is estimated to cost."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sweeps.plan.cost import SECONDS_PER_JOB, seconds
from sweeps.plan.storage import stored_bytes
from trainables.jobs.kinds import Threshold
from trainables.jobs.lineage import Lineage
from trainables.pruning.adaptive import Adaptive
from trainables.recipes import RECIPES

LINEAGE = Lineage(RECIPES["digits-mlp"], 1, [120])


def of_mask(**options: int | None) -> float:
    mask = LINEAGE.adaptive_mask(1, 120, replace(Adaptive(), **options))
    return seconds(mask) - SECONDS_PER_JOB


def test_a_sweep_of_ratios_costs_its_points_and_examples() -> None:
    """Of which there are 1000. The first layer at both ends costs the same for any points."""
    more, most = (of_mask(points=n) - of_mask(points=11) for n in (22, 33))
    assert most == pytest.approx(2 * more)
    assert of_mask(points=11) == pytest.approx(more, rel=0.05)
    assert of_mask(examples=500) == pytest.approx(of_mask(examples=1000) / 2)
    assert of_mask(examples=2000) == of_mask(examples=None) == of_mask(examples=1000) > 0


def test_a_threshold_of_trained_losses_costs_the_training_again() -> None:
    dense = LINEAGE.arm("dense", 0, 120, 1)
    evaluated, trained = (Threshold(of=dense, loss=loss) for loss in ("evaluated", "trained"))
    assert seconds(trained) - seconds(evaluated) == pytest.approx(
        (seconds(dense) - SECONDS_PER_JOB) * (1177 - 120) / 1080
    )
    assert SECONDS_PER_JOB < seconds(evaluated) < seconds(dense) / 5
    assert stored_bytes(evaluated) > 62 * 8
