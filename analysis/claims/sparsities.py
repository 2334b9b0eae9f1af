"""What LMC says of sparsities: section 4.4, and appendices B and E."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING

from analysis.claims.claim import Claim, Shown, every
from analysis.formats import number, weights
from analysis.records import LEVEL, REWIND, STRATEGY, WEIGHTS_LEFT
from analysis.sparsities import RANGES, extreme_level, onsets_by_level, range_text, ranges
from analysis.strategies import CONTROLS, IMP, RANDOM_PRUNING, strategy

if TYPE_CHECKING:
    from analysis.study import Study


def _order_of_ranges(study: Study) -> Shown | None:
    found = ranges(study.samples)
    if len(found) < 3:
        return None
    places = [RANGES.index(one) for one in found["range"]]
    in_order = places == sorted(places)
    return Shown(
        f"weights left in %, by the median of samples that each lose at most {study.tolerance}: "
        f"{range_text(found)}",
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
    lefts, medians = _medians(study, RANDOM_PRUNING)
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
    return Shown(
        f"sparsest level whose band meets the dense networks': {', '.join(parts)}",
        imp > max(found.values()),
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
