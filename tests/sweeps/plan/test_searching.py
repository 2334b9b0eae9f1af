"""Searches along an axis: they end where the answer changes, with few questions."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sweeps.plan import searching
from sweeps.plan.searching import Bracket
from sweeps.spec.search import candidates


@given(st.integers(0, 1000), st.integers(1, 20_000), st.floats(0.01, 1.0))
def test_candidates_are_as_near_as_asked(low: int, more: int, within: float) -> None:
    points = candidates(low, low + more, within)
    assert points[0] == low
    assert points[-1] == low + more
    for one, after in pairwise(points):
        assert one < after
        assert after <= max(one + 1, one * (1 + within))


@pytest.mark.parametrize("points", [2, 3, 10, 42])
def test_the_first_point_is_found_wherever_it_is(points: int) -> None:
    for onset in range(points + 1):
        asked: set[int] = set()

        def holds(at: int, longer: bool, onset: int = onset, asked: set[int] = asked) -> bool:
            asked.add(at)
            return at >= onset

        expected = {0: Bracket(None, 0), points: Bracket(points - 1, None)}
        found = searching.first(holds, points)
        assert found == expected.get(onset, Bracket(onset - 1, onset))
        assert len(asked) <= 2 + math.ceil(math.log2(points))


@pytest.mark.parametrize("points", [1, 2, 3, 10, 25])
def test_the_last_point_is_found_and_no_far_one_is_asked_for(points: int) -> None:
    for number in range(points + 1):  # so many points hold
        asked: set[int] = set()

        def holds(at: int, longer: bool, number: int = number, asked: set[int] = asked) -> bool:
            asked.add(at)
            return at < number

        found = searching.last(holds, points)
        assert found == Bracket(number if number < points else None, number - 1 if number else None)
        assert max(asked) <= 2 * number


@given(st.lists(st.booleans(), min_size=2, max_size=40))
def test_where_it_comes_and_goes_a_beginning_is_found(answers: list[bool]) -> None:
    found = searching.first(lambda at, longer: answers[at], len(answers))
    assert found is not None
    if found.onset is None:
        assert not answers[-1]
    else:
        assert answers[found.onset]
        assert found.failed is None or (found.failed == found.onset - 1)
        assert found.failed is None or not answers[found.failed]


@given(st.lists(st.booleans(), min_size=2, max_size=40), st.data())
def test_a_search_waits_for_what_is_not_known(answers: list[bool], data: st.DataObject) -> None:
    """It asks for nothing that it would not have asked for with all answers."""
    needed: set[int] = set()

    def all_known(at: int, longer: bool) -> bool:
        needed.add(at)
        return answers[at]

    for search in (searching.first, searching.last):
        needed.clear()
        end = search(all_known, len(answers))
        known: set[int] = set()
        while True:
            asked: list[int] = []

            def some(
                at: int, longer: bool, known: set[int] = known, asked: list[int] = asked
            ) -> bool | None:
                asked.append(at)
                return answers[at] if at in known else None

            found = search(some, len(answers))
            assert set(asked) <= needed
            if found is not None:
                assert found == end
                break
            known.add(data.draw(st.sampled_from([at for at in asked if at not in known])))
