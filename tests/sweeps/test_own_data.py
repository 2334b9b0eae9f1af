"""Data of a user's own in specs: arrays and code, and the one line where they are of no use."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from sweeps.errors import UserError
from sweeps.loading import load
from sweeps.plan import expand
from sweeps.spec.stored import from_resolved, resolved
from trainables import data, plugins

SPEC = """\
name: mine
recipe: {{base: digits-mlp, data: {data}}}
rewind: [0]
inits: 1
orders: 2
subnetworks: [dense]
"""

CODE = """\
import numpy as np

def blobs():
    inputs = np.random.default_rng(0).normal(size=(40, 1, 8, 8))
    labels = np.arange(40) % 10
    return {"x_train": inputs, "y_train": labels, "x_test": inputs[:20], "y_test": labels[:20]}

def fails():
    return 1 / 0
"""


@pytest.fixture
def spec(tmp_path: Path):
    def write(data: object) -> str:
        path = tmp_path / "mine.yaml"
        path.write_text(SPEC.format(data=data))
        return str(path)

    return write


@pytest.fixture
def own(tmp_path: Path) -> Iterator[None]:
    """Own code beside the spec."""
    (tmp_path / "my_data.py").write_text(CODE)
    plugins.use(tmp_path)
    yield
    plugins.use(None)


def saved(path: Path, shape: tuple[int, ...] = (1, 8, 8), seed: int = 0, **changes) -> Path:
    inputs = np.random.default_rng(seed).normal(size=(40, *shape))
    labels = np.arange(40) % 10
    arrays = {"x_train": inputs, "y_train": labels, "x_test": inputs[:20], "y_test": labels[:20]}
    np.savez(path, **arrays | changes)
    return path


def keys(path: str, folder: Path) -> set[str]:
    return set(expand(load(path, data_folder=folder)[0]).jobs)


def test_a_file_of_arrays_is_data(spec, tmp_path: Path) -> None:
    path = saved(tmp_path / "mine.npz")
    sweep, _ = load(spec(path), data_folder=tmp_path / "data")
    assert sweep.recipe.data_address == str(path)
    assert data.facts(sweep.recipe.data) == data.Facts(40, 20, (1, 8, 8), 10, 2, "floats")
    assert from_resolved(resolved(sweep)) == sweep, "without the file"


def test_keys_are_of_the_content_not_of_the_place(spec, own, tmp_path: Path) -> None:
    first = keys(spec(saved(tmp_path / "one.npz")), tmp_path / "data")
    assert keys(spec(saved(tmp_path / "two.npz")), tmp_path / "elsewhere") == first
    assert keys(spec("my_data:blobs"), tmp_path / "data") == first
    other = saved(tmp_path / "three.npz", seed=1)
    assert not keys(spec(other), tmp_path / "data") & first - _initial(first, spec, tmp_path)


def _initial(keys_of: set[str], spec, tmp_path: Path) -> set[str]:
    """Keys of jobs that have nothing to do with data: initial weights."""
    plan = expand(load(spec(tmp_path / "one.npz"), data_folder=tmp_path / "data")[0])
    return {key for key, job in plan.jobs.items() if getattr(job, "until", None) == 0}


def test_code_is_data(spec, own, tmp_path: Path) -> None:
    sweep, _ = load(spec("my_data:blobs"), data_folder=tmp_path / "data")
    assert sweep.recipe.data_address == "my_data:blobs"
    assert [one.module for one in plugins.here().sources] == ["my_data"], "it goes to workers"
    plugins.use(tmp_path)
    load(spec("my_data:blobs"), data_folder=tmp_path / "data")
    assert plugins.here().sources, "when it is not called, too"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("none.npz", "there are no arrays at"),
        ("my_data:fails", "ZeroDivisionError: division by zero (my_data.py:9)"),
        ("my_data:blob", "did you mean 'blobs'"),
        ("their_data:x", "there is no module their_data"),
        ("mnits", "or module:object"),
        ("gaps.npz", "no training example has the label 3"),
    ],
)
def test_one_line_says_where_and_what(
    spec, own, tmp_path: Path, monkeypatch, value: str, words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    saved(tmp_path / "gaps.npz", y_train=np.where(np.arange(40) % 10 == 3, 4, np.arange(40) % 10))
    where = spec("digits")
    for path, overrides, begin in (
        (spec(value), [], f"{where}:2: "),
        (spec("digits"), [f"recipe.data={value}"], f"--set recipe.data={value}: "),
    ):
        spec(value if not overrides else "digits")
        with pytest.raises(UserError) as caught:
            load(path, overrides, data_folder=tmp_path / "data")
        assert str(caught.value).startswith(begin)
        assert words in str(caught.value)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("augmentation", ["shift-flip", "crop-flip"])
def test_floats_are_not_augmented(spec, tmp_path: Path, augmentation: str) -> None:
    path = saved(tmp_path / "mine.npz")
    with pytest.raises(UserError, match=rf"augmentation {augmentation} is not .* allowed: none$"):
        load(spec(f"{path}, augmentation: {augmentation}"), data_folder=tmp_path / "data")


def test_images_in_arrays_are(spec, tmp_path: Path) -> None:
    pixels = np.zeros((40, 8, 8), np.uint8)
    path = saved(tmp_path / "mine.npz", x_train=pixels, x_test=pixels[:20])
    found = load(spec(f"{path}, augmentation: shift-flip"), data_folder=tmp_path / "data")[0]
    assert found.recipe.augmentation == "shift-flip"
