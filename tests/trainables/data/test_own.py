"""Data by a user's own code: called once per source, known by content, errors in one line."""

import re
import sys

import numpy as np
import pytest
from own_code import write

from trainables import data, plugins
from trainables.data import resolving

CODE = """\
from pathlib import Path
from types import SimpleNamespace
import numpy as np

class Rings:
    def __init__(self, count):
        self.x_train = np.arange(4 * count, dtype="f4").reshape(count, 4)
        self.y_train = np.arange(count) % 3
        self.x_test, self.y_test = self.x_train[:5], [0, 1, 2, 2, 1]
        self.classes = 4

def counted(folder: Path):
    with (folder / "calls").open("a") as file:
        file.write(".")
    return Rings(9)

def small():
    return Rings(9)

def changing(folder):
    return Rings(9 + (folder / "changed").exists())

def lists(x=2, *more, folder="unused", **others):
    return {"x_train": [[0.5], [1.5], [0.5]], "y_train": [0, 1, 0],
            "x_test": [[0.5], [1.5]], "y_test": [0, 1]}

def wants(something):
    return Rings(9)

def fails():
    raise ValueError("no luck\\ntoday")

def pairs():
    return ([[1.0]], [0]), ([[1.0]], [0])

def infinite():
    return dict(lists(), x_train=[[0.5], [1e999], [0.5]])

number = 3
"""


@pytest.fixture(autouse=True)
def folder(tmp_path):
    """Own code, and an empty data folder."""
    write(tmp_path / "own", {"my_data": CODE})
    plugins.use(tmp_path / "own")
    (tmp_path / "data").mkdir()
    yield tmp_path / "data"
    plugins.use(None)


def test_it_is_called_once_and_again_when_its_source_changes(folder, short):
    told = []
    name = data.resolve("my_data:counted", folder, told.append)
    assert told == ["calling my_data:counted"]
    assert data.facts(name) == data.Facts(9, 5, (4,), 4, most_frequent=2, kind="floats")
    assert data.resolve("my_data:counted", folder, told.append) == name
    recipe = short(data=name, data_address="my_data:counted", input_scaling="unit")
    assert data.prepared(recipe, folder)
    assert data.load(recipe, folder).train.images[2].tolist() == [8, 9, 10, 11]
    assert (folder / "calls").read_text() == "."
    write(folder.parent / "own", {"my_data": CODE.replace("Rings(9)", "Rings(10)")})
    plugins.use(folder.parent / "own")
    assert data.facts(data.resolve("my_data:counted", folder, told.append)).train == 10
    assert (folder / "calls").read_text() == ".."


def test_equal_data_have_one_name_whoever_makes_them(folder):
    names = {data.resolve(f"my_data:{one}", folder) for one in ("counted", "small", "changing")}
    assert len(names) == 1


def test_a_machine_without_what_was_decoded_calls_the_code(folder, tmp_path, short, error_line):
    name = data.resolve("my_data:changing", folder)
    recipe = short(data=name, data_address="my_data:changing", input_scaling="unit")
    there = tmp_path / "there"
    assert len(data.load(recipe, there).train) == 9
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "changed").touch()
    line = error_line(data.prepare, recipe, tmp_path / "elsewhere")
    assert "my_data:changing returned other data" in line


def test_parameters_with_defaults_keep_them(folder):
    assert data.facts(data.resolve("my_data:lists", folder)).train == 3


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("wants", "missing a required argument: 'something'"),
        ("fails", r"ValueError: no luck \(my_data.py:\d+\)"),
        ("pairs", "there is no x_train; wanted are x_train, y_train, x_test, y_test"),
        ("infinite", "x_train has 1 values that are not finite"),
        ("number", "it is a int, not a function or class"),
        ("smal", "did you mean 'small'"),
    ],
)
def test_code_that_is_of_no_use_is_one_line(folder, error_line, name, words):
    line = error_line(data.resolve, f"my_data:{name}", folder)
    assert line.startswith(f"data set my_data:{name}: ")
    assert re.search(words, line)


def test_a_module_that_is_not_there(folder, error_line):
    assert "there is no module their_data" in error_line(data.resolve, "their_data:x", folder)


def test_what_is_an_address(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("my_data:small", "lab.data:Sets.first", "x/y", "mine.npz", "s3://a/b"):
        assert data.is_address(name)
    for name in ("mnist", "mnits", "arrays-0123456789ab-1-2-3-4-5-floats", ""):
        assert not data.is_address(name)
    assert data.full("my_data:small") == "my_data:small"
    assert data.full("mine.npz") == f"{tmp_path}/mine.npz"
    (tmp_path / "my_data:small").mkdir()  # a path that is there is taken for one
    assert data.full("my_data:small") == f"{tmp_path}/my_data:small"


def test_an_installed_package_offers_data(folder, tmp_path, monkeypatch):
    package = tmp_path / "site"
    (package / "their-1.0.dist-info").mkdir(parents=True)
    (package / "their_rings.py").write_text(CODE)
    info = package / "their-1.0.dist-info"
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: their\nVersion: 1.0\n")
    points = "[stability_sweeps.data]\ntheir-rings = their_rings:small\n"
    (info / "entry_points.txt").write_text(points)
    monkeypatch.syspath_prepend(package)
    assert data.is_address("their-rings")
    assert data.full("their-rings") == "their-rings"
    name = data.resolve("their-rings", folder)
    assert name == data.resolve("my_data:small", folder)
    sys.modules.pop("their_rings")


def test_crops_are_for_folders_of_images(folder):
    assert data.resolve("my_data:small", folder, crops=True).startswith("arrays-")


def test_what_was_decoded_is_what_was_returned(folder):
    name = data.resolve("my_data:small", folder)
    held = resolving.decode_as(name, "my_data:small", folder)
    assert np.array_equal(held.train_images.numpy(), np.arange(36, dtype="f4").reshape(9, 4))
