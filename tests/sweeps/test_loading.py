"""Specs: what is accepted, and the one line that says what is wrong, where."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from analysis import published
from sweeps.errors import UserError
from sweeps.loading import builtin_specs, load
from trainables import data
from trainables.recipes import RECIPES

SPEC = """\
name: mine
recipe: digits-mlp
rewind: [0, 20, 120]
inits: 2
orders: 3
subnetworks:
  - strategy: dense
  - {strategy: imp, levels: [3, 11], rewind: [0, 120]}
"""


@pytest.fixture
def write(tmp_path: Path):
    def write(text: str) -> str:
        path = tmp_path / "mine.yaml"
        path.write_text(text)
        return str(path)

    return write


def test_a_spec_means_what_it_says(write) -> None:
    sweep, text = load(write(SPEC))
    assert text == SPEC
    assert replace(sweep.recipe, backend="loop") == RECIPES["digits-mlp"]
    assert sweep.inits == [1, 2]
    assert sweep.orders == [1, 2, 3]
    assert [s.levels for s in sweep.subnetworks] == [[0], [3, 11]]
    assert [sweep.rewind_of(s) for s in sweep.subnetworks] == [[0, 20, 120], [0, 120]]


def test_every_built_in_spec_is_headed_and_loads() -> None:
    assert "digits-mlp" in builtin_specs()
    for name, path in builtin_specs().items():
        sweep, text = load(name)
        assert sweep.name == name == path.stem
        header = [line for line in text.splitlines() if line.startswith("#")]
        for word in ("Paper", "Expected", "Cost", "Command"):
            assert any(word in line for line in header), f"{name}: no {word}"
        assert sweep.description


@pytest.mark.parametrize(
    ("point", "iterations"),
    # 1200 iterations; an epoch of 1000 examples is 62 full batches of 16.
    [
        ("500 iterations", 500),
        ("1 iteration", 1),
        ("'2 %'", 24),
        ("2%", 24),
        ("0.5 %", 6),
        ("1 epoch", 62),
        ("5 epochs", 310),
        ("7", 7),
    ],
)
def test_rewind_points_in_other_units(write, point: str, iterations: int) -> None:
    sweep, _ = load(write(SPEC.replace("rewind: [0, 20, 120]", f"rewind: [{point}]")))
    assert sweep.rewind_of(sweep.subnetworks[0]) == [iterations]


def test_overrides(write) -> None:
    sets = ["recipe.iterations=1000", "recipe.weight_decay=1e-3", "inits=[7]", "matching=0.2"]
    sweep, text = load(write(SPEC), sets)
    assert (sweep.recipe.iterations, sweep.recipe.weight_decay) == (1000, 1e-3)
    assert sweep.recipe.name == "digits-mlp with iterations=1000, weight_decay=0.001"
    assert (sweep.inits, sweep.matching) == ([7], 0.2)
    assert text == SPEC + "".join(f"# --set {item}\n" for item in sets)


@pytest.mark.parametrize("levels", ["1-4", "[1-4]", "[1, 2-3, 4]", "['1 - 2', 3, 4]"])
def test_levels_may_be_ranges(levels: str) -> None:
    override = f"subnetworks=[{{strategy: imp, levels: {levels}}}]"
    sweep, _ = load("digits-mlp", [override])
    assert sweep.subnetworks[0].levels == [1, 2, 3, 4]


def test_recipe_with_a_base(write) -> None:
    text = SPEC.replace(
        "recipe: digits-mlp",
        "recipe:\n  base: digits-mlp\n  milestones: [100, 200]\n  name: short",
    )
    recipe = load(write(text))[0].recipe
    assert (recipe.milestones, recipe.name, recipe.momentum) == ((100, 200), "short", 0.9)


@pytest.mark.parametrize(
    ("overrides", "iterations", "milestones", "warmup"),
    [
        ("length: 120", 120, (60, 90), 0),
        ("length: 50 %", 600, (300, 450), 0),
        ("length: 10 epochs", 620, (310, 465), 0),
        ("length: 120, milestones: [100]", 120, (100,), 0),
        ("iterations: 20 epochs, milestones: [50 %, 12.5 epochs]", 1240, (620, 775), 0),
        ("warmup: 10 %", 1200, (600, 900), 120),
        ("iterations: 32 epochs, batch_size: 100", 320, (600, 900), 0),
    ],
)
def test_lengths_in_other_units(write, overrides, iterations, milestones, warmup) -> None:
    spec = SPEC.replace("digits-mlp", f"{{base: digits-mlp, {overrides}}}").replace("120]", "30]")
    if max(milestones) >= iterations:
        with pytest.raises(UserError, match="must lie before the end of training"):
            load(write(spec))
        return
    recipe = load(write(spec))[0].recipe
    assert (recipe.iterations, recipe.milestones) == (iterations, milestones)
    assert recipe.warmup == warmup


def test_recipes_with_the_schedules_of_the_papers(write) -> None:
    text = SPEC.replace(
        "recipe: digits-mlp",
        "recipe: {base: digits-mlp, schedule: cosine, milestones: [], final_rate: 0.01, "
        "weight_decay_style: decoupled, label_smoothing: 0.1, pruning: one-shot}",
    )
    recipe = load(write(text))[0].recipe
    assert (recipe.schedule, recipe.final_rate, recipe.pruning) == ("cosine", 0.01, "one-shot")


def images(folder: Path, size: int = 32, mode: str = "RGB", classes: int = 2) -> Path:
    """A folder of two images a class and split."""
    generator = np.random.default_rng(0)
    for split in ("train", "test"):
        for label in range(classes):
            place = folder / split / f"class{label}"
            place.mkdir(parents=True)
            for index in range(2):
                shape = (size, size, 3) if mode == "RGB" else (size, size)
                pixels = generator.integers(0, 256, shape, dtype=np.uint8)
                Image.fromarray(pixels).save(place / f"{index}.png")
    return folder


RESNET = SPEC.replace("digits-mlp", "{base: cifar10-small, batch_size: 4, data: %s}")


def test_a_folder_of_images_is_data(write, tmp_path: Path) -> None:
    address = images(tmp_path / "images")
    recipe = load(write(RESNET % address), data_folder=tmp_path / "data")[0].recipe
    assert recipe.data_address == str(address)
    assert data.facts(recipe.data) == data.Facts(4, 4, (3, 32, 32), 2)
    assert recipe.name == f"cifar10-small with batch_size=4, data={recipe.data}"
    elsewhere = (tmp_path / "moved").joinpath("images")
    shutil.copytree(address, elsewhere)
    moved = load(write(RESNET % elsewhere), data_folder=tmp_path / "data")[0].recipe
    assert moved.data == recipe.data, "named by content, not by place"


def test_a_folder_of_images_that_are_cropped_is_only_listed(write, tmp_path: Path) -> None:
    address = images(tmp_path / "images", size=40)
    for image in address.rglob("*.png"):
        image.write_bytes(b"not read")
    cropped = RESNET.replace("data: %s", "data: %s, augmentation: crop-flip")
    recipe = load(write(cropped % address), data_folder=tmp_path / "data")[0].recipe
    assert recipe.data_address == str(address)
    assert re.fullmatch(r"folder-[0-9a-f]{12}-4-4-2", recipe.data)
    assert not list(tmp_path.rglob("images-*"))
    by_set = load(
        write(RESNET % address), ["recipe.augmentation=crop-flip"], data_folder=tmp_path / "data"
    )[0].recipe
    assert by_set.data == recipe.data
    base = SPEC.replace(
        "digits-mlp",
        f"{{base: resnet50-imagenet, batch_size: 4, slices: 2, workers: 1, data: {address}}}",
    )
    assert load(write(base), data_folder=tmp_path / "data")[0].recipe.data == recipe.data


@pytest.mark.parametrize("augmentation", ["none", "crop-flip"])
def test_where_images_lie_is_taken_as_it_is(
    write, tmp_path: Path, monkeypatch, capsys, augmentation: str
) -> None:
    """Nothing in a path is part of a URL, `~` is the user's, and what is skipped is said once."""
    monkeypatch.setenv("HOME", str(tmp_path))
    name = "a#b::c?d%20e"
    (images(tmp_path / name) / "train" / "Thumbs.db").touch()
    spec = write(RESNET % f"'~/{name}', augmentation: {augmentation}")
    recipe = load(spec, data_folder=tmp_path / "data")[0].recipe
    assert recipe.data_address == str(tmp_path / name)
    assert data.facts(recipe.data).train == 4
    data.prepare(recipe, tmp_path / "data")
    load(spec, data_folder=tmp_path / "data")
    lines = capsys.readouterr().err.splitlines()
    assert lines[1:] == ["skipped 1 entry that is no image: train/Thumbs.db"]
    assert lines[0] in (f"decoding {tmp_path / name}", f"listing {tmp_path / name}")
    with pytest.raises(UserError, match=r"recipe\.data: '://x' is neither a path nor a URL"):
        load(write(RESNET % f"'://x', augmentation: {augmentation}"))


@pytest.mark.parametrize(
    ("recipe", "words"),
    [
        ("{base: cifar10-small, augmentation: crop-flip}", ["crop-flip is not for cifar10"]),
        ("{base: cifar10-small, data: cifar10-jpeg}", ["shift-flip is not for", "none, crop-flip"]),
        (
            "{base: cifar10-small, data: cifar10-jpeg, augmentation: none, batch_size: 50001}",
            ["batch_size 50001 is above the 50000 examples"],
        ),
    ],
)
def test_what_does_not_fit_streamed_images(write, recipe: str, words: list[str]) -> None:
    with pytest.raises(UserError) as caught:
        load(write(SPEC.replace("recipe: digits-mlp", f"recipe: {recipe}")))
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda folder: folder / "nothing", ["no images", "no such file"]),
    ],
)
def test_images_that_do_not_fit(write, tmp_path: Path, make, words: list[str]) -> None:
    address = make(tmp_path / "images")
    path = write(RESNET % address)
    with pytest.raises(UserError) as caught:
        load(path, data_folder=tmp_path / "data")
    message = str(caught.value)
    assert message.startswith(path)
    assert "\n" not in message
    for word in words:
        assert word in message


@pytest.mark.parametrize(
    ("make", "arguments"),
    [
        (lambda folder: images(folder, size=28), {"inputs": [3, 28, 28]}),
        (lambda folder: images(folder, mode="L"), {"inputs": [1, 32, 32]}),
        (lambda folder: images(folder, classes=11), {"classes": 11}),
        (lambda folder: images(folder, classes=9), {}),
    ],
)
def test_a_network_is_made_for_the_images(write, tmp_path: Path, make, arguments) -> None:
    path = write(RESNET % make(tmp_path / "images"))
    recipe = load(path, data_folder=tmp_path / "data")[0].recipe
    assert recipe.network_arguments == arguments


def test_an_address_goes_where_data_is_named(write) -> None:
    path = write(SPEC.replace("digits-mlp", "{base: digits-mlp, data_address: x}"))
    with pytest.raises(UserError, match=r"recipe\.data_address: unknown key; write .* as data"):
        load(path)


def test_published_numbers_are_of_built_in_recipes() -> None:
    for record in (*published.ACCURACIES, *published.ONSETS):
        assert record.recipe in RECIPES


BAD = [
    # (what to replace, by what, line, words that the message must have)
    ("rewind: [0, 20, 120]", "rewnd: [0, 20]", 3, ["rewnd: unknown key", "did you mean 'rewind'"]),
    ("recipe: digits-mlp", "recipe: digit-mlp", 2, ["unknown recipe", "did you mean 'digits-mlp'"]),
    ("recipe: digits-mlp", "recipe: {learning_rate: 1}", 2, ["base recipe", "digits-mlp"]),
    (
        "recipe: digits-mlp",
        "recipe: {base: digits-mlp, learning_rte: 1}",
        2,
        ["recipe.learning_rte: unknown key", "did you mean 'learning_rate'"],
    ),
    (
        "recipe: digits-mlp",
        "recipe:\n  base: digits-mlp\n  momentum: high",
        4,
        ["recipe.momentum", "must be a number", "'high'"],
    ),
    ("recipe: digits-mlp", "recipe: {base: digits-mlp, momentum: 1.5}", 2, ["[0, 1)", "1.5"]),
    ("recipe: digits-mlp", "recipe: {base: digits-mlp, batch_size: 2000}", 2, ["1000 examples"]),
    ("recipe: digits-mlp", "recipe: {base: digits-mlp, batch_size: 1}", 2, ["BatchNorm"]),
    (
        "recipe: digits-mlp",
        "recipe: {base: digits-mlp, batch_size: 27, last_batch: keep}",
        2,
        ["last_batch: drop"],
    ),
    ("recipe: digits-mlp", "recipe: {base: digits-mlp, iterations: 700}", 2, ["milestones"]),
    ("recipe: digits-mlp", "recipe: {base: digits-mlp, network: lenet9}", 2, ["unknown network"]),
    ("recipe: digits-mlp", "recipe: {base: digits-mlp, data: mnits}", 2, ["unknown data", "mnist"]),
    ("recipe: digits-mlp", "recipe: {base: digits-mlp, network: resnet50}", 2, ["3 channels"]),
    ("recipe: digits-mlp", "recipe: {base: digits-mlp, length: 2 parsecs}", 2, ["2 parsecs"]),
    ("recipe: digits-mlp", "recipe: {base: digits-mlp, length: 1}", 2, ["milestones"]),
    (
        "recipe: digits-mlp",
        "recipe: {base: digits-mlp, length: 600, iterations: 600}",
        2,
        ["give one of them"],
    ),
    (
        "recipe: digits-mlp",
        "recipe: {base: digits-mlp, iterations: 50 %}",
        2,
        ["cannot be a share of itself"],
    ),
    (
        "recipe: digits-mlp",
        "recipe: {base: digits-mlp, augmentation: shift-flip}",
        2,
        ["augmentation shift-flip is not for digits", "allowed: none"],
    ),
    ("recipe: digits-mlp", "recipe: {base: digits-mlp, warmup: 1300}", 2, ["warmup"]),
    ("recipe: digits-mlp", "recipe: {base: digits-mlp, schedule: cosine}", 2, ["milestones go"]),
    ("name: mine", "name: mine\ntrain_examples: 1001", 2, ["train_examples", "1000 examples"]),
    ("name: mine", "name: mine\ntrain_examples: 0", 2, ["train_examples", "at least 1"]),
    ("recipe: digits-mlp", "recipe: 3", 2, ["a recipe's name"]),
    ("[0, 20, 120]", "[0, 1200]", 3, ["rewind[1]", "1200", "below 1200 iterations"]),
    ("[0, 20, 120]", "[0, '200 %']", 3, ["rewind[1]", "not before the end"]),
    ("[0, 20, 120]", "[0, -1]", 3, ["rewind[1]", "before the start"]),
    ("[0, 20, 120]", "[24, '2 %']", 3, ["rewind[1]", "listed twice"]),
    ("[0, 20, 120]", "[]", 3, ["rewind", "empty"]),
    ("[0, 20, 120]", "[1.5]", 3, ["rewind[0]", "1.5", "iterations"]),
    ("[0, 20, 120]", "[5 parsecs]", 3, ["rewind[0]", "5 parsecs", "epochs"]),
    ("[0, 20, 120]", "20", 3, ["rewind", "list"]),
    ("inits: 2", "inits: [4, 4]", 4, ["inits", "4 is listed twice"]),
    ("inits: 2", "inits: 0", 4, ["inits", "at least 1"]),
    ("inits: 2", "inits: []", 4, ["inits", "empty"]),
    ("inits: 2", "inits: [-1]", 4, ["inits[0]", "-1"]),
    ("inits: 2", "inits: yes", 4, ["inits", "list", "yes"]),
    ("inits: 2\n", "", 1, ["inits", "missing"]),
    ("orders: 3", "orders: 1", 5, ["orders", "at least 2"]),
    ("strategy: imp", "strategy: imq", 8, ["subnetworks[1]", "did you mean 'imp'"]),
    ("strategy: imp, ", "", 8, ["subnetworks[1]", "strategy"]),
    ("levels: [3, 11]", "levels: [0]", 8, ["subnetworks[1].levels[0]", "1", "0"]),
    ("levels: [3, 11]", "levels: [3, 99]", 8, ["subnetworks[1].levels[1]", "impossible"]),
    ("levels: [3, 11]", "levels: [3, 3]", 8, ["subnetworks[1].levels", "3 is listed twice"]),
    ("levels: [3, 11]", "levels: []", 8, ["subnetworks[1].levels", "empty"]),
    ("levels: [3, 11]", "level: [3]", 8, ["subnetworks[1].level: unknown key", "'levels'"]),
    ("rewind: [0, 120]}", "rewind: [0, 5000]}", 8, ["subnetworks[1].rewind[1]", "5000"]),
    ("- strategy: dense", "- sparse", 7, ["subnetworks[0]", "unknown strategy", "dense"]),
    ("name: mine", "name: a/b", 1, ["name", "'a/b'"]),
    ("name: mine", "name: mine\nmatching: two-std", 2, ["matching", "one-std"]),
    ("name: mine", "name: mine\nstable_below: 0", 2, ["stable_below", "above 0"]),
    ("name: mine", "name: mine\nname: twice", 2, ["'name' is listed twice"]),
    ("[0, 20, 120]", "[0, 20", 4, ["not YAML"]),
]


@pytest.mark.parametrize(("old", "new", "line", "words"), BAD, ids=[bad[1][:40] for bad in BAD])
def test_one_line_says_what_is_wrong(
    write, old: str, new: str, line: int, words: list[str]
) -> None:
    assert old in SPEC
    path = write(SPEC.replace(old, new))
    with pytest.raises(UserError) as caught:
        load(path)
    message = str(caught.value)
    assert message.startswith(f"{path}:{line}: ")
    assert "\n" not in message
    for word in words:
        assert word in message


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("recipe.iterations=ten", ["recipe.iterations", "50 %", "'ten'"]),
        ("recipe.iterations=200", ["milestones", "200 iterations"]),
        ("inits=[]", ["inits", "empty"]),
        ("speed=3", ["unknown key"]),
        ("inits", ["KEY=VALUE"]),
        ("name.first=3", ["no keys"]),
        ("inits=[1", ["not YAML"]),
    ],
)
def test_one_line_says_which_override_is_wrong(write, override: str, words: list[str]) -> None:
    with pytest.raises(UserError) as caught:
        load(write(SPEC), [override])
    message = str(caught.value)
    assert message.startswith(f"--set {override}: ")
    assert "\n" not in message
    for word in words:
        assert word in message


@pytest.mark.parametrize("text", ["", "- a list\n", "just words\n", "3\n"])
def test_a_file_that_is_no_mapping(write, text: str) -> None:
    with pytest.raises(UserError, match="a spec is a mapping"):
        load(write(text))


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="did you mean 'digits-mlp'"):
        load("digit-mlp")
    with pytest.raises(UserError, match="is not a file"):
        load(str(tmp_path))
    binary = tmp_path / "binary.yaml"
    binary.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserError, match="cannot read"):
        load(str(binary))
