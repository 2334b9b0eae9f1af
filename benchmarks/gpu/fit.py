"""Fit the rates of `sweeps plan` to a GPU: `python -m benchmarks.gpu.fit results.jsonl`.

The rates minimise the relative errors of `sweeps.plan.cost.seconds_per_iteration` over the rows of
trainings: one after another, and LeNet and ResNet-20 in full stacks. Other rows are compared with
the estimates, too, but decide nothing.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy.optimize import nnls

from benchmarks.gpu.subjects import recipe_of
from benchmarks.gpu.table import Row, read, table
from sweeps.plan.cost import seconds_of_points, seconds_per_iteration
from sweeps.plan.hardware import Hardware
from trainables import sizes
from trainables.training.stack import MOST

NOTHING = Hardware("", 0.0, 1.0, np.inf, 0.0, 0.0, 1.0, 0.0, False, places=MOST["cuda"])
"""What costs no time."""

STACKED = ("lenet", "resnet20")
"""Networks whose stacks decide rates: a GPU trains the others faster one after another."""

SPEEDUPS = tuple(np.geomspace(1.0, 8.0, 37))
"""Tried for tf32 and bf16; 8 is what an H100's matrix products gain by tf32."""


def trainings(rows: Iterable[Row]) -> list[Row]:
    """Return the rows of trainings one after another and of full stacks."""
    full = {"loop": 1, "stacked": NOTHING.places}
    return [
        row
        for row in rows
        if row["row"] == "training" and row.get("per_second")
        if row["replicas"] == full[row["backend"]]
    ]


def decides(row: Row) -> bool:
    """Whether a row of a training is one that rates are fitted to."""
    return row["backend"] == "loop" or row["network"] in STACKED


def estimate(row: Row, on: Hardware) -> float:
    """Return the seconds that the planner expects of an iteration of one training."""
    recipe = recipe_of(row["network"], "cuda", row["backend"], row["precision"])
    return seconds_per_iteration(recipe, on)


def fit(rows: Sequence[Row], name: str) -> Hardware:
    """Return the rates nearest to some rows of trainings, by non-negative least squares.

    Estimates are linear in the times of a kernel and an operation (both by backend), a value and a
    parameter; the speedups of tf32 and bf16, which multiply these, are tried one by one.
    """
    best, rates = np.inf, NOTHING
    tf32, bf16 = ([1.0] if not any(r["precision"] == p for r in rows) else SPEEDUPS
                  for p in ("tf32", "bf16"))  # fmt: skip
    for faster in tf32:
        for half in bf16:
            base = replace(NOTHING, tf32_speedup=float(faster), bf16_speedup=float(half))
            matrix = np.array([_coefficients(row, base) for row in rows])
            scale = np.abs(matrix).max(0)
            scale[scale == 0] = 1.0  # nothing depends on it
            found, error = nnls(matrix / scale, np.ones(len(rows)))
            if error < best:
                best, rates = error, _hardware(found / scale, base, name)
    return rates


def _coefficients(row: Row, base: Hardware) -> list[float]:
    """Return estimate / measured of a row per second of each of `fit`'s six times."""
    units = (
        replace(base, seconds_per_kernel=1.0),
        replace(base, flops_per_second=1.0),
        replace(base, seconds_per_value=1.0),
        replace(base, seconds_per_parameter=1.0),
    )
    kernel, operation, value, parameter = (estimate(row, on) * row["per_second"] for on in units)
    if row["backend"] == "stacked":
        return [0.0, kernel, 0.0, operation, value, parameter]
    return [kernel, 0.0, operation, 0.0, value, parameter]


def _hardware(times: np.ndarray, base: Hardware, name: str) -> Hardware:
    kernel, stacked_kernel, operation, stacked_operation, value, parameter = map(float, times)
    return replace(
        base,
        name=name,
        seconds_per_kernel=kernel,
        stacked_share=stacked_kernel / kernel if kernel else 1.0,
        flops_per_second=1 / operation if operation else np.inf,
        seconds_per_value=value,
        seconds_per_parameter=parameter,
        stacked_rate=operation / stacked_operation if stacked_operation else 1.0,
    )


POINTS = 30
"""Of a path whose row does not say it."""


def path_estimate(row: Row, on: Hardware) -> float:
    """Return the images a second that the planner expects along a path."""
    network = sizes.facts(recipe_of(row["network"], "cuda", "loop", row["precision"]))
    points = row.get("points", POINTS)
    return points / seconds_of_points(network, points, on)


def compared(rows: Sequence[Row], on: Hardware) -> str:
    """Return estimates beside what was measured, as a Markdown table."""
    cells = []
    for row in trainings(rows):
        what = row["network"], row["backend"], row["precision"]
        ratio = estimate(row, on) * row["per_second"]
        taken = f"{1e3 / row['per_second']:.3g} ms"
        cells.append((*what, taken, f"{ratio:.2f}", "yes" if decides(row) else "no"))
    for row in rows:
        if row["row"] == "path" and row["precision"] == "fp32" and "error" not in row:
            ratio = row["images_per_second"] / path_estimate(row, on)
            taken = f"{1e6 / row['images_per_second']:.3g} µs"
            cells.append((f"path of {row['network']}", "", "fp32", taken, f"{ratio:.2f}", "no"))
    head = ("work", "backend", "precision", "measured", "estimate / measured", "fitted to")
    return table(head, cells)


def main() -> None:
    """Print the rates, and how near the estimates come."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    rows = read(parser.parse_args().file)
    name = next((row["device"] for row in rows if row["row"] == "about"), "GPU")
    on = fit([row for row in trainings(rows) if decides(row)], name)
    print(f"{on}\n\n{compared(rows, on)}")


if __name__ == "__main__":
    main()
