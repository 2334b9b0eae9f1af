"""How results depend on hyperparameters: onsets along each axis in which recipes differ.

Pure functions on the frame of `cells.cells` and on axes: name of a hyperparameter -> its value by
the label of a recipe (`recipe` in the frame).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from analysis.ends import LINE
from analysis.evidence import Evidence, Finding
from analysis.formats import listed, weights
from analysis.onsets import onsets
from analysis.published import Verdict
from analysis.records import LEVEL, RECIPE, REWIND, STRATEGY, WEIGHTS_LEFT
from analysis.strategies import DENSE, strategy

Axes = Mapping[str, Mapping[str, Any]]

FEW = 4
"""Recipes of a sample, or of a list, that are told one by one."""

VERDICTS: tuple[Verdict, Verdict] = ("stable", "matching")


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


def findings(cells: pd.DataFrame, axes: Axes) -> list[Finding]:
    """Return what the onsets do along the axes, in sentences.

    Of a grid, one for each line, verdict and axis; of a sample, how many recipes have an onset.
    """
    if not axes or REWIND in axes:  # each recipe has a k of its own: there is no onset
        return []
    cells = placed(cells, axes)
    found = courses(cells, axes)
    said_of = [Finding(_sentence(one), *_evidence(one, axes)) for one in found]
    return said_of or list(_of_sample(cells, axes))


def _evidence(one: Course, axes: Axes) -> tuple[Evidence, ...]:
    """Return the onsets of a course, in the table and in the figure along its axis."""
    line = {STRATEGY: one.strategy, LEVEL: one.level}
    labels = [
        label
        for label in axes[one.axis]
        if all(axes[name].get(label) == value for name, value in one.fixed.items())
    ]
    rows = tuple({RECIPE: label, **line} for label in labels)
    return Evidence("onsets", rows), Evidence(f"onset-{one.axis}")


def _subject(name: str, left: float) -> str:
    adjective = strategy(name).adjective
    what = "networks" if name == DENSE else f"subnetworks with {weights(left)} % of weights left"
    return f"{adjective[0].upper()}{adjective[1:]} {what}"


def _sentence(one: Course) -> str:
    where = f", {said(one.fixed)}" if one.fixed else ""
    each = []
    for index, point in enumerate(one.points):
        value = f"{'' if index else f'{one.axis}='}{value_text(point.value)}"
        never = point.onset == float("inf")
        k = f"at no k up to {point.last}" if never else f"from k = {point.onset:.0f} on"
        each.append(f"{k} with {value}{' (borderline)' if point.borderline else ''}")
    trends = {
        "later": f" With a larger {one.axis} they are {one.verdict} later.",
        "earlier": f" With a larger {one.axis} they are {one.verdict} earlier.",
        "same": f" Among these k, {one.axis} makes no difference.",
    }
    subject = _subject(one.strategy, one.left)
    return f"{subject}{where}: {one.verdict} {listed(each)}.{trends.get(one.trend, '')}"


def _of_sample(cells: pd.DataFrame, axes: Axes) -> Iterator[Finding]:
    for verdict in VERDICTS:
        for (name, level), line in judged_onsets(cells, verdict).groupby(LINE, sort=False):
            if name == DENSE and verdict == "matching":
                continue
            evidence = Evidence("onsets", ({STRATEGY: name, LEVEL: level},))
            if len(line) <= FEW:
                yield Finding(_each(str(name), verdict, line, axes), evidence)
                continue
            holds = line[line["onset"].notna()]
            subject = _subject(str(name), float(line[WEIGHTS_LEFT].mean()))
            says = f"{subject} become {verdict} in {len(holds)} of {len(line)} recipes"
            ranges = [
                f"{axis} {' to '.join(dict.fromkeys([value_text(min(own)), value_text(max(own))]))}"
                for axis, of in axes.items()
                if (own := [of[label] for label in holds[RECIPE] if isinstance(of[label], float)])
            ]
            yield Finding(f"{says}{f', with {listed(ranges)}' if ranges else ''}.", evidence)


def _each(name: str, verdict: Verdict, line: pd.DataFrame, axes: Axes) -> str:
    """The onset of each of few recipes."""
    each = [
        f"{_from(row)} with {said(values_of(axes, row[RECIPE]))}" for row in line.to_dict("records")
    ]
    return f"{_subject(name, float(line[WEIGHTS_LEFT].mean()))}: {verdict} {listed(each)}."


def _from(row: Mapping[Hashable, Any]) -> str:
    never = pd.isna(row["onset"])
    return f"at no k up to {row['last']}" if never else f"from k = {row['onset']} on"


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
