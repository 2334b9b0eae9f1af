"""What a spec can name, as the command line lists it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from own_measure import write_all

from sweeps.catalogue import documents
from sweeps.catalogue.kinds import KINDS
from trainables.recipe import Recipe
from trainables.recipes import RECIPES

Cli = Callable[..., Any]


@pytest.mark.parametrize("noun", list(KINDS))
@pytest.mark.parametrize("width", ["200", "60"])
def test_every_name_is_listed(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, noun: str, width: str
) -> None:
    monkeypatch.setenv("COLUMNS", width)
    said = cli(noun)
    assert said.status == 0, said.err
    for name in KINDS[noun].door.table:
        assert name in said.out
    assert max(map(len, said.out.splitlines()[:-1])) <= int(width)


@pytest.mark.parametrize(
    ("noun", "name"),
    [(n, one) for n in ("networks", "data", "measures") for one in KINDS[n].door.table],
)
def test_each_has_a_sentence_or_sizes(noun: str, name: str) -> None:
    row = KINDS[noun].row(name)
    assert all(row.values()), row
    assert KINDS[noun].details(name)


def test_every_field_of_a_recipe_is_shown_with_what_it_means(cli: Cli) -> None:
    said = cli("show", "recipe", "resnet20-cifar10")
    lines = said.out.splitlines()
    documented = documents.fields("trainables.recipe:Recipe")
    for field in fields(Recipe):
        value = getattr(RECIPES["resnet20-cifar10"], field.name)
        (line,) = [one for one in lines if one.startswith(f"{field.name}: ")]
        assert line.endswith("(default)") == (value == field.default)
        assert len(documented[field.name]) > 10, field.name
    assert "learning_rate: 0.1" in lines
    assert "milestones: [32000, 48000]" in lines
    assert cli("recipes", "resnet20-cifar10").out == said.out


def test_sentences_are_those_of_the_sources() -> None:
    assert documents.first_sentence("One.\n\nTwo.") == "One"
    assert documents.first_sentence("Of 0.5 and\n1.5. More.") == "Of 0.5 and 1.5"
    assert documents.sentence("sweeps.catalogue.documents:fields").startswith(
        "Return the fields of"
    )
    assert documents.sentence("trainables.seeds") != ""


def test_own_code_is_listed_and_shown(cli: Cli, tmp_path: Path) -> None:
    folder = Path(write_all(tmp_path)).parent
    (folder / "mine.py").write_text(
        (folder / "mine.py").read_text()
        + "\nfrom torch import nn\n"
        + "def wide(width=30, classes=10): ...\n"
        + "class Net(nn.Module): ...\n"
        + "def made(): ...\n"
        + "def score(weights, mask, context): ...\n"
    )
    where = ("--plugins", str(folder))
    assert "mine:MEASURE" in cli("measures", *where).out
    listed = cli("networks", *where).out
    assert "mine:wide" in listed
    assert "mine:Net" in listed
    assert "mine:made" not in listed
    assert "mine:made" in cli("data", *where).out
    assert "mine:score" in cli("pruning", *where).out
    assert "width" in cli("networks", "mine:wide", *where).out
    assert "total" in cli("measures", "mine:MEASURE", *where).out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["networks", "resnet20"], "networks: there is no 'resnet20'; did you mean"),
        (["measures", "distanc"], "did you mean 'distance'?"),
        (["pruning", "snap"], "did you mean 'snip'?"),
        (["data", "cifar"], "data: there is no 'cifar'"),
        (["recipes", "lenet"], "did you mean 'lenet-mnist'?"),
        (["show", "recipe", "lenet"], "did you mean 'lenet-mnist'?"),
        (["show", "spec", "x"], "show spec: no such thing to show; allowed: recipe, trial"),
        (["show", "recipe"], "show recipe: NAME is missing"),
        (["show", "trial", "x1"], "show trial 'x1': wanted are the first digits"),
        (["measures", "nowhere:thing"], "measure nowhere:thing: there is no module nowhere"),
        (["networks", "--plugins", "nowhere"], "--plugins nowhere: there is no such folder"),
    ],
)
def test_bad_input(cli: Cli, arguments: list[str], said: str) -> None:
    ended = cli(*arguments)
    assert ended.status == 2
    (line,) = ended.err.splitlines()
    assert said in line


def test_broken_own_code_is_a_line(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("1 / 0\n")
    ended = cli("measures", "--plugins", str(tmp_path))
    assert ended.status == 2
    assert "broken.py: ZeroDivisionError" in ended.err
