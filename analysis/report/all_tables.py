"""The tables of a report, by their captions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis import hyperparameters, level_tables, pairs, quantities, searches, tables, tuned
from analysis.records import RECIPE, RESET, RESTART, REWIND
from analysis.report import sparsity_table
from analysis.report.context import Context
from analysis.report.words import OVER, PAIRS
from analysis.study import Study, by_recipe
from analysis.tuned import Tuned

if TYPE_CHECKING:
    import pandas as pd


def others(trials: pd.DataFrame, context: Context) -> dict[str, pd.DataFrame]:
    """The tables of what measures other than instability say, by their captions."""
    found = quantities.tables(trials, context.quantities)
    return {n: hyperparameters.spelled(table, context.axes) for n, table in found.items()}


def all_of(study: Study, context: Context) -> dict[str, pd.DataFrame]:
    """The tables of results by their captions, with a column for each hyperparameter."""
    found = {name: table for name, table in _tables_of(study, context).items() if len(table)}
    return {n: hyperparameters.spelled(table, context.axes) for n, table in found.items()}


def _tables_of(study: Study, context: Context) -> dict[str, pd.DataFrame]:
    """The tables of results by their captions; none where no instability was measured."""
    of_pairs = pairs.table(study.pairs)
    found = {PAIRS: of_pairs} if len(of_pairs) else {}
    found |= level_tables.tables(study)
    if context.tuned is not None:
        found |= _best(study, context, context.tuned)
    if not study.cells.empty:
        found |= _of_cells(study, context)
        several = study.cells[RECIPE].nunique() > 1
        for recipe, one in by_recipe(study).items():
            found |= _searched(one, context, recipe if several else "")
            for caption, table in sparsity_table.table(one).items():
                found[f"{recipe}. {caption}" if several else caption] = table
    if (study.trials[RESTART] == RESET).any():
        summary = tables.summary(study.restarted)
        found[OVER] = summary.drop(columns=list(tables.DETAIL_COLUMNS))
    return found


def _best(study: Study, context: Context, of: Tuned) -> dict[str, pd.DataFrame]:
    return {tuned.caption(study.usual, of): tuned.table(study.usual, context.axes, of)}


def _searched(study: Study, context: Context, recipe: str) -> dict[str, pd.DataFrame]:
    """The table of what was searched for, by its caption."""
    lines = searches.ended(study, context.searches)
    caption = f"{recipe}. {searches.caption(lines)}" if recipe else searches.caption(lines)
    return {caption: searches.table(lines)} if lines else {}


def _of_cells(study: Study, context: Context) -> dict[str, pd.DataFrame]:
    summary = tables.summary(study.cells)
    shared = [name for name in tables.IDENTITY_COLUMNS if name in summary]
    means = [searches.of_means(one, context.searches) for one in (study.cells, study.samples)]
    return {
        "Onsets: from which iteration on a network is stable, and matching, by three statistics. "
        "Of the mean: between which two measured iterations the mean over samples begins to pass "
        "(the papers’ headline onsets). Of the median sample: each sample is judged by itself, and "
        "this is the median of their onsets, with the samples that have one (LMC Figure 8). Of "
        "most samples: from where more than half of them pass. They can differ, as one sample far "
        "from the threshold moves the mean, but is only one of many by itself.": (
            tables.onset_table(*means).iloc[: 0 if REWIND in context.axes else None]
        ),
        "Every rewind point: instability, mean ± standard deviation over samples, and the interval "
        "of its mean; accuracy, mean ± standard deviation over inits; drop in points, positive "
        "where accuracy is lost.": summary.drop(columns=list(tables.DETAIL_COLUMNS)),
        "Behind the verdicts: the samples that pass by themselves, the share of bootstrap samples "
        "that are stable, and 95 % intervals.": summary[[*shared, *tables.DETAIL_COLUMNS]],
    }
