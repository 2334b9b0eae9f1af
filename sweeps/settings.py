"""Which trials of a name can be compared: those of one recipe, measured in one way.

A sweep's name may hold submissions with different `--set`. Trials share a setting if their
submissions agree in everything that results depend on and that does not tell trials apart.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis import records
from sweeps.recording.hyperparameters import differing, identity, told
from trainables.pruning.adaptive import Adaptive

if TYPE_CHECKING:
    from mlflow.entities import Run

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
    submissions: tuple[Run, ...]
    """The latest first."""

    @property
    def run_ids(self) -> set[str]:
        """The ids of its submissions' runs."""
        return {run.info.run_id for run in self.submissions}


def settings(submissions: Iterable[Run]) -> list[Setting]:
    """The settings of a sweep's submissions, which come latest first; that of the latest first."""
    groups: dict[tuple[tuple[str, str], ...], list[Run]] = defaultdict(list)
    for run in submissions:
        groups[tuple(sorted(_identity(run).items()))].append(run)
    labels = _labels([(_recipe(runs[0]), dict(key)) for key, runs in groups.items()])
    return [
        Setting(
            label,
            fields := _fields(runs[0]),
            tuple(sorted(differing(fields))),
            tuple(runs),
        )
        for label, runs in zip(labels, groups.values(), strict=True)
    ]


def _recipe(run: Run) -> str:
    name: str = run.data.params[records.RECIPE]
    return name


def _fields(run: Run) -> dict[str, str]:
    """Field -> value of a submission's recipe."""
    prefix = records.HYPERPARAMETER
    params = run.data.params
    return {n.removeprefix(prefix): v for n, v in params.items() if n.startswith(prefix)}


def _identity(run: Run) -> dict[str, str]:
    """What trials must share to be compared, without what is at its default."""
    params = run.data.params
    measured = {name: params.get(name, usual) for name, usual in MEASURED.items()}
    own = {name: value for name, value in measured.items() if value != MEASURED[name]}
    return identity(_fields(run)) | own


def _labels(named: list[tuple[str, dict[str, str]]]) -> list[str]:
    """A label for each recipe's name and identity, all different."""
    labels = []
    for name, own in named:
        same = [other for recipe, other in named if recipe == name]
        keys = sorted({key for other in same for key in other})
        telling = [key for key in keys if len({other.get(key) for other in same}) > 1]
        words = ", ".join(f"{key}={own[key]}" for key in telling if key in own)
        usual = "" if len(same) == 1 else " (otherwise as built in)"
        labels.append(f"{name} ({words})" if words else f"{name}{usual}")
    return labels
