"""The numbers behind the report's figures, as frames to download."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import pandas as pd

from analysis.ends import CELL
from analysis.figures.lmc.figure import Sheet
from analysis.figures.lmc.numbers import label_of
from analysis.hyperparameters import judged_onsets, values_of
from analysis.published import VERDICTS, beside
from analysis.records import (
    BEGIN,
    INIT_SEED,
    LEVEL,
    PATH_ERROR,
    PHASE,
    RECIPE,
    REWIND,
    SPLITS,
    STRATEGY,
    WEIGHTS_LEFT,
    split_metric,
)
from analysis.tuned import scores

if TYPE_CHECKING:
    from analysis.report.context import Context
    from analysis.report.plot import Plot
    from analysis.study import Study

_PARTS = ("", "_std", "_low", "_high")


def with_data(plots: Iterable[Plot], study: Study, context: Context) -> Iterator[Plot]:
    """Yield figures of a study with the numbers that they draw, where these are known."""
    for plot in plots:
        known = plot.data is not None
        yield plot if known else plot._replace(data=_data(plot, study, context))


def _data(plot: Plot, study: Study, context: Context) -> pd.DataFrame | None:
    if isinstance(plot.figure, Sheet):
        return of_sheet(plot.figure)
    kind = plot.kind
    if kind == "search" and context.tuned is not None:
        return _with_axes(scores(study.usual, context.tuned), context)
    if kind.startswith("onset-"):
        return _with_axes(_onsets(study.cells), context)
    if kind == "instability" or kind.startswith("instability-"):
        return _with_axes(_of_cells(study.cells, "instability_test", "stable"), context)
    if kind == "accuracy":
        return _of_cells(beside(study.cells), "accuracy_test", "matching")
    if kind == "path":
        return _paths(study)
    if kind.startswith("search-"):
        names = [*CELL, INIT_SEED, "order_seed_1", "order_seed_2", "instability_test", "drop"]
        return study.samples[names]
    own = study.pairs[study.pairs[RECIPE].map(lambda recipe: recipe == plot.place.get(RECIPE))]
    if kind == "pairs":
        return own[["first", "second", "instability_test", "instability_train"]]
    if kind == "path-files":
        curves = study.curves.merge(own[["trial", "first", "second"]], on="trial")
        return curves.drop(columns="trial")
    if kind == "learning" and context.learning is not None:
        return _learning(context.learning, plot)
    return None


def _of_cells(cells: pd.DataFrame, measure: str, verdict: str) -> pd.DataFrame:
    names = [RECIPE, *CELL, WEIGHTS_LEFT, "n", "inits", *(f"{measure}{part}" for part in _PARTS)]
    if measure == "accuracy_test":
        names += ["drop", "drop_low", "drop_high", "paper_accuracy"]
    return cells[[*names, verdict, f"{verdict}_samples"]]


def _onsets(cells: pd.DataFrame) -> pd.DataFrame:
    """Onsets of lines by verdict: the first k from which it holds, and the last k before."""
    names = [RECIPE, STRATEGY, LEVEL, WEIGHTS_LEFT, "verdict", "onset", "failed", "last"]
    found = (judged_onsets(cells, one).assign(verdict=one) for one in VERDICTS)
    return pd.concat(found, ignore_index=True)[names]


def _with_axes(frame: pd.DataFrame, context: Context) -> pd.DataFrame:
    """A column for each hyperparameter that varies."""
    values = [values_of(context.axes, label) for label in frame[RECIPE]]
    for name in context.axes:
        if name not in frame:
            column = pd.Series([one.get(name) for one in values], index=frame.index)
            frame = frame.assign(**{name: column})
    return frame


def _paths(study: Study) -> pd.DataFrame:
    """Mean error at each point of the path, of the samples that count."""
    errors = [split_metric(PATH_ERROR, split) for split in SPLITS]
    counting = study.samples.loc[study.samples["counts"], ["trial", RECIPE, *CELL]]
    joined = study.curves.merge(counting, on="trial")
    groups = joined.groupby([RECIPE, *CELL, "alpha"])
    return groups[errors].mean().assign(n=groups.size()).reset_index()


def _learning(curves: pd.DataFrame, plot: Plot) -> pd.DataFrame:
    """Mean error of copies at each iteration."""
    copies = curves[(curves[PHASE] == "train") & (curves[RECIPE] == plot.place.get(RECIPE))]
    groups = copies.groupby([STRATEGY, LEVEL, BEGIN, "iteration"])
    means = groups[["error_test", "error_train"]].mean().assign(n=groups.size())
    return means.reset_index().rename(columns={BEGIN: REWIND})


def of_sheet(drawn: Sheet) -> pd.DataFrame | None:
    """Return the points of a figure's curves: panel, curve, x, mean, std, n; or its own numbers."""
    if drawn.tables:
        parts = [table.assign(table=caption) for caption, table in drawn.tables.items()]
        return pd.concat(parts, ignore_index=True)
    rows = [
        {
            "panel": label_of(drawn, panel),
            "curve": curve.name or curve.label,
            "x": curve.ticks[i] if curve.ticks is not None else curve.x[i],
            "mean": curve.mean[i],
            "std": curve.std[i],
            "n": None if curve.n is None else curve.n[i],
        }
        for panel, curve in drawn.curves
        for i in range(len(curve.x))
    ]
    return pd.DataFrame(rows) if rows else None


def csv(frame: pd.DataFrame) -> str:
    """Return a frame as CSV with six digits."""
    return frame.to_csv(index=False, float_format="%.6g", lineterminator="\n")
