import math

import pytest
import torch

from trainables.store import tensors

HELD = {
    "w": torch.randn(4, 3, generator=torch.Generator().manual_seed(1)),
    "special": torch.tensor([math.nan, math.inf, -math.inf, -0.0, 1e-45]),
    "mask": torch.tensor([[True, False], [False, True]]),
    "double": torch.tensor([math.pi], dtype=torch.float64),
    "scalar": torch.tensor(3.0),
    "empty": torch.zeros(0, 5),
}


def bits(value):
    return value.dtype, value.shape, value.contiguous().numpy().tobytes()


def test_round_trip():
    back = tensors.from_bytes(tensors.to_bytes(HELD))
    assert back.keys() == HELD.keys()
    assert {name: bits(value) for name, value in back.items()} == {
        name: bits(value) for name, value in HELD.items()
    }


def test_views_are_stored_as_what_they_show():
    whole = torch.arange(12.0).view(3, 4)
    views = {"t": whole.t(), "rows": whole[1:], "column": whole[:, 2].clone()}
    back = tensors.from_bytes(tensors.to_bytes(views))
    assert all(torch.equal(back[name], value) for name, value in views.items())


def test_parts_of_one_tensor_are_stored_each():
    """A mask's tensors are parts of one flat tensor."""
    first, second = torch.arange(10).split([4, 6])
    back = tensors.from_bytes(tensors.to_bytes({"first": first, "second": second}))
    assert torch.equal(back["first"], torch.arange(4))
    assert torch.equal(back["second"], torch.arange(4, 10))


def test_the_same_tensors_are_the_same_bytes():
    copies = {name: value.clone() for name, value in reversed(HELD.items())}
    assert tensors.to_bytes(copies) == tensors.to_bytes(HELD)
    assert tensors.to_bytes(HELD | {"scalar": torch.tensor(4.0)}) != tensors.to_bytes(HELD)
    assert tensors.to_bytes(tensors.from_bytes(tensors.to_bytes(HELD))) == tensors.to_bytes(HELD)


def test_what_is_loaded_is_its_own_and_can_be_trained():
    payload = tensors.to_bytes({"x": torch.zeros(3)})
    tensors.from_bytes(payload)["x"].add_(1)
    assert torch.equal(tensors.from_bytes(payload)["x"], torch.zeros(3))


def test_groups_are_joined_and_parted():
    weights = {"a.weight": torch.ones(1), "part:odd": torch.ones(2)}
    optimizer = {"momentum/a.weight": torch.ones(3)}
    joined = tensors.join(weights=weights, optimizer=optimizer, empty={})
    assert joined.keys() == {
        *("weights:a.weight", "weights:part:odd", "optimizer:momentum/a.weight"),
    }
    assert tensors.part(joined, "weights") == weights
    assert tensors.part(joined, "optimizer") == optimizer
    assert tensors.part(joined, "empty") == {}
    assert tensors.part(joined, "weight") == {}


def test_truncated_bytes_raise():
    with pytest.raises(Exception, match=r"(?i)header|incomplete|buffer|offset"):
        tensors.from_bytes(tensors.to_bytes(HELD)[:-1])
