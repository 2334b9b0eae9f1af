"""From the times of subjects to the rates of a core."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
from scipy.optimize import lsq_linear

from sweeps.machine.subjects import LENET, SPARSE, SUBJECTS, Training
from sweeps.plan.hardware import CPU_CORE, Hardware

LOOPS = ("digits", "digits-stacked", "lenet", "lenet-large", "gpt", "resnet8", "resnet20", "wide")
"""Trainings in 32-bit floats whose times give the rates of kernels, operations and values."""

BF16 = ("digits-bf16", "resnet20-bf16")
PATHS = ("digits-path", "lenet-path")

APART = 4.0
"""How many times a rate may be above or below the reference core's: beyond that, a fit has taken
noise for a difference."""

APART_ELSEWHERE = 8.0
"""The same for bf16, which has instructions or has not, and for paths."""

Rates = Callable[[Sequence[float]], Hardware]
"""Makes a core of some rates, or of their inverses: times that estimates are linear in."""


def fit(times: Mapping[str, float]) -> Hardware:
    """Return the rates whose estimates of `SUBJECTS` are nearest to their times, in seconds.

    Relative errors are minimised, by least squares within bounds.
    """
    core = _loops(times)
    core = _bf16(core, times)
    core = _sparse(core, times)
    core = _paths(core, times)
    image = SUBJECTS["image"].estimate(CPU_CORE) / CPU_CORE.seconds_per_pixel
    slower = core.seconds_per_kernel / CPU_CORE.seconds_per_kernel
    return replace(
        core,
        seconds_per_pixel=times["image"] / image,
        seconds_to_start=CPU_CORE.seconds_to_start * min(max(slower, 0.4), 2.5),
        measured=True,
    )


def _loops(times: Mapping[str, float]) -> Hardware:
    def core(values: Sequence[float]) -> Hardware:
        kernel, stacked, convolution, rounded, product, value, parameter, curved = values
        return replace(
            CPU_CORE,
            seconds_per_kernel=kernel,
            stacked_share=stacked / kernel,
            flops_per_second=1 / convolution,
            rounded_share=rounded / convolution,
            dense_rate=convolution / product,
            seconds_per_value=value,
            seconds_per_parameter=parameter,
            seconds_per_curved_value=curved,
        )

    c = CPU_CORE
    kernel, operation = c.seconds_per_kernel, 1 / c.flops_per_second
    reference = (
        kernel, c.stacked_share * kernel, operation, operation, operation, c.seconds_per_value,
        c.seconds_per_parameter, c.seconds_per_curved_value,
    )  # fmt: skip
    return _nearest(core, reference, LOOPS, times, APART)


def _bf16(core: Hardware, times: Mapping[str, float]) -> Hardware:
    def half(values: Sequence[float]) -> Hardware:
        return replace(core, bf16_kernels=values[0], bf16_speedup=1 / values[1])

    return _nearest(half, (1.0, 1 / CPU_CORE.bf16_speedup), BF16, times)


def _sparse(core: Hardware, times: Mapping[str, float]) -> Hardware:
    dense = Training(LENET).estimate(core)
    least, most = (times[name] / dense for name in ("lenet-sparser", "lenet-sparse"))
    slope = max((most - least) / (SPARSE[1] - SPARSE[0]), 0.0)
    return replace(core, sparse_base=max(least - slope * SPARSE[0], 0.0), sparse_slope=slope)


def _paths(core: Hardware, times: Mapping[str, float]) -> Hardware:
    plain = SUBJECTS["resnet20-path"].estimate(replace(core, forward_speedup=1.0))
    core = replace(core, forward_speedup=plain / times["resnet20-path"])

    def mixing(values: Sequence[float]) -> Hardware:
        seconds, share = values
        return replace(core, seconds_per_mixed_value=seconds, mlp_forward_speedup=1 / share)

    reference = CPU_CORE.seconds_per_mixed_value, 1 / CPU_CORE.mlp_forward_speedup
    return _nearest(mixing, reference, PATHS, times)


def _nearest(
    core: Rates,
    reference: Sequence[float],
    names: Sequence[str],
    times: Mapping[str, float],
    apart: float = APART_ELSEWHERE,
) -> Hardware:
    """Return the core whose estimates of some subjects, linear in its values, are nearest.

    Values are within a factor `apart` of the reference's.
    """

    def shares(values: Sequence[float]) -> np.ndarray:
        on = core(values)
        return np.array([SUBJECTS[name].estimate(on) / times[name] for name in names])

    usual = shares(reference)
    columns = []
    for index, value in enumerate(reference):
        doubled = [*reference[:index], 2 * value, *reference[index + 1 :]]
        columns.append(shares(doubled) - usual)
    matrix = np.stack(columns, axis=1)
    rest = 1 - (usual - matrix.sum(1))  # what no value changes is taken off
    found = lsq_linear(matrix, rest, bounds=(1 / apart, apart), tol=1e-12)
    return core([float(x * value) for x, value in zip(found.x, reference, strict=True)])
