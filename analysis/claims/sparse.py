"""What LMC section 4 says of sparse subnetworks."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pandas as pd

from analysis.claims.claim import (
    Answer,
    Claim,
    Shown,
    every,
    from_to,
    matching,
    opposite,
    rows,
    stable,
)
from analysis.claims.peaks import peak_error
from analysis.ends import arms
from analysis.formats import number, weights
from analysis.records import INIT_SEED, LEVEL, REWIND, STRATEGY
from analysis.statistics import difference, init_means
from analysis.strategies import CONTROLS, IMP, strategy

if TYPE_CHECKING:
    from analysis.study import Study


def _left(study: Study) -> str:
    return "" if study.level is None else f"with {weights(study.left(study.level))} % left "


def _table_2(study: Study) -> Shown | None:
    """IMP against each control at k = 0, by accuracies of inits."""
    cells = {name: rows(study.line(name, study.level)) for name in (IMP, *CONTROLS)}
    first = {name: found[0] for name, found in cells.items() if found and found[0].rewind == 0}
    if IMP not in first or len(first) < 2:
        return None
    better = [_better(study, IMP, name) for name in CONTROLS if name in first]
    said = ", ".join(
        f"{strategy(name).label} {number(cell.accuracy_test)} %" for name, cell in first.items()
    )
    return Shown(
        f"{_left(study)}and k = 0: {said}; {_is(matching(first[IMP]), 'IMP', 'matching')}",
        every([opposite(matching(first[IMP])), *map(opposite, better)]),
    )


def _better(study: Study, one: str, other: str) -> Answer:
    """Whether a strategy is more accurate at k = 0 than another: the interval of the difference."""
    networks = arms(study.usual)
    networks = networks[(networks[LEVEL] == study.level) & (networks[REWIND] == 0)]
    means = []
    for name in (one, other):
        own = networks[networks[STRATEGY] == name]
        means.append(init_means(own["accuracy_test"], own[INIT_SEED]))
    mean, low, high = difference(*means)
    if pd.isna(low):
        return None
    return True if low > 0 else False if mean <= 0 or high < 0 else None


def _is(holds: Answer, what: str, word: str) -> str:
    if holds is None:
        return f"whether {what} is {word} is borderline"
    return f"{what} is {'' if holds else 'not '}{word}"


def _imp_becomes_stable(study: Study) -> Shown | None:
    line = study.line(IMP, study.level)
    cells = rows(line[line["instability_test"].notna()])
    if len(cells) < 2 or cells[0].rewind != 0:
        return None
    return Shown(
        f"IMP {_left(study)}has an instability of {from_to(line)}",
        every([opposite(stable(cells[0])), stable(cells[-1])]),
    )


def _controls_never_stable(study: Study) -> Shown | None:
    return _never(study, "instability_test", stable, "instability")


def _controls_never_match(study: Study) -> Shown | None:
    return _never(study, "accuracy_test", matching, "accuracy")


def _never(study: Study, column: str, holds: Callable[[Any], Answer], what: str) -> Shown | None:
    parts, answers = [], []
    for name in CONTROLS:
        line = study.line(name, study.level)
        line = line[line[column].notna()]
        if line.empty:
            continue
        low, high = number(line[column].min()), number(line[column].max())
        parts.append(f"{strategy(name).label.lower()} {low} to {high} %")
        answers += [opposite(holds(cell)) for cell in rows(line)]
    if not parts:
        return None
    return Shown(f"{_left(study)}{what} of {', '.join(parts)}", every(answers))


def _matching_when_stable(study: Study) -> Shown | None:
    cells = [one for one in rows(study.line(IMP, study.level)) if not pd.isna(one.matching)]
    if len(cells) < 2:
        return None
    answers: list[Answer] = []
    agree = 0
    for cell in cells:
        known = stable(cell), matching(cell)
        agree += bool(cell.stable) == bool(cell.matching)
        answers.append(None if None in known else known[0] == known[1])
    return Shown(
        f"IMP {_left(study)}is stable and matching, or neither, at {agree} of {len(cells)} k",
        every(answers),
    )


def _guessing(study: Study) -> Shown | None:
    """Of both controls at k = 0."""
    shown = [peak_error(study, name, study.level) for name in CONTROLS]
    known = [(name, one) for name, one in zip(CONTROLS, shown, strict=True) if one is not None]
    if not known:
        return None
    chance = known[0][1].chance
    said = ", ".join(f"{strategy(n).label.lower()} {number(one.mean)} %" for n, one in known)
    return Shown(
        f"{_left(study)}highest error on the path at k = 0: {said}; guessing has "
        f"{number(chance)} %",
        every(one.reaches for _, one in known),
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
