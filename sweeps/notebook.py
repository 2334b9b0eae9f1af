"""Sweeps and their results in Python: what a notebook works with.

import sweeps, analysis

results = analysis.open("digits-mlp")
results.cells                          # a pandas frame: means, intervals and verdicts
results.figure("instability")          # a matplotlib figure
network = results.network(0)           # a trained network, ready to evaluate
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cached_property
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from analysis import records
from sweeps import checkout
from sweeps.errors import UserError, did_you_mean
from sweeps.home import Home, resolve
from sweeps.recording.summary import onsets_of
from sweeps.recording.variants import recipe_of
from sweeps.results import Results as OneSweep
from sweeps.spec import Sweep
from sweeps.spec.stored import from_resolved

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from mlflow.entities import Run
    from torch import nn

    from trainables.data.split import Dataset
    from trainables.weights import Mask, Weights


def open(
    *names: str,
    home: str | Path | None = None,
    store: str | None = None,
    tracking: str | None = None,
    data: str | Path | None = None,
    submission: str | None = None,
    plugins: str | Path | None = None,
) -> Results:
    """Return the recorded results of one or several sweeps, by their names.

    Where they lie is said as on the command line: a `home` folder (`SWEEPS_HOME`, or `./.sweeps`),
    or a `store` and a `tracking` server. `submission` is the key of one submission; without it all
    trials under a name are there. `plugins` is the folder of the user's own networks. Raises
    UserError, whose text is one line.
    """
    from sweeps.commands.reading import read_results
    from sweeps.plugins import use

    checkout.check()
    if not names:
        raise UserError("open: name a sweep; `sweeps list` lists those of a home")
    use(_BUILT_IN, None if plugins is None else str(plugins))
    place = resolve(_text(home), store, tracking, _text(data))
    return Results([read_results(place, name, submission) for name in names], place)


_BUILT_IN = "digits-mlp"
"""A built-in spec: no code of a user's own lies beside it."""


def _text(path: str | Path | None) -> str | None:
    return None if path is None else str(path)


class Results:
    """The results of one or several sweeps.

    Frames of several sweeps have a column `sweep`. Trials are chosen by their place in `.trials`,
    by their key, or by a row of the frame.
    """

    def __init__(self, sweeps: Sequence[OneSweep], home: Home):
        self._sweeps, self._home = list(sweeps), home

    @property
    def names(self) -> list[str]:
        """The sweeps' names."""
        return [one.name for one in self._sweeps]

    @cached_property
    def trials(self) -> pd.DataFrame:
        """A row per trial: what it is, and every number that was measured of it.

        `strategy`, `level`, `rewind` (iterations), `init_seed`, `order_seed_1`, `order_seed_2`;
        `instability_test`, `accuracy_test` and others in %; `weights_left` (%).
        """
        return self._together(lambda one: one.trials)

    @cached_property
    def curves(self) -> pd.DataFrame:
        """A row per trial and point of its path: `alpha`, `path_error_test` (%), `path_loss_test`
        (nats), and the same for the train split."""
        return self._together(lambda one: one.curves())

    @cached_property
    def cells(self) -> pd.DataFrame:
        """A row per recipe, strategy, level and rewind iteration: means, deviations, intervals and
        verdicts of its trials."""
        return self._together(lambda one: one.cells)

    @cached_property
    def pairs(self) -> pd.DataFrame:
        """A row per pair of networks from files: `first`, `second`, what was measured, and
        `connected`."""
        return self._together(lambda one: one.pairs)

    @cached_property
    def onsets(self) -> pd.DataFrame:
        """A row per line and verdict (stable, matching): `onset`, the first measured k from which
        it holds, and `failed`, the last one at which it does not."""
        return self._together(lambda one: onsets_of(one.cells))

    @cached_property
    def learning_curves(self) -> pd.DataFrame:
        """A row per training and iteration at which it was evaluated (`evaluate` in a spec)."""
        return self._together(lambda one: one.learning_curves)

    @property
    def findings(self) -> list[str]:
        """What the numbers say, in sentences."""
        from analysis.conclusions import conclusions
        from sweeps.searched import tuned_of

        several = len(self._sweeps) > 1
        return [
            f"{one.name}: {sentence}" if several else sentence
            for one in self._sweeps
            for sentence in conclusions(one.of_levels, one.axes, tuned_of(one))
        ]

    @property
    def spec(self) -> Sweep:
        """The spec, with every field spelled out. Of one sweep only: raises UserError."""
        return self._spec(self._only("spec"))

    @cached_property
    def figures(self) -> list[str]:
        """The names of the figures that `figure` draws."""
        return list(self._figures)

    def figure(self, name: str) -> Figure:
        """Return a figure of the report, as matplotlib's object. Raises UserError."""
        if name not in self._figures:
            raise UserError(f"no figure {name!r}{did_you_mean(name, self._figures)}")
        return self._figures[name]

    def weights(self, trial: Any, arm: int = 1, iteration: int | None = None) -> Weights:
        """Return the trained weights and running statistics of a trial's network, by name.

        `arm` is 1 or 2, which network of the pair. With an `iteration`, those that it had then:
        where `throughout` was measured there with `keep: true`. Raises UserError.
        """
        from sweeps.exporting import held
        from trainables.jobs.learning import STATE, state_key
        from trainables.store import Missing, tensors

        if arm not in (1, 2):
            raise UserError(f"arm must be 1 or 2, not {arm!r}")
        tags = self._trial(trial)[1].data.tags
        place = tags.get(f"{records.ARTIFACT}arm_{arm}")
        if place is None:
            raise UserError("this trial is of one network, arm 1")
        if iteration is None:
            return tensors.from_bytes(held(self._store, place))
        key = state_key(place.rpartition("/")[2], iteration)
        try:
            return tensors.from_bytes(self._store.read(STATE, key).payload)
        except Missing:
            raise UserError(
                f"no state of iteration {iteration} was kept; measure throughout, every so many "
                "iterations, with keep: true"
            ) from None

    def mask(self, trial: Any, arm: int = 1) -> Mask | None:
        """Return which weights of a trial's network are kept, by name; None if it is dense."""
        from sweeps.exporting import held, mask_place
        from trainables.store import tensors

        place = mask_place(self._trial(trial)[1].data.tags, arm)
        return tensors.from_bytes(held(self._store, place)) if place else None

    def network(self, trial: Any, arm: int = 1, iteration: int | None = None) -> nn.Module:
        """Return a trained network of a trial in `eval` mode; pruned weights are 0.

        `arm` is 1 or 2; `iteration` as for `weights`. A network of the user's own needs its code
        (`plugins` of `open`). Raises UserError.
        """
        from trainables import networks
        from trainables.registry import PluginError

        one, run = self._trial(trial)
        try:
            network = networks.build(
                recipe_of(self._spec(one), run, one.varied).architecture
            ).eval()
        except (PluginError, KeyError) as error:
            raise UserError(f"{error}; is its folder given as plugins=...?") from None
        networks.bind(network, self.weights(trial, arm, iteration))
        return network

    @property
    def data(self) -> Dataset[Any]:
        """The data of a sweep: `.test` and `.train`, each with `.labels`, `.images` and
        `.inputs(images)`, which makes of images what a network takes. Raises UserError."""
        from trainables import data

        recipe = self._spec(self._only("data")).recipe
        try:
            return data.load(recipe, self._home.data)
        except data.DataError as error:
            raise UserError(str(error)) from None

    def report(self, path: str | Path) -> Path:
        """Write the report as one HTML file, of several sweeps side by side; return its path."""
        from sweeps.reporting import write_joint_report, write_report

        place = Path(path).expanduser()
        if len(self._sweeps) > 1:
            return write_joint_report(self._sweeps, place)
        return write_report(self._sweeps[0], place)

    def __repr__(self) -> str:
        return f"<results of {', '.join(self.names)}: {len(self.trials)} trials>"

    def _repr_html_(self) -> str:
        items = "".join(f"<li>{escape(one)}</li>" for one in self.findings)
        return f"<p>{escape(repr(self)[1:-1])}</p><ul>{items}</ul>"

    @cached_property
    def _figures(self) -> dict[str, Figure]:
        from sweeps.reporting import figures

        several = len(self._sweeps) > 1
        return {
            f"{one.name}: {name}" if several else name: figure
            for one in self._sweeps
            for name, figure in figures(one).items()
        }

    @cached_property
    def _store(self) -> Any:
        from trainables.store import Store

        return Store(self._home.store)

    def _together(self, frame_of: Any) -> pd.DataFrame:
        frames = [frame_of(one) for one in self._sweeps]
        if len(frames) == 1:
            return frames[0]
        named = [f.assign(sweep=name) for f, name in zip(frames, self.names, strict=True)]
        return pd.concat(named, ignore_index=True)

    def _only(self, what: str) -> OneSweep:
        if len(self._sweeps) > 1:
            raise UserError(f"{what} is of one sweep, and these are {', '.join(self.names)}")
        return self._sweeps[0]

    def _spec(self, one: OneSweep) -> Sweep:
        text = one.text(records.SWEEP_FILE)
        if text is None:
            raise UserError(f"{one.name} was recorded by a version that kept no resolved spec")
        return from_resolved(json.loads(text))

    def _trial(self, trial: Any) -> tuple[OneSweep, Run]:
        """Return a trial's sweep, and its run."""
        row = self._row(trial)
        for one in self._sweeps:
            if (run := one.runs.get(row["run_id"])) is not None:
                return one, run
        raise UserError(f"there is no trial {trial!r}")

    def _row(self, trial: Any) -> Mapping[str, Any]:
        if isinstance(trial, pd.Series | Mapping):
            return trial  # type: ignore[return-value]
        if isinstance(trial, str):
            found = self.trials[self.trials["trial"].str.startswith(trial)]
            if trial and len(found):
                return found.iloc[0]  # type: ignore[return-value]
        elif isinstance(trial, int) and -len(self.trials) <= trial < len(self.trials):
            return self.trials.iloc[trial]  # type: ignore[return-value]
        raise UserError(
            f"there is no trial {trial!r}: wanted is a row of .trials, a number below "
            f"{len(self.trials)}, or a trial's key"
        )
