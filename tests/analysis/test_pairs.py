"""Networks from files: a row a pair, and sentences that count pairs."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest

from analysis.cells import cells, samples
from analysis.findings import findings as of_cells
from analysis.pairs import findings, pairs, table
from analysis.strategies import files_in, is_of_files, of_files, strategy


@pytest.fixture
def trials(
    frame: Callable[..., pd.DataFrame], trial: Callable[..., dict[str, object]]
) -> pd.DataFrame:
    """Three files, of which `c` is no better than chance; and a dense pair."""
    dense = trial(instability=5.0)
    found = [("a", "b", 0.4), ("a", "d", 12.3), ("b", "d", 2.0), ("a", "c", 30.0)]
    rows = [
        trial(
            of_files(first, second),
            init=0,
            instability=instability,
            accuracies=(97.0, 10.0 if second == "c" else 96.0),
        )
        for first, second, instability in found
    ]
    return frame(dense, *rows)


def test_a_pair_is_judged_by_itself(trials: pd.DataFrame) -> None:
    found = pairs(trials)
    assert list(zip(found["first"], found["second"], strict=True)) == [
        ("a", "b"), ("a", "c"), ("a", "d"), ("b", "d"),
    ]  # fmt: skip
    assert [None if pd.isna(one) else bool(one) for one in found["connected"]] == [
        True, None, False, False,
    ]  # fmt: skip
    shown = table(found)
    assert list(shown["connected"]) == ["yes", "–", "no", "no"]
    assert list(shown["networks"]) == ["trained", "at chance", "trained", "trained"]


def test_findings_count_pairs_and_name_them(trials: pd.DataFrame) -> None:
    assert findings(pairs(trials), 2.0) == [
        "1 of 3 pairs of files is linearly connected (instability below 2 %): a – b (0.4 %). Not "
        "connected: b – d (2.0 %), a – d (12.3 %). Not judged, since a network is no better than "
        "chance: a – c (30.0 %)."
    ]
    assert findings(pairs(trials.head(1)), 2.0) == []


def test_they_are_no_cells(trials: pd.DataFrame) -> None:
    alone = trials.head(1)
    pd.testing.assert_frame_equal(cells(trials), cells(alone))
    assert list(samples(trials)["strategy"]) == ["dense"]
    assert of_cells(cells(trials)) == of_cells(cells(alone))
    assert cells(trials.tail(4)).empty


def test_names() -> None:
    name = of_files("1/model.pt", "far away")
    assert is_of_files(name)
    assert files_in(name) == ("1/model.pt", "far away")
    assert strategy(name).label == "1/model.pt – far away"
    assert not any(map(is_of_files, ("dense", "imp", "my:files")))
