"""Which sweep on a cluster gives way to which, and what drivers announce to each other."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from schedules import THREE_PATHS

from sweeps.placement import Demand, Shape
from sweeps.running.handout import Handout
from sweeps.running.priority import Announced, gives_way, lacks
from sweeps.running.rivals import EXPIRY_SECONDS, LOOK_SECONDS, Rivals
from sweeps.running.schedule import Schedule
from trainables.store import Leases, Store

CPU = Demand({"CPU": 1.0})
GPU = Demand({"CPU": 1.0, "GPU": 1.0})
TEAM = Demand({"CPU": 1.0}, workers=3)
TWO: Shape = {"CPU": 2.0}
NONE = frozenset[str]()


def announced(priority: int, *lacking: str) -> Announced:
    return Announced(priority, frozenset(lacking))


@pytest.mark.parametrize(
    ("priority", "uses", "others", "expected"),
    [
        (0, {"CPU"}, [], False),
        (0, {"CPU"}, [announced(1, "CPU")], True),
        (0, {"CPU"}, [announced(0, "CPU")], False),  # of equals none gives way
        (1, {"CPU"}, [announced(0, "CPU")], False),
        (-1, {"CPU"}, [announced(0, "CPU")], True),
        (0, {"CPU"}, [announced(1)], False),  # it has what it wants
        (0, {"CPU"}, [announced(1, "GPU")], False),  # which this one does not use
        (0, {"CPU", "GPU"}, [announced(1, "GPU")], True),
        (0, {"CPU"}, [announced(-1, "CPU"), announced(9), announced(2, "CPU")], True),
    ],
)
def test_a_sweep_gives_way_to_a_higher_one_that_lacks_what_it_uses(
    priority: int, uses: set[str], others: list[Announced], expected: bool
) -> None:
    assert gives_way(priority, uses, others) == expected


@given(st.lists(st.tuples(st.integers(-9, 9), st.sets(st.sampled_from(["CPU", "GPU"])))))
def test_somebody_always_goes_on(sweeps: list[tuple[int, set[str]]]) -> None:
    """The highest of those that lack something: no two wait for each other."""
    said = [Announced(priority, frozenset(lacking)) for priority, lacking in sweeps]
    waiting = [one for one in said if one.lacks]
    if waiting:
        first = max(waiting, key=lambda one: one.priority)
        assert not gives_way(first.priority, first.lacks, said)


@pytest.mark.parametrize(
    ("demand", "wants", "placed", "machines", "free", "expected"),
    [
        (CPU, True, 0, [TWO], [{}], {"CPU"}),
        (CPU, False, 0, [TWO], [{}], NONE),  # it waits for other jobs
        (CPU, True, 2, [TWO], [{}], NONE),  # it has all there is
        (CPU, True, 0, [TWO], [{"CPU": 1.0}], NONE),  # there is room, its worker starts
        (GPU, True, 0, [TWO], [{}], NONE),  # a machine with GPUs is yet to come
        (GPU, True, 0, [TWO, {"CPU": 1.0, "GPU": 1.0}], [{"CPU": 2.0}, {"CPU": 1.0}], {"GPU"}),
        (GPU, True, 0, [{"CPU": 1.0, "GPU": 1.0}], [{}], {"CPU", "GPU"}),
        # Each is free somewhere, but nowhere both.
        (GPU, True, 0, 2 * [{"CPU": 1.0, "GPU": 1.0}], [{"CPU": 1.0}, {"GPU": 1.0}], {*"CG"}),
        (TEAM, True, 0, [{"CPU": 4.0, "trial_driver": 9.0}], [TWO], {"CPU"}),
        (TEAM, True, 1, [{"CPU": 4.0, "trial_driver": 9.0}], [{"CPU": 1.0}], NONE),
        (TEAM, True, 0, [TWO], [{}], NONE),  # there is no room for so many, ever
        (CPU, True, 0, [], [], NONE),
    ],
)
def test_a_sweep_says_what_it_waits_for(
    demand: Demand,
    wants: bool,
    placed: int,
    machines: Sequence[Shape],
    free: Sequence[Shape],
    expected: set[str],
) -> None:
    expected = {{"C": "CPU", "G": "GPU"}.get(name, name) for name in expected}
    assert lacks(demand, wants, placed, machines, free) == expected


class Board:
    """A cluster of two CPUs with what its drivers announce."""

    def __init__(self) -> None:
        self.said: dict[str, str] = {}
        self.free = 0.0
        self.asked = 0
        self.away = False

    def put(self, name: str, text: str) -> None:
        if self.away:
            raise RuntimeError("GCS is away")
        self.said[name] = text

    def remove(self, name: str) -> None:
        self.said.pop(name, None)

    def all(self) -> Mapping[str, str]:
        self.asked += 1
        return dict(self.said)

    def machines(self) -> tuple[list[Shape], list[Shape]]:
        return [TWO], [{"CPU": self.free}]


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def pair(board: Board, clock: Clock) -> tuple[Rivals, Rivals]:
    low, high = (Rivals(f"of {n}", n, CPU, board, clock) for n in (0, 5))
    return low, high


def test_it_goes_on_when_the_higher_one_has_its_room() -> None:
    board, clock = Board(), Clock()
    low, high = pair(board, clock)
    for placed, expected in ((0, True), (1, True), (2, False)):
        high.look(wants=True, placed=placed)
        low.look(wants=True, placed=0)
        assert (low.gives_way, high.gives_way) == (expected, False)
        clock.now += LOOK_SECONDS
    high.look(wants=False, placed=0)
    low.look(wants=True, placed=0)
    assert not low.gives_way


def test_a_driver_that_died_holds_nobody_up_for_long() -> None:
    board, clock = Board(), Clock()
    low, high = pair(board, clock)
    high.look(wants=True, placed=0)
    gave_way = []
    while clock.now <= EXPIRY_SECONDS + LOOK_SECONDS:
        low.look(wants=True, placed=0)
        gave_way.append(low.gives_way)
        clock.now += LOOK_SECONDS
    assert gave_way == [True] * (len(gave_way) - 1) + [False]
    assert set(board.said) == {"of 0"}, "what it left is cleared away"


def test_a_driver_that_ends_says_so() -> None:
    board, clock = Board(), Clock()
    low, high = pair(board, clock)
    with high:
        high.look(wants=True, placed=0)
        low.look(wants=True, placed=0)
        assert low.gives_way
    clock.now += LOOK_SECONDS
    low.look(wants=True, placed=0)
    assert not low.gives_way


def test_nobody_gives_way_while_the_head_is_away_or_says_what_none_understands() -> None:
    board, clock = Board(), Clock()
    low, high = pair(board, clock)
    high.look(wants=True, placed=0)
    low.look(wants=True, placed=0)
    assert low.gives_way
    clock.now += LOOK_SECONDS
    board.away = True
    low.look(wants=True, placed=0)
    assert not low.gives_way
    clock.now += LOOK_SECONDS
    board.away = False
    board.said = {"of 5": "?", "of 6": "{}", "of 7": json.dumps({"priority": 9, "lacks": None})}
    low.look(wants=True, placed=0)
    assert not low.gives_way


def test_a_sweep_alone_looks_seldom() -> None:
    board, clock = Board(), Clock()
    low, _ = pair(board, clock)
    for _ in range(1000):
        low.look(wants=True, placed=0)
        clock.now += 0.01
    assert board.asked <= 10 / LOOK_SECONDS + 1


def test_nothing_is_handed_out_meanwhile(store: Store, leases: Leases) -> None:
    board, clock = Board(), Clock()
    low, high = pair(board, clock)
    schedule = Schedule(THREE_PATHS, 2)
    handout = Handout(schedule, store, leases, lambda: 2, rivals=low)
    high.look(wants=True, placed=0)
    handout.look_around(waiting=0)
    assert handout.gives_way
    assert handout.next_batch("early") is None
    assert not handout.idle, "there is work"
    high.look(wants=True, placed=0)
    clock.now += LOOK_SECONDS
    high.look(wants=False, placed=0)
    handout.look_around(waiting=0)
    assert handout.next_batch("first")
    assert handout.busy


def test_a_sweep_that_waits_for_jobs_wants_no_room(store: Store, leases: Leases) -> None:
    """All wait for the initial state, which is under way."""
    board, clock = Board(), Clock()
    low, high = pair(board, clock)
    schedule = Schedule(THREE_PATHS, 2)
    handout = Handout(schedule, store, leases, lambda: 2, rivals=high)
    handout.look_around(waiting=0)
    low.look(wants=True, placed=0)
    assert low.gives_way
    assert handout.next_batch("state")
    clock.now += LOOK_SECONDS
    handout.look_around(waiting=0)
    low.look(wants=True, placed=0)
    assert not low.gives_way
