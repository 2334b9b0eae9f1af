"""Which of many cases are tried by default; `make test-slow` tries the others."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

SLOW = pytest.mark.slow


def few(cases: Iterable[Any], *chosen: Any) -> list[Any]:
    """Return parameters of all `cases`, of which only `chosen` are tried by default."""
    found = list(cases)
    assert all(one in found for one in chosen)
    return [one if one in chosen else pytest.param(one, marks=SLOW) for one in found]
