"""Every benchmark by name, in the order in which they run. Importing it imports no torch."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module

from benchmarks.harness import Row, Setting


@dataclass(frozen=True)
class Benchmark:
    module: str
    function: str
    quick: bool = True
    """Whether `--quick` runs it when no names are given."""
    scale: bool = False
    """What limits large sweeps: run by `make bench-scale` only."""

    def measure(self, setting: Setting) -> list[Row]:
        rows: list[Row] = getattr(import_module(self.module), self.function)(setting)
        return rows


BENCHMARKS: dict[str, Benchmark] = {
    "lenet-iteration": Benchmark("benchmarks.training", "lenet"),
    "lenet-sparse-iteration": Benchmark("benchmarks.training", "sparse_lenet"),
    "lenet-path": Benchmark("benchmarks.paths", "lenet"),
    "resnet20-iteration": Benchmark("benchmarks.training", "resnet20"),
    "resnet20-bf16-iteration": Benchmark("benchmarks.training", "resnet20_bf16"),
    "resnet20-path": Benchmark("benchmarks.paths", "resnet20"),
    "lenet-plane": Benchmark("benchmarks.planes", "lenet"),
    "resnet20-plane": Benchmark("benchmarks.planes", "resnet20"),
    "input": Benchmark("benchmarks.images", "measure"),
    "stacked-replicas": Benchmark("benchmarks.replicas", "stacked"),
    "lenet-dense-sweep": Benchmark("benchmarks.sweeps_through_cli", "lenet_dense", quick=False),
    "quickstart-sweep": Benchmark("benchmarks.sweeps_through_cli", "quickstart", quick=False),
    "lenet-imp-sweep": Benchmark("benchmarks.sweeps_through_cli", "lenet_imp", quick=False),
    "lenet-memory": Benchmark("benchmarks.memory", "lenet", quick=False),
    "resnet20-memory": Benchmark("benchmarks.memory", "resnet20", quick=False),
    "tune-overhead": Benchmark("benchmarks.overheads.tune", "tune", scale=True),
    "mlflow-overhead": Benchmark("benchmarks.overheads.recording", "mlflow", scale=True),
    "store-requests": Benchmark("benchmarks.overheads.requests", "store", scale=True),
    "planning": Benchmark("benchmarks.overheads.planning", "planning", scale=True),
    "planning-local": Benchmark("benchmarks.planning", "local", scale=True),
    "planning-s3": Benchmark("benchmarks.planning", "s3", scale=True),
}
