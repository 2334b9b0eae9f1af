import math
from fractions import Fraction
from itertools import pairwise

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from trainables import networks
from trainables.levels import weights_at_levels
from trainables.pruning.masks import (
    full_mask,
    masked_slots,
    prune_by_magnitude,
    prune_randomly,
    weights_left,
)

fractions = st.sampled_from([0.1, 0.2, 0.25, 0.5, 0.8, 0.99])


@st.composite
def weights_and_masks(draw):
    """Up to three matrices; magnitudes from few values, so that many are equal."""
    few = st.sampled_from([-2.0, -1.0, -0.0, 0.0, 1.0])
    any_normal = st.floats(width=32, allow_subnormal=False)  # training flushes denormals
    value = draw(st.sampled_from([few, any_normal]))
    weights, mask = {}, {}
    for name in ("b", "a", "c")[: draw(st.integers(1, 3))]:
        rows, columns = draw(st.integers(1, 4)), draw(st.integers(1, 6))
        size = rows * columns
        values = draw(st.lists(value.filter(lambda v: v == v), min_size=size, max_size=size))
        weights[name] = torch.tensor(values).view(rows, columns)
        kept = draw(st.lists(st.booleans(), min_size=size, max_size=size))
        mask[name] = torch.tensor(kept).view(rows, columns)
    return weights, mask


def count(mask):
    return sum(int(keep.sum()) for keep in mask.values())


@given(weights_and_masks(), fractions)
def test_the_lowest_magnitudes_go(case, fraction):
    weights, mask = case
    remaining = [
        (abs(weight), position, name)
        for position, name in enumerate(mask)
        for weight, keep in zip(weights[name].flatten().tolist(), mask[name].flatten(), strict=True)
        if keep
    ]
    places = [
        (name, index)
        for name in mask
        for index, keep in enumerate(mask[name].flatten().tolist())
        if keep
    ]
    to_go = round(Fraction(str(fraction)) * len(remaining))
    # Python's sort is stable: of equal magnitudes those that come first go.
    by_magnitude = sorted(range(len(remaining)), key=lambda index: remaining[index][0])
    expected = {name: keep.clone().flatten() for name, keep in mask.items()}
    for index in by_magnitude[:to_go]:
        name, place = places[index]
        expected[name][place] = False

    before = {name: keep.clone() for name, keep in mask.items()}
    pruned = prune_by_magnitude(weights, mask, fraction)

    assert list(pruned) == list(mask)
    assert count(mask) - count(pruned) == to_go
    for name, keep in pruned.items():
        assert keep.dtype == torch.bool
        assert keep.shape == weights[name].shape
        assert torch.equal(keep.flatten(), expected[name])
        assert not (keep & ~mask[name]).any(), "masks are nested"
        assert torch.equal(mask[name], before[name]), "the mask given is left alone"


@given(weights_and_masks(), fractions, st.sampled_from([0.0, 1e30, math.nan]))
def test_weights_outside_the_mask_are_never_considered(case, fraction, anything):
    weights, mask = case
    others = {name: torch.where(mask[name], value, anything) for name, value in weights.items()}
    pruned, same = (prune_by_magnitude(held, mask, fraction) for held in (weights, others))
    assert all(torch.equal(pruned[name], same[name]) for name in mask)


def test_pruning_is_global_not_per_layer():
    weights = {"large": torch.full((10,), 5.0), "small": torch.full((10,), -0.1)}
    mask = prune_by_magnitude(weights, full_mask(weights, ["large", "small"]), 0.4)
    assert mask["large"].all()
    assert int(mask["small"].sum()) == 2


def test_exactly_the_fraction_goes_when_all_magnitudes_are_equal():
    weights = {"x": torch.full((5, 7), -3.0)}
    mask = prune_by_magnitude(weights, full_mask(weights, ["x"]), 0.2)
    assert count(mask) == 28


def test_only_the_named_tensors_are_pruned():
    weights = {"weight": torch.ones(10), "bias": torch.zeros(10)}
    mask = prune_by_magnitude(weights, full_mask(weights, ["weight"]), 0.5)
    assert mask.keys() == {"weight"}


def test_repeated_levels_of_a_network():
    weights = networks.initial_weights("digits-mlp", "kaiming-normal", "init", 1)
    mask = full_mask(weights, networks.prunable(networks.build("digits-mlp")))
    assert weights_left(mask) == 100
    counts, thresholds = [count(mask)], []
    for _ in range(11):
        mask = prune_by_magnitude(weights, mask, 0.2)
        counts.append(count(mask))
        thresholds.append(min(float(weights[n][keep].abs().min()) for n, keep in mask.items()))
    assert counts == list(weights_at_levels(15_072, 0.2))[:12]
    assert all(low <= high for low, high in pairwise(thresholds))
    # With the weights unchanged, eleven levels are one shot to the same count.
    every = torch.cat([weights[name].flatten() for name in mask]).abs()
    kept = torch.cat([keep.flatten() for keep in mask.values()])
    assert set(every[kept].tolist()) == set(
        every.sort(descending=True).values[: counts[-1]].tolist()
    )
    assert weights_left(mask) == 100 * counts[-1] / 15_072


def test_infinite_weights_stay():
    weights = {"x": torch.tensor([1.0, math.inf, 2.0, -math.inf])}
    mask = prune_by_magnitude(weights, full_mask(weights, ["x"]), 0.5)
    assert mask["x"].tolist() == [False, True, False, True]


def test_what_is_not_a_number_cannot_be_pruned():
    weights = {"x": torch.tensor([1.0, math.nan, 2.0])}
    with pytest.raises(ValueError, match="training diverged"):
        prune_by_magnitude(weights, full_mask(weights, ["x"]), 0.5)


# --- several rounds at once -------------------------------------------------------------


@given(weights_and_masks(), fractions, st.integers(1, 6))
def test_rounds_at_once_are_rounds_one_by_one(case, fraction, rounds):
    """Where the weights stay as they are, ties included."""
    weights, mask = case
    one_by_one = mask
    for _ in range(rounds):
        one_by_one = prune_by_magnitude(weights, one_by_one, fraction)
    at_once = prune_by_magnitude(weights, mask, fraction, rounds=rounds)
    assert list(at_once) == list(mask)
    assert all(torch.equal(at_once[name], keep) for name, keep in one_by_one.items())


@given(weights_and_masks(), fractions, st.integers(1, 6))
def test_rounds_at_once_remove_the_lowest_of_all(case, fraction, rounds):
    weights, mask = case
    pruned = prune_by_magnitude(weights, mask, fraction, rounds=rounds)
    flat = [
        (abs(weight), survives)
        for name, keep in mask.items()
        for weight, kept, survives in zip(
            weights[name].flatten().tolist(),
            keep.flatten().tolist(),
            pruned[name].flatten().tolist(),
            strict=True,
        )
        if kept
    ]
    left = len(flat)
    for _ in range(rounds):
        left -= round(Fraction(str(fraction)) * left)
    order = sorted(range(len(flat)), key=lambda index: flat[index][0])  # stable
    survivors = set(order[len(flat) - left :])
    assert [survives for _, survives in flat] == [i in survivors for i in range(len(flat))]


def test_among_ties_the_first_go_at_once():
    weights = {"b": torch.full((2, 5), -1.0), "a": torch.ones(10)}
    mask = prune_by_magnitude(weights, full_mask(weights, ["b", "a"]), 0.2, rounds=3)
    # 20, 16, 13, 10 are left.
    assert not mask["b"].any()
    assert mask["a"].all()


def test_one_shot_leaves_as_many_weights_as_the_levels_do():
    weights = networks.initial_weights("digits-mlp", "kaiming-normal", "init", 1)
    mask = full_mask(weights, networks.prunable(networks.build("digits-mlp")))
    for fraction in (0.2, 0.7):
        counts = weights_at_levels(15_072, fraction)
        for rounds, expected in zip(range(9), counts, strict=False):
            assert count(prune_by_magnitude(weights, mask, fraction, rounds=rounds)) == expected


# --- random masks -----------------------------------------------------------------------


def patterned_mask():
    return {
        "a": torch.arange(600).view(20, 30) % 3 == 0,
        "b": torch.arange(600).view(20, 30) % 3 == 1,
        "none": torch.zeros(8, dtype=torch.bool),
        "all": torch.ones(2, 4, dtype=torch.bool),
    }


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**31 - 1))
def test_a_random_mask_keeps_each_tensors_count(seed):
    like = patterned_mask()
    mask = prune_randomly(like, seed)
    assert list(mask) == list(like)
    for name, keep in mask.items():
        assert keep.dtype == torch.bool
        assert keep.shape == like[name].shape
        assert int(keep.sum()) == int(like[name].sum())


def test_random_masks_are_reproducible_and_differ_by_seed_and_tensor():
    like = patterned_mask()
    first, again, second = (prune_randomly(like, seed) for seed in (1, 1, 2))
    assert all(torch.equal(first[name], again[name]) for name in like)
    assert not torch.equal(first["a"], second["a"])
    assert not torch.equal(first["a"], first["b"])


def test_a_random_mask_does_not_depend_on_which_weights_were_kept():
    like = patterned_mask()
    moved = {name: keep.flatten().roll(1).view(keep.shape) for name, keep in like.items()}
    first, second = prune_randomly(like, 1), prune_randomly(moved, 1)
    assert all(torch.equal(first[name], second[name]) for name in like)


def test_every_weight_is_as_likely_to_be_kept():
    like = {"x": torch.arange(50) < 10}
    draws = 2000
    kept = sum(prune_randomly(like, seed)["x"].double() for seed in range(draws))
    deviation = math.sqrt(draws * 0.2 * 0.8)
    assert (kept - 0.2 * draws).abs().max() < 5 * deviation
    # Weights are kept independently of their neighbours but for the fixed total.
    assert ((kept - 0.2 * draws) / deviation).square().mean() == pytest.approx(1, abs=1)


def test_slots_of_pruned_weights_are_zero_and_others_as_they_are():
    slots = {
        "mean/a.weight": torch.tensor([1.0, -2.0, 3.0]),
        "mean/a.bias": torch.tensor([4.0]),
        "step": torch.tensor(7.0),
    }
    masked = masked_slots(slots, {"a.weight": torch.tensor([True, False, True])})
    assert masked["mean/a.weight"].tolist() == [1.0, 0.0, 3.0]
    assert (masked["mean/a.bias"].tolist(), masked["step"].item()) == ([4.0], 7.0)
    assert slots["mean/a.weight"].tolist() == [1.0, -2.0, 3.0]
    assert masked_slots(slots, None).keys() == slots.keys()
