"""How results depend on hyperparameters: onsets along each axis in which recipes differ.

Pure functions on the frame of `cells.cells` and on axes: name of a hyperparameter -> its value by
the label of a recipe (`recipe` in the frame).
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from analysis.ends import LINE
from analysis.onsets import onsets
from analysis.published import VERDICTS, Verdict
from analysis.records import LEVEL, RECIPE, REWIND, STRATEGY, WEIGHTS_LEFT
from analysis.strategies import DENSE

Axes = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Point:
    """A recipe on an axis, and when its networks of a line become stable, or matching."""

    value: Any
    """Of the hyperparameter."""
    onset: float
    """The first k from which the verdict holds; infinite if it does not at the last one judged."""
    failed: float
    """The last k before at which it does not hold; NaN where there is none."""
    last: int
    """The last k that is judged."""
    only: bool
    """Whether it is the only one."""
    borderline: bool
    """Whether the interval of a cell that decides, at `failed` or `onset`, spans the threshold."""


@dataclass(frozen=True)
class Course:
    """The onsets of a line of networks along one axis, the other axes being fixed."""

    axis: str
    fixed: Mapping[str, Any]
    strategy: str
    level: int
    left: float
    """Weights left, in %."""
    verdict: Verdict
    points: tuple[Point, ...]
    """By ascending value, or as the recipes come where values are words."""

    @property
    def trend(self) -> str:
        """What the onsets do as the value grows: `later`, `earlier`, `same`; or empty.

        Two onsets can be told apart where their brackets, from `failed` to `onset`, do not overlap,
        and neither is borderline.
        """
        numbers = all(isinstance(point.value, float) for point in self.points)
        if not numbers or any(point.borderline for point in self.points):
            return ""
        steps = {_step(a, b) for a, b in zip(self.points, self.points[1:], strict=False)}
        if steps == {"same"}:
            return "same"
        return next((way for way in ("later", "earlier") if steps <= {"same", way}), "")


def _step(before: Point, after: Point) -> str:
    if (before.onset, before.failed) == (after.onset, after.failed):
        return "same"
    same_first = before.onset == after.onset and pd.isna(before.failed) and pd.isna(after.failed)
    if same_first:
        return "same"
    if before.onset <= after.failed:
        return "later"
    return "earlier" if after.onset <= before.failed else "overlapping"


def value_text(value: Any) -> str:
    """Return a hyperparameter's value as people write it."""
    return f"{value:g}" if isinstance(value, float) else str(value)


def said(values: Mapping[str, Any]) -> str:
    """Return values of hyperparameters as people write them: `batch_size=16`."""
    return ", ".join(f"{name}={value_text(value)}" for name, value in values.items())


def values_of(axes: Axes, label: str) -> dict[str, Any]:
    """Return a recipe's values on all axes."""
    return {name: of[label] for name, of in axes.items() if label in of}


def placed(cells: pd.DataFrame, axes: Axes) -> pd.DataFrame:
    """Return the cells of recipes that have a place on all axes."""
    labels = set.intersection(*(set(of) for of in axes.values()))
    return cells[cells[RECIPE].isin(labels)]


def in_order(values: Sequence[Any]) -> list[Any]:
    """Return distinct values: numbers ascending, anything else as it comes."""
    distinct = list(dict.fromkeys(values))
    return sorted(distinct) if all(isinstance(one, float) for one in distinct) else distinct


def groups(axes: Axes, axis: str) -> dict[tuple[Any, ...], list[str]]:
    """Return the recipes' labels by their values on all axes but one."""
    others = [name for name in axes if name != axis]
    found: dict[tuple[Any, ...], list[str]] = {}
    for label in axes[axis]:
        found.setdefault(tuple(axes[name][label] for name in others), []).append(label)
    keys = sorted(found, key=lambda key: [(isinstance(v, str), v) for v in key])
    return {key: found[key] for key in keys}


def is_grid(axes: Axes) -> bool:
    """Whether along some axis recipes differ in it alone: those of a sample differ in all."""
    return any(len(labels) > 1 for axis in axes for labels in groups(axes, axis).values())


def courses(cells: pd.DataFrame, axes: Axes) -> list[Course]:
    """Return the onsets of every line of networks along every axis, others fixed.

    Values at which a line is not judged are left out, and courses of fewer than two points. No
    course is of matching for dense networks, which match by definition.
    """
    found: list[Course] = []
    for verdict in VERDICTS if len(axes) and not cells.empty else ():
        frame = judged_onsets(cells, verdict)
        for axis in axes:
            others = [name for name in axes if name != axis]
            for fixed, labels in groups(axes, axis).items():
                own = frame[frame[RECIPE].isin(labels)]
                for (name, level), line in own.groupby(LINE, sort=False):
                    if len(line) < 2 or (name == DENSE and verdict == "matching"):
                        continue
                    of = dict(zip(others, fixed, strict=True))
                    left = float(line[WEIGHTS_LEFT].mean())
                    own_cells = cells[(cells[STRATEGY] == name) & (cells[LEVEL] == level)]
                    points = _points(line, axes[axis], own_cells, verdict)
                    found.append(
                        Course(axis, of, str(name), int(str(level)), left, verdict, points)
                    )
    return found


def _points(
    line: pd.DataFrame, values: Mapping[str, Any], cells: pd.DataFrame, verdict: Verdict
) -> tuple[Point, ...]:
    order = in_order(list(values.values()))
    points = [
        Point(
            values[row[RECIPE]],
            float("inf") if pd.isna(row["onset"]) else float(row["onset"]),
            float("nan") if pd.isna(row["failed"]) else float(row["failed"]),
            int(row["last"]),
            row["judged"] == 1,
            _borderline(row, cells[cells[RECIPE] == row[RECIPE]], verdict),
        )
        for row in line.to_dict("records")
    ]
    return tuple(sorted(points, key=lambda point: order.index(point.value)))


def judged_onsets(cells: pd.DataFrame, verdict: Verdict) -> pd.DataFrame:
    """Return the onsets of lines that are judged: single samples give no verdict."""
    frame = onsets(cells, verdict)
    return frame[frame["last"].notna() & (frame["n"] > 1).fillna(False)]


def _borderline(onset: Mapping[Hashable, Any], cells: pd.DataFrame, verdict: Verdict) -> bool:
    """Whether a cell that decides where an onset lies is borderline."""
    found, failed = (onset[name] for name in ("onset", "failed"))
    deciding = {onset["last"] if pd.isna(found) else found, failed} - {pd.NA}
    at = cells[cells[REWIND].isin([int(k) for k in deciding if pd.notna(k)])]
    return bool(at[f"{verdict}_borderline"].any())


def spelled(table: pd.DataFrame, axes: Axes) -> pd.DataFrame:
    """Return a table with a column for each axis in place of the one of recipes."""
    if not axes or "recipe" not in table:
        return table
    orders = {name: in_order([*of.values()]) for name, of in axes.items()}
    places = [
        tuple(orders[name].index(of[label]) if label in of else -1 for name, of in axes.items())
        for label in table["recipe"]
    ]
    table = table.iloc[sorted(range(len(table)), key=places.__getitem__)]
    values = {
        name: [value_text(of[label]) if label in of else "" for label in table["recipe"]]
        for name, of in axes.items()
        if not (name == REWIND and "rewind k" in table)
    }
    at = list(table.columns).index("recipe")
    others = table.drop(columns="recipe")
    for index, (name, column) in enumerate(values.items()):
        others.insert(at + index, name, column)
    return others


def level_of(cells: pd.DataFrame, name: str, level: int) -> float:
    """Return the weights that are left at a level of a strategy, in %."""
    own = cells[(cells[STRATEGY] == name) & (cells[LEVEL] == level)]
    return float(own[WEIGHTS_LEFT].mean())
