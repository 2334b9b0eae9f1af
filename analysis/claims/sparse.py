"""What LMC section 4 says of sparse subnetworks."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pandas as pd

from analysis.claims.claim import Claim, Shown
from analysis.claims.evidence import Evidence, alike, all_of, by_init, compared
from analysis.claims.peaks import peak_error
from analysis.claims.quoting import at_each_k, called, quoted, sampled
from analysis.claims.verdicts import matching, rows, stability
from analysis.formats import weights
from analysis.records import REWIND
from analysis.statistics import difference
from analysis.strategies import CONTROLS, IMP

if TYPE_CHECKING:
    from analysis.study import Study


def _left(study: Study) -> str:
    return "" if study.level is None else f"with {weights(study.left(study.level))} % left "


def _quoted(study: Study, column: str, name: str, k: int) -> str:
    return quoted(sampled(study.usual, column, name, study.level, k))


def _table_2(study: Study) -> Shown | None:
    """IMP against each control at k = 0, by accuracies of inits."""
    cells = {name: rows(study.line(name, study.level)) for name in (IMP, *CONTROLS)}
    first = {name: found[0] for name, found in cells.items() if found and found[0].rewind == 0}
    if IMP not in first or len(first) < 2:
        return None
    said = ", ".join(f"{called(name)} {_quoted(study, 'accuracy_test', name, 0)}" for name in first)
    parts = [matching(study, first[IMP], claimed=False, of="drop of IMP")]
    parts += [_no_better(study, name) for name in CONTROLS if name in first]
    return Shown(f"accuracy {_left(study)}and k = 0: {said}", all_of(parts))


def _no_better(study: Study, control: str) -> Evidence:
    """Whether IMP is at k = 0 no more accurate than a control, by the interval of the difference.

    A mean that is no higher is enough; to be better takes an interval above 0.
    """
    ours, theirs = (
        by_init(*sampled(study.usual, "accuracy_test", name, study.level, 0))
        for name in (IMP, control)
    )
    found = difference(ours, theirs)
    what = f"accuracy of IMP less {called(control)}"
    evidence = compared(what, found, 0.0, "at most", " points", by_mean=False)
    if evidence.holds is None and found[0] <= 0 and not pd.isna(found[1]):
        return Evidence(True, f"{evidence.says}, and the mean is not above it")
    return evidence


def _imp_becomes_stable(study: Study) -> Shown | None:
    line = study.line(IMP, study.level)
    cells = rows(line[line["instability_test"].notna()])
    if len(cells) < 2 or cells[0].rewind != 0:
        return None
    values = {one.rewind: _quoted(study, "instability_test", IMP, one.rewind) for one in cells}
    parts = [stability(study, cells[0], claimed=False), stability(study, cells[-1])]
    return Shown(f"IMP {_left(study)}has an instability of {at_each_k(values)}", all_of(parts))


def _controls_never_stable(study: Study) -> Shown | None:
    return _never(study, "instability_test", stability, "instability")


def _controls_never_match(study: Study) -> Shown | None:
    return _never(study, "accuracy_test", matching, "accuracy")


def _never(study: Study, column: str, judged: Callable[..., Evidence], what: str) -> Shown | None:
    """Whether a verdict holds of no control at any k."""
    said: list[str] = []
    parts: list[Evidence] = []
    for name in CONTROLS:
        line = study.line(name, study.level)
        line = line[line[column].notna()]
        if line.empty:
            continue
        ascending = line.sort_values(column)[REWIND]
        ends = [int(ascending.iloc[place]) for place in (0, -1)]
        low, high = (_quoted(study, column, name, k) for k in ends)
        said.append(f"{called(name)} {low.removesuffix(' %')} to {high}")
        parts += [judged(study, cell, claimed=False, of=called(name)) for cell in rows(line)]
    if not said:
        return None
    evidence = all_of(parts)
    if what == "accuracy":
        evidence = Evidence(evidence.holds, f"drop of accuracy: {evidence.says}", evidence.clear)
    return Shown(f"{_left(study)}{what} of {', '.join(said)}", evidence)


def _matching_when_stable(study: Study) -> Shown | None:
    line = rows(study.line(IMP, study.level))
    cells = [one for one in line if not (pd.isna(one.matching) or pd.isna(one.stable))]
    if len(cells) < 2:
        return None
    agree = sum(bool(cell.stable) == bool(cell.matching) for cell in cells)
    return Shown(
        f"by its means IMP {_left(study)}is stable and matching, or neither, at {agree} of "
        f"{len(cells)} k",
        all_of([_both(study, cell) for cell in cells]),
    )


def _both(study: Study, cell: Any) -> Evidence:
    return alike(stability(study, cell), matching(study, cell))


def _guessing(study: Study) -> Shown | None:
    """Of both controls at k = 0."""
    shown = {name: peak_error(study, name, study.level, called(name)) for name in CONTROLS}
    known = {name: one for name, one in shown.items() if one is not None}
    if not known:
        return None
    said = ", ".join(f"{called(name)} {one.quoted}" for name, one in known.items())
    guessing = next(iter(known.values())).guessing
    return Shown(
        f"{_left(study)}highest error on the path at k = 0: {said}; {guessing}",
        all_of([one.reaches for one in known.values()]),
    )


CLAIMS = (
    Claim(
        name="controls-guess",
        figure="fig5",
        source="Section 4.3, Figure 5",
        says="Between copies of the controls at k = 0 error approaches that of random guessing.",
        check=_guessing,
    ),
    Claim(
        name="table-2",
        figure="fig7",
        source="Section 4.3, Table 2",
        says="Rewound to k = 0, IMP does not match, and is no more accurate than random pruning "
        "and random reinitialisation.",
        check=_table_2,
    ),
    Claim(
        name="imp-becomes-stable",
        figure="fig6",
        source="Section 4.3, Figure 6",
        says="IMP subnetworks that are unstable at k = 0 become stable when rewound later.",
        check=_imp_becomes_stable,
    ),
    Claim(
        name="controls-never-stable",
        figure="fig6",
        source="Section 4.3, Figure 6",
        says="Random pruning and random reinitialisation are unstable at every k.",
        check=_controls_never_stable,
    ),
    Claim(
        name="matching-when-stable",
        figure="fig7",
        source="Section 4.3, Figure 7",
        says="At this sparsity IMP subnetworks are matching when they are stable.",
        check=_matching_when_stable,
    ),
    Claim(
        name="controls-never-match",
        figure="fig7",
        source="Section 4.3, Figure 7",
        says="Random pruning and random reinitialisation are matching at no k.",
        check=_controls_never_match,
    ),
)
