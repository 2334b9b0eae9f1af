"""A plan warns of bf16 where a processor was measured to be slower with it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sweeps.machine import this
from sweeps.plan.hardware import CPU_CORE, HARDWARE, Hardware
from sweeps.plan.precision import bf16_speed, warning
from trainables.recipes import RECIPES

HALF = replace(RECIPES["resnet20-cifar10"], precision="bf16")
SLOW, FAST = (replace(CPU_CORE, bf16_speedup=s, measured=True) for s in (0.75, 2.07))


def test_large_convolutions_gain_what_operations_gain() -> None:
    assert bf16_speed(HALF, SLOW) == pytest.approx(0.75, abs=0.01)
    assert bf16_speed(HALF, FAST) == pytest.approx(2.07, abs=0.02)


def test_small_networks_pay_for_casts() -> None:
    digits = replace(RECIPES["digits-mlp"], precision="bf16")
    assert bf16_speed(digits, replace(FAST, bf16_kernels=4.0)) < 0.5


@pytest.mark.parametrize(
    ("recipe", "on", "warns"),
    [
        (HALF, SLOW, True),
        (HALF, FAST, False),
        (replace(HALF, precision="fp32"), SLOW, False),
        (replace(HALF, device="cuda"), SLOW, False),
        (HALF, CPU_CORE, False),  # not measured here
        (HALF, HARDWARE["h100"], False),
    ],
)
def test_it_warns_where_this_machine_is_slower(recipe, on: Hardware, warns: bool) -> None:
    assert (warning(recipe, on) is not None) is warns


def test_the_plan_says_so_in_one_line(cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(this, "this_core", lambda say: SLOW)
    ended = cli("plan", "resnet20-cifar10", "--set", "recipe.precision=bf16")
    assert ended.status == 0
    assert ended.err == (
        "precision: bf16 trains resnet20-cifar at 0.75 times the speed of fp32 on this processor, "
        "as measured; fp32 is faster here\n"
    )
    assert cli("plan", "resnet20-cifar10").err == ""
