"""Cells and onsets as tables of strings, for terminal and report.

Everything said here is worked out from our numbers; what the papers publish stands beside them,
in columns of its own that are there only where something is published.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Mapping
from typing import Any

import pandas as pd

from analysis.ends import CELL, LINE
from analysis.evidence import about, each
from analysis.formats import UNKNOWN, interval, number, spread, weights
from analysis.onsets import onsets, typical_onsets
from analysis.published import SOURCES, VERDICTS, Onset, Verdict, beside, onset_of
from analysis.records import RECIPE, REWIND, STRATEGY, WEIGHTS_LEFT
from analysis.strategies import DENSE, strategy

IDENTITY_COLUMNS = ("recipe", "strategy", "weights left %", "rewind k")
"""What a row of a table is about. `recipe` is there only where there are several."""

NAME_COLUMNS = ("recipe", "strategy")
"""The columns of names, aligned left wherever they stand."""

CORE_COLUMNS = (
    *IDENTITY_COLUMNS,
    "instability %",
    "95 % interval",
    "accuracy %",
    "stable",
    "matching",
    "left out",
)
"""The columns of `summary` to keep on a narrow terminal, of those that it has."""

DETAIL_COLUMNS = (
    "samples stable",
    "share stable",
    "samples matching",
    "accuracy: interval",
    "drop: interval",
)
"""The columns of `summary` that stand in a table of their own where there is room for two."""

ONSET_CORE_COLUMNS = (
    "recipe",
    "strategy",
    "weights left %",
    "mean stable from k",
    "paper: stable from",
    "mean matching from k",
    "paper: matching from",
)
"""The columns of `onset_table` that say what the papers say."""


def summary(cells: pd.DataFrame) -> pd.DataFrame:
    """One row of strings per cell. The accuracy drop is positive where accuracy is lost.

    `95 % interval` is that of the mean instability; `n (inits)` are the trials that count and
    their inits. A mark says how many networks are at chance (accuracy), and which verdicts
    rest on a single sample or are borderline. `left out` is there only where trials are left out.
    Where an accuracy is published for some cell, `paper %` and `deviation` (in standard
    deviations, as `published.beside` has it) stand next to ours.
    """
    rows: list[Any] = list(cells.itertuples(index=False))
    columns = {
        **_identity(cells),
        "rewind k": [str(k) for k in cells[REWIND]],
        "instability %": _spreads(cells, "instability_test"),
        "95 % interval": _intervals(cells, "instability_test"),
        "n (inits)": [f"{row.n} ({row.inits})" for row in rows],
        **_left_out(rows),
        "accuracy %": [
            text + at_chance(row)
            for text, row in zip(_spreads(cells, "accuracy_test"), rows, strict=True)
        ],
        **_paper_accuracies(cells),
        "drop": [number(drop, signed=True) for drop in cells["drop"]],
        "stable": [_verdict(row.stable, row.stable_borderline, row.n) for row in rows],
        "matching": [
            "reference" if row.reference else _verdict(row.matching, row.matching_borderline, row.n)
            for row in rows
        ],
        "samples stable": [_passing(row.stable, row.stable_samples, row.n) for row in rows],
        "share stable": [
            UNKNOWN if pd.isna(share) else f"{share:.2f}" for share in cells["stable_share"]
        ],
        "samples matching": [_passing(row.matching, row.matching_samples, row.n) for row in rows],
        "accuracy: interval": _intervals(cells, "accuracy_test"),
        "drop: interval": _intervals(cells, "drop", signed=True),
    }
    return about(pd.DataFrame(columns, dtype="object"), each(cells, [RECIPE, *CELL]))


def _identity(lines: pd.DataFrame) -> dict[str, list[str]]:
    several = lines[RECIPE].nunique() > 1
    return {
        **({"recipe": list(lines[RECIPE])} if several else {}),
        "strategy": [strategy(name).label for name in lines[STRATEGY]],
        "weights left %": [weights(percent) for percent in lines[WEIGHTS_LEFT]],
    }


def _spreads(cells: pd.DataFrame, name: str) -> list[str]:
    pairs = zip(cells[name], cells[f"{name}_std"], strict=True)
    return [spread(mean, std) for mean, std in pairs]


def _intervals(cells: pd.DataFrame, name: str, *, signed: bool = False) -> list[str]:
    ends = zip(cells[f"{name}_low"], cells[f"{name}_high"], strict=True)
    return [interval(low, high, signed=signed) for low, high in ends]


def _left_out(rows: Iterable[Any]) -> dict[str, list[str]]:
    texts = [left_out(row) for row in rows]
    return {"left out": texts} if any(texts) else {}


def left_out(cell: Any) -> str:
    """The trials of a cell that do not count: "4 of 9: 2 networks diverged"; "" if all count."""
    if cell.n == cell.pairs:
        return ""
    why = [
        f"{count} {'network' if count == 1 else 'networks'} {what}"
        for count, what in ((cell.diverged, "diverged"), (cell.untrained, "at chance"))
        if count
    ]
    return f"{cell.pairs - cell.n} of {cell.pairs}" + (f": {', '.join(why)}" if why else "")


def at_chance(cell: Any) -> str:
    """A mark behind an accuracy to which networks at chance contribute; "" if none does."""
    finite = cell.networks - cell.diverged
    return f" ({cell.untrained} of {finite} at chance)" if cell.untrained else ""


def _verdict(holds: Any, borderline: bool, samples: int) -> str:
    if pd.isna(holds):
        return UNKNOWN
    mark = " (n = 1)" if samples == 1 else ", borderline" if borderline else ""
    return ("yes" if holds else "no") + mark


def _passing(holds: Any, passing: int, samples: int) -> str:
    return UNKNOWN if pd.isna(holds) else f"{passing} of {samples}"


def _paper_accuracies(cells: pd.DataFrame) -> dict[str, list[str]]:
    compared = beside(cells)
    if compared["paper_accuracy"].isna().all():
        return {}
    return {
        "paper %": _spreads(compared, "paper_accuracy"),
        "deviation": [number(away) for away in compared["deviation"]],
    }


def onset_table(cells: pd.DataFrame, samples: pd.DataFrame) -> pd.DataFrame:
    """One row of strings per line: from which rewind point on it is stable, and matching.

    "between 0 and 20": not yet at 0, but at 20 and at every later k judged. "not up to 120": not
    at 120, the largest k judged (`measured up to k`). "(first at 0)": it holds at 0, but not at
    some later k. "(not judged at 130)": 130 is passed over. A dash: it cannot be judged. `mean` is
    judged on the mean of each cell; `median sample` and `most samples` judge each of the `samples`
    (of `cells.samples`) by itself, as `onsets.typical_onsets` does, with the samples that have an
    onset, of those judged.
    Where an onset is published for some line, the paper's stand next to ours; a dash there: none
    is. Of dense networks alone nothing is said of matching: they are what is matched.
    """
    lines = onsets(cells, "stable")
    paper = _paper_onsets(lines)
    columns = _identity(lines)
    dense = len(lines) > 0 and bool((lines[STRATEGY] == DENSE).all())
    means = {verdict: onsets(cells, verdict) for verdict in (VERDICTS[:1] if dense else VERDICTS)}
    for verdict, found in means.items():
        columns[f"mean {verdict} from k"] = [bracket(line) for line in found.itertuples()]
        columns |= paper[verdict]
    last = lines["last"] if dense else lines["last"].fillna(means["matching"]["last"])
    columns["measured up to k"] = [UNKNOWN if pd.isna(k) else str(k) for k in last]
    for verdict, found in means.items():
        columns |= _typical(found, samples, verdict)
    return about(pd.DataFrame(columns, dtype="object"), each(lines, [RECIPE, *LINE]))


def bracket(line: Any) -> str:
    """Where the onset of a row of `onsets.onsets` lies, in words."""
    if pd.isna(line.last):
        return UNKNOWN
    if pd.isna(line.onset):
        text = f"not up to {line.last}"
    elif pd.isna(line.failed):
        text = f"from {line.onset} on"
    else:
        text = f"between {line.failed} and {line.onset}"
    passing = not pd.isna(line.first) and (pd.isna(line.onset) or line.first < line.onset)
    marks = [f"first at {line.first}"] if passing else []
    marks += ["n = 1"] if line.n == 1 else []
    marks += [f"not judged at {line.unjudged}"] if line.unjudged else []
    return f"{text} ({'; '.join(marks)})" if marks else text


def _typical(lines: pd.DataFrame, samples: pd.DataFrame, verdict: Verdict) -> dict[str, list[str]]:
    """The columns of the samples' onsets; `lines` are those of the mean's, by the same verdict."""
    keys = [RECIPE, *LINE]
    mean = lines[[*keys, "unjudged"]].rename(columns={"unjudged": "mean_unjudged"})
    rows = mean.merge(typical_onsets(samples, verdict), how="left", on=keys).to_dict("records")
    return {
        f"median sample {verdict} from k": [
            _typical_onset(row, "median")
            + ("" if pd.isna(row["n"]) else f" ({row['reach']:.0f} of {row['n']:.0f}{_but(row)})")
            for row in rows
        ],
        f"most samples {verdict} from k": [_typical_onset(row, "majority") for row in rows],
    }


def _but(row: Mapping[Hashable, Any]) -> str:
    """Where the samples are not judged by themselves, if not where their mean is not, too."""
    same = row["unjudged"] == row["mean_unjudged"]
    return "" if same else f"; not judged at {row['unjudged']}"


def _typical_onset(row: Mapping[Hashable, Any], name: str) -> str:
    if pd.isna(row["n"]):
        return UNKNOWN
    never = math.isinf(row[name])
    return f"not up to {row['last']:.0f}" if never else f"{row[name]:.0f}"


def _paper_onsets(lines: pd.DataFrame) -> dict[Verdict, dict[str, list[str]]]:
    """For each verdict its column by name; none of them where nothing is published."""
    found = {verdict: _onsets_of(lines, verdict) for verdict in VERDICTS}
    if not any(onset for column in found.values() for onset in column):
        return {verdict: {} for verdict in VERDICTS}
    return {
        verdict: {f"paper: {verdict} from": [onset.text if onset else UNKNOWN for onset in column]}
        for verdict, column in found.items()
    }


def _onsets_of(lines: pd.DataFrame, verdict: Verdict) -> list[Onset | None]:
    """What is published for each of `lines`, which have a recipe, a strategy and a sparsity."""
    places = zip(lines[RECIPE], lines[STRATEGY], lines[WEIGHTS_LEFT], strict=True)
    return [onset_of(*place, verdict) for place in places]


def sources(cells: pd.DataFrame) -> str:
    """Where the published values in these cells' tables come from; empty if there are none."""
    accuracies = beside(cells)["paper_source"].dropna()
    lines = cells.drop_duplicates([RECIPE, *LINE])
    found = [onset for verdict in VERDICTS for onset in _onsets_of(lines, verdict)]
    named = {*accuracies, *(onset.source for onset in found if onset)}
    sentences = []
    if named:
        in_order = (source for source in SOURCES if source in named)
        sentences.append(f"Published values: {', '.join(in_order)}.")
    if not accuracies.empty:
        sentences.append(
            "Deviation: |ours − paper| in units of our standard deviation plus the paper's, "
            "which counts as 0 where none is printed."
        )
    return " ".join(sentences)


def markdown(frame: pd.DataFrame, words: Iterable[str] = NAME_COLUMNS) -> str:
    """A frame as a table in GitHub's Markdown: its columns and rows in their order, no index.

    The first column and those of `words` are aligned left, the others right, as in the report.
    Ends without a newline.
    """
    rows = [list(frame.columns), *frame.itertuples(index=False, name=None)]
    header, *body = ["| " + " | ".join(map(_markdown_cell, row)) + " |" for row in rows]
    left = [i == 0 or name in words for i, name in enumerate(frame.columns)]
    rule = "|" + "|".join("---" if names else "---:" for names in left) + "|"
    return "\n".join([header, rule, *body])


def _markdown_cell(value: object) -> str:
    """On one line, with what would end the cell escaped."""
    return " ".join(str(value).replace("|", "\\|").split())
