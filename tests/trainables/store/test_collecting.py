"""One collector at a time; who begins meanwhile waits for it."""

from __future__ import annotations

import threading
import time

import pytest
from stored_files import KEY, KIND, PAYLOAD

from trainables.store import Leases, StoreError, collecting


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(collecting, "LOOK_SECONDS", 0.05)


def test_nobody_waits_where_nobody_collects(store):
    told = []
    collecting.wait(store, told.append)
    assert not told


def test_who_needs_something_waits_until_the_collector_is_done(store):
    told, seen = [], []

    def driver():
        collecting.wait(store, told.append)
        seen.append(store.complete([(KIND, KEY)]))

    store.write(KIND, KEY, PAYLOAD, "bin")
    with collecting.alone(store, told.append) as still:
        waiting = threading.Thread(target=driver)
        waiting.start()
        time.sleep(0.3)
        assert not seen
        still()
        store.delete(KIND, KEY)
    waiting.join(10)
    assert seen == [set()], "it looks at the store after the collector"
    assert told == ["waiting for `sweeps store gc` on this store"]


def test_two_collectors_take_turns(store):
    inside, most = [], []

    def collect():
        with collecting.alone(store, lambda line: None):
            inside.append(1)
            most.append(len(inside))
            time.sleep(0.1)
            inside.pop()

    both = [threading.Thread(target=collect) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join(20)
    assert most == [1, 1]


def test_a_collector_whose_claim_expired_stops(store, monkeypatch):
    with collecting.alone(store, print) as still:
        monkeypatch.setattr(Leases, "holds", lambda self, key: False)
        with pytest.raises(StoreError, match="has expired"):
            still()
