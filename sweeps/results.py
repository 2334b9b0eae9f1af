"""A sweep's recorded results, read back from MLflow."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from analysis import records
from analysis.cells import NAMED, Matching, cells, samples
from analysis.curves import along, curves
from analysis.ends import of_levels, outcomes
from analysis.learning import learning_curves
from analysis.levels import BARRIER
from analysis.pairs import pairs
from analysis.quantities import Quantity
from analysis.study import UNTIL_LEFT, Study
from sweeps.home import Home
from sweeps.recording import files, variants
from sweeps.recording.database import client_of
from sweeps.recording.submissions import asked_for, chosen_of
from sweeps.settings import Setting, axes, labelled, settings

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run


Scope = Literal["sweep", "recipe", "submission"]
"""Which trials: all under a name, those that share a recipe, or those of one submission."""


@dataclass(frozen=True)
class Results:
    """The trials of a sweep: of every submission under its name, or of one."""

    name: str
    home: Home
    client: MlflowClient
    submission: Run
    """The latest one, or the one that was asked for."""
    settings: tuple[Setting, ...]
    """Of the trials, that of `submission` first."""
    trials: pd.DataFrame
    """As `records.trials`, but `recipe` is the label of a trial's setting, and `submission` the key
    (its first digits) of the latest submission that asks for it. There is a column `recipe.FIELD`
    for each hyperparameter that some setting changes, and `outcome`, as `ends.outcomes`."""
    runs: dict[str, Run]
    """The trials' runs by their ids."""
    wanted: set[str]
    """Keys of the trials that `submission` asks for."""
    quantities: tuple[Quantity, ...]
    """The columns of `trials` that measures other than instability say."""
    scope: Scope
    """Which trials these are."""
    others: int
    """Trials under the name that are left out."""
    axes: Mapping[str, Mapping[str, Any]]
    """The hyperparameters in which the trials' recipes differ: name -> value by label."""

    @property
    def stable_below(self) -> float:
        return float(self.submission.data.params[records.STABLE_BELOW])

    @property
    def matching(self) -> Matching:
        value = self.submission.data.params[records.MATCHING]
        return value if value in NAMED else float(value)

    @property
    def iterations(self) -> dict[str, int]:
        """T of each setting, by its label; those that do not say it are left out."""
        found = {one.label: one.hyperparameters.get("iterations", "") for one in self.settings}
        return {label: int(value) for label, value in found.items() if value.isdigit()}

    @cached_property
    def until_left(self) -> float:
        """How many weights (%) adaptive pruning is to leave at most, as `Study.until_left`."""
        spec = json.loads(self.text(records.SWEEP_FILE) or "{}")
        shares = [one["until_left"] for one in spec.get("subnetworks", ()) if "until_left" in one]
        return float(str(shares[0]).removesuffix("%")) if shares else UNTIL_LEFT

    @cached_property
    def samples(self) -> pd.DataFrame:
        return samples(self.trials, stable_below=self.stable_below, matching=self.matching)

    @cached_property
    def cells(self) -> pd.DataFrame:
        return cells(self.trials, stable_below=self.stable_below, matching=self.matching)

    @cached_property
    def restarted(self) -> pd.DataFrame:
        """Cells of copies that start over, as `Study.restarted`; empty where there are none."""
        if not (self.trials[records.RESTART] == records.RESET).any():
            return self.cells.iloc[:0]
        return self.without_curves.restarted

    @cached_property
    def pairs(self) -> pd.DataFrame:
        """The pairs of networks from files, as `pairs.pairs`."""
        return pairs(self.trials, self.stable_below)

    @cached_property
    def without_curves(self) -> Study:
        """The trials as a study, without what has to be read from a file of each run."""
        return Study(
            name=self.name,
            trials=self.trials,
            stable_below=self.stable_below,
            matching=self.matching,
            iterations=self.iterations,
            until_left=self.until_left,
        )

    @cached_property
    def of_levels(self) -> Study:
        """The study for tables of levels: without curves where barriers were measured."""
        measured = not of_levels(self.trials).any() or BARRIER in self.trials
        return self.without_curves if measured else self.study

    @property
    def varied(self) -> list[Mapping[str, Any]]:
        """What varies -> its value, of each setting."""
        return [one.vary for one in self.settings]

    @property
    def planned(self) -> int:
        """How many trials there will be when the submission is complete."""
        return len(self.trials) + len(self.wanted - set(self.trials["trial"]))

    @property
    def lacking(self) -> int:
        """Trials of the submission that are recorded without some of what it measures."""
        there = {run.data.tags[records.TRIAL_KEY]: run for run in self.runs.values()}
        wanted = (there[key] for key in self.wanted & there.keys())
        return sum(not records.holds(run, self.submission) for run in wanted)

    @property
    def unmeasurable(self) -> int:
        """Trials of the submission that need the weights of a training that diverged."""
        return int(self.submission.data.tags.get(records.UNMEASURED, 0))

    @property
    def whose(self) -> str:
        """Whose trials these are, in a sentence; empty where that needs no word."""
        number = self.trials["trial"].nunique()
        key = self.submission.data.tags[records.SWEEP_KEY][:8]
        if self.scope == "submission":
            return f"The {number} trials of submission {key} alone."
        if self.scope == "sweep" and len(self.settings) > 1:
            return f"All {number} trials under the name {self.name}: {len(self.settings)} recipes."
        earlier = number - len(self.wanted & set(self.trials["trial"]))
        recipes = "this recipe" if len(self.settings) == 1 else "these recipes"
        others = f"{earlier} of which other submissions than {key} asked for"
        return f"{number} trials of {recipes}, {others}." if earlier else ""

    def curves(self, trials: pd.DataFrame | None = None) -> pd.DataFrame:
        """The path curves of some of the trials, or of all, as `curves.curves`."""
        wanted = self.trials if trials is None else trials
        return curves(self.client, wanted.drop_duplicates("trial"), self._read_file)

    def along(self, measure: str, axis: str) -> pd.DataFrame:
        """What a measure, by its label, says along an axis, as `curves.along`."""
        return along(self.trials.drop_duplicates("trial"), measure, axis, self._read_file)

    @cached_property
    def progress(self) -> pd.DataFrame:
        """What was measured of copies while they were trained: `trial`, `iteration` and columns of
        `throughout`. Where it was measured in several ways, those of the most points."""
        return self._most("throughout", "iteration")

    @cached_property
    def planes(self) -> pd.DataFrame:
        """Errors on planes, as `Study.planes`; of the most points where there are several."""
        return self._most("plane", "point")

    def _most(self, measure: str, axis: str) -> pd.DataFrame:
        """What a measure says along an axis; of its ways to measure the one of the most points."""
        frames = [
            self.along(label, axis)
            for label in sorted({n for run in self.runs.values() for n in records.measured(run)})
            if label.partition("/")[0] == measure
        ]
        if not frames:
            return pd.DataFrame(columns=["trial", axis])
        frame = max(frames, key=len)
        return frame.rename(columns=lambda column: str(column).partition("/")[0])

    @cached_property
    def study(self) -> Study:
        """The trials with their curves, for figures laid out as the papers'."""
        return replace(
            self.without_curves,
            curves=self.curves(),
            progress=self.progress,
            planes=self.planes,
        )

    @cached_property
    def learning_curves(self) -> pd.DataFrame:
        """The learning curves of the sweep's trainings, as `learning.learning_curves`."""
        read_file = partial(files.read_text, self.client, self.home)
        return learning_curves(self.client, self.submission.info.experiment_id, read_file)

    def _read_file(self, run_id: str, name: str) -> str | None:
        return files.read_text(self.client, self.home, self.runs[run_id], name)

    def text(self, name: str) -> str | None:
        """A file of the submission; None where there is none."""
        return self.text_of(self.submission, name)

    def text_of(self, run: Run, name: str) -> str | None:
        """A file of any run; None where there is none."""
        return files.read_text(self.client, self.home, run, name)


def read(
    home: Home, name: str, submission: str | None = None, scope: Scope | None = None
) -> Results:
    """Read trials recorded under a sweep's name.

    `submission` is a submission's key, or how it begins; the latest if absent. `scope` says which
    trials: all of the `sweep` (the default without a submission), those that share the submission's
    `recipe` and way of measuring, or those that the `submission` asks for.
    Raises `records.UnknownSweep`, and UserError if there is no such submission.
    """
    scope = scope or ("sweep" if submission is None else "submission")
    client = client_of(home, write=False)
    every = records.submissions(client, name)
    chosen = every[0] if submission is None else chosen_of(every, submission)
    runs = {r.info.run_id: r for r in records.trial_runs(client, chosen.info.experiment_id)}
    trials = records.trials(runs.values())
    asked = {run.info.run_id: asked_for(client, home, run, runs.values()) for run in every}
    parts_of = partial(variants.read, client, home)
    parts = [part for run in every for part in parts_of(run, asked[run.info.run_id])]
    latest = chosen.info.run_id
    found = sorted(settings(parts), key=lambda one: latest not in one.run_ids)
    kept = found if scope == "sweep" else [one for one in found if latest in one.run_ids]
    shown = [(one, one.trials(latest if scope == "submission" else None)) for one in kept]
    compared = axes(kept)
    changed = sorted({name for setting in kept for name in setting.changed})
    frames = [labelled(trials, one, keys, one.values(changed, compared)) for one, keys in shown]
    if scope == "sweep":  # trials whose submission was deleted in MLflow stay
        frames.append(trials[~trials["trial"].isin(set().union(*asked.values()))])
    frame = pd.concat([one for one in frames if len(one)] or frames[:1], ignore_index=True)
    frame[records.OUTCOME] = outcomes(frame)
    keys = {run.info.run_id: run.data.tags[records.SWEEP_KEY][:8] for run in every}
    frame["submission"] = frame["submission"].map(keys).fillna("")
    return Results(
        name=name,
        home=home,
        client=client,
        submission=chosen,
        settings=tuple(setting for setting, _ in shown),
        trials=frame,
        runs=runs,
        wanted=asked[chosen.info.run_id],
        quantities=_quantities(client, home, every, frame),
        scope=scope,
        others=len(trials) - frame["trial"].nunique(),
        axes=compared,
    )


def _quantities(
    client: MlflowClient, home: Home, submissions: Iterable[Run], trials: pd.DataFrame
) -> tuple[Quantity, ...]:
    """What the submissions say that was measured beside instability, of what the trials have."""
    found: dict[str, Quantity] = {}
    for run in submissions:
        text = files.read_text(client, home, run, records.COLUMNS_FILE)
        for column in json.loads(text) if text else ():
            if not column.pop("axis"):
                found.setdefault(column["name"], Quantity(**column))
    return tuple(one for name, one in sorted(found.items()) if name in trials)
