"""CONTRIBUTING's table "Adding things" is true: each row's toy is added from outside the package.

What a user brings lies in a folder beside the spec; what becomes built in is a row put into the
table that the row names. Nothing else is touched.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from torch import nn

from analysis.strategies import STRATEGIES as LOOKS
from benchmarks.harness import Row, Setting
from benchmarks.registry import BENCHMARKS, Benchmark
from sweeps import loading
from sweeps.loading import load
from sweeps.plan import expand
from sweeps.spec import Sweep
from sweeps.spec.subnetworks import STRATEGIES
from trainables import data, measures, networks, plugins, pruning
from trainables.data.content import Facts
from trainables.data.decoded import Decoded
from trainables.jobs import measurements
from trainables.jobs.execute import Executor
from trainables.recipe import Recipe
from trainables.recipes import RECIPES
from trainables.store import Store

TABLE = (Path(__file__).parents[1] / "CONTRIBUTING.md").read_text().partition("## Adding things")[2]

TOY = """
from torch import nn
from trainables.measures import Column, Measure

def network(classes, inputs, width=8):
    size = 1
    for one in inputs:
        size *= one
    return nn.Sequential(nn.Flatten(), nn.Linear(size, width), nn.ReLU(), nn.Linear(width, classes))

def examples():
    points = [[float(number % 7), float(number % 3)] for number in range(60)]
    labels = [number % 3 for number in range(60)]
    return {"x_train": points, "y_train": labels, "x_test": points[:20], "y_test": labels[:20]}

def compute(weights, context, options):
    return {"toy": sum(float(value.sum()) for value in weights[0].values())}

def score(weights, mask, context):
    return {name: -weights[name].abs() for name in mask}

MEASURE = Measure(name="toy", arity=1, columns=(Column(name="toy"),), compute=compute)
"""

SPEC = """
name: toy
recipe: {base: digits-mlp, iterations: 8, milestones: [], batch_size: 10}
rewind: [0]
inits: 1
orders: 2
subnetworks: [dense]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder with a spec and a module of own code."""
    (tmp_path / "toy_things.py").write_text(TOY)
    (tmp_path / "spec.yaml").write_text(SPEC)
    plugins.use(tmp_path)
    yield tmp_path
    plugins.use(None)


def planned(folder: Path, *overrides: str) -> Sweep:
    return load(str(folder / "spec.yaml"), overrides, data_folder=folder / "data")[0]


def done(sweep: Sweep, folder: Path) -> dict[str, object]:
    """Do a sweep's jobs; what its measurements say."""
    store, found = Store(str(folder / "store")), {}
    executor = Executor(store, folder / "data", 1e9)
    for job in expand(sweep).jobs.values():
        list(executor.run(job))
    for key, job in expand(sweep).measurements.items():
        found |= measurements.decode(job, store.read(job.kind, key).payload)
    return found


# --- of one's own, beside the spec --------------------------------------------------------


def test_a_network_data_and_a_measure_of_ones_own(folder: Path) -> None:
    sweep = planned(
        folder,
        "recipe.network=toy_things:network",
        "recipe.data=toy_things:examples",
        "measure=[instability, 'toy_things:MEASURE']",
    )
    values = done(sweep, folder)
    assert np.isfinite(values["toy"])
    assert 0 <= values["accuracy_test"] <= 100


def test_a_pruning_method_of_ones_own(folder: Path) -> None:
    sweep = planned(
        folder,
        "recipe.pruning_method=toy_things:score",
        "subnetworks=[{strategy: pruned, levels: [2]}]",
    )
    values = done(sweep, folder)
    assert values["weights_left"] == pytest.approx(64, abs=0.01)
    # It looks at trained networks, as IMP does: a training before each level.
    assert sum(job.iterations for job in expand(sweep).jobs.values()) == 8 * 4


@pytest.mark.parametrize("kind", ["npz", "images"])
def test_data_that_is_no_code(folder: Path, kind: str) -> None:
    from PIL import Image

    random = np.random.default_rng(0)
    address = folder / ("arrays.npz" if kind == "npz" else "images")
    if kind == "npz":
        inputs, labels = random.normal(size=(40, 5)), np.arange(40) % 2
        np.savez(address, x_train=inputs, y_train=labels, x_test=inputs, y_test=labels)
    else:
        for number in range(40):
            place = address / ("train" if number < 30 else "test") / f"class {number % 2}"
            place.mkdir(parents=True, exist_ok=True)
            pixels = random.integers(0, 256, (8, 8), dtype=np.uint8)
            Image.fromarray(pixels).save(place / f"{number}.png")
    assert 0 <= done(planned(folder, f"recipe.data={address}"), folder)["accuracy_test"] <= 100


# --- built in: a file, and a row of a table -----------------------------------------------


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The file of a toy that is to be built in, as an importable module."""
    import sys

    toy = ModuleType("toy_row")
    monkeypatch.setitem(sys.modules, "toy_row", toy)
    return toy


def test_a_built_in_network(
    folder: Path, module: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    from trainables.networks import NETWORKS
    from trainables.networks.architecture import Architecture
    from trainables.networks.counting import count
    from trainables.networks.table import MADE_FOR, TABLE

    def build(width: int = 4) -> nn.Module:
        return nn.Sequential(nn.Flatten(), nn.Linear(64, width), nn.Linear(width, 10))

    module.build = build  # type: ignore[attr-defined]
    monkeypatch.setitem(TABLE, "toy", "toy_row:build")
    monkeypatch.setitem(MADE_FOR, "toy", (1, 8, 8))
    facts = count(Architecture("toy"), MADE_FOR["toy"])
    assert facts.parameters == 64 * 4 + 4 + 4 * 10 + 10
    monkeypatch.setitem(NETWORKS, "toy", facts)
    sweep = planned(folder, "recipe.network=toy")
    assert sweep.recipe.network_arguments == {}
    assert 0 <= done(sweep, folder)["accuracy_test"] <= 100
    assert networks.build("toy") is not None


def test_a_built_in_data_set(
    folder: Path, module: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(name: str, place: Path) -> Decoded:
        images, labels = torch.zeros(30, 1, 8, 8), torch.arange(30) % 2
        return Decoded(images, labels, images[:10], labels[:10])

    module.read = read  # type: ignore[attr-defined]
    facts = Facts(30, 10, (1, 8, 8), 2, kind="floats")
    monkeypatch.setitem(data.ROWS, "toy", data.table.Row(facts, "toy_row:read", installed=True))
    assert done(planned(folder, "recipe.data=toy"), folder)["accuracy_test"] == 50


def test_a_built_in_measure(
    folder: Path, module: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    def compute(weights: object, context: object, options: object) -> dict[str, float]:
        return {"toy": 3.0}

    column = measures.Column(name="toy")
    toy = measures.Measure(name="toy", columns=(column,), compute=compute)
    module.MEASURE = toy  # type: ignore[attr-defined]
    monkeypatch.setitem(measures.MEASURES, "toy", "toy_row:MEASURE")
    assert done(planned(folder, "measure=[toy]"), folder)["toy"] == 3.0


def test_a_built_in_pruning_method(
    folder: Path, module: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    toy = pruning.PruningMethod(
        name="toy",
        scores=lambda weights, mask, context, options: {name: weights[name] for name in mask},
        when="start",
        uses="weights",
    )
    module.METHOD = toy  # type: ignore[attr-defined]
    monkeypatch.setitem(pruning.METHODS, "toy", "toy_row:METHOD")
    subnetworks = "subnetworks=[{strategy: pruned, levels: [2]}]"
    sweep = planned(folder, "recipe.pruning_method=toy", subnetworks)
    assert done(sweep, folder)["weights_left"] == pytest.approx(64, abs=0.01)
    # It looks at W_k: nothing but the two copies is trained.
    assert sum(job.iterations for job in expand(sweep).jobs.values()) == 8 * 2


def test_a_recipe(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    toy = replace(RECIPES["digits-mlp"], name="toy", learning_rate=0.01)
    monkeypatch.setitem(RECIPES, "toy", toy)
    assert planned(folder, "recipe=toy").recipe.learning_rate == 0.01


def test_a_built_in_spec(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    specs = loading.builtin_specs() | {"toy": folder / "spec.yaml"}
    monkeypatch.setattr(loading, "builtin_specs", lambda: specs)
    assert load("toy")[0].name == "toy"


def test_a_benchmark(module: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module.measure = lambda setting: []  # type: ignore[attr-defined]
    monkeypatch.setitem(BENCHMARKS, "toy", Benchmark("toy_row", "measure"))
    setting: Setting = None  # type: ignore[assignment]
    rows: list[Row] = BENCHMARKS["toy"].measure(setting)
    assert rows == []


# --- what cannot come from outside --------------------------------------------------------


def test_a_hyperparameter_with_a_default_is_in_no_key() -> None:
    """Each field says what it affects, and one at its default is left out."""
    fields = Recipe.__dataclass_fields__.values()
    assert all("affects" in field.metadata for field in fields)
    identity = RECIPES["digits-mlp"].identity("init", "training", "length", "rewinding", "pruning")
    assert "label_smoothing" not in identity
    assert "learning_rate" in identity


def test_a_strategy_has_its_looks() -> None:
    # Subnetworks of the strategy `pruned` go by the method's name, pairs of files by theirs.
    assert {*STRATEGIES, *pruning.METHODS} - {"pruned", "files"} == set(LOOKS)


def test_the_files_and_tables_that_the_rows_name_are_there() -> None:
    root = Path(__file__).parents[1]
    rows = [line for line in TABLE.splitlines() if line.startswith(("| a", "| d"))]
    assert len(rows) == 14
    paths = re.findall(r"`((?:sweeps|trainables|analysis|benchmarks|tests)/[\w./]+)`", TABLE)
    assert len(paths) > 8
    for path in paths:
        assert (root / path).exists() or "NAME" in path, path
