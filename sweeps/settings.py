"""Which trials of a name can be compared: those of one recipe, measured in one way.

A sweep's name may hold submissions with different `--set`. Trials share a setting if their
submissions agree in everything that results depend on and that does not tell trials apart.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pandas as pd

from analysis import records
from sweeps.recording.hyperparameters import differing, identity, told
from sweeps.recording.variants import Part
from sweeps.spec.vary import NESTED
from trainables import data
from trainables.pruning.adaptive import Adaptive

MEASURED = {
    records.PATH_POINTS: "30",
    records.TRAIN_EXAMPLES: "all",
    records.BATCHNORM: "interpolate",
    records.PRETRAIN_ORDER: "0",
    records.IMP_ORDER: "1",
    records.ADAPTIVE: told(Adaptive()),
    records.PERTURBED: "rewound",
}
"""Params of a submission that results depend on beside the recipe -> a spec's default."""


@dataclass(frozen=True)
class Setting:
    """A recipe, and how its networks are trained and measured."""

    label: str
    """The recipe's name; where several settings of a sweep share it, with what tells them apart."""
    hyperparameters: Mapping[str, str]
    """Every field of the recipe."""
    changed: tuple[str, ...]
    """The fields that differ from those of the built-in recipe."""
    vary: Mapping[str, Any]
    """What varies in the submissions that ask for it -> its value here."""
    parts: tuple[Part, ...]
    """What submissions ask for of it; of the latest first."""

    @property
    def run_ids(self) -> set[str]:
        """The ids of its submissions' runs."""
        return {part.run.info.run_id for part in self.parts}

    def values(
        self, changed: Iterable[str], compared: Mapping[str, Mapping[str, Any]]
    ) -> dict[str, Any]:
        """Return its values of the fields that some setting changes, and of `axes`."""
        fields = {name: number(self.hyperparameters.get(name)) for name in changed}
        return fields | {name: of[self.label] for name, of in compared.items()}

    def trials(self, run_id: str | None = None) -> set[str]:
        """Return the keys of the trials that are asked for: by one submission, or by any."""
        wanted = (one for one in self.parts if run_id in (None, one.run.info.run_id))
        return set().union(*(one.trials for one in wanted))


def settings(parts: Iterable[Part]) -> list[Setting]:
    """The settings of a sweep's submissions, which come latest first; those of the latest first."""
    groups: dict[tuple[tuple[str, str], ...], list[Part]] = defaultdict(list)
    for part in parts:
        groups[tuple(sorted(_identity(part).items()))].append(part)
    named = [(group[0].params[records.RECIPE], dict(key)) for key, group in groups.items()]
    return [
        Setting(
            label,
            fields := _fields(group[0]),
            tuple(sorted(differing(fields))),
            {name: value for part in reversed(group) for name, value in part.vary.items()},
            tuple(group),
        )
        for label, group in zip(_labels(named), groups.values(), strict=True)
    ]


def axes(found: Iterable[Setting]) -> dict[str, dict[str, Any]]:
    """Return the hyperparameters in which settings differ: name -> value by a setting's label.

    Where all are combinations of `vary`, these are what varies there, not what follows from it.
    """
    every = list(found)
    if all(one.vary for one in every):
        names = list(dict.fromkeys(name for one in every for name in one.vary))
        values = {
            name: {one.label: one.vary.get(name, one.hyperparameters.get(name)) for one in every}
            for name in names
        }
    else:
        changed = {name for one in every for name in one.changed}
        fields = {one.label: _itemised(one.hyperparameters) for one in every}
        names = sorted({n for of in fields.values() for n in of if n.partition(".")[0] in changed})
        values = {n: {label: of.get(n) for label, of in fields.items()} for n in names}
    return {
        name: {label: number(value) for label, value in of.items()}
        for name, of in values.items()
        if len({str(value) for value in of.values()}) > 1
    }


def number(value: Any) -> Any:
    """Return a hyperparameter as a number if it is one, as text otherwise."""
    if value is None:
        return ""
    try:
        return float(value)
    except (TypeError, ValueError):
        return str(value)


def _fields(part: Part) -> dict[str, str]:
    """Field -> value of a recipe."""
    prefix = records.HYPERPARAMETER
    params = part.params
    return {n.removeprefix(prefix): v for n, v in params.items() if n.startswith(prefix)}


def _itemised(fields: Mapping[str, str]) -> dict[str, str]:
    """Return fields with each item of a nested one by itself, as `vary` names it."""
    found: dict[str, str] = {}
    for name, value in fields.items():
        try:
            items = ast.literal_eval(value) if name in NESTED else None
        except (ValueError, SyntaxError):
            items = None
        if isinstance(items, Mapping):
            found |= {f"{name}.{item}": str(_listed(one)) for item, one in items.items()}
        else:
            found[name] = value
    return found


def _listed(value: Any) -> Any:
    """Return a tuple as the list that a spec has in its place."""
    return list(map(_listed, value)) if isinstance(value, tuple | list) else value


def _identity(part: Part) -> dict[str, str]:
    """What trials must share to be compared, without what is at its default."""
    params = part.params
    measured = {name: params.get(name, usual) for name, usual in MEASURED.items()}
    own = {name: value for name, value in measured.items() if value != MEASURED[name]}
    return identity(_fields(part)) | own


def _labels(named: list[tuple[str, dict[str, str]]]) -> list[str]:
    """A label for each recipe's name and identity, all different."""
    labels = []
    named = [(name, _itemised(own)) for name, own in named]
    for name, own in named:
        same = [other for recipe, other in named if recipe == name]
        keys = sorted({key for other in same for key in other})
        telling = [key for key in keys if len({other.get(key) for other in same}) > 1]
        words = ", ".join(f"{key}={own[key]}" for key in telling if key in own)
        usual = "" if len(same) == 1 else " (otherwise as built in)"
        labels.append(f"{name} ({words})" if words else f"{name}{usual}")
    return labels


def labelled(
    trials: pd.DataFrame, setting: Setting, keys: set[str], values: Mapping[str, Any]
) -> pd.DataFrame:
    """Return the trials with these keys, with a setting's label and its values of hyperparameters.

    Trials that do not depend on what tells two settings apart are in both.
    """
    frame = trials[trials["trial"].isin(keys)].reset_index(drop=True)
    frame[records.RECIPE] = setting.label
    for name, value in values.items():
        frame[f"{records.HYPERPARAMETER}{name}"] = value
    with suppress(KeyError):  # data that this version does not know
        facts = data.facts(setting.hyperparameters["data"])
        sizes = {
            records.TEST_EXAMPLES: facts.test_labels,
            records.MAJORITY_TEST: 100 * facts.majority,
        }
        frame = frame.fillna(sizes)  # records of earlier versions lack them
    return frame
