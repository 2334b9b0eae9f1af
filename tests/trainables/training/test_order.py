import random

import pytest
import torch

from trainables.training.order import DataOrder


def epoch(order, number):
    begin = number * order.iterations_per_epoch
    return [order.batch(begin + i) for i in range(order.iterations_per_epoch)]


@pytest.mark.parametrize("number", [0, 1, 7])
def test_an_epoch_is_a_permutation(number):
    batches = epoch(DataOrder(103, 10, 1), number)
    assert torch.cat(batches).sort().values.tolist() == list(range(103))


@pytest.mark.parametrize(
    ("examples", "batch_size", "keep_last", "sizes"),
    [
        (103, 10, True, [10] * 10 + [3]),
        (103, 10, False, [10] * 10),
        (100, 10, True, [10] * 10),
        (100, 10, False, [10] * 10),
        (7, 10, True, [7]),
        (7, 7, False, [7]),
        (3, 1, True, [1, 1, 1]),
    ],
)
def test_batch_sizes(examples, batch_size, keep_last, sizes):
    order = DataOrder(examples, batch_size, 1, keep_last=keep_last)
    assert order.iterations_per_epoch == len(sizes)
    for number in (0, 3):
        batches = epoch(order, number)
        assert [len(batch) for batch in batches] == sizes
        assert len(set(torch.cat(batches).tolist())) == sum(sizes)


def test_the_dropped_rest_is_another_each_epoch():
    order = DataOrder(103, 10, 1, keep_last=False)
    dropped = [frozenset(range(103)) - {*torch.cat(epoch(order, n)).tolist()} for n in range(5)]
    assert len(set(dropped)) == 5


def test_batches_do_not_depend_on_the_order_of_asking():
    forwards = [DataOrder(53, 8, 4).batch(i) for i in range(40)]
    order = DataOrder(53, 8, 4)
    iterations = [*range(40), *range(40)]
    random.Random(0).shuffle(iterations)
    torch.manual_seed(1)
    for iteration in iterations:
        assert torch.equal(order.batch(iteration), forwards[iteration])


def test_epochs_and_seeds_are_different_permutations():
    seen = {
        tuple(DataOrder(53, 53, seed).batch(number).tolist())
        for seed in range(6)
        for number in range(6)
    }
    assert len(seen) == 36


def test_dropping_the_rest_changes_no_other_batch():
    """Both are the first batches of the same permutation."""
    kept, dropped = (DataOrder(103, 10, 2, keep_last=keep) for keep in (True, False))
    for number in (0, 1, 2):
        pairs = zip(epoch(kept, number), epoch(dropped, number), strict=False)
        assert all(torch.equal(one, other) for one, other in pairs)


def test_positions_are_uniform():
    """Of 400 seeds, each of 10 examples is first about 40 times (five standard deviations)."""
    firsts = torch.tensor([int(DataOrder(10, 1, seed).batch(0)) for seed in range(400)])
    counts = torch.bincount(firsts, minlength=10)
    assert (counts - 40).abs().max() < 5 * (400 * 0.1 * 0.9) ** 0.5
