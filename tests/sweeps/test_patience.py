"""Waiting for Ray's raylet, without Ray."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from ray._private import services

from sweeps import patience


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """Seconds gone: sleeping is what takes time."""
    now = [0.0]
    monkeypatch.setattr(patience.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(patience.time, "sleep", lambda s: now.__setitem__(0, now[0] + s))
    monkeypatch.setattr(patience, "descendants", lambda pid: {1: "gcs_server", 2: "raylet"})
    yield now
    monkeypatch.undo()


def there_after(seconds: float, clock: list[float]):
    def get_node(gcs_address: str, node_id: str) -> dict[str, str]:
        if clock[0] < seconds:
            raise RuntimeError("not found")
        return {"node": node_id}

    return get_node


def test_a_slow_raylet_is_waited_for(clock: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    once = there_after(80, clock)
    monkeypatch.setattr(services, "get_node", once)
    with patience.waiting():
        assert services.get_node("address", "id") == {"node": "id"}
    assert 80 <= clock[0] < 81
    assert services.get_node is once


def test_one_that_never_comes_is_given_up(
    clock: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "get_node", there_after(1e9, clock))
    with patience.waiting(), pytest.raises(Exception, match="did not start within 90 s") as given:
        services.get_node("address", "id")
    assert patience.explains(str(given.value))
    assert clock[0] < patience.SECONDS + 1


def test_one_that_ended_is_not_waited_for(
    clock: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "get_node", there_after(1e9, clock))
    monkeypatch.setattr(patience, "descendants", lambda pid: {1: "gcs_server"})
    with patience.waiting(), pytest.raises(Exception, match="ended while it started") as given:
        services.get_node("address", "id")
    assert patience.explains(str(given.value))
    assert clock[0] == 0


def test_rays_own_words_for_it_are_known() -> None:
    """As its sources have them: other words would not be tried again."""
    from inspect import getsource

    from ray._private import node
    from ray._raylet import wait_for_persisted_port

    assert "timed out during startup" in getsource(node)
    with pytest.raises(RuntimeError) as raised:
        wait_for_persisted_port("/no/session", "id", "gcs_server_port", timeout_ms=1)
    assert patience.explains(str(raised.value))
    assert not patience.explains("unexpected keyword argument")
