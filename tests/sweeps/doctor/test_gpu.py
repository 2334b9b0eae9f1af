"""GPUs that cannot be used, by what a driver and PyTorch would say of them."""

from __future__ import annotations

from pathlib import Path

from sweeps.doctor import gpu


def test_a_gpu_without_a_driver(tmp_path: Path) -> None:
    assert gpu.without(tmp_path).state == "fine"
    for name in ("nvidia0", "nvidiactl"):
        (tmp_path / name).touch()
    found = gpu.without(tmp_path)
    assert found.state == "hint"
    assert found.words.startswith("there is nvidia0, but no driver answers")


def test_a_pytorch_that_cannot_use_it() -> None:
    found = gpu.with_driver(2, [], "2.15.0+cpu")
    assert found.state == "hint"
    assert found.words.startswith("the driver has 2, and PyTorch 2.15.0+cpu can use 0")
    assert gpu.with_driver(1, ["NVIDIA H100"], "2.15.0").words == "NVIDIA H100"
