"""The schema of specs, held against the specs that there are and against their validation."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from sweeps.errors import UserError
from sweeps.loading import builtin_specs, validate
from sweeps.placement import DRIVER, Machines
from sweeps.schema.document import document
from sweeps.schema.limits import LIMITS
from sweeps.spec import STRATEGIES, Sweep
from sweeps.spec.text import parse
from trainables.contradictions import Contradiction
from trainables.recipes import RECIPES

ROOT = Path(__file__).parents[3]
MACHINES = Machines([{"CPU": 2, DRIVER: 1000}])

SPEC: dict[str, Any] = {
    "name": "mine",
    "recipe": {"base": "digits-mlp", "length": 300},
    "rewind": [0, 20],
    "inits": 2,
    "orders": 2,
    "subnetworks": ["dense"],
}


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    found = document()
    Draft7Validator.check_schema(found)
    return found


@pytest.fixture(scope="module")
def wrong(schema: dict[str, Any]) -> Callable[[Any], list[str]]:
    """What a schema says is wrong with a spec."""
    validator = Draft7Validator(schema)
    return lambda spec: [one.message[:300] for one in validator.iter_errors(spec)]


def refused(spec: dict[str, Any]) -> bool:
    """Whether `sweeps` itself refuses a spec."""
    try:
        validate(spec, machines=MACHINES)
    except UserError:
        return True
    return False


def test_every_built_in_spec_fits(wrong: Callable[[Any], list[str]]) -> None:
    for name, path in builtin_specs().items():
        assert wrong(parse(path.read_text())[0]) == [], name


def examples() -> Iterator[tuple[str, str]]:
    """The specs in the README and in docs; of blocks that are a part of one, entry by entry."""
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))):
        blocks = re.findall(r"^```yaml\n(.*?)^```", page.read_text(), re.M | re.S)
        for number, block in enumerate(blocks, 1):
            entries = re.split(r"^(?=\w)", block, flags=re.M)
            whole = all(re.search(rf"^{key}:", block, re.M) for key in ("name", "subnetworks"))
            for index, text in enumerate([block] if whole else entries):
                if text.partition(":")[0] in Sweep.model_fields:
                    yield f"{page.relative_to(ROOT)} {number}.{index}", text


@pytest.mark.parametrize(("where", "text"), [pytest.param(*one, id=one[0]) for one in examples()])
def test_every_example_in_the_docs_fits(schema: dict[str, Any], where: str, text: str) -> None:
    spec = parse(text)[0]
    parts = {n: one for n, one in schema.items() if n not in ("required", "if", "then", "else")}
    found = list(Draft7Validator(schema if len(spec) > 1 else parts).iter_errors(spec))
    assert found == [], where


def test_there_are_examples() -> None:
    assert len(list(examples())) > 10


MISTAKES = {
    "an unknown key": {"rewnd": [0]},
    "a missing key": {"rewind": ...},
    "no name": {"name": ...},
    "a name with a space": {"name": "my sweep"},
    "a word for a number": {"inits": "three"},
    "no seeds": {"inits": 0},
    "a negative seed": {"orders": [1, -2]},
    "a number for a list": {"rewind": 20},
    "a unit that there is not": {"rewind": ["3 hours"]},
    "a negative rewind point": {"rewind": [-1]},
    "a search for what there is not": {"rewind": {"find": "best", "between": [0, 100]}},
    "a search with one end": {"rewind": {"find": "stable", "between": [0]}},
    "a recipe that there is not": {"recipe": "digits-mpl"},
    "a recipe without a base": {"recipe": {"iterations": 100}},
    "an unknown field of a recipe": {"recipe": {"base": "digits-mlp", "lerning_rate": 0.1}},
    "a field that follows from others": {"recipe": {"base": "digits-mlp", "data_version": "x"}},
    "text for a number": {"recipe": {"base": "digits-mlp", "learning_rate": "fast"}},
    "a negative rate": {"recipe": {"base": "digits-mlp", "learning_rate": -0.1}},
    "a choice that there is not": {"recipe": {"base": "digits-mlp", "optimizer": "rmsprop"}},
    "a network that there is not": {"recipe": {"base": "digits-mlp", "network": "digits-mpl"}},
    "a share without its sign": {"recipe": {"base": "digits-mlp", "final_rate": "10"}},
    "subnetworks by word": {"subnetworks": "dense"},
    "no subnetworks": {"subnetworks": []},
    "a strategy that there is not": {"subnetworks": [{"strategy": "impp", "levels": [1]}]},
    "a strategy without its levels": {"subnetworks": [{"strategy": "imp"}]},
    "levels of the dense network": {"subnetworks": [{"strategy": "dense", "levels": [1]}]},
    "a level of 0": {"subnetworks": [{"strategy": "imp", "levels": [0]}]},
    "levels between dots": {"subnetworks": [{"strategy": "imp", "levels": "1..11"}]},
    "a share of all": {"subnetworks": [{"strategy": "imp-adaptive", "until_left": 9}]},
    "one file": {"subnetworks": [{"strategy": "files", "networks": ["a.pt"]}]},
    "a way to compare that there is not": {"compare": ["copies", "pairs"]},
    "a restart that there is not": {"restart": "both"},
    "a measure that there is not": {"measure": ["instabilty"]},
    "an unknown option of a measure": {"measure": [{"measure": "instability", "pionts": 9}]},
    "an option of the wrong type": {"measure": [{"measure": "instability", "points": "many"}]},
    "points below 3": {"path_points": 2},
    "matching by another word": {"matching": "two-std"},
    "evaluate without how often": {"evaluate": {"examples": 100}},
    "a budget by word": {"budget": "2 h"},
    "a share of GPUs below 0": {"resources": {"gpus": -1}},
    "a grid without a list": {"vary": {"learning_rate": 0.1}},
    "a grid with one value twice": {"vary": {"learning_rate": [0.1, 0.1]}},
    "a grid of what cannot vary": {"vary": {"inits": [1, 2]}},
    "a value that cannot be": {"vary": {"optimizer": ["sgd", "rmsprop"]}},
    "a sample without ranges": {"vary": {"sample": 3, "learning_rate": [0.1, 0.2]}},
    "a range of no kind": {"vary": {"sample": 3, "learning_rate": {"logarithmic": [0.1, 1]}}},
    "a range of words": {"vary": {"sample": 3, "optimizer": {"uniform": [0, 1]}}},
    "a logarithmic range from 0": {"vary": {"sample": 3, "learning_rate": {"log": [0, 1]}}},
    "an empty combination": {"vary": [{}]},
    "a search without trials": {"search": {"over": {"learning_rate": {"log": [0.01, 1]}}}},
    "a search by another metric": {
        "search": {"trials": 2, "metric": "loss", "over": {"learning_rate": {"log": [0.01, 1]}}}
    },
    "a search over workers": {"search": {"trials": 2, "over": {"workers": {"choice": [1, 2]}}}},
    "both to vary and to search": {
        "vary": {"learning_rate": [0.1, 0.2]},
        "search": {"trials": 2, "over": {"momentum": {"choice": [0.0, 0.9]}}},
    },
    "seeds of files": {
        "subnetworks": [{"strategy": "files", "networks": ["a.pt", "b.pt"]}],
    },
}
"""What is wrong -> what a good spec has instead; `...` is nothing."""


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_typical_mistake_is_refused_by_both(
    wrong: Callable[[Any], list[str]], mistake: str
) -> None:
    assert wrong(SPEC) == []
    spec = {name: one for name, one in (SPEC | MISTAKES[mistake]).items() if one is not ...}
    assert wrong(spec)
    assert refused(spec)


FORMS: list[dict[str, Any]] = [
    {"recipe": "digits-mlp"},
    {"rewind": [0, "2 %", "1 epoch", "7 iterations"]},
    {"rewind": {"find": "stable", "between": [0, "10 %"], "within": "20 %", "per": "init"}},
    {"subnetworks": [{"strategy": "imp", "levels": "1-3"}]},
    {"subnetworks": [{"strategy": "imp", "levels": [1, "3-4"]}]},
    {"subnetworks": ["dense",
                     {"strategy": "imp", "levels": {"find": "matching", "between": [1, 4]}}]},
    {"subnetworks": ["dense", "perturbed", {"strategy": "imp-adaptive", "until_left": "30 %"}]},
    {"inits": [3, 5]},
    {"restart": "reset"},
    {"restart": ["keep", "reset"]},
    {"measure": "distance"},
    {"measure": {"measure": "throughout", "every": "1 epoch", "keep": True}},
    {"measure": ["instability", {"measure": "disagreement", "train_examples": None}]},
    {"matching": 0.2},
    {"evaluate": {"every": "10 %", "examples": "all"}},
    {"vary": {"learning_rate": [0.05, 0.15], "network_arguments.hidden": [[32], [48, 48]]}},
    {"vary": {"sample": 3, "learning_rate": {"log": [0.01, 1]}, "batch_size": {"choice": [8, 16]}}},
    {"vary": [{"optimizer": "adam", "momentum": 0, "learning_rate": 0.01}, {"length": "50 %"}]},
    {"search": {"trials": 2, "over": {"learning_rate": {"log": [0.01, 1]}}}},
    {"rewind": ..., "search": {"trials": 2, "over": {"rewind": {"integers": [0, 20]}}}},
    {"recipe": {"base": "digits-mlp", "milestones": ["3 epochs", "50 %"]}},
    {"recipe": {"base": "digits-mlp", "schedule": "cosine", "milestones": [], "final_rate": "5 %"}},
    {"recipe": {"base": "digits-mlp", "pruning_method": "snip", "pruning_options": {"examples": 9}},
     "subnetworks": [{"strategy": "pruned", "levels": [1]}]},
    {"recipe": {"base": "digits-mlp", "backend": "auto", "gradient_clipping": None}},
    {"resources": {"cpus": 1}, "budget": {"hours": 2}},
]  # fmt: skip


@pytest.mark.parametrize("form", FORMS, ids=lambda form: json.dumps(form, default=str)[:60])
def test_every_form_of_a_field_is_taken_by_both(
    wrong: Callable[[Any], list[str]], form: dict[str, Any]
) -> None:
    spec = {name: one for name, one in (SPEC | form).items() if one is not ...}
    assert wrong(spec) == []
    assert not refused(spec)


VALUES: list[Any] = [
    None, True, 0, 1, 2, -1, 0.5, 1.5, 1e6, "", "x", "all", "auto", "dense", "keep", "one-std",
    "1-3", "5 %", "5%", "1 epoch", "a:b", [], [1], [1, 2], ["dense"], ["1-3", 4], ["copies"],
    [0.5, "5 %"], {}, {"hours": 1}, {"every": 5}, {"find": "stable", "between": [0, 5]},
    {"measure": "distance"}, {"find": "matching", "between": [1, 2]}, [{"learning_rate": 0.1}],
]  # fmt: skip


@pytest.mark.parametrize(
    "path",
    [
        *((name,) for name in Sweep.model_fields),
        *(("subnetworks", strategy, name)
          for strategy, names in {
              "dense": ["rewind"], "imp": ["levels"], "perturbed": ["levels", "norm"],
              "imp-adaptive": ["until_left", "loss", "examples", "points"],
          }.items() for name in names),
        *(("evaluate", name) for name in ("every", "examples")),
        *(("budget", name) for name in ("hours", "cost", "price_per_hour")),
        *(("resources", name) for name in ("cpus", "gpus")),
        *(("search", name) for name in ("trials", "metric", "seed", "over")),
    ],
    ids=".".join,
)  # fmt: skip
def test_whatever_the_schema_refuses_is_refused(
    wrong: Callable[[Any], list[str]], path: tuple[str, ...]
) -> None:
    for value in VALUES:
        spec = with_value(path, value)
        if wrong(spec):
            assert refused(spec), value


def with_value(path: tuple[str, ...], value: Any) -> dict[str, Any]:
    """The spec with a value in a place."""
    if len(path) == 1:
        return SPEC | {path[0]: value}
    of, *middle, name = path
    beside: dict[str, Any] = {
        "imp": {"levels": [1]},
        "imp-adaptive": {"until_left": "30 %"},
    }.get(middle[0] if middle else "", {})
    if of == "subnetworks":
        return SPEC | {of: [{"strategy": middle[0], **beside, name: value}]}
    beside = {"search": {"trials": 1, "over": {"momentum": {"choice": [0, 0.9]}}}}.get(of, {})
    return SPEC | {of: {"every": 5} | {name: value} if of == "evaluate" else beside | {name: value}}


def test_whatever_the_schema_refuses_of_a_recipe_is_refused(
    wrong: Callable[[Any], list[str]], schema: dict[str, Any]
) -> None:
    names = [name for name in schema["$defs"]["RecipeFields"]["properties"] if name != "data"]
    checked = 0
    for name, value in itertools.product(names, VALUES):
        spec = SPEC | {"recipe": {"base": "digits-mlp", name: value}}
        if wrong(spec):
            assert refused(spec), (name, value)
            checked += 1
    assert checked > 500


def test_every_field_says_what_it_is(schema: dict[str, Any]) -> None:
    places = {"a spec": schema, **schema["$defs"]}
    places |= {str(one["properties"]["measure"]): one
               for one in schema["$defs"]["Measure"]["anyOf"] if "properties" in one}  # fmt: skip
    for place, own in places.items():
        for name, one in own.get("properties", {}).items():
            assert len(one.get("description", "")) > 2, f"{name} of {place}"


def test_every_strategy_and_recipe_can_be_completed(schema: dict[str, Any]) -> None:
    text = json.dumps(schema)
    for name in (*STRATEGIES, *RECIPES):
        assert json.dumps(name) in text


@pytest.mark.parametrize("field", LIMITS)
def test_limits_of_a_recipe_are_those_of_recipes(field: str) -> None:
    base = replace(RECIPES["digits-mlp"], optimizer="adam", momentum=0.0, weight_decay=0.0)
    step = 1 if isinstance(getattr(base, field), int) else 1e-9

    def possible(value: float) -> bool:
        own = {field: value}
        sgd = {"optimizer": "sgd"} if field == "momentum" else {}
        try:
            replace(base, **sgd, **own)
        except Contradiction as error:
            return error.field != field
        return True

    for bound, at in LIMITS[field].items():
        outward = step if "ax" in bound else -step
        inside, outside = (at - outward, at) if "clusive" in bound else (at, at + outward)
        assert possible(inside), bound
        assert not possible(outside), bound
