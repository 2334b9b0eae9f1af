"""Extreme sparsity, ranges and onsets at each sparsity, by hand (LMC section 4.4, appendix B)."""

import math
from itertools import product

import pytest
from claims_samples import Made

from analysis.cells import cells, dense_reference, samples
from analysis.report import sparsity_table
from analysis.sparsities import (
    best_by_level,
    extreme_level,
    onsets_by_level,
    range_text,
    ranges,
)

PAIRS = [(1, 2), (1, 3), (2, 3)]
KS = (0, 20, 120)


def nine(trial, strategy, level, rewind, **what):
    return [
        trial(strategy, level, rewind, init=init, orders=pair, **what)
        for init, pair in product((1, 2, 3), PAIRS)
    ]


@pytest.fixture
def dense(trial):
    """Accuracies of 97, 98 and 99 % over inits: 98 ± 1."""
    return [
        trial(init=init, orders=pair, accuracies=(96.0 + init,) * 2)
        for init, pair in product((1, 2, 3), PAIRS)
    ]


def test_the_median_of_nine_counts_never_as_infinity(frame, trial, dense):
    """Five of nine reach stability: the fifth smallest onset. Four of nine: no point."""
    for reach, median in ((5, 20), (4, math.inf)):
        rows = list(dense)
        for i, (init, pair) in enumerate(product((1, 2, 3), PAIRS)):
            for k in KS:
                stable = i < reach and k >= (0 if i < 2 else 20)
                rows.append(
                    trial("imp", 1, k, init=init, orders=pair, instability=1.0 if stable else 9.0)
                )
        found = onsets_by_level(samples(frame(*rows)))
        [row] = found[(found["strategy"] == "imp") & (found["verdict"] == "stable")].to_dict(
            "records"
        )
        assert (row["median"], row["reach"], row["n"]) == (median, reach, 9)


@pytest.mark.parametrize(
    ("accuracies", "said"),
    [
        # Of IMP and of random pruning at levels 1, 2 and 3; 97.8 % is a drop of 0.2.
        ({"imp": (98, 98, 90), "random-pruning": (98, 90, 90)}, "I: 80.0; II: 64.0; III: 51.2"),
        ({"imp": (97.8, 97.7, 97.8), "random-pruning": (90,) * 3}, "II: 80.0; III: 64.0; II: 51.2"),
        ({"imp": (98,) * 3, "random-pruning": (98,) * 3}, "I: 80.0 to 51.2"),
        ({"imp": (90,) * 3, "random-pruning": (90,) * 3}, "III: 80.0 to 51.2"),
    ],
)
def test_ranges(frame, trial, dense, accuracies, said):
    rows = list(dense)
    for strategy, of_levels in accuracies.items():
        for level, accuracy in enumerate(of_levels, 1):
            for k in KS:
                rows += nine(trial, strategy, level, k, accuracies=(accuracy,) * 2)
    assert range_text(ranges(samples(frame(*rows), matching=0.2))) == said


def test_a_level_of_one_k_has_no_onset(frame, trial, dense):
    rows = [
        *dense,
        *nine(trial, "imp", 1, 0),
        *nine(trial, "imp", 2, 0),
        *nine(trial, "imp", 2, 20),
    ]
    found = onsets_by_level(samples(frame(*rows)))
    assert set(found["level"]) == {2}


def test_the_extreme_sparsity_is_the_sparsest_at_which_bands_meet(frame, trial, dense):
    """98 - 1 is met by 96.5 + 0.5 at level 2, and not by 96.4 + 0.5 at level 3."""
    rows = list(dense)
    for level, best in ((1, 98.0), (2, 96.5), (3, 96.4)):
        for k, lost in ((0, 5.0), (20, 0.0), (120, 1.0)):
            for init, pair in product((1, 2, 3), PAIRS):
                accuracy = best - lost + 0.5 * (init - 2)
                rows.append(
                    trial("imp", level, k, init=init, orders=pair, accuracies=(accuracy,) * 2)
                )
    trials = frame(*rows)
    found = cells(trials)
    best = best_by_level(found)
    assert best["rewind"].tolist() == [20] * 3
    assert best["accuracy_test"].tolist() == pytest.approx([98.0, 96.5, 96.4])
    assert best["accuracy_test_std"].tolist() == pytest.approx([0.5] * 3)
    assert extreme_level(found, dense_reference(trials)) == 2
    assert extreme_level(found, None) is None


def test_the_table_of_sparsities(trial):
    """IMP matches at levels 1 and 2, at the second from k = 20 on; random pruning at neither."""
    made = Made(trial).cell()
    for k in KS:
        made.cell("imp", 1, k, instability=0.5)
        made.cell("imp", 2, k, instability=0.5 if k else 60.0, accuracy=97.5 if k else 90.0)
        made.cell("imp", 3, k, instability=60.0, accuracy=80.0)
        for level in (1, 2, 3):
            made.cell("random-pruning", level, k, instability=60.0, accuracy=80.0)
    ((caption, table),) = sparsity_table.table(made.study()).items()
    assert caption.endswith("dense networks meet: 64.0 % of weights left.")
    assert table.to_numpy().tolist() == [
        ["80.0", "97.5 ± 0.1", "0", "0", "0", "never", "never", "II"],
        ["64.0", "97.5 ± 0.1", "20", "20", "20", "never", "never", "II"],
        ["51.2", "80.0 ± 0.1", "0", "never", "never", "never", "never", "III"],
    ]
    assert sparsity_table.table(Made(trial).cell().cell("imp", 1).study()) == {}
