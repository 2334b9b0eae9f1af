"""Too little memory, by limits that no machine meets."""

from __future__ import annotations

from pathlib import Path

from sweeps.doctor import memory


def test_memory_of_this_machine_is_told() -> None:
    assert memory.free(least=0).state == "fine"
    assert " GB free" in memory.free(least=0).words


def test_little_memory_is_a_hint() -> None:
    found = memory.free(least=1e18)
    assert found.state == "hint"
    assert "end others" in found.words


def test_systems_without_these_files(tmp_path: Path) -> None:
    assert memory.free(tmp_path / "meminfo").state == "fine"
    assert memory.shared(tmp_path / "shm").state == "fine"


def test_little_shared_memory_is_a_hint(small_disk: Path) -> None:
    found = memory.shared(small_disk)
    assert found.state == "hint"
    assert "--shm-size=" in found.words
    assert memory.shared(small_disk, share=0).state == "fine"
