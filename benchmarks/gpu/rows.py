"""What is measured: iterations a second, paths, and whether results have the same bits."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch

from benchmarks.gpu.subjects import examples_of, initial, recipe_of, state_of
from trainables import networks
from trainables.data.split import Split
from trainables.measures.path import evaluate_path
from trainables.pruning.masks import full_mask, prune_by_magnitude
from trainables.recipe import Recipe
from trainables.training.group import Group, Trajectory
from trainables.training.numerics import set_numerics

Result = dict[str, Any]


def synchronize(device: str) -> None:
    """Wait for what the device still has to do."""
    if device == "cuda":
        torch.cuda.synchronize()


def advance(group: Group, trainings: list[Trajectory], until: int) -> None:
    """Move all trainings up to an iteration."""
    for one in trainings:
        one.until = until
        group.add(one)
    while group.waiting:
        group.advance()
    synchronize(group.recipe.device)


def training(
    name: str,
    device: str,
    backend: str,
    precision: str,
    replicas: int,
    examples: int,
    slice_s: float,
) -> Result:
    """Return iterations a second of one training among `replicas` that are moved together."""
    recipe = recipe_of(name, device, backend, precision)
    group = Group(recipe, examples_of(name, device, examples))
    trainings = [Trajectory(state_of(recipe, 1 + n), 1 + n, 0) for n in range(replicas)]
    if device == "cuda":
        torch.cuda.reset_peak_memory_stats()
    advance(group, trainings, 3)  # kernels are chosen, memory is claimed
    begin = time.perf_counter()
    advance(group, trainings, 8)
    pace = (time.perf_counter() - begin) / 5
    steps = max(5, min(2000, int(slice_s / max(pace, 1e-6))))
    begin = time.perf_counter()
    advance(group, trainings, 8 + steps)
    seconds = time.perf_counter() - begin
    memory = torch.cuda.max_memory_allocated() if device == "cuda" else 0
    return {
        "iterations": steps,
        "seconds": seconds,
        "per_second": steps * replicas / seconds,
        "images_per_second": steps * replicas * recipe.batch_size / seconds,
        "memory_gb": memory / 1e9,
    }


def path(name: str, device: str, precision: str, examples: int, points: int) -> Result:
    """Return images a second along a path of so many points, of a dense and a pruned network."""
    recipe = recipe_of(name, device, "loop", precision)
    set_numerics(recipe)
    first, second = (state_of(recipe, seed).weights for seed in (1, 2))
    split = examples_of(name, device, examples)
    with torch.no_grad():
        evaluate_path(recipe.architecture, first, second, split, 3)
        synchronize(device)
        begin = time.perf_counter()
        evaluate_path(recipe.architecture, first, second, split, points)
        synchronize(device)
    seconds = time.perf_counter() - begin
    images = points * examples / seconds
    return {"points": points, "seconds": seconds, "images_per_second": images}


def _trained(
    recipe: Recipe, split: Split, seeds: Sequence[int], stops: list[int], masked: bool
) -> list[dict[str, torch.Tensor]]:
    """Return the weights of trainings that are interrupted at some iterations."""
    names = networks.prunable(networks.build(recipe.architecture))
    trainings = []
    for seed in seeds:
        weights = initial(recipe, seed)
        mask = prune_by_magnitude(weights, full_mask(weights, names), 0.8) if masked else None
        trainings.append(Trajectory(state_of(recipe, seed), seed, 0, mask))
    for stop in stops:
        group = Group(recipe, split)  # as a process that goes on has it
        for one in trainings:
            one.state = one.state.copy("cpu").copy(recipe.device)
        advance(group, trainings, stop)
    return [one.state.copy("cpu").weights for one in trainings]


def bits(name: str, device: str, examples: int, steps: int) -> Result:
    """Return whether repeated, interrupted and stacked trainings have the same bits."""
    split = examples_of(name, device, examples)
    found: Result = {}
    lone: list[dict[str, torch.Tensor]] = []
    for backend in ("loop", "stacked"):
        recipe = recipe_of(name, device, backend)
        for masked in (False, True):
            whole = _trained(recipe, split, (1, 2, 3), [steps], masked)
            again = _trained(recipe, split, (1, 2, 3), [steps], masked)
            parts = _trained(recipe, split, (1, 2, 3), [steps // 2, steps], masked)
            label = f"{backend}{' masked' if masked else ''}"
            found[f"{label}: repeated"] = _same(whole, again)
            found[f"{label}: interrupted"] = _same(whole, parts)
            if backend == "stacked":
                found[f"{label}: in other company"] = _same(
                    whole[:2], _trained(recipe, split, (1, 2), [steps], masked)
                )
            if not masked and not lone:
                lone = whole
            elif not masked:
                found["stacked against loop: largest difference"] = _apart(lone, whole)
    return found


def company(name: str, device: str, precision: str, size: int, examples: int, steps: int) -> Result:
    """Return whether a training has the same bits in other stacks of the same size."""
    split, recipe = (
        examples_of(name, device, examples),
        recipe_of(name, device, "stacked", precision),
    )
    usual = list(range(1, size + 1))
    others = [1, *range(101, 100 + size)]
    last = [*range(201, 200 + size), 1]
    whole, other, moved = (
        _trained(recipe, split, seeds, [steps], False) for seeds in (usual, others, last)
    )
    return {
        "size": size,
        "other company": _same(whole[:1], other[:1]),
        "other place": _same(whole[:1], moved[-1:]),
    }


def _same(first: list[dict[str, torch.Tensor]], second: list[dict[str, torch.Tensor]]) -> bool:
    pairs = zip(first, second, strict=True)
    return all(torch.equal(a[name], b[name]) for a, b in pairs for name in a)


def _apart(first: list[dict[str, torch.Tensor]], second: list[dict[str, torch.Tensor]]) -> float:
    pairs = zip(first, second, strict=True)
    return max(float((a[n] - b[n]).abs().max()) for a, b in pairs for n in a if a[n].numel())


def gemm(device: str, size: int, precision: str, repeats: int = 20) -> Result:
    """Return the rate of a square matrix product, which nothing else can exceed."""
    torch.backends.cuda.matmul.allow_tf32 = precision == "tf32"
    kind = torch.bfloat16 if precision == "bf16" else torch.float32
    a, b = (torch.randn(size, size, device=device, dtype=kind) for _ in range(2))
    for _ in range(3):
        a @ b
    synchronize(device)
    begin = time.perf_counter()
    for _ in range(repeats):
        a @ b
    synchronize(device)
    return {"flops_per_second": 2 * size**3 * repeats / (time.perf_counter() - begin)}


Row = tuple[dict[str, Any], Callable[[], Result]]


def rows(device: str, small: bool) -> Iterator[Row]:
    """Yield what each row is and the function that measures it, the most important first."""
    number, slice_s = (256, 0.05) if small else (50_000, 2.0)
    sizes = (1, 2) if small else (1, 2, 4, 8, 16)
    conv = ("resnet20",) if small else ("resnet20", "vgg16", "resnet18")

    def train(name: str, backend: str, precision: str, replicas: int, of: int = number) -> Row:
        what = {"row": "training", "network": name, "backend": backend, "precision": precision}
        arguments = (name, device, backend, precision, replicas, of, slice_s)
        return what | {"replicas": replicas}, lambda: training(*arguments)

    def along(name: str, precision: str, of: int) -> Row:
        what = {"row": "path", "network": name, "precision": precision}
        return what, lambda: path(name, device, precision, of, 3 if small else 30)

    def same(name: str, of: int, steps: int) -> Row:
        return {"row": "bits", "network": name}, lambda: bits(name, device, of, steps)

    def beside(precision: str, size: int) -> Row:
        what = {"row": "company", "network": "resnet20", "precision": precision, "size": size}
        steps = 4 if small else 60
        return what, lambda: company("resnet20", device, precision, size, number // 4, steps)

    def product(precision: str, size: int) -> Row:
        what = {"row": "gemm", "precision": precision, "size": size}
        return what, lambda: gemm(device, size, precision)

    precisions = ("fp32", "bf16") if device == "cpu" else ("fp32", "tf32", "bf16")
    for precision in precisions:
        yield product(precision, 256 if small else 8192)
    for name in ("lenet", *conv):
        yield train(name, "loop", "fp32", 1)
        for replicas in sizes:
            yield train(name, "stacked", "fp32", replicas)
    yield same("lenet", number // 4, 40 if small else 400)
    yield same("resnet20", number // 4, 4 if small else 100)
    for precision in precisions:
        for size in sizes[1::3]:
            yield beside(precision, size)
    for name in ("lenet", *conv):
        yield along(name, "fp32", min(number, 10_000))
    for name in conv:
        for precision in precisions[1:]:
            yield train(name, "loop", precision, 1)
            yield train(name, "stacked", precision, sizes[-1])
    if not small:
        for precision in precisions:
            yield train("resnet50", "loop", precision, 1, 2048)
        yield along("resnet50", "fp32", 2048)
    for name in conv[:1]:
        for precision in precisions[1:]:
            yield along(name, precision, min(number, 10_000))
