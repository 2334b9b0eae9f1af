import subprocess
import sys

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from trainables.seeds import derive, generator
from trainables.training.order import DataOrder

parts = st.lists(st.integers(-(2**40), 2**40) | st.text(max_size=8), max_size=3)
streams = st.tuples(st.text(max_size=8), parts)


@given(streams, streams)
def test_streams_are_equal_only_if_their_names_are(one, other):
    same = one == other
    assert (derive(one[0], *one[1]) == derive(other[0], *other[1])) is same


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("order", 1), ("init", 1)),
        (("order", 1), ("order", "1")),
        (("order", 1, 2), ("order", 2, 1)),
        (("order", 1, 2), ("order", 12)),
        (("order", 1), ("order", 1, 0)),
        (("order", "a", "b"), ("order", "ab")),
        (("order", 'a", "b'), ("order", "a", "b")),
        (("order", 0), ("order", -0x8000_0000)),
    ],
)
def test_similar_names_are_different_streams(one, other):
    assert derive(*one) != derive(*other)


@settings(max_examples=20, deadline=None)
@given(streams)
def test_seeds_are_what_torch_accepts_as_non_negative(stream):
    seed = derive(stream[0], *stream[1])
    assert 0 <= seed < 2**63
    assert generator(stream[0], *stream[1]).initial_seed() == seed


def test_a_generator_begins_at_the_start_of_its_stream():
    first, second = (torch.randn(100, generator=generator("init", 3, "x")) for _ in range(2))
    assert torch.equal(first, second)
    assert not torch.equal(first, torch.randn(100, generator=generator("init", 4, "x")))


def test_another_process_derives_the_same():
    code = "from trainables.seeds import derive; print(derive('order', 1, 'é'))"
    printed = {
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONHASHSEED": hash_seed, "PYTHONPATH": ":".join(filter(None, sys.path))},
        ).stdout.strip()
        for hash_seed in ("1", "2")
    }
    assert printed == {str(derive("order", 1, "é"))}


def test_neighbouring_order_seeds_share_no_permutation_at_any_epoch():
    """Of a peer, seed s at epoch e + 1 and seed s + 1 at epoch e are the same permutation."""
    permutations = {
        tuple(DataOrder(50, 50, seed).batch(epoch).tolist())
        for seed in range(10)
        for epoch in range(10)
    }
    assert len(permutations) == 100


def test_the_global_generator_is_left_alone():
    before = torch.get_rng_state()
    torch.randn(10, generator=generator("init", 1))
    assert torch.equal(before, torch.get_rng_state())
