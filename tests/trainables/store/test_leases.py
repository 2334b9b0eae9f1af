"""Leases: exclusive, renewed, taken over when their owner is gone."""

from __future__ import annotations

import threading
import time
from multiprocessing import get_context
from pathlib import Path

import pytest

from trainables.store import Store
from trainables.store.leases import Leases

KEYS = [f"{number:032x}" for number in range(20)]


@pytest.fixture(params=["local", "memory"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return str(tmp_path / "store") if request.param == "local" else f"memory://{tmp_path}"


def test_a_lease_is_of_one_owner(url: str) -> None:
    ours, theirs = Leases(Store(url), "ours"), Leases(Store(url), "theirs")
    assert ours.claim(KEYS[:3]) == set(KEYS[:3])
    assert ours.claim(KEYS[:3]) == set(KEYS[:3])
    assert theirs.claim(KEYS[:5]) == set(KEYS[3:5])
    assert [ours.holder(key) for key in KEYS[2:6]] == [None, "theirs", "theirs", None]
    theirs.release(KEYS)
    assert theirs.claim(KEYS[:5]) == set(KEYS[3:5])
    ours.release(KEYS[:1])
    assert theirs.claim(KEYS[:5]) == {KEYS[0], *KEYS[3:5]}


def test_an_owner_that_comes_again_has_its_leases(url: str) -> None:
    assert Leases(Store(url), "ours").claim(KEYS[:3]) == set(KEYS[:3])
    again = Leases(Store(url), "ours")
    assert again.claim(KEYS[:3]) == set(KEYS[:3])
    again.release(KEYS)
    assert Leases(Store(url), "theirs").claim(KEYS[:3]) == set(KEYS[:3])


def test_what_is_renewed_is_kept_and_what_is_not_is_taken_over(url: str) -> None:
    dead = Leases(Store(url), "dead", seconds=0.6)
    dead.claim(KEYS[:1])
    theirs = Leases(Store(url), "theirs")
    with Leases(Store(url), "ours", seconds=0.6) as ours:
        ours.claim(KEYS[1:2])
        assert theirs.claim(KEYS[:2]) == set()
        deadline = time.monotonic() + 20
        while not theirs.claim(KEYS[:1]):
            assert time.monotonic() < deadline
            assert theirs.claim(KEYS[1:2]) == set()
            time.sleep(0.05)
        assert theirs.claim(KEYS[1:2]) == set()
        assert dead.holder(KEYS[0]) == "theirs"
    assert theirs.claim(KEYS[1:2]) == {KEYS[1]}


def test_who_was_silent_for_too_long_does_not_take_back(url: str) -> None:
    with Leases(Store(url), "ours", seconds=0.3) as ours:
        ours.claim(KEYS[:1])
        store = Store(url)
        store.file_system.rm_file(ours._path(KEYS[0]))  # as one who takes over does
        theirs = Leases(store, "theirs")
        assert theirs.claim(KEYS[:1]) == set(KEYS[:1])
        time.sleep(0.5)
    assert ours.holder(KEYS[0]) == "theirs"


def test_of_many_threads_one_gets_each(url: str) -> None:
    won: list[set[str]] = []
    start = threading.Barrier(8)

    def take(number: int) -> None:
        leases = Leases(Store(url), f"owner {number}")
        start.wait()
        won.append(leases.claim(KEYS))

    threads = [threading.Thread(target=take, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(key for one in won for key in one) == KEYS


def _take(url: str, number: int, keys: list[str]) -> set[str]:
    return Leases(Store(url), f"process {number}").claim(keys)


def test_of_many_processes_one_gets_each(tmp_path: Path) -> None:
    with get_context("fork").Pool(4) as pool:
        won = pool.starmap(_take, [(str(tmp_path), number, KEYS) for number in range(8)])
    assert sorted(key for one in won for key in one) == KEYS


def test_a_lease_under_way_of_being_written_is_somebodys(tmp_path: Path) -> None:
    leases = Leases(Store(str(tmp_path)), "ours")
    path = Path(leases._path(KEYS[0]))
    path.parent.mkdir(parents=True)
    path.touch()
    assert leases.claim(KEYS[:2]) == {KEYS[1]}
    assert leases.holder(KEYS[0]) == ""
