"""Shared by these tests: one thread, and a data folder with a small MNIST of noise."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from trainables.data.caches import place
from trainables.data.decoded import Decoded, write


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
    torch.set_grad_enabled(True)


@pytest.fixture(scope="session")
def mnist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder; classes are told apart by how bright their images are."""
    folder = tmp_path_factory.mktemp("data")
    stream = torch.Generator().manual_seed(0)

    def split(examples: int) -> tuple[torch.Tensor, torch.Tensor]:
        labels = torch.randint(0, 10, (examples,), generator=stream)
        noise = torch.randint(0, 20, (examples, 28, 28, 1), generator=stream)
        return (noise + 20 * labels.view(-1, 1, 1, 1)).to(torch.uint8), labels

    write(place(folder, "mnist"), Decoded(*split(300), *split(100)))
    return folder
