"""Cells and onsets in words: tables of strings and the central findings, for terminal and report.

Everything said here is worked out from our numbers; what the papers publish stands beside them,
in columns of its own that are there only where something is published.
"""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd

from analysis.onsets import LINE, ON_THRESHOLD, onsets
from analysis.published import SOURCES, Onset, Verdict, beside, onset_of
from analysis.records import LEVEL, RECIPE, REWIND, STRATEGY, WEIGHTS_LEFT
from analysis.strategies import DENSE, IMP, strategy

UNKNOWN = "–"


def number(value: float, *, signed: bool = False) -> str:
    """One decimal, as in the papers; never a negative zero; a dash for NaN."""
    if pd.isna(value):
        return UNKNOWN
    text = f"{value:{'+' if signed else ''}z.1f}".replace("-", "−")
    return "0.0" if text == "+0.0" else text


def weights(percent: float) -> str:
    """A share of weights: one decimal from 1 % on, two digits below it."""
    return f"{percent:.1f}" if percent >= 1 else f"{percent:.2g}"


def spread(mean: float, std: float) -> str:
    """Mean ± standard deviation; the mean alone where there is one sample."""
    return number(mean) if pd.isna(mean) or pd.isna(std) else f"{number(mean)} ± {number(std)}"


def _verdict(holds: object) -> str:
    if holds is pd.NA:
        return UNKNOWN
    return "yes" if holds else "no"


def summary(cells: pd.DataFrame) -> pd.DataFrame:
    """One row of strings per cell. The accuracy drop is positive where accuracy is lost.

    Where an accuracy is published for some cell, `paper %` and `deviation` (in standard
    deviations, as `published.beside` has it) stand next to ours.
    """
    columns = {
        "strategy": [strategy(name).label for name in cells[STRATEGY]],
        "weights left %": [weights(percent) for percent in cells[WEIGHTS_LEFT]],
        "rewind k": [str(k) for k in cells[REWIND]],
        "instability %": _spreads(cells, "instability_test"),
        "n": [str(n) for n in cells["n"]],
        "accuracy %": _spreads(cells, "accuracy_test"),
        **_paper_accuracies(cells),
        "drop": [number(drop, signed=True) for drop in cells["drop"]],
        "stable": [_verdict(holds) for holds in cells["stable"]],
        "matching": [_verdict(holds) for holds in cells["matching"]],
    }
    return pd.DataFrame(columns, dtype="object")


def _paper_accuracies(cells: pd.DataFrame) -> dict[str, list[str]]:
    compared = beside(cells)
    if compared["paper_accuracy"].isna().all():
        return {}
    return {
        "paper %": _spreads(compared, "paper_accuracy"),
        "deviation": [number(away) for away in compared["deviation"]],
    }


def _spreads(cells: pd.DataFrame, name: str) -> list[str]:
    pairs = zip(cells[name], cells[f"{name}_std"], strict=True)
    return [spread(mean, std) for mean, std in pairs]


def onset_table(cells: pd.DataFrame) -> pd.DataFrame:
    """One row of strings per line: from which rewind point on it is stable, and matching.

    "never": not at the last rewind point measured. A dash: there is nothing to match. Where an
    onset is published for some line, the paper's stand next to ours; a dash there: none is.
    """
    stable, matching = onsets(cells, "stable"), onsets(cells, "matching")
    no_reference = bool(cells["matching"].isna().all())
    paper = _paper_onsets(stable)
    columns = {
        "strategy": [strategy(name).label for name in stable[STRATEGY]],
        "weights left %": [weights(percent) for percent in stable[WEIGHTS_LEFT]],
        "stable from k": [_onset(k) for k in stable["onset"]],
        **paper["stable"],
        "matching from k": [UNKNOWN if no_reference else _onset(k) for k in matching["onset"]],
        **paper["matching"],
        "measured up to k": [str(k) for k in stable["last"]],
    }
    return pd.DataFrame(columns, dtype="object")


def _onset(k: int | pd.api.typing.NAType) -> str:
    return "never" if pd.isna(k) else str(k)


_VERDICTS: tuple[Verdict, ...] = ("stable", "matching")


def _paper_onsets(lines: pd.DataFrame) -> dict[Verdict, dict[str, list[str]]]:
    """For each verdict its column by name; none of them where nothing is published."""
    found = {verdict: _onsets_of(lines, verdict) for verdict in _VERDICTS}
    if not any(onset for column in found.values() for onset in column):
        return {verdict: {} for verdict in _VERDICTS}
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
    lines = cells.drop_duplicates(LINE)
    found = [onset for verdict in _VERDICTS for onset in _onsets_of(lines, verdict)]
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


def markdown(frame: pd.DataFrame) -> str:
    """A frame as a table in GitHub's Markdown: its columns and rows in their order, no index.

    The first column is aligned left, the others right, as in the report. Ends without a newline.
    """
    rows = [list(frame.columns), *frame.itertuples(index=False, name=None)]
    header, *body = ["| " + " | ".join(map(_markdown_cell, row)) + " |" for row in rows]
    rule = "|" + "|".join(["---", *["---:"] * (frame.shape[1] - 1)]) + "|"
    return "\n".join([header, rule, *body])


def _markdown_cell(value: object) -> str:
    """On one line, with what would end the cell escaped."""
    return " ".join(str(value).replace("|", "\\|").split())


# --- findings ---------------------------------------------------------------------------


class _Wording(NamedTuple):
    yes: str
    no: str
    never: str
    quantity: str  # what the verdict is about
    column: str  # where it stands
    unit: str


_WORDINGS: dict[Verdict, _Wording] = {
    "stable": _Wording(
        "stable",
        "unstable",
        "unstable at every rewind point measured",
        "instability",
        "instability_test",
        "%",
    ),
    "matching": _Wording(
        "matching",
        "not matching",
        "not matching at any rewind point measured",
        "accuracy drop",
        "drop",
        "points",
    ),
}


def findings(cells: pd.DataFrame) -> list[str]:
    """The central findings, one plain sentence each; none for an empty frame.

    When the dense network is stable (LMC section 3); when IMP subnetworks are stable and
    matching at the extreme sparsity, the sparsest level that matches at any rewind point (LMC
    section 4.3 and appendix B); the same for the other strategies at that level; how often
    stable and matching agree; and how many published accuracies ours agree with.
    """
    dense = cells[cells[STRATEGY] == DENSE]
    sparse = cells[cells[STRATEGY] != DENSE]
    sentences = []
    if not dense.empty:
        sentences.append(f"Dense networks are {_clause(dense, 'stable')}.")
    if not sparse.empty:
        level, choice = _focus(sparse)
        at_level = sparse[sparse[LEVEL] == level]
        for group in _alike(at_level):
            names = " and ".join(strategy(name).adjective for name in group[STRATEGY].unique())
            subject = names[0].upper() + names[1:]
            left = weights(group[WEIGHTS_LEFT].mean())
            says = [_clause(group, "stable")]
            if group["matching"].notna().all():
                says.append(_clause(group, "matching"))
            sentences.append(
                f"{subject} subnetworks with {left} % of weights left{choice} "
                f"are {', and '.join(says)}."
            )
            choice = ""  # said once
    judged = sparse[sparse["matching"].notna()]
    if len(judged) > 1:
        agree = int((judged["stable"] == judged["matching"]).sum())
        unstable = int((judged["matching"] & ~judged["stable"]).sum())
        sentences.append(
            f"Whether subnetworks are stable and whether they are matching agree in {agree} of "
            f"{len(judged)} combinations of strategy, sparsity and rewind point; matching but "
            f"unstable: {unstable}."
        )
    deviations = beside(cells)["deviation"].dropna()
    if not deviations.empty:
        agree = int((deviations <= 1 + ON_THRESHOLD).sum())
        sentences.append(
            "Published accuracies that ours agree with, within one standard deviation of ours plus "
            f"theirs: {agree} of {len(deviations)}."
        )
    if not cells.empty and dense.empty:
        sentences.append("No dense network was measured, so matching cannot be judged.")
    return sentences


def _focus(sparse: pd.DataFrame) -> tuple[int, str]:
    """The level that findings are about, and why that one (in brackets, if it is a choice)."""
    lead = sparse[sparse[STRATEGY] == IMP]
    name = "IMP level" if not lead.empty else "level"
    lead = lead if not lead.empty else sparse
    matching = lead[lead["matching"].fillna(False)]
    sparsest = (matching if not matching.empty else lead).sort_values(WEIGHTS_LEFT)
    level, count = int(sparsest[LEVEL].iloc[0]), lead[LEVEL].nunique()
    if count == 1:
        return level, ""
    if not matching.empty:
        return level, f" (the sparsest of {count} {name}s to match at some rewind point)"
    if lead["matching"].isna().all():
        return level, f" (the sparsest of {count} {name}s)"
    return level, f" (the sparsest of {count} {name}s, none of which is matching)"


def _alike(cells: pd.DataFrame) -> list[pd.DataFrame]:
    """Cells by strategy; those of all strategies but IMP together if their verdicts agree."""
    others = cells[cells[STRATEGY] != IMP]
    alike = others["stable"].nunique() <= 1 and others["matching"].nunique(dropna=False) <= 1
    together = [others] if alike else [group for _, group in others.groupby(STRATEGY, sort=False)]
    return [group for group in (cells[cells[STRATEGY] == IMP], *together) if not group.empty]


def _clause(cells: pd.DataFrame, verdict: Verdict) -> str:
    """What follows "are": the verdict over the rewind points, with the numbers behind it."""
    words = _WORDINGS[verdict]
    cells = cells.sort_values(REWIND, kind="stable")
    k, holds, value = cells[REWIND], cells[verdict].fillna(False).astype(bool), cells[words.column]
    if holds.nunique() == 1:
        if k.nunique() == 1:
            says = words.yes if holds.all() else words.no
            says += f" at iteration {k.iloc[0]}, the only rewind point measured"
        else:
            says = f"{words.yes} at every rewind point measured" if holds.all() else words.never
        return f"{says} ({words.quantity} {_range(value, words.unit)})"
    # From here on one line: strategies are only put together where their verdicts agree.
    if not holds.iloc[-1]:
        where = ", ".join(str(point) for point in k[holds])
        last = f"{number(value.iloc[-1])} {words.unit}"
        return (
            f"{words.yes} when rewound to iteration {where} but {words.no} at {k.iloc[-1]}, the "
            f"last rewind point measured ({words.quantity} {last})"
        )
    onset = k[~holds].index[-1]
    after = k > k[onset]
    before = value[~after]
    worst = before.idxmax() if before.notna().any() else before.index[0]
    return (
        f"{words.yes} from iteration {k[after].iloc[0]} on ({words.quantity} "
        f"{_range(value[after], words.unit)}; {number(value[worst])} {words.unit} at iteration "
        f"{k[worst]})"
    )


def _range(values: pd.Series, unit: str) -> str:
    low, high = number(values.min()), number(values.max())
    return f"{low} {unit}" if low == high else f"{low} to {high} {unit}"
