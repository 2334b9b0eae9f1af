"""The planner's constants follow this machine's core, within limits."""

import pytest

from sweeps.plan import speed
from sweeps.plan.cost import CPU_CORE, seconds_per_iteration
from trainables.recipes import RECIPES


@pytest.mark.parametrize(
    ("share", "factor"), [(1.0, 1.0), (0.5, 0.5), (2.0, 2.0), (0.01, 0.4), (100.0, 2.5)]
)
def test_small_things_cost_in_proportion(monkeypatch, share, factor):
    monkeypatch.setattr(speed, "probe", lambda: share * speed.REFERENCE_SECONDS)
    here = speed.this_core.__wrapped__()
    assert here.seconds_per_kernel == pytest.approx(factor * CPU_CORE.seconds_per_kernel)
    assert here.flops_per_second == CPU_CORE.flops_per_second
    digits = RECIPES["digits-mlp"]
    ratio = seconds_per_iteration(digits, here) / seconds_per_iteration(digits)
    assert ratio == pytest.approx(factor, rel=0.2), "its iterations are calls more than arithmetic"


def test_the_probe_measures_a_core():
    assert 1e-5 < speed.probe() < 10
