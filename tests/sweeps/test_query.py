from __future__ import annotations

import pandas as pd
import pytest

from sweeps.errors import UserError
from sweeps.query import select

TRIALS = pd.DataFrame(
    {
        "strategy": ["dense", "imp", "imp", "imp"],
        "level": [0, 3, 11, 11],
        "rewind": [0, 0, 0, 120],
        "instability_test": [60.5, 1.25, 45.0, 0.5],
    }
)


@pytest.mark.parametrize(
    ("where", "rows"),
    [
        (None, [0, 1, 2, 3]),
        ("level = 11", [2, 3]),
        ("level == 11 and rewind=120", [3]),
        ("level >= 3 and instability_test < 2", [1, 3]),
        ("strategy = imp and level != 11", [1]),
        ("strategy = 'dense'", [0]),
        ('strategy != "dense" and rewind <= 0', [1, 2]),
        ("instability_test > 1.25", [0, 2]),
        ("level = 5", []),
    ],
)
def test_chosen_rows(where: str | None, rows: list[int]) -> None:
    expected = TRIALS.iloc[rows].reset_index(drop=True)
    pd.testing.assert_frame_equal(select(TRIALS, where), expected)


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ("levl = 3", "unknown column 'levl'; did you mean 'level'"),
        ("level = high", "level is a number, not 'high'"),
        ("level", "not a comparison"),
        ("level = 3 or level = 4", "not a comparison"),
        ("", "not a comparison"),
        ("__import__('os') = 3", "not a comparison"),
    ],
)
def test_a_wrong_filter_is_one_line(where: str, message: str) -> None:
    with pytest.raises(UserError, match=message) as caught:
        select(TRIALS, where)
    assert "\n" not in str(caught.value)
