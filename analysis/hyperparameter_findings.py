"""What onsets do along hyperparameters, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pandas as pd

from analysis.ends import LINE
from analysis.evidence import Evidence, Finding
from analysis.formats import listed, weights
from analysis.hyperparameters import (
    Axes,
    Course,
    courses,
    judged_onsets,
    placed,
    said,
    value_text,
    values_of,
)
from analysis.published import VERDICTS, Verdict
from analysis.records import LEVEL, RECIPE, REWIND, STRATEGY, WEIGHTS_LEFT
from analysis.strategies import DENSE, strategy

FEW = 4
"""Recipes of a sample, or of a list, that are told one by one."""

ONE_K = " No other k was judged."
"""Of recipes that are each judged at one k: that one shows no onset."""


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
    values = [value_text(point.value) for point in one.points]
    values[0] = f"{one.axis}={values[0]}"
    marks = [" (borderline)" if point.borderline else "" for point in one.points]
    told = _told(one.verdict, [(point.onset, point.last, point.only) for point in one.points])
    each = [f"{k} with {v}{mark}" for k, v, mark in zip(told, values, marks, strict=True)]
    trends = {
        "later": f" With a larger {one.axis} they are {one.verdict} later.",
        "earlier": f" With a larger {one.axis} they are {one.verdict} earlier.",
        "same": f" This is the same with each {one.axis}.",
    }
    alone = ONE_K if all(point.only for point in one.points) else ""
    subject = _subject(one.strategy, one.left)
    return f"{subject}{where}: {listed(each)}.{trends.get(one.trend, '')}{alone}"


def _told(verdict: Verdict, lines: Sequence[tuple[float, int, bool]]) -> list[str]:
    """From where on lines are stable, or matching; of each its onset, infinite if there is none,
    the last k that is judged, and whether it is the only one: that shows no onset."""
    some_alone = any(only for *_, only in lines)
    told = []
    for onset, last, only in lines:
        never = onset == float("inf")
        if only:
            told.append(f"{'not ' if never else ''}{verdict} at k = {last}")
        else:
            k = f"at no k up to {last}" if never else f"from k = {onset:.0f} on"
            told.append(f"{verdict} {k}" if some_alone or not told else k)
    return told


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
            alone = ONE_K if (line["judged"] == 1).all() else ""
            become = "are" if alone else "become"
            says = f"{subject} {become} {verdict} in {len(holds)} of {len(line)} recipes"
            ranges = [
                f"{axis} {' to '.join(dict.fromkeys([value_text(min(own)), value_text(max(own))]))}"
                for axis, of in axes.items()
                if (own := [of[label] for label in holds[RECIPE] if isinstance(of[label], float)])
            ]
            yield Finding(f"{says}{f', with {listed(ranges)}' if ranges else ''}.{alone}", evidence)


def _each(name: str, verdict: Verdict, line: pd.DataFrame, axes: Axes) -> str:
    """The onset of each of few recipes."""
    onset, only = line["onset"].astype(float).fillna(float("inf")), line["judged"] == 1
    told = _told(verdict, list(zip(onset, line["last"], only, strict=True)))
    each = [
        f"{k} with {said(values_of(axes, label))}"
        for k, label in zip(told, line[RECIPE], strict=True)
    ]
    alone = ONE_K if only.all() else ""
    return f"{_subject(name, float(line[WEIGHTS_LEFT].mean()))}: {listed(each)}.{alone}"
