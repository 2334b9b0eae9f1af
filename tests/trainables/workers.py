"""A team of processes, as Ray Train starts one, but without Ray."""

from __future__ import annotations

import multiprocessing
import pickle
import tempfile
import traceback
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import torch.distributed as dist

from trainables.training.team import Workers


def in_team(size: int, function: Callable[..., Any], *arguments: Any) -> list[Any]:
    """What `function(team, *arguments)` returns in each of so many processes, by rank."""
    fork = multiprocessing.get_context("fork")  # starts at once: torch is there
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        processes = [
            fork.Process(target=_worker, args=(place, rank, size, function, arguments))
            for rank in range(size)
        ]
        for process in processes:
            process.start()
        for process in processes:
            process.join(120)
            process.kill()
        answers = [place / str(rank) for rank in range(size)]
        results = [pickle.loads(a.read_bytes()) for a in answers if a.exists()]
    for result in results:
        assert not isinstance(result, str), result
    assert len(results) == size, "a worker did not come to its end"
    return [value for (value,) in results]


def _worker(
    place: Path, rank: int, size: int, function: Callable[..., Any], arguments: tuple[Any, ...]
) -> None:
    result: Any
    try:
        dist.init_process_group(
            "gloo",
            init_method=f"file://{place}/meeting",
            rank=rank,
            world_size=size,
            timeout=timedelta(seconds=60),
        )
        result = (function(Workers(), *arguments),)
    except BaseException:
        result = traceback.format_exc()
    (place / str(rank)).write_bytes(pickle.dumps(result))
