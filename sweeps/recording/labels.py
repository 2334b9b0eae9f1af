"""What runs of MLflow say of trials and of specs: names, parameters, columns, own code."""

from __future__ import annotations

from typing import Any

from analysis import records
from analysis.strategies import files_in, is_of_files
from sweeps.plan import Plan, Trial
from sweeps.recording.hyperparameters import differing, strings
from sweeps.spec import Sweep
from trainables.measures.parts import Kind, applies


def columns(plan: Plan) -> list[dict[str, Any]]:
    """What is measured beside what all tables show: name, measure, unit, axis and meaning of each
    column."""
    shown = {*records.SCALAR_METRICS, *records.END_METRICS}
    parts = {part.label: part for trial in plan.trials for part in trial.parts}
    return [
        {
            "name": part.recorded(column.name),
            "measure": part.of.measure + part.of.suffix,
            "unit": column.unit,
            "axis": column.axis or "",
            "about": column.about,
            "low": column.low,
            "high": column.high,
        }
        for part in parts.values()
        if part.of.measure != "instability"
        for column in part.of.columns
        if part.recorded(column.name) not in shown
    ]


def measures_of(spec: Sweep) -> dict[str, str]:
    """Return, of a submission's trials and of those of two levels, what is measured."""
    of: dict[str, list[Kind]] = {
        records.MEASURES: [kind for kind in spec.kinds if kind != "levels"]
    }
    if spec.of_levels:
        of[records.LEVEL_MEASURES] = ["levels"]
    return {
        name: ",".join(
            f"{one.measure}{one.suffix}"
            for one in spec.measure
            if any(applies(one, kind) for kind in kinds)
        )
        for name, kinds in of.items()
    }


def params_of(trial: Trial) -> dict[str, object]:
    recipe = trial.arms[0].recipe
    named = {f"{records.HYPERPARAMETER}{n}": v for n, v in differing(strings(recipe)).items()}
    return named | {
        records.RECIPE: recipe.name,
        records.STRATEGY: trial.at.strategy,
        records.LEVEL: trial.at.level,
        records.REWIND: trial.at.rewind,
        records.INIT_SEED: trial.at.init_seed,
        records.ORDER_SEEDS: _orders(trial),
        **({} if trial.at.restart == records.KEEP else {records.RESTART: trial.at.restart}),
        **({} if trial.at.level_2 is None else {records.LEVEL_2: trial.at.level_2}),
    }


def name_of(trial: Trial) -> str:
    at = trial.at
    if is_of_files(at.strategy):
        return f"files {', '.join(files_in(at.strategy))}"
    start = "" if at.restart == records.KEEP else " from 0"
    where = f"k={at.rewind}{start} init {at.init_seed}"
    if at.level_2 is not None:
        return f"{at.strategy} levels {at.level},{at.level_2} {where} order {at.order_seeds[0]}"
    return f"{at.strategy} level {at.level} {where} orders {_orders(trial)}"


def _orders(trial: Trial) -> str:
    return ",".join(map(str, trial.at.order_seeds))


def own_code(spec: Sweep) -> dict[str, str]:
    """Return what identifies each thing of a user's own code, by its name in the spec.

    Of data it is their content.
    """
    found = {one.measure: one.source for one in spec.measure}
    for recipe in (one.recipe for one in spec.each):
        found[recipe.network] = recipe.network_version
        found[recipe.pruning_method] = recipe.pruning_version
        if recipe.data_address and "/" not in recipe.data_address:  # no folder or file
            found[recipe.data_address] = recipe.data
    return {name: identity for name, identity in found.items() if identity}
