"""Rates found from times: those of a made-up machine, whose subjects take what is estimated."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sweeps.machine import subjects
from sweeps.machine.fit import fit
from sweeps.machine.subjects import SUBJECTS
from sweeps.plan.cost import seconds_per_iteration
from sweeps.plan.hardware import CPU_CORE, Hardware
from trainables.recipes import RECIPES

MADE_UP = {
    "reference": CPU_CORE,
    "twice as fast": replace(
        CPU_CORE, seconds_per_kernel=11e-6, flops_per_second=200e9, seconds_per_value=0.125e-9,
        seconds_per_parameter=0.65e-9, seconds_per_curved_value=1.75e-9, seconds_per_pixel=2.5e-8,
        seconds_per_mixed_value=0.75e-9,
    ),
    "fast products, slow memory, bf16 instructions": replace(
        CPU_CORE, flops_per_second=250e9, seconds_per_value=0.6e-9, dense_rate=0.7,
        rounded_share=0.8, bf16_speedup=1.8, bf16_kernels=2.5, forward_speedup=1.6,
        mlp_forward_speedup=1.1,
    ),
    "slow kernels, bf16 emulated": replace(
        CPU_CORE, seconds_per_kernel=60e-6, stacked_share=0.15, bf16_speedup=0.5, bf16_kernels=4.0,
        sparse_base=0.4, sparse_slope=2.0, seconds_per_curved_value=8e-9,
    ),
}  # fmt: skip


def times(on: Hardware) -> dict[str, float]:
    return {name: subject.estimate(on) for name, subject in SUBJECTS.items()}


@pytest.mark.parametrize("name", MADE_UP)
def test_the_rates_of_a_made_up_machine_are_found(name: str) -> None:
    on = MADE_UP[name]
    found = fit(times(on))
    assert found.measured
    for rate in vars(on).keys() - {"name", "measured", "seconds_to_start", "rounds_channels"}:
        assert getattr(found, rate) == pytest.approx(getattr(on, rate), rel=1e-3), rate


@pytest.mark.parametrize("name", RECIPES)
def test_estimates_of_networks_that_were_not_timed_are_right_there(name: str) -> None:
    on = MADE_UP["fast products, slow memory, bf16 instructions"]
    expected = seconds_per_iteration(RECIPES[name], on)
    assert seconds_per_iteration(RECIPES[name], fit(times(on))) == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("slower", [0.5, 1.0, 1.7])
def test_a_machine_that_takes_longer_for_all_is_estimated_so(slower: float) -> None:
    found = fit({name: slower * seconds for name, seconds in times(CPU_CORE).items()})
    for name in ("digits-mlp", "lenet-mnist", "resnet20-cifar10", "vgg16-cifar10", "tiny-gpt"):
        expected = slower * seconds_per_iteration(RECIPES[name])
        assert seconds_per_iteration(RECIPES[name], found) == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("name", SUBJECTS)
def test_a_subject_that_takes_longer_is_estimated_as_longer(name: str) -> None:
    usual = times(CPU_CORE)
    slow = fit(usual | {name: 1.2 * usual[name]})
    assert SUBJECTS[name].estimate(slow) > 1.02 * SUBJECTS[name].estimate(fit(usual))


def test_noise_makes_no_rate_absurd() -> None:
    """A subject that was timed while the machine was busy moves rates, within bounds."""
    usual = times(CPU_CORE)
    for name in SUBJECTS:
        found = fit(usual | {name: 5 * usual[name]})
        assert 20e9 < found.flops_per_second < 500e9
        assert 5e-6 < found.seconds_per_kernel < 1e-4
        assert 0 <= found.sparse_base < 5


def test_sparse_subjects_go_sparse() -> None:
    for left in subjects.SPARSE:
        sparse = seconds_per_iteration(subjects.LENET, CPU_CORE, left)
        assert sparse < 0.7 * seconds_per_iteration(subjects.LENET, CPU_CORE)
