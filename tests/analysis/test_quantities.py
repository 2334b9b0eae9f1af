"""What measures other than instability say of each cell."""

from __future__ import annotations

import math

import pandas as pd
import pytest
from scipy import stats

from analysis.quantities import Quantity, means, tables

L2 = Quantity("distance_l2", "distance", about="how far apart", low=0)
SHARE = Quantity("disagreement_test", "disagreement", "%", low=0, high=100)


@pytest.fixture
def trials() -> pd.DataFrame:
    """Two cells of one line; of the second, one trial was not measured."""
    rows = [
        ("dense", 0, 100.0, 0, 1, 40.0, 10.0),
        ("dense", 0, 100.0, 0, 2, 44.0, 99.9),
        ("dense", 0, 100.0, 0, 3, 45.0, 99.0),
        ("dense", 0, 100.0, 20, 1, 20.0, math.nan),
        ("dense", 0, 100.0, 20, 2, math.nan, math.nan),
    ]
    names = ["strategy", "level", "weights_left", "rewind", "init_seed", L2.name, SHARE.name]
    return pd.DataFrame(rows, columns=names).assign(recipe="digits-mlp", restart="keep", level_2=0)


def test_what_is_nowhere_a_number_is_said_to_be_none(trials: pd.DataFrame) -> None:
    """A measure that gives NaN for every trial does not vanish."""
    trials[SHARE.name] = math.nan
    assert list(means(trials, [SHARE])["n"]) == [0, 0]
    (table,) = tables(trials, [SHARE]).values()
    assert list(table["mean"]) == ["–", "–"]
    assert list(table["n (inits)"]) == ["0 (0)", "0 (0)"]


def test_means_and_intervals_are_students(trials: pd.DataFrame) -> None:
    first, second = (row for _, row in means(trials, [L2]).iterrows())
    values = [40.0, 44.0, 45.0]
    low, high = stats.t.interval(0.95, 2, loc=43.0, scale=stats.sem(values))
    assert (first["mean"], first["n"], first["inits"]) == (43.0, 3, 3)
    assert (first["low"], first["high"]) == pytest.approx((low, high))
    assert (second["mean"], second["n"]) == (20.0, 1)
    assert math.isnan(second["low"])


def test_intervals_end_at_what_is_possible(trials: pd.DataFrame) -> None:
    (row,) = (row for _, row in means(trials, [SHARE]).iterrows())
    assert (row["low"], row["high"]) == (0, 100)


def test_what_was_never_measured_has_no_row(trials: pd.DataFrame) -> None:
    assert means(trials, [Quantity("sharpness", "sharpness")]).empty


def test_tables_say_what_the_quantities_are(trials: pd.DataFrame) -> None:
    ((caption, table),) = tables(trials, [L2]).items()
    assert caption.startswith("distance: mean ± standard deviation over samples")
    assert "distance_l2: how far apart" in caption
    assert table["mean"].tolist() == ["43 ± 2.6", "20"]
    assert table["n (inits)"].tolist() == ["3 (3)", "1 (1)"]
    assert "recipe" not in table
