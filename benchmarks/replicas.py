"""Replicas side by side (`backend: stacked`) against one after another."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from benchmarks.harness import Row, Setting, compare, core, estimate
from benchmarks.training import initial
from sweeps.plan.cost import seconds_per_iteration
from trainables import data
from trainables.recipes import RECIPES

RECIPE = RECIPES["digits-mlp"]
NUMBERS = (1, 2, 4, 6, 9, 18)
"""Of replicas; 9 and 18 are what three and six orders of three inits come to."""

USUAL = 6
"""How many the planner takes a stack to have; in larger ones, each costs less."""

ITERATIONS = 200
"""Of each replica, in each repeat."""


def stacked(setting: Setting) -> list[Row]:
    rows = [_row(setting, number) for number in NUMBERS]
    usual = rows[NUMBERS.index(USUAL)].ours.median
    planned = seconds_per_iteration(replace(RECIPE, backend="stacked"), core())
    what = f"digits-mlp, {USUAL} stacked: an iteration of a replica"
    return [*rows, estimate(what, 1000 * planned, usual, "ms")]


def _row(setting: Setting, number: int) -> Row:
    iterations = setting.effort.of(ITERATIONS)
    compared = compare(
        lambda: _train(setting, number, iterations, backend="stacked"),
        lambda: _train(setting, number, iterations, backend="loop"),
        repeats=setting.effort.repeats,
        per=number * iterations,
    )
    return Row(
        work=f"digits-mlp, {number} stacked: an iteration of a replica; against the loop",
        ours=compared.ours.times(1000),
        unit="ms",
        against=compared.against.times(1000),
        ratio=compared.ratio,
        note=f"{iterations} iterations from initialisation with set-up; processor time",
    )


def _train(setting: Setting, number: int, iterations: int, **changes: Any) -> None:
    from trainables.training.group import Group, Trajectory

    group = Group(replace(RECIPE, **changes), data.load(RECIPE, setting.data).train)
    for replica in range(number):
        group.add(
            Trajectory(initial(RECIPE, replica + 1), order_seed=replica + 1, until=iterations)
        )
    while group.waiting:
        group.advance()
