"""Servers whose clocks are wrong."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sweeps.doctor import clock


@pytest.mark.parametrize(
    ("ahead", "state", "said"),
    [
        (0, "fine", "within "),
        (120, "hint", "120 s ahead: set both by NTP"),
        (-120, "hint", "120 s behind"),
        (3600, "stop", "s ahead"),
        (-3600, "stop", "leases in the store mean nothing"),
    ],
)
def test_a_clock(answering: Callable[..., str], ahead: float, state: str, said: str) -> None:
    found = clock.of_server(answering(200, ahead=ahead))
    assert found.state == state
    assert said in found.words.replace("119 s", "120 s").replace("121 s", "120 s")


def test_a_server_that_asks_for_a_token_tells_the_time(answering: Callable[..., str]) -> None:
    assert clock.of_server(answering(401, ahead=3600)).state == "stop"


def test_no_server(closed: str) -> None:
    assert clock.of_server(closed).state == "stop"
