"""The recipes of a submission whose hyperparameters vary, as its records hold them.

MLflow's run of a submission has a param for each field of a recipe. Where several recipes differ in
one, it lists their values, and a file (`records.RECIPES_FILE`) says what belongs together.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from analysis import records
from sweeps.plan import Plan
from sweeps.plan.graph import Trial
from sweeps.recording import files
from sweeps.recording.hyperparameters import of_strategies, strings
from sweeps.recording.labels import measures_of
from sweeps.spec import Sweep
from sweeps.spec.measures import batchnorm
from sweeps.spec.tuned import REWIND
from sweeps.spec.vary import words

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

    from sweeps.home import Home
    from trainables.recipe import Recipe

MAX_PARAM = 6000
"""Characters of a param that MLflow's databases hold."""


@dataclass(frozen=True)
class Part:
    """What a submission asks for of one recipe."""

    run: Run
    """The submission's."""
    params: Mapping[str, str]
    """As the submission's, of this recipe."""
    vary: Mapping[str, Any]
    """What varies in the submission -> its value here."""
    trials: frozenset[str]
    """Keys."""
    whole: int | None = None
    """Of a search: how many trials a combination has that is complete."""
    rung: int | None = None
    """After which the search stopped it early, counted from 1; None if it did not."""


def params_of(spec: Sweep) -> dict[str, str]:
    """Return the params of a submission's run."""
    each = [_params(one) for one in spec.each]
    found: dict[str, str] = {}
    for name in dict.fromkeys(name for one in each for name in one):
        values = dict.fromkeys(one.get(name, "") for one in each)
        found[name] = ", ".join(values)[:MAX_PARAM]
    if spec.vary is not None:
        names = dict.fromkeys(name for one in spec.vary for name in one)
        found[records.VARY] = ", ".join(names)
    if spec.search is not None:
        names = dict.fromkeys(spec.search.over)
        found |= dict.fromkeys(found.keys() & {f"recipe.{one}" for one in names}, "searched")
        found[records.RECIPE] = f"{spec.recipe.name.partition(' with ')[0]}, searched"
        found[records.VARY] = ", ".join(names)
    return found


def _params(spec: Sweep) -> dict[str, str]:
    """Those of one recipe."""
    found = {
        records.RECIPE: spec.recipe.name,
        records.MATCHING: spec.matching,
        records.STABLE_BELOW: spec.stable_below,
        records.PATH_POINTS: spec.instability.work.points,
        records.TRAIN_EXAMPLES: spec.instability.work.train_examples or "all",
        records.BATCHNORM: batchnorm(spec.instability),
        **measures_of(spec),
        records.PRETRAIN_ORDER: spec.pretrain_order,
        records.IMP_ORDER: spec.imp_order,
        **of_strategies(spec.subnetworks),
        **{f"{records.HYPERPARAMETER}{n}": value for n, value in strings(spec.recipe).items()},
    }
    return {name: str(value) for name, value in found.items()}


def text_of(plan: Plan) -> str | None:
    """Return what `records.RECIPES_FILE` holds of a plan; None where nothing varies."""
    if plan.spec.vary is None and plan.spec.search is None:
        return None
    parts = [
        {"params": _params(one.spec), "vary": one.vary, "trials": list(one.trials)}
        | ({} if plan.spec.search is None else {"whole": one.whole, "rung": one.rung})
        for one in plan.variants
    ]
    return json.dumps(parts, indent=1)


def read(client: MlflowClient, home: Home, run: Run, trials: set[str]) -> list[Part]:
    """Return the parts of a submission, whose `trials` are known, by recipe."""
    text = None
    if records.VARY in run.data.params:
        text = files.read_text(client, home, run, records.RECIPES_FILE)
    if text is None:
        return [Part(run, run.data.params, {}, frozenset(trials))]
    return [
        Part(
            *(run, one["params"], one["vary"], frozenset(one["trials"])),
            *(one.get("whole"), one.get("rung")),
        )
        for one in json.loads(text)
    ]


class Varied:
    """What varies of the trials of a plan."""

    def __init__(self, plan: Plan):
        self._of: dict[str, Mapping[str, Any]] = {}
        for one in plan.variants if plan.spec.vary or plan.spec.search else ():
            for key in one.trials:
                self._of.setdefault(key, one.vary)

    def name(self, trial: Trial) -> str:
        """Return what comes behind the name of a trial's run."""
        return f" {words(self._of[trial.key])}" if trial.key in self._of else ""

    def params(self, trial: Trial) -> dict[str, str]:
        """Return params of a trial's run: those that may be as in the built-in recipe, too."""
        recipe = strings(trial.arms[0].recipe)
        found = {}
        for name, value in self._of.get(trial.key, {}).items():
            if name not in ("base", REWIND):  # others say it
                found[f"{records.HYPERPARAMETER}{name}"] = recipe.get(name, str(value))
        return found


def recipe_of(spec: Sweep, trial: Run, varied: Iterable[Mapping[str, Any]]) -> Recipe:
    """Return the recipe of a trial of a spec, by the trial's run.

    `varied` are the combinations that a search has tried.
    """
    name = trial.data.params[records.RECIPE]
    tried = (spec.proposed.sweep(one) for one in varied if one) if spec.proposed else ()
    found = (one.recipe for one in (*spec.each, *tried) if one is not None)
    return next((recipe for recipe in found if recipe.name == name), spec.recipe)
