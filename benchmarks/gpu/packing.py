"""Ways to fill a GPU that the product does not have: would they pay? By a plain loop of torch."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import torch
from torch import nn

from benchmarks.gpu.subjects import examples_of, recipe_of
from trainables import networks

Result = dict[str, Any]
Row = tuple[dict[str, Any], Callable[[], Result]]

WARM_UP = 5


class Plain:
    """A network with SGD and momentum, on one batch again and again."""

    def __init__(self, name: str, precision: str, channels_last: bool, compiled: bool):
        recipe = recipe_of(name, "cuda", "loop", precision)
        torch.backends.cuda.matmul.allow_tf32 = precision == "tf32"
        torch.backends.cudnn.allow_tf32 = precision == "tf32"
        self.batch_size, self.bf16 = recipe.batch_size, precision == "bf16"
        layout = torch.channels_last if channels_last else torch.contiguous_format
        self.network: nn.Module = networks.build(recipe.architecture).cuda().train()
        self.network = self.network.to(memory_format=layout)
        split = examples_of(name, "cuda", recipe.batch_size)
        self.inputs = split.inputs(split.images).contiguous(memory_format=layout)
        self.labels = split.labels
        self.optimizer = torch.optim.SGD(
            self.network.parameters(), lr=0.01, momentum=0.9, weight_decay=1e-4, foreach=True
        )
        self.forward = torch.compile(self.network) if compiled else self.network

    def step(self) -> None:
        """Train for an iteration."""
        self.optimizer.zero_grad(set_to_none=True)
        with torch.autocast("cuda", torch.bfloat16, self.bf16):
            loss = nn.functional.cross_entropy(self.forward(self.inputs).float(), self.labels)
        loss.backward()
        self.optimizer.step()

    def graph(self, stream: torch.cuda.Stream) -> torch.cuda.CUDAGraph:
        """Return an iteration as a CUDA graph, captured on a stream."""
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(WARM_UP):
                self.step()
        torch.cuda.synchronize()
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, stream=stream):
            self.step()
        return graph


def timed(step: Callable[[], None], per_step: int, slice_s: float) -> Result:
    """Return images a second of steps of so many images each."""
    for _ in range(WARM_UP):
        step()
    torch.cuda.synchronize()
    begin, steps = time.perf_counter(), 0
    while time.perf_counter() - begin < slice_s:
        for _ in range(5):
            step()
        steps += 5
        torch.cuda.synchronize()
    seconds = time.perf_counter() - begin
    memory = torch.cuda.max_memory_allocated() / 1e9
    return {"images_per_second": steps * per_step / seconds, "memory_gb": memory}


def plain(name: str, precision: str, channels_last: bool, compiled: bool, slice_s: float) -> Result:
    """Return what a plain loop reaches."""
    torch.cuda.reset_peak_memory_stats()
    one = Plain(name, precision, channels_last, compiled)
    return timed(one.step, one.batch_size, slice_s)


def graphs(name: str, precision: str, replicas: int, slice_s: float) -> Result:
    """Return what trainings reach that are CUDA graphs, each on a stream of its own."""
    torch.cuda.reset_peak_memory_stats()
    ones = [Plain(name, precision, True, False) for _ in range(replicas)]
    streams = [torch.cuda.Stream() for _ in ones]
    held = [one.graph(stream) for one, stream in zip(ones, streams, strict=True)]

    def step() -> None:
        for graph, stream in zip(held, streams, strict=True):
            with torch.cuda.stream(stream):
                graph.replay()

    return timed(step, replicas * ones[0].batch_size, slice_s)


def processes(name: str, number: int, slice_s: float) -> Result:
    """Return what the product's own loop reaches in several processes on one GPU."""
    command = [sys.executable, "-m", "benchmarks.gpu.one", name, str(slice_s)]
    started = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(number)]
    said = [one.communicate(timeout=120)[0] for one in started]
    rates = [float(text.split()[-1]) for text in said]
    return {"per_second": sum(rates), "slowest": min(rates), "fastest": max(rates)}


def rows(slice_s: float) -> Iterator[Row]:
    """Yield what each row is and the function that measures it."""

    def one(name: str, precision: str, last: bool, compiled: bool) -> Row:
        what: dict[str, Any] = {"row": "plain", "network": name, "precision": precision}
        what |= {"channels_last": last, "compiled": compiled}
        return what, lambda: plain(name, precision, last, compiled, slice_s)

    def several(kind: str, precision: str, number: int, work: Callable[[], Result]) -> Row:
        what = {"row": kind, "network": "resnet20", "precision": precision, "replicas": number}
        return what, work

    for name in ("resnet20", "resnet50"):
        for precision, last, compiled in (
            ("fp32", False, False),
            ("tf32", False, False),
            ("tf32", True, False),
            ("bf16", True, False),
            ("bf16", True, True),
        ):
            yield one(name, precision, last, compiled)
    for precision in ("fp32", "bf16"):
        for number in (1, 2, 4, 8, 16):
            work = partial(graphs, "resnet20", precision, number, slice_s)
            yield several("graphs", precision, number, work)
    for number in (2, 4, 8):
        work = partial(processes, "resnet20", number, 3 * slice_s)
        yield several("processes", "fp32", number, work)
