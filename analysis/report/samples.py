"""The trials behind the rows of tables, as columns that a page can show on demand.

A trial has a number: its place in all columns. Values are rounded to six digits.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from analysis.ends import alone
from analysis.formats import weights
from analysis.records import (
    INIT_SEED,
    LEVEL,
    LEVEL_2,
    OUTCOME,
    RECIPE,
    RESTART,
    REWIND,
    STRATEGY,
    WEIGHTS_LEFT,
    WEIGHTS_LEFT_2,
)
from analysis.strategies import strategy

if TYPE_CHECKING:
    from analysis.report.table import Table
    from analysis.study import Study

VALUES = {
    "instability_test": "instability %",
    "instability_train": "on train %",
    "accuracy_test_1": "accuracy 1 %",
    "accuracy_test_2": "accuracy 2 %",
    "drop": "drop",
}
"""Columns of numbers that are shown of every trial -> their heads."""

KEY_LENGTH = 12
"""Digits of a trial's key: enough to tell trials of a store apart."""


class Samples:
    """The trials of one or several sweeps by their numbers."""

    def __init__(self) -> None:
        self._sweeps: list[tuple[str, str, pd.DataFrame, set[str]]] = []
        self._begin: dict[str, int] = {}
        self._count = 0

    def add(self, study: Study, tables: Iterable[Table], link: str) -> None:
        """Take on the trials of a sweep. `link` is what precedes the id of a run in MLflow."""
        judged = study.samples[["drop", "stable", "matching"]]
        trials = study.trials.join(judged)
        if OUTCOME not in trials:
            trials[OUTCOME] = None
        trials["one"] = alone(trials)
        measured = {name for table in tables for name in table.measured if name in trials}
        self._sweeps.append((study.name, link, trials, measured))
        self._begin[study.name] = self._count
        self._count += len(trials)

    def numbers(self, sweep: str, index: Iterable[Hashable]) -> str:
        """Return the numbers of a sweep's trials by their index, as "0-8 12"."""
        begin = self._begin[sweep]
        return _spans(sorted(begin + int(str(one)) for one in index))

    def block(self) -> dict[str, Any]:
        """Return all trials as a mapping that JSON can hold: see `assets/samples.js`."""
        frames = [trials for _, _, trials, _ in self._sweeps]
        every = pd.concat(frames, ignore_index=True) if len(frames) > 1 else frames[0]
        sweeps = [name for name, _, trials, _ in self._sweeps for _ in range(len(trials))]
        measured = sorted({name for *_, own in self._sweeps for name in own})
        return {
            "columns": [
                _words("sweep", sweeps, vary=True),
                _words("recipe", every[RECIPE], vary=True),
                _words("strategy", [strategy(str(n)).label for n in every[STRATEGY]], vary=True),
                _words("levels", _levels(every), vary=True),
                _words("weights left %", _lefts(every), vary=True),
                _numbers("rewind k", every[REWIND], vary=True),
                _words("restart", every[RESTART], vary=True),
                _numbers("init", every[INIT_SEED]),
                _words("orders", _orders(every)),
                *(_numbers(head, every[name], digits=2) for name, head in VALUES.items()),
                *(_numbers(name, every[name], of=name) for name in measured),
                _words("stable", map(_verdict, every["stable"])),
                _words("matching", map(_verdict, every["matching"])),
                _words("networks", [_outcome(one) for one in every[OUTCOME]]),
                {"label": "trial", "texts": [str(k)[:KEY_LENGTH] for k in every["trial"]]},
                {"label": "MLflow run", "texts": list(map(str, every["run_id"])), "run": True},
            ],
            "links": {name: link for name, link, _, _ in self._sweeps if link},
        }


def _numbers(label: str, values: Iterable[Any], **more: Any) -> dict[str, Any]:
    return {"label": label, "values": [_rounded(one) for one in values], **more}


def _rounded(value: Any) -> float | None:
    if pd.isna(value) or value in (float("inf"), float("-inf")):
        return None
    short = float(f"{float(value):.6g}")
    return int(short) if short.is_integer() else short


def _words(label: str, values: Iterable[Any], **more: Any) -> dict[str, Any]:
    """A column of few distinct words: each once, and for every trial which one."""
    texts = list(map(str, values))
    words = {word: code for code, word in enumerate(dict.fromkeys(texts))}
    return {"label": label, "words": list(words), "codes": [words[one] for one in texts], **more}


def _verdict(holds: Any) -> str:
    return "" if pd.isna(holds) else "yes" if holds else "no"


def _outcome(outcome: Any) -> str:
    return {"untrained": "at chance", "trained": ""}.get(outcome, outcome or "")


def _levels(trials: pd.DataFrame) -> list[str]:
    pairs = zip(trials[LEVEL], trials[LEVEL_2], strict=True)
    return [str(one) if one == two else f"{one}–{two}" for one, two in pairs]


def _lefts(trials: pd.DataFrame) -> list[str]:
    pairs = zip(trials[WEIGHTS_LEFT], trials[WEIGHTS_LEFT_2], strict=True)
    return [" to ".join(dict.fromkeys([weights(one), weights(two)])) for one, two in pairs]


def _orders(trials: pd.DataFrame) -> list[str]:
    seeds = zip(trials["order_seed_1"], trials["order_seed_2"], trials["one"], strict=True)
    return [str(first) if single else f"{first}, {second}" for first, second, single in seeds]


def _spans(numbers: Sequence[int]) -> str:
    """Return ascending numbers in short: "0-8 12"."""
    parts: list[list[int]] = []
    for number in numbers:
        if parts and parts[-1][1] == number - 1:
            parts[-1][1] = number
        else:
            parts.append([number, number])
    return " ".join(str(a) if a == b else f"{a}-{b}" for a, b in parts)
