"""Bad specs and overrides: one short line in a spec's own words, at once, whatever they hold."""

from __future__ import annotations

import os
import re
import resource
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sweeps.errors import UserError, did_you_mean
from sweeps.loading import load, validate
from sweeps.placement import DRIVER, Machines
from sweeps.spec import Sweep
from sweeps.spec.text import MAX_CHARACTERS, MAX_DEPTH, MAX_VALUES

MACHINES = Machines([{"CPU": 2, DRIVER: 1000}])

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

FOREIGN = re.compile(
    r"Traceback|[Ii]nput should|union|validation error|valid (string|integer|number|dictionary)"
    r"|BaseModel|None\b|\bTrue\b|\bFalse\b|pydantic|codec|<\w+ object"
)
"""Words of pydantic and Python that say nothing to someone who writes a spec."""


def refused(path: Path, overrides: Sequence[str] = ()) -> str:
    """The line that says what is wrong."""
    begin = time.process_time()
    with pytest.raises(UserError) as caught:
        load(str(path), overrides, data_folder=path.parent / "data", machines=MACHINES)
    took = time.process_time() - begin
    line = str(caught.value).replace(str(path), "mine.yaml")
    check(line)
    assert took < 2
    return line


def check(line: str) -> None:
    assert "\n" not in line
    assert line.isprintable()
    assert len(line) < 300
    assert not FOREIGN.search(line), line


def instead(key: str, value: str) -> str:
    """The spec with another value of a key, or one more key."""
    lines = SPEC[: SPEC.index("subnetworks:")].splitlines()
    rest = SPEC[SPEC.index("subnetworks:") :]
    if key == "subnetworks":
        return "\n".join([*lines, f"subnetworks: {value}\n"])
    kept = [line for line in lines if not line.startswith(f"{key}:")]
    return "\n".join([f"{key}: {value}", *kept, rest])


def recipe(fields: str) -> str:
    return instead("recipe", "{base: digits-mlp, " + fields + "}")


NUMBER_OF_SEEDS = "a number of seeds (3), or a list of them ([1, 2, 3])"
LEVELS = "[{strategy: imp, levels: %s}]"

VALUES = [
    # (key, value, words)
    ("name", "no", "not no; quote it: 'no'"),
    ("name", "on", "quote it: 'on'"),
    ("name", "123", "quote it: '123'"),
    ("name", "1e5", "quote it: '1e5'"),
    ("name", "null", "name: it has no value; wanted is a word"),
    ("name", "~", "it has no value"),
    ("name", "", "it has no value"),
    ("name", "''", "not ''"),
    ("name", "a b", "letters, digits"),
    ("name", "-x", "first a letter or digit"),
    ("name", "é", "not 'é'"),
    ("name", "[a]", "not a list"),
    ("name", "{a: b}", "not a mapping"),
    ("name", "x" * 101, "up to 100"),
    ("description", "3", "must be text, not 3; quote it: '3'"),
    ("description", "[a]", "must be text, not a list"),
    ("description", "{a: b}", "quote text with a colon"),
    ("recipe", "3", "a recipe's name, or a mapping"),
    ("recipe", "[digits-mlp]", "not a list"),
    ("recipe", "", "it has no value"),
    ("recipe", "yes", "not yes"),
    ("recipe", "{}", "names no base recipe"),
    ("recipe", "{base: 3}", "recipe.base: must be a recipe's name, not 3"),
    ("recipe", "{base: [3]}", "must be a recipe's name, not a list"),
    ("recipe", "{base: null}", "recipe.base: it has no value"),
    ("recipe", "{digits-mlp: 3}", "names no base recipe"),
    ("recipe", "Digits-MLP", "did you mean 'digits-mlp'?"),
    ("recipe", "lenet", "did you mean 'lenet-mnist'?"),
    ("recipe", "x" * 100_000, "unknown recipe 'xxx"),
    ("rewind", "20", "must be a list of rewind points: [0, 120, 2 %, 5 epochs]; or a search"),
    ("rewind", "", "it has no value"),
    ("rewind", "[null]", "rewind[0]: it has no value"),
    ("rewind", "[yes]", "rewind[0]: must be a rewind point"),
    ("rewind", "[1.5]", "not 1.5"),
    ("rewind", "[010]", "not '010'; write 10"),
    ("rewind", "[1:30]", "not '1:30'"),
    ("rewind", "[-1]", "before the start"),
    ("rewind", "[.inf]", "not .inf"),
    ("rewind", "[1e30 epochs]", "must be a rewind point"),
    ("rewind", "[999999999 %]", "at most 1,000,000,000 iterations"),
    ("rewind", "[999999999999999999999999]", "at most 1,000,000,000 iterations"),
    ("rewind", "{0: 20}", "unknown key; allowed: between, find, per, within"),
    ("rewind", str(list(range(9_000))), "rewind[1200]: rewind point 1200 is not before the end"),
    ("inits", "three", f"must be {NUMBER_OF_SEEDS}, not 'three'"),
    ("inits", "010", "not '010'; write 10"),
    ("inits", "0o17", "not '0o17'"),
    ("inits", "0x10", "not '0x10'"),
    ("inits", "1_000", "not '1_000'; write 1000"),
    ("inits", "1__0_", "not '1__0_'; write 10"),
    ("inits", "'3'", "not '3'; write 3"),
    ("inits", "1:30", "not '1:30'"),
    ("inits", "2024-01-01", "not '2024-01-01'"),
    ("inits", "yes", "not yes"),
    ("inits", "1e3", "not 1e3"),
    ("inits", "2.0", "not 2.0"),
    ("inits", "", f"it has no value; wanted is {NUMBER_OF_SEEDS}"),
    ("inits", "''", "not ''"),
    ("inits", "0", "at least 1"),
    ("inits", "-1", "at least 1"),
    ("inits", "1000000000", "1000000000 seeds are too many: at most 1,000,000"),
    ("inits", "1000000", "21,000,000 trials of"),
    ("inits", "9" * 5000, "not '999"),
    ("inits", "[]", "the list is empty"),
    ("inits", "[1, two]", "inits[1]: must be a seed from 0 to 2147483647, not 'two'"),
    ("inits", "[-1]", "must be a seed from 0"),
    ("inits", "[4294967296]", "not 4294967296"),
    ("inits", "[1, 1]", "1 is listed twice"),
    ("inits", "{1: 2}", "not a mapping"),
    ("inits", "[[1]]", "not a list"),
    ("orders", "1", "a pair needs at least 2"),
    ("orders", "[7]", "a pair needs at least 2"),
    ("orders", "5000", "174,965,000 trials of 175,035,122 jobs; a sweep has at most 1,000,000"),
    ("orders", "1000000", "trials"),
    ("pretrain_order", "-1", "must be a seed from 0"),
    ("imp_order", "one", "must be a seed from 0 to 2147483647, not 'one'"),
    ("path_points", "1e3", "a whole number from 3 to 1000"),
    ("path_points", "100000", "a whole number from 3 to 1000"),
    ("train_examples", "1001", "train_examples 1001 is above the 1000 examples of digits"),
    ("train_examples", "1000000000000000000000000", "is above the 1000 examples"),
    ("train_examples", "[]", "a whole number of examples"),
    ("stable_below", ".inf", "above 0 and at most 100, not .inf"),
    ("stable_below", ".nan", "not .nan"),
    ("stable_below", "-1e400", "not -1e400"),
    ("matching", ".nan", "not .nan"),
    (
        "matching",
        "yes",
        "one-std, bands-overlap, or a number of percentage points",
    ),
    ("matching", "101", "not 101"),
    ("on_divergence", "halt", "there is no 'halt'; allowed: continue, stop"),
    ("on_divergence", "no", "must be continue or stop, not no"),
    ("evaluate", "3", "must be a mapping: {every: 1 epoch, examples: 2000}, not 3"),
    ("evaluate", "{}", "evaluate.every: this key is missing; wanted is a length"),
    ("evaluate", "{every: 0}", "must be from 1 to 1200 iterations (all of training), not 0"),
    ("evaluate", "{every: 1201}", "must be from 1 to 1200 iterations (all of training), not 1201"),
    ("evaluate", "{every: 101 %}", "must be from 1 to 1200 iterations"),
    ("evaluate", "{every: -5}", "must be from 1 to 1200 iterations"),
    ("evaluate", "{every: often}", "must be a length: iterations (600)"),
    ("evaluate", "{every: 9, examples: 0}", "examples, at least 1, or all, not 0"),
    ("evaluate", "{every: 9, examples: yes}", "at least 1, or all, not yes"),
    ("evaluate", "{every: 9, example: 5}", "did you mean 'examples'?"),
    ("resources", "3", "must be a mapping: {cpus: 2, gpus: 0.25}, not 3"),
    ("resources", "{cpus: .inf}", "resources.cpus: must be a number of CPU cores"),
    ("resources", "{gpus: 1e400}", "resources.gpus: must be a number of GPUs"),
    ("resources", "{gpus: 2.5}", "neither a share of one nor whole ones"),
    ("resources", "{cpu: 2}", "did you mean 'cpus'?"),
    ("subnetworks", "dense", "must be a list of subnetworks"),
    ("subnetworks", "[]", "the list is empty"),
    ("subnetworks", "[3]", "a subnetwork is dense, or a mapping with a strategy"),
    ("subnetworks", "[no]", "a subnetwork is dense"),
    ("subnetworks", "[{}]", "a subnetwork is dense"),
    ("subnetworks", "[{strategy: [imp]}]", "a subnetwork is dense"),
    ("subnetworks", "[Dense]", "did you mean 'dense'?"),
    ("subnetworks", "[{strategy: imp}]", "levels: this key is missing; wanted is a list"),
    ("subnetworks", LEVELS % "3", "must be a list of pruning levels: [3, 11]; a range"),
    ("subnetworks", LEVELS % "15-1", "15-1 is the wrong way round: write 1-15"),
    ("subnetworks", LEVELS % "[1, 3-101]", "3-101 goes past the last pruning level there is, 100"),
    ("subnetworks", LEVELS % "[1-3, 2]", "2 is listed twice"),
    ("subnetworks", LEVELS % "[1-x]", "must be a pruning level from 1 to 100, not '1-x'"),
    ("subnetworks", LEVELS % "[a]", "levels[0]: must be a pruning level from 1 to 100"),
    ("subnetworks", LEVELS % "[1000000000]", "from 1 to 100, not 1000000000"),
    ("subnetworks", LEVELS % "[99]", "level 99 is impossible"),
    ("subnetworks", "[{strategy: dense, levels: [1]}]", "levels: unknown key"),
    ("subnetworks", "[{strategy: dense, rewind: []}]", "the list is empty"),
    ("subnetworks", f"[{'dense, ' * 101}]", "the list is too long: at most 100"),
    ("seed", "3", "seed: unknown key"),
    ("batch_size", "32", "unknown key; it belongs to 'recipe': write recipe.batch_size"),
    ("gpus", "1", "gpus: unknown key; it belongs to 'resources': write resources.gpus"),
    ("hours", "1", "hours: unknown key; it belongs to 'budget': write budget.hours"),
    ("measure", "[accuracy, instability]", "instability says accuracies, too: leave accuracy out"),
    ("restart", "rest", "there is no 'rest'; did you mean 'reset'?"),
    ("restart", "[keep, keep]", "'keep' is listed twice"),
    ("restart", "[]", "keep, reset or both: [keep, reset]"),
    ("restart", "1", "keep, reset or both: [keep, reset]"),
    ("seeds", "3", "must be shared or independent, not 3"),
    ("3", "x", "3: unknown key"),
    ("on", "x", "on: unknown key"),
    ("Recipes", "x", "did you mean 'recipe'?"),
]


@pytest.mark.parametrize(("key", "value", "words"), VALUES, ids=lambda value: value[:40])
def test_a_value_that_makes_no_sense(tmp_path: Path, key: str, value: str, words: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(instead(key, value), encoding="utf-8")
    line = refused(path)
    assert words in line
    assert line.startswith("mine.yaml:")


FIELDS = [
    ("learning_rate: .inf", "recipe.learning_rate: must be a finite number, not .inf"),
    ("learning_rate: 1e400", "a finite number, not 1e400"),
    ("learning_rate: .nan", "a finite number, not .nan"),
    ("weight_decay: -.inf", "a finite number, not -.inf"),
    ("momentum: 1e999", "a finite number"),
    ("decay: .inf", "a finite number"),
    ("label_smoothing: .nan", "a finite number"),
    ("pruning_fraction: .nan", "a finite number"),
    ("momentum: 1.5", "momentum must be in [0, 1), not 1.5"),
    ("momentum: '0.9'", "must be a number, not '0.9'"),
    ("momentum: null", "recipe.momentum: it has no value; wanted is a number"),
    ("momentum: {}", "must be a number, not a mapping"),
    ("iterations: 1000000000000000000000000", "at most 1,000,000,000"),
    ("iterations: 1000000001", "at most 1,000,000,000"),
    ("iterations: 1e3", "must be a length: iterations (600), '50 %' or '5 epochs', not 1e3"),
    ("iterations: yes", "not yes"),
    ("iterations: 50 %", "cannot be a share of itself"),
    ("length: 1000000000000000000000000", "at most 1,000,000,000 iterations"),
    ("length: 1e30 epochs", "must be a length"),
    ("length: 99999999999 epochs", "at most 1,000,000,000 iterations"),
    (f"length: {'9' * 400} epochs", "at most 1,000,000,000 iterations"),
    ("length: 999999999 %", "at most 1,000,000,000 iterations"),
    ("length: 0", "training has at least 1"),
    ("length: 0 %", "training has at least 1"),
    ("length: 600, iterations: 600", "give one of them"),
    ("warmup: 1000000000000000000000000", "at most 1,000,000,000 iterations"),
    ("warmup: 999999999 %", "at most 1,000,000,000 iterations"),
    ("warmup: -1", "warmup must lie between 0 and the end of training"),
    ("milestones: [1000000000000000000000000]", "recipe.milestones[0]: 1000"),
    ("milestones: [999999999 %]", "at most 1,000,000,000 iterations"),
    ("milestones: 5", "must be a list of lengths"),
    ("milestones: [a]", "recipe.milestones[0]: must be a length"),
    ("batch_size: .nan", "must be a whole number, not .nan"),
    ("batch_size: 0", "batch_size must be at least 1"),
    ("batch_size: 1000000000000000000000000", "is above the 1000 examples"),
    ("network: [a]", "recipe.network: must be text, not a list"),
    ("network: ''", "unknown network ''"),
    ("data: 3", "recipe.data: must be text, not 3"),
    ("data: ''", "unknown data set ''"),
    ("data: " + "x/" * 3000, "there are no images"),
    ("data: gopher://x/y", "recipe.data"),
    ("name: ''", "a recipe's name is a line of 1 to 200 characters"),
    ('name: "a\\nb"', "a recipe's name is a line"),
    ("name: no", "must be text, not no; quote it: 'no'"),
    ("prune_output: 1", "must be true or false, not 1"),
    ("optimizer: Adam", "there is no 'Adam'; did you mean 'adam'?"),
    ("optimizer: 3", "must be one of sgd, adam, adamw, not 3"),
    ("optimizer_at_rewind: kept", "allowed: carried, fresh"),
    ("final_rate: ten", "must be a learning rate (0.001), or a share of recipe.learning_rate"),
    ("final_rate: .inf", "must be a learning rate (0.001), or a share"),
    ("final_rate: 5 epochs", "must be a learning rate (0.001), or a share"),
    ("final_rate: 10 %", "final_rate goes with the schedules cosine and linear"),
    ("gradient_clipping: -1", "gradient_clipping must be above 0, not -1"),
    ("gradient_clipping: none", "must be a number, not 'none'"),
    ("beta2: 0.95", "beta2 goes with the optimizers adam and adamw, not sgd"),
    ("initial_std: 0", "initial_std must be above 0, not 0"),
    ("data_version: x", "unknown key; it follows from the data"),
    ("network: tiny-gpt", "recipe.network: tiny-gpt takes tokens, but examples of digits are"),
    ("data: python-topics", "recipe.network: digits-mlp takes numbers, but examples of python-"),
    ("threads: 1000000", "threads must be at most 1024"),
    ("slices: 3", "slices must be a power of two"),
    ("device: tpu", "allowed: auto, cpu, cuda"),
    ("device: no", "must be one of auto, cpu, cuda, not no"),
    ("3: 4", "recipe.3: unknown key"),
    ("lr: 0.1", "recipe.lr: unknown key; did you mean 'learning_rate'?"),
    ("base: digits-mlp", "the key 'base' is listed twice"),
    ("data_address: x", "write the address as data"),
]


@pytest.mark.parametrize(("fields", "words"), FIELDS, ids=lambda value: str(value)[:40])
def test_a_recipe_that_makes_no_sense(tmp_path: Path, fields: str, words: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(recipe(fields), encoding="utf-8")
    line = refused(path)
    assert words in line
    assert line.startswith("mine.yaml:1: recipe") or "'base'" in line


BOMB = "\n".join(
    ["a0: &a0 [x, x]"] + [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 12)]
)
MERGES = "\n".join(
    ["a0: &a0 {x: 1}"]
    + [f"a{i}: &a{i} {{<<: [{', '.join([f'*a{i - 1}'] * 9)}]}}" for i in range(1, 12)]
)

TEXTS: list[tuple[str, str | bytes, str]] = [
    ("empty", "", "it is empty; a spec is a mapping of keys"),
    ("comments", "# nothing\n\n", "it is empty"),
    ("a list", "- a\n- b\n", "a spec is a mapping"),
    ("a word", "just words", "a spec is a mapping"),
    ("nothing but braces", "{}", "name: this key is missing; wanted is a word"),
    ("two documents", SPEC + "---\n" + SPEC, "mine.yaml:9: a second document begins here"),
    ("ends in a list", SPEC.replace("inits: 2", "inits: [2"), "not YAML"),
    ("ends in a quote", SPEC.replace("mine", "'mine"), "not YAML"),
    ("colon", SPEC.replace("mine", "a: b"), "mine.yaml:1: this is not YAML"),
    ("indentation", SPEC.replace("inits", " inits"), "mine.yaml:4: this is not YAML: this line is"),
    ("tab", SPEC.replace("  - strategy", "\t- strategy"), "there is a tab; write spaces"),
    ("repeated key", SPEC + "inits: 3\n", "mine.yaml:9: the key 'inits' is listed twice"),
    ("latin-1", SPEC.replace("mine", "é").encode("latin-1"), "not UTF-8 text (byte 7)"),
    ("utf-16", SPEC.encode("utf-16"), "not UTF-8 text"),
    ("utf-16 without mark", SPEC.encode("utf-16-le"), "not text: it has the character '\\x00'"),
    ("nul", b"name: a\0b\n", "mine.yaml:1: this is not text: it has the character '\\x00'"),
    ("bell", b"\nname: a\x07b\n", "mine.yaml:2: this is not text"),
    ("surrogate", b"name: \xed\xa0\x80\n", "not UTF-8 text"),
    ("zeros", b"\0" * 100_000, "not text"),
    ("too long", "#" * (MAX_CHARACTERS + 1), "more than 1,000,000 characters"),
    ("long word", "x" * 900_000, "a spec is a mapping"),
    ("deep lists", SPEC + "x: " + "[" * 10_000 + "]" * 10_000, "nested more than 20 deep"),
    ("unclosed lists", "[" * 500_000, "nested more than 20 deep"),
    ("deep mappings", "{a: " * 5_000 + "}" * 5_000, "nested more than 20 deep"),
    ("deep blocks", "\n".join(" " * i + "a:" for i in range(500)), "nested more than 20 deep"),
    ("many values", f"rewind: {list(range(100_000))}", "more than 10,000 values"),
    ("many keys", "\n".join(f"k{i}: 1" for i in range(6_000)), "more than 10,000 values"),
    ("alias bomb", BOMB, "more than 10,000 values"),
    ("merge bomb", MERGES, "more than 10,000 values"),
    ("refers to itself", "a: &a [*a]", "*a refers to itself"),
    ("mapping refers to itself", "&a\nname: *a\n", "*a refers to itself"),
    ("refer to each other", "a: &a [&b [*a]]", "*a refers to itself"),
    ("unknown alias", SPEC.replace("inits: 2", "inits: *x"), "undefined alias 'x'"),
    ("list as a key", SPEC + "? [a, b]\n: 3\n", "a key is a word, not a list or a mapping"),
    ("mapping as a key", "{{a: b}: c}", "a key is a word, not a list or a mapping"),
    ("merge of a number", SPEC.replace("digits-mlp", "{<<: 3}"), "not YAML"),
    ("object", SPEC + "x: !!python/object/apply:os.system [ls]\n", "is not for a spec"),
    ("tag and word", SPEC.replace("inits: 2", "inits: !!int abc"), "the tag '!!int' is not for"),
    ("tag and number", SPEC.replace("inits: 2", "inits: !!float x"), "the tag '!!float' is not"),
    ("date tag", SPEC.replace("inits: 2", "inits: !!timestamp x"), "is not for a spec"),
    ("set tag", SPEC.replace("inits: 2", "inits: !!set {a}"), "is not for a spec"),
    ("own tag", SPEC.replace("inits: 2", "inits: !seeds 2"), "the tag '!seeds' is not for a spec"),
    ("version", "%YAML 9.9\n---\n" + SPEC, "not YAML"),
]


@pytest.mark.parametrize(
    ("text", "words"), [case[1:] for case in TEXTS], ids=[case[0] for case in TEXTS]
)
def test_a_text_that_is_no_spec(tmp_path: Path, text: str | bytes, words: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    line = refused(path)
    assert words in line
    assert "mine.yaml" in line


@pytest.mark.parametrize(
    "text",
    [
        "\ufeff" + SPEC,
        SPEC.replace("\n", "\r\n"),
        SPEC.rstrip("\n"),
        SPEC + "...\n",
        SPEC.replace("mine", "!!str no"),
        SPEC.replace("[0, 20, 120]", "&k [0, 20]").replace("[0, 120]", "*k"),
        SPEC.replace("digits-mlp", "{<<: {base: digits-mlp}, momentum: 0.8}"),
        SPEC.replace("mine", "2024-01-01"),
        SPEC + "description: \U0001f600\n",
        SPEC + "description: " + "x" * 100_000,
    ],
    ids=["mark", "crlf", "no end", "dots", "tag", "alias", "merge", "date", "emoji", "long"],
)
def test_unusual_texts_are_specs(tmp_path: Path, text: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_bytes(text.encode())
    sweep, noted = load(str(path), ["inits=4"], machines=MACHINES)
    assert sweep.inits == [1, 2, 3, 4]
    assert noted.endswith("\n# --set inits=4\n")


OVERRIDES: list[tuple[list[str], int, str]] = [
    # (overrides, which is to blame, words)
    (["name="], 0, "it has no value; wanted is a word"),
    (["=3"], 0, "write KEY=VALUE"),
    (["inits"], 0, "write KEY=VALUE"),
    (["recipe..x=3"], 0, "write KEY=VALUE"),
    (["recipe=3"], 0, "a recipe's name, or a mapping"),
    (["recipe="], 0, "it has no value"),
    (["name=no"], 0, "quote it: 'no'"),
    (["inits=010"], 0, "write 10"),
    (["inits=[1"], 0, "not YAML"),
    (["description=a: b"], 0, "quote text with a colon"),
    (["inits=&a [*a]"], 0, "refers to itself"),
    (["inits=" + "[" * 1000], 0, "nested more than 20 deep"),
    (["description=\udcff"], 0, "not UTF-8 text"),
    (["description=\ud800"], 0, "not UTF-8 text"),
    (["\0=3"], 0, "unknown key"),
    (["x" * 5000], 0, "write KEY=VALUE"),
    (["speed.x=3"], 0, "speed: unknown key"),
    (["inits.0=3"], 0, "inits is 2, which has no keys of its own"),
    (["recipe.learning_rate.x=3"], 0, "must be a number, not a mapping"),
    (["rewind.5=5"], 0, "rewind has no item 5: the last is rewind.2"),
    (["rewind.-1=5"], 0, "rewind is a list; its items are rewind.0, rewind.1"),
    (["rewind.first=5"], 0, "rewind is a list"),
    (["rewind.99999999999999999999=5"], 0, "rewind is a list"),
    (["rewind.0.x=5"], 0, "rewind.0 is 0, which has no keys of its own"),
    (["subnetworks.1.levels.7=3"], 0, "the last is subnetworks.1.levels.1"),
    (["subnetworks.x.levels=3"], 0, "subnetworks is a list"),
    (["subnetworks.1.foo=3"], 0, "subnetworks[1].foo: unknown key"),
    (["subnetworks.1.levels.0=99"], 0, "level 99 is impossible"),
    (["subnetworks=[dense]", "subnetworks.1.levels=[3]"], 1, "no item 1"),
    (["inits=3", "inits=0"], 1, "at least 1"),
    (["inits=0", "inits=-1"], 1, "-1 seeds are too few"),
    (["inits=three", "orders=2"], 0, "'three'"),
    (["orders=1", "inits=3", "rewind=[0]"], 0, "at least 2"),
    (["recipe.momentum=1.5", "recipe.decay=0.5"], 0, "momentum must be in"),
    (["recipe.optimizer=adam", "recipe.learning_rate=0.01"], 0, "goes with the optimizer sgd"),
    (["recipe.learning_rate=0.01", "recipe.optimizer=adam"], 1, "goes with the optimizer sgd"),
    (["recipe.iterations=700", "recipe.threads=1"], 0, "before the end of training"),
    (["recipe.length=100", "inits=3"], 0, "rewind[2]: rewind point 120 is not before the end"),
    (["recipe=lenet-mnist", "recipe.batch_size=100000", "inits=1"], 1, "60000 examples"),
    (["rewind=[0, 9999]", "rewind.0=7"], 0, "rewind point 9999 is not before the end"),
    (["rewind=[0, 1]", "rewind.1=0"], 1, "listed twice"),
    (["orders=5000", "rewind=[0]", "inits=2"], 0, "trials"),
    (["inits=1000000", "orders=2"], 0, "trials"),
    (["recipe.data=nowhere/x", "inits=3"], 0, "there are no images"),
    (["recipe.data_address=x", "inits=3"], 0, "write the address as data"),
]


@pytest.mark.parametrize(
    ("overrides", "blamed", "words"), OVERRIDES, ids=lambda value: str(value)[:50]
)
def test_the_override_that_is_to_blame(
    tmp_path: Path, overrides: list[str], blamed: int, words: str
) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(SPEC)
    line = refused(path, overrides)
    assert words in line
    culprit = overrides[blamed]
    start = f"--set {culprit}: " if len(culprit) < 80 and culprit.isprintable() else "--set "
    assert line.startswith(start)


def test_a_mistake_of_the_file_is_not_an_override_s(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(SPEC.replace("120]", "1200]", 1))
    assert refused(path, ["inits=3", "recipe.threads=2"]).startswith("mine.yaml:3: rewind[2]: ")


def test_overrides_reach_into_lists(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(SPEC.replace("[0, 20, 120]", "&k [0, 20, 120]").replace("[0, 120]}", "*k}"))
    overrides = [
        "subnetworks.1.levels=[3, 5]",
        "subnetworks[1].levels[0]=4",
        "subnetworks.1.rewind.0=5",
        "rewind.2=60",
        "inits=1",
        "inits=2",
    ]
    sweep, _ = load(str(path), overrides, machines=MACHINES)
    assert sweep.subnetworks[1].levels == [4, 5]
    # The two lists are one in the text, by an alias, and still two.
    assert (sweep.subnetworks[1].rewind, sweep.rewind) == ([5, 20, 120], [0, 20, 60])
    assert sweep.inits == [1, 2]
    words = ["subnetworks=[dense]", "subnetworks.0.rewind=[0]", "recipe.momentum=0.8"]
    sweep, _ = load(str(path), words, machines=MACHINES)
    assert (sweep.subnetworks[0].rewind, sweep.recipe.momentum) == ([0], 0.8)


def test_overrides_are_utf_8_in_any_locale(tmp_path: Path) -> None:
    """As Python has them where its own encoding is ASCII."""
    path = tmp_path / "mine.yaml"
    path.write_text(SPEC)
    sweep, text = load(str(path), ["description=\udcc3\udca9"], machines=MACHINES)
    assert sweep.description == "é"
    assert text.endswith("# --set description=é\n")


def test_what_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe", Path("/dev/zero"), Path("/dev/null")):
        assert "is not a file" in refused(path)
    for path in (tmp_path / "none.yaml", tmp_path / ("x" * 5000), tmp_path / "a\0b"):
        with pytest.raises(UserError, match="no such file") as caught:
            load(str(path))
        check(str(caught.value))


def test_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(SPEC)

    def denied(*_: Any, **__: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", denied)
    assert refused(path) == "cannot read mine.yaml: Permission denied"


def test_huge_counts_are_refused_before_anything_is_built(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for overrides in (["inits=1000000000"], ["orders=1000000000"], ["orders=100000"]):
        path.write_text(SPEC)
        refused(path, overrides)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000  # kilobytes


def test_keys_from_elsewhere_are_validated_too() -> None:
    raw = yaml.safe_load(SPEC)
    assert validate(raw, ["inits=3"], machines=MACHINES).inits == [1, 2, 3]
    assert raw == yaml.safe_load(SPEC)
    with pytest.raises(UserError, match=r"^the spec: inits: 0 seeds"):
        validate(raw | {"inits": 0}, machines=MACHINES)
    with pytest.raises(UserError, match=r"^--set inits=0: inits: 0 seeds"):
        validate(raw, ["inits=0"], machines=MACHINES)


@pytest.mark.parametrize(
    ("word", "guess"),
    [("rewnd", "rewind"), ("INITS", "inits"), ("level", "levels"), ("imq", "imp"), ("imp-", "imp")],
)
def test_a_guess_is_close(word: str, guess: str) -> None:
    assert f"did you mean '{guess}'?" in did_you_mean(word, ["imp", "inits", "levels", "rewind"])


@pytest.mark.parametrize("word", ["speed", "x", "", "in", "sparse", "learning rate", "y" * 10_000])
def test_no_guess_is_far(word: str) -> None:
    names = ["dense", "imp", "inits", "levels", "rewind", "random-pruning"]
    assert did_you_mean(word, names) == f"; allowed: {', '.join(sorted(names))}"


# --- arbitrary structures ---------------------------------------------------------------

words = st.text(alphabet="ab:0é \n'\0\udcff", max_size=8)
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | words
    | st.sampled_from(["digits-mlp", "imp", "dense", "5 %", "1 epoch", "one-std", "9e9 %", "auto"])
)
KEYS = [*Sweep.model_fields, "base", "length", "levels", "strategy", "batch_size", "iterations"]
keys = st.sampled_from(KEYS) | words
anything = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=4)
)
sound = yaml.safe_load(SPEC) | {"recipe": {"base": "digits-mlp"}}


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.data())
def test_arbitrary_keys_are_a_sweep_or_one_line(data: st.DataObject) -> None:
    """One or two places of a sound spec hold something else."""
    raw = yaml.safe_load(yaml.safe_dump(sound))
    for _ in range(data.draw(st.integers(1, 2))):
        target = raw
        while isinstance(target, dict | list) and target:
            steps = list(target) if isinstance(target, dict) else list(range(len(target)))
            if isinstance(target, dict) and data.draw(st.booleans()):
                steps = [data.draw(keys)]
            step = data.draw(st.sampled_from(steps))
            inner = target.get(step) if isinstance(target, dict) else target[step]
            if not isinstance(inner, dict | list) or data.draw(st.booleans()):
                target[step] = data.draw(anything)
                break
            target = inner
    try:
        assert isinstance(validate(raw, machines=MACHINES), Sweep)
    except UserError as error:
        check(str(error))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.text(alphabet="abn: -[]{},'\"&*!%|>#?\n\t0123.~\0é", max_size=60), st.booleans())
def test_arbitrary_text_is_a_sweep_or_one_line(tmp_path: Path, text: str, more: bool) -> None:
    path = tmp_path / "mine.yaml"
    for content, overrides in ((SPEC + text if more else text, []), (SPEC, [text])):
        path.write_text(content, encoding="utf-8")
        try:
            load(str(path), overrides, machines=MACHINES)
        except UserError as error:
            check(str(error).replace(str(path), "mine.yaml"))


def test_the_limits_leave_room_for_real_specs() -> None:
    lengthy = f"x: {[[1] * 90] * 100}"
    assert lengthy.count("1") < MAX_VALUES
    assert len(yaml.safe_dump(sound)) < MAX_CHARACTERS / 1000
    assert MAX_DEPTH > 4
