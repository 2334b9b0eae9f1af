import json
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from few import few

from trainables.store import Leases, Store, StoreError
from trainables.store.leases import CLOCK_SECONDS

ROOT = Path(__file__).parents[3]
KEYS = [f"{number:02x}" + "0" * 30 for number in range(6)]
KEY = KEYS[0]
LONG = 60.0


@pytest.fixture
def store(url):
    return Store(url)


def lease(store, key=KEY):
    return json.loads(store.files.get(f"leases/{key[:2]}/{key}.json"))


def none_left(store):
    return all(not store.files.sizes(f"leases/{key[:2]}") for key in KEYS)


def until(true, seconds=20.0):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


def claim_together(owners, keys):
    """What each got when all asked at the same time."""
    ready = threading.Barrier(len(owners))

    def claim(one):
        ready.wait()
        return one.claim(keys)

    with ThreadPoolExecutor(len(owners)) as pool:
        return list(pool.map(claim, owners))


# --- one owner, two owners --------------------------------------------------------------------


def test_what_is_free_is_ours_and_then_not_another_s(store):
    ours, other = Leases(store, "ours", LONG), Leases(store, "other", LONG)
    assert ours.claim(KEYS[:3]) == set(KEYS[:3])
    assert other.claim(KEYS) == set(KEYS[3:])
    assert ours.claim(KEYS) == set(KEYS[:3]), "ours already"
    assert ours.holder(KEYS[3]) == "other"
    assert other.holder(KEY) == "ours"
    assert ours.holder(KEY) is None, "it is ours"
    assert ours.claim([]) == set()
    assert ours.claim([KEY, KEY]) == {KEY}


def test_a_lease_is_a_small_file_that_says_whose(store):
    Leases(store, "ours", 7.5).claim([KEY])
    held = lease(store)
    assert (held["owner"], held["seconds"]) == ("ours", 7.5)
    assert held["renewed_at"] == pytest.approx(time.time(), abs=60)
    assert store.complete([("leases", KEY)]) == set(), "and no artifact"


def test_what_is_released_is_free(store):
    ours, other = Leases(store, "ours", LONG), Leases(store, "other", LONG)
    ours.claim(KEYS)
    ours.release(KEYS[:2])
    ours.release(KEYS[:2])
    assert other.holder(KEY) is None
    assert other.claim(KEYS) == set(KEYS[:2])
    assert ours.claim([KEY]) == set()


def test_only_the_owner_releases(store):
    ours, other = Leases(store, "ours", LONG), Leases(store, "other", LONG)
    ours.claim([KEY])
    other.release([KEY, KEYS[1]])
    assert other.holder(KEY) == "ours"


def test_an_owner_that_begins_anew_has_its_leases_back(store):
    Leases(store, "ours", LONG).claim(KEYS)
    again = Leases(store, "ours", LONG)
    assert again.claim(KEYS) == set(KEYS)
    again.release(KEYS)
    assert none_left(store)


def test_what_a_crash_has_left_is_removed(store, monkeypatch):
    """Claims of the same owner at once; of others, those that have expired for sure."""
    Leases(store, "ours", LONG).claim(KEYS[:2])
    Leases(store, "other", LONG).claim(KEYS[2:4])
    with monkeypatch.context() as patch:
        patch.setattr(time, "time", lambda: time.time_ns() / 1e9 - LONG - CLOCK_SECONDS - 1)
        Leases(store, "long gone", LONG).claim(KEYS[4:])
    with Leases(store, "ours", LONG):
        left = [key for key in KEYS if store.files.sizes(f"leases/{key[:2]}")]
    assert left == KEYS[2:4]


# --- expiry -----------------------------------------------------------------------------------


def test_a_lease_that_is_not_renewed_is_taken_over(store):
    gone, other = Leases(store, "gone", 1.0), Leases(store, "other", LONG)
    gone.claim([KEY])
    assert other.claim([KEY]) == set()
    begin = time.monotonic()
    until(lambda: other.claim([KEY]) == {KEY})
    assert time.monotonic() - begin > 0.5
    assert lease(store)["owner"] == "other"
    assert gone.holder(KEY) == "other"
    assert gone.claim([KEY]) == set()
    gone.release([KEY])
    assert other.claim([KEY]) == {KEY}
    assert gone.holder(KEY) == "other"


def test_asking_for_the_holder_is_watching_it(store):
    Leases(store, "gone", 0.5).claim([KEY])
    other = Leases(store, "other", LONG)
    assert other.holder(KEY) == "gone"
    until(lambda: other.holder(KEY) is None)
    assert other.claim([KEY]) == {KEY}


def test_how_long_a_lease_lasts_is_its_owner_s_choice(store):
    Leases(store, "ours", LONG).claim([KEY])
    hasty = Leases(store, "hasty", 0.1)
    assert hasty.claim([KEY]) == set()
    time.sleep(0.4)
    assert hasty.claim([KEY]) == set()


@pytest.mark.parametrize("seconds", [-0.9 * CLOCK_SECONDS, 0.9 * CLOCK_SECONDS])
def test_clocks_may_be_wrong(tmp_path, monkeypatch, seconds):
    """By minutes, whichever way; who reads sees that a lease is renewed."""
    store, now = Store(str(tmp_path)), time.time
    with Leases(store, "ours", 1.5) as ours:
        ours.claim([KEY])
        other = Leases(store, "other", 1.5)
        monkeypatch.setattr(time, "time", lambda: now() + seconds)
        end = time.monotonic() + 3
        while time.monotonic() < end:
            assert other.claim([KEY]) == set()
            time.sleep(0.1)


def test_what_was_left_long_ago_is_free_at_once(store, monkeypatch):
    Leases(store, "gone", LONG).claim([KEY])
    later = time.time() + LONG + CLOCK_SECONDS + 5
    monkeypatch.setattr(time, "time", lambda: later)
    assert Leases(store, "other", LONG).holder(KEY) is None
    assert Leases(store, "other", LONG).claim([KEY]) == {KEY}


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff"])
def test_a_file_that_is_no_lease_expires_too(store, content):
    store.files.put(f"leases/{KEY[:2]}/{KEY}.json", content)
    ours = Leases(store, "ours", 0.3)
    assert ours.holder(KEY) == "unknown"
    until(lambda: ours.claim([KEY]) == {KEY})


# --- renewing ---------------------------------------------------------------------------------


def test_inside_with_leases_are_renewed_and_then_released(store):
    other = Leases(store, "other", 2.0)
    with Leases(store, "ours", 2.0) as ours:
        ours.claim(KEYS[:2])
        first = lease(store)
        end = time.monotonic() + 3.0
        while time.monotonic() < end:
            assert other.claim([KEY]) == set()
            time.sleep(0.05)
        assert lease(store)["renewed_at"] > first["renewed_at"]
    assert none_left(store)
    assert other.claim([KEY]) == {KEY}


def test_renewing_outlasts_a_store_that_fails(store, monkeypatch):
    with Leases(store, "ours", 0.3) as ours:
        ours.claim([KEY])
        swap, failed = ours._files.swap, []

        def fails(*_):
            failed.append(1)
            raise StoreError("no")

        monkeypatch.setattr(ours._files, "swap", fails)
        until(lambda: len(failed) > 2)
        before = lease(store)
        monkeypatch.setattr(ours._files, "swap", swap)
        until(lambda: lease(store) != before)
        assert lease(store)["owner"] == "ours"


def test_an_owner_that_stalled_does_not_take_its_lease_back(store):
    """It stood still for too long, another has the lease, and renewing tells it so."""
    stalled, other = Leases(store, "stalled", 0.3), Leases(store, "other", LONG)
    stalled.claim([KEY])
    until(lambda: other.claim([KEY]) == {KEY})
    with stalled:
        time.sleep(0.5)
        assert lease(store)["owner"] == "other"
        assert stalled.claim([KEY]) == set()
    assert lease(store)["owner"] == "other"


# --- races ------------------------------------------------------------------------------------


def test_threads_that_claim_at_once_share_the_keys(url):
    owners = [Leases(Store(url), f"owner {number}", LONG) for number in range(6)]
    got = claim_together(owners, KEYS)
    assert sorted(key for keys in got for key in keys) == KEYS


def test_one_of_many_takes_an_expired_lease_over(url):
    store = Store(url)
    Leases(store, "gone", 0.2).claim(KEYS)
    owners = [Leases(Store(url), f"owner {number}", LONG) for number in range(6)]
    for owner in owners:
        assert owner.claim(KEYS) <= set(KEYS)  # sees them, and may be late
    time.sleep(0.3)
    claim_together(owners, KEYS)
    held = {key: [one.owner for one in owners if key in one.claim(KEYS)] for key in KEYS}
    assert held == {key: [lease(store, key)["owner"]] for key in KEYS}


CLAIM = """
import sys, time
from trainables.store import Leases, Store
url, owner, *keys = sys.argv[1:]
leases = Leases(Store(url), owner)
leases.claim(keys)  # sees what has been left there
print("ready", flush=True)
sys.stdin.readline()
print(*sorted(leases.claim(keys)))
"""


@pytest.mark.parametrize("left", few([False, True], True))
def test_processes_share_the_keys(url, left):
    """Free ones, and those that a process has left."""
    if url.startswith("memory"):
        pytest.skip("a process has it for itself")
    if left:
        Leases(Store(url), "gone", 2.0).claim(KEYS)
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", CLAIM, url, f"owner {number}", *KEYS],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(4)
    ]
    for one in processes:
        assert one.stdout.readline() == "ready\n"
    time.sleep(2.1 if left else 0)
    for one in processes:
        one.stdin.write("\n")
        one.stdin.flush()
    got = [one.communicate()[0].split() for one in processes]
    assert sorted(key for keys in got for key in keys) == KEYS


def test_thirty_claims_wait_together(s3, monkeypatch):
    """As long as a few requests one after another, where each waits."""
    leases = Leases(Store(s3.make_bucket("thirty-claims")), "ours")
    create = leases._files.create

    def slow(*arguments):
        time.sleep(0.5)
        return create(*arguments)

    monkeypatch.setattr(leases._files, "create", slow)
    keys = [f"{number:032x}" for number in range(30)]
    begin = time.monotonic()
    assert leases.claim(keys) == set(keys)
    assert time.monotonic() - begin < 0.5 * len(keys) / 2
