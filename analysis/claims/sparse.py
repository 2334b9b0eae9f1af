"""What LMC section 4 says of sparse subnetworks."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
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
from analysis.records import INIT_SEED, LEVEL, REWIND, STRATEGY, WEIGHTS_LEFT
from analysis.sparsities import RANGES, extreme_level, onsets_by_level, range_text, ranges
from analysis.statistics import difference, init_means
from analysis.strategies import IMP, strategy

if TYPE_CHECKING:
    from analysis.study import Study

CONTROLS = ("random-pruning", "random-reinit")


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


def _order_of_ranges(study: Study) -> Shown | None:
    found = ranges(study.samples)
    if len(found) < 3:
        return None
    places = [RANGES.index(one) for one in found["range"]]
    in_order = places == sorted(places)
    return Shown(
        f"weights left in %, by the median of samples: {range_text(found)}",
        bool(in_order and len(set(places)) == len(RANGES)) if in_order else None,
    )


def _medians(study: Study, name: str) -> tuple[list[float], list[float]]:
    """The weights left (%), descending, and the median onset of stability with so many."""
    found = onsets_by_level(study.samples)
    own = found[(found[STRATEGY] == name) & (found["verdict"] == "stable") & (found[LEVEL] > 0)]
    own = own.sort_values(LEVEL)
    return own[WEIGHTS_LEFT].tolist(), own["median"].to_numpy(float).tolist()


def _said(lefts: list[float], medians: list[float], places: list[int]) -> str:
    """Median onsets at some places: "20 with 80.0 % left, never with 4.4 %"."""
    parts = []
    for place in dict.fromkeys(places):
        k = "never" if math.isinf(medians[place]) else f"{medians[place]:.0f}"
        parts.append(f"{k} with {weights(lefts[place])} %")
    return ", ".join(parts)


def _random_only_later(study: Study) -> Shown | None:
    lefts, medians = _medians(study, "random-pruning")
    if len(medians) < 3:
        return None
    later = all(one <= other for one, other in pairwise(medians))
    told = later and medians[0] < medians[-1]
    return Shown(
        f"median onsets: {_said(lefts, medians, [0, len(medians) // 2, -1])} left",
        told if told or not later else None,
    )


def _imp_earlier_then_later(study: Study) -> Shown | None:
    lefts, medians = _medians(study, IMP)
    if len(medians) < 3:
        return None
    lowest = min(range(len(medians)), key=medians.__getitem__)
    falls = all(one >= other for one, other in pairwise(medians[: lowest + 1]))
    rises = all(one <= other for one, other in pairwise(medians[lowest:]))
    ends = medians[0] > medians[lowest], medians[-1] > medians[lowest]
    sentence = f"median onsets: {_said(lefts, medians, [0, lowest, -1])} left"
    if not (falls and rises and ends[1]):
        return Shown(sentence, False)
    return Shown(sentence, True if ends[0] else None)


def _extreme(study: Study) -> Shown | None:
    reference = study.reference
    if reference is None or math.isnan(reference.std) or len(study.levels) < 2:
        return None
    imp = extreme_level(study.cells, reference)
    first = study.cells[study.cells[REWIND] == study.cells[REWIND].min()]
    found: dict[str, int] = {}
    for name in CONTROLS:
        own = first[(first[STRATEGY] == name) & first["accuracy_test"].notna()]
        if own.empty:
            continue
        meets = own["accuracy_test"] + own["accuracy_test_std"] >= reference.mean - reference.std
        found[name] = int(own.loc[meets, LEVEL].max()) if meets.any() else 0
    if imp is None or not found:
        return None
    parts = [f"IMP {weights(study.left(imp))} %"] + [
        f"{strategy(name).label.lower()} "
        + (f"{weights(study.left(level))} %" if level else "no level")
        for name, level in found.items()
    ]
    return Shown(f"sparsest matching level: {', '.join(parts)}", imp > max(found.values()))


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


def _error_still_falls(study: Study) -> Shown | None:
    """Of the levels in range III: whether IMP's error is lower where it is stable."""
    if len(study.levels) < 2:
        return None
    third = ranges(study.samples)
    third = third[third["range"] == "III"]
    parts, answers = [], []
    for level in third[LEVEL]:
        line = study.line(IMP, int(level))
        line = line[line["stable"].notna() & line["accuracy_test"].notna()]
        at_rest = line[line["stable"].astype(bool)]
        moving = line[~line["stable"].astype(bool)]
        if at_rest.empty or moving.empty:
            continue
        errors = [100 - float(one["accuracy_test"].mean()) for one in (moving, at_rest)]
        parts.append(
            f"{number(errors[0])} to {number(errors[1])} % with {weights(study.left(int(level)))} %"
        )
        answers.append(errors[1] < errors[0])
    if not parts:
        return None
    return Shown(f"mean error where unstable and where stable: {', '.join(parts)}", every(answers))


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
    Claim(
        name="ranges",
        figure="fig8",
        source="Section 4.4, Figure 8",
        says="As sparsity grows, even random pruning matches (I), then IMP alone (II), then "
        "nothing (III).",
        check=_order_of_ranges,
    ),
    Claim(
        name="random-only-later",
        figure="fig8",
        source="Section 4.4, Figure 8",
        says="As sparsity grows, randomly pruned subnetworks only become stable later, until they "
        "no longer do.",
        check=_random_only_later,
    ),
    Claim(
        name="imp-earlier-then-later",
        figure="fig8",
        source="Section 4.4, Figure 8",
        says="As sparsity grows, IMP subnetworks become stable earlier, and eventually later.",
        check=_imp_earlier_then_later,
    ),
    Claim(
        name="extreme",
        figure="app-b",
        source="Appendix B, Figure 9",
        says="IMP at its best k matches at sparser levels than the controls at k = 0.",
        check=_extreme,
    ),
    Claim(
        name="error-still-falls",
        figure="app-e",
        source="Section 4.4, appendix E",
        says="In range III the error of IMP subnetworks still decreases when they become stable.",
        check=_error_still_falls,
    ),
)
