"""The reference pages say what the sources say, and leave nothing out."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, get_args

import pytest
import typer
from pydantic import BaseModel

from analysis import records
from docs.generate import spec
from docs.generate.commands import commands
from docs.generate.pages import PAGES, REFERENCE
from docs.generate.records import names
from sweeps.app import app
from sweeps.spec import Sweep
from sweeps.spec.files import NetworkFile
from sweeps.spec.recipe import RecipeFields
from trainables.measures import MEASURES, find
from trainables.recipe import Recipe


def _page(name: str) -> str:
    return (REFERENCE / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", PAGES)
def test_pages_are_up_to_date(name: str) -> None:
    assert _page(name) == PAGES[name](), f"docs/reference/{name} is old: run `make reference`"


def test_every_command_has_a_section_with_all_its_options() -> None:
    sections = _page("commands.md").split("\n## ")
    for name, command in commands():
        (section,) = [one for one in sections if one.startswith(f"{name}\n")]
        for parameter in command.params:
            if parameter.name == "help":
                continue
            if parameter.param_type_name == "option":
                assert f"`{max(parameter.opts, key=len)}`" in section, (name, parameter.name)
            assert parameter.help, f"{name}: {parameter.name} has no help"
    listed = {name.split()[1] for name, _ in commands()}
    assert listed == {*typer.main.get_command(app).commands}  # type: ignore[attr-defined]


def test_every_field_of_a_spec_is_there() -> None:
    page = _page("spec.md")
    for title, _, _, model in spec.SECTIONS:
        section = page.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
        for field in model.model_fields:
            assert f"| `{field}` |" in section, (title, field)


def _models(annotation: Any, found: set[type[BaseModel]]) -> set[type[BaseModel]]:
    """The models that a field may hold, and those that theirs may hold."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        if annotation not in found:
            found.add(annotation)
            for field in annotation.model_fields.values():
                _models(field.annotation, found)
        return found
    for one in get_args(annotation):
        _models(one, found)
    return found


def test_every_model_of_a_spec_has_a_section() -> None:
    """A model that is added needs a row of `SECTIONS` in docs/generate/spec.py."""
    elsewhere = {RecipeFields, NetworkFile}  # its page; a path is all that a user writes
    assert _models(Sweep, set()) - elsewhere == {model for *_, model in spec.SECTIONS}


def test_every_field_of_a_recipe_is_there() -> None:
    page = _page("recipe.md")
    assert all(f"| `{field.name}` |" in page for field in fields(Recipe))


def test_every_column_of_a_measure_is_there() -> None:
    page = _page("names.md")
    assert all(f"| `{column.name}` |" in page for name in MEASURES for column in find(name).columns)


def test_every_name_of_mlflow_is_there() -> None:
    page = _page("records.md")
    spelled = {name for _, name, _ in names()}
    assert all(f"`{name}`" in page for name in (*records.SCALAR_METRICS, *records.END_METRICS))
    # Whatever constant the module spells, in capitals, is one of the names.
    for constant, value in vars(records).items():
        if constant.isupper() and isinstance(value, str) and not constant.startswith("IS_"):
            assert value in spelled or value in ("keep", "reset"), constant
