"""The tables of a report."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from analysis import hyperparameters, level_tables, pairs, quantities, searches, tables, tuned
from analysis.ends import from_files, of_levels
from analysis.records import RECIPE, RESET, RESTART, REWIND
from analysis.report import sparsity_table
from analysis.report.context import Context
from analysis.report.table import Table
from analysis.report.words import OVER, PAIRS
from analysis.study import Study, by_recipe
from analysis.tuned import Tuned

if TYPE_CHECKING:
    pass


def others(study: Study, context: Context) -> list[Table]:
    """Return the tables of what measures other than instability say."""
    trials = study.trials
    found = quantities.tables(trials, context.quantities)
    usual = trials[(trials[RESTART] != RESET) & ~of_levels(trials)]
    made = []
    for caption, frame in found.items():
        measure, _, says = caption.partition(": ")
        names = tuple(one.name for one in context.quantities if one.measure == measure)
        made.append(Table("measure", measure, says, frame, usual, names))
    return _spelled(made, context)


def all_of(study: Study, context: Context) -> list[Table]:
    """Return the tables of results, with a column for each hyperparameter; none without rows."""
    return _spelled([one for one in _tables_of(study, context) if len(one.frame)], context)


def _spelled(found: list[Table], context: Context) -> list[Table]:
    return [replace(one, frame=hyperparameters.spelled(one.frame, context.axes)) for one in found]


def _tables_of(study: Study, context: Context) -> Iterator[Table]:
    """Yield the tables of results; none where no instability was measured."""
    trials = study.trials
    yield Table(
        "pairs", "Networks from files", PAIRS, pairs.table(study.pairs), trials[from_files(trials)]
    )
    yield from _of_levels(study)
    if context.tuned is not None:
        yield _best(study, context, context.tuned)
    if not study.cells.empty:
        yield from _of_cells(study, context)
        several = study.cells[RECIPE].nunique() > 1
        for recipe, one in by_recipe(study).items():
            prefix = f"{recipe}: " if several else ""
            for table in (*_searched(one, context), *_sparsities(one)):
                title, place = f"{prefix}{table.title}", {RECIPE: recipe}
                yield replace(table, title=title, place=place, trials=study.usual)
    if (trials[RESTART] == RESET).any():
        summary = tables.summary(study.restarted).drop(columns=list(tables.DETAIL_COLUMNS))
        over = trials[((trials[RESTART] == RESET) | (trials[REWIND] == 0)) & ~of_levels(trials)]
        yield Table("restarted", "Copies that start over", OVER, summary, over)


def _of_levels(study: Study) -> Iterator[Table]:
    trials = study.trials
    for caption, frame in level_tables.tables(study).items():
        if "schedule" in frame:
            title, _, says = caption.partition(", ")
            yield Table("adaptive", title, says, frame, study.usual)
        else:
            title, _, says = caption.partition(". ")
            measured = tuple(name for name in map(str, trials) if name.startswith("barrier"))
            yield Table("levels", title, says, frame, trials[of_levels(trials)], measured)


def _best(study: Study, context: Context, of: Tuned) -> Table:
    caption = tuned.caption(study.usual, of)
    frame = tuned.table(study.usual, context.axes, of)
    return Table("best", "Best combinations", caption, frame, study.usual)


def _searched(study: Study, context: Context) -> Iterator[Table]:
    """Yield the table of what was searched for."""
    lines = searches.ended(study, context.searches)
    if lines:
        _, _, says = searches.caption(lines).partition(": ")
        yield Table("searches", "Searches", says, searches.table(lines), study.usual)


def _sparsities(study: Study) -> Iterator[Table]:
    for caption, frame in sparsity_table.table(study).items():
        title, _, says = caption.partition(": ")
        yield Table("sparsities", title, says, frame, study.usual)


def _of_cells(study: Study, context: Context) -> Iterator[Table]:
    summary = tables.summary(study.cells)
    shared = [name for name in tables.IDENTITY_COLUMNS if name in summary]
    means = [searches.of_means(one, context.searches) for one in (study.cells, study.samples)]
    yield Table(
        "onsets",
        "Onsets",
        "From which iteration on a network is stable, and matching, by three statistics. Of the "
        "mean: between which two measured iterations the mean over samples begins to pass (the "
        "papers’ headline onsets). Of the median sample: each sample is judged by itself, and this "
        "is the median of their onsets, with the samples that have one (LMC Figure 8). Of most "
        "samples: from where more than half of them pass. They can differ, as one sample far from "
        "the threshold moves the mean, but is only one of many by itself.",
        tables.onset_table(*means).iloc[: 0 if REWIND in context.axes else None],
        study.usual,
    )
    yield Table(
        "cells",
        "Every rewind point",
        "Instability, mean ± standard deviation over samples, and the interval of its mean; "
        "accuracy, mean ± standard deviation over inits; drop in points, positive where accuracy "
        "is lost.",
        summary.drop(columns=list(tables.DETAIL_COLUMNS)),
        study.usual,
    )
    yield Table(
        "details",
        "Behind the verdicts",
        "The samples that pass by themselves, the share of bootstrap samples that are stable, and "
        "95 % intervals.",
        summary[[*shared, *tables.DETAIL_COLUMNS]],
        study.usual,
    )
