import re

import pytest

from trainables.store import content_key, keys

IDENTITY = {"recipe": {"network": "a", "batch_size": 10}, "seed": 1, "mask": None}


def test_a_key_is_32_hex_digits():
    assert re.fullmatch("[0-9a-f]{32}", content_key("state", IDENTITY))


def test_the_order_of_names_is_no_content():
    shuffled = {"mask": None, "seed": 1, "recipe": {"batch_size": 10, "network": "a"}}
    assert content_key("state", shuffled) == content_key("state", IDENTITY)


def test_tuples_are_lists():
    """As JSON has it: a recipe's milestones may be either."""
    assert content_key("state", {"m": (1, 2)}) == content_key("state", {"m": [1, 2]})


@pytest.mark.parametrize(
    "changes",
    [
        {"seed": 2},
        {"seed": "1"},
        {"mask": "x"},
        {"recipe": {"network": "b", "batch_size": 10}},
        {"recipe": {"network": "a", "batch_size": 11}},
        {"recipe": {"network": "a"}},
        {"more": 0},
    ],
)
def test_content_changes_the_key(changes):
    assert content_key("state", IDENTITY | changes) != content_key("state", IDENTITY)


def test_the_kind_and_the_schema_change_the_key(monkeypatch):
    key = content_key("state", IDENTITY)
    assert content_key("arm", IDENTITY) != key
    monkeypatch.setattr(keys, "SCHEMA", keys.SCHEMA + 1)
    assert content_key("state", IDENTITY) != key


def test_what_json_cannot_say_raises():
    with pytest.raises(TypeError):
        content_key("state", {"seed": object()})
