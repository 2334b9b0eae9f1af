from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from trainables.store import Leases, Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(str(tmp_path / "store"))


@pytest.fixture
def leases(store: Store) -> Iterator[Leases]:
    with Leases(store, "test") as held:
        yield held
