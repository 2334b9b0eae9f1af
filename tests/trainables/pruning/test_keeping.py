import torch
from hypothesis import given
from hypothesis import strategies as st

from trainables.levels import weights_at_levels
from trainables.pruning.keeping import (
    allot,
    keep_best,
    keep_best_by_layer,
    left_after,
    schedule,
)


@st.composite
def scores_and_masks(draw):
    """Up to three vectors of scores, few of which differ, and which weights are left."""
    scores, mask = {}, {}
    for name in ("b", "a", "c")[: draw(st.integers(1, 3))]:
        size = draw(st.integers(1, 8))
        values = st.sampled_from([-1.0, 0.0, 0.5, 2.0])
        scores[name] = torch.tensor(draw(st.lists(values, min_size=size, max_size=size)))
        mask[name] = torch.tensor(draw(st.lists(st.booleans(), min_size=size, max_size=size)))
    return scores, mask


def count(mask):
    return sum(int(keep.sum()) for keep in mask.values())


@given(scores_and_masks(), st.data())
def test_the_best_are_kept_exactly_so_many_and_the_first_of_equals_go(case, data):
    scores, mask = case
    left = data.draw(st.integers(0, count(mask)))
    kept = keep_best(scores, mask, left)
    ranked = sorted(
        (float(scores[name][index]), place, name, index)
        for place, name in enumerate(mask)
        for index in range(len(mask[name]))
        if mask[name][index]
    )
    expected = {(name, index) for _, _, name, index in ranked[len(ranked) - left :]}
    assert {(n, i) for n in kept for i in range(len(kept[n])) if kept[n][i]} == expected
    assert list(kept) == list(mask)


@given(scores_and_masks(), st.data())
def test_by_layer_each_keeps_its_own_number(case, data):
    scores, mask = case
    left = {name: data.draw(st.integers(0, int(keep.sum()))) for name, keep in mask.items()}
    kept = keep_best_by_layer(scores, mask, left)
    for name, keep in kept.items():
        assert int(keep.sum()) == left[name]
        assert not (keep & ~mask[name]).any(), "masks are nested"
        if keep.any() and (mask[name] & ~keep).any():
            assert scores[name][keep].min() >= scores[name][mask[name] & ~keep].max()


@given(
    st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 50)), min_size=1, max_size=6),
    st.sampled_from([0.0, 0.01, 0.2, 0.5, 0.9, 1.0]),
)
def test_allotted_numbers_are_whole_within_their_room_and_of_the_sum(layers, share):
    shares = {str(index): one for index, (one, _) in enumerate(layers)}
    room = {str(index): size for index, (_, size) in enumerate(layers)}
    total = round(share * sum(room.values()))
    counts = allot(shares, room, total)
    assert sum(counts.values()) == total
    assert all(0 <= counts[name] <= room[name] for name in room)


def test_what_a_layer_has_no_room_for_goes_to_the_others_in_proportion():
    # 60 in the ratio 3 : 2 : 1 is 30, 20, 10; the first has room for 12, and 48 go 2 : 1.
    shares, room = {"a": 3.0, "b": 2.0, "c": 1.0}, {"a": 12, "b": 100, "c": 100}
    assert allot(shares, room, 60) == {"a": 12, "b": 32, "c": 16}


def test_rounding_is_by_largest_remainder():
    # Of 10: 1.43, 2.86 and 5.71.
    assert allot({"a": 1, "b": 2, "c": 4}, dict.fromkeys("abc", 9), 10) == {"a": 1, "b": 3, "c": 6}


def test_levels_at_once_leave_as_many_as_level_by_level():
    mask = {"x": torch.ones(1507, dtype=torch.bool)}
    left = list(weights_at_levels(1507, 0.2))
    assert [left_after(mask, 0.2, rounds) for rounds in range(12)] == left[:12]


def test_a_schedule_goes_by_equal_factors_and_ends_exactly():
    # SynFlow Algorithm 1: after step k of n, a share rho^(k / n).
    assert schedule(1000, 1, 3) == [100, 10, 1]
    assert schedule(1000, 512, 1) == [512]
    steps = schedule(15_072, 1291, 100)
    assert len(steps) == 100
    assert steps[-1] == 1291
    assert steps == sorted(steps, reverse=True)
