"""`sweeps networks`, `data`, `recipes`, `measures` and `pruning`: what a spec can name; `show`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sweeps import completing, terminal
from sweeps.commands.cluster import AddressOption
from sweeps.commands.options import (
    DataOption,
    HomeOption,
    PluginsOption,
    StoreOption,
    TrackingOption,
)
from sweeps.commands.usage import NAMED
from sweeps.errors import UserError, did_you_mean

if TYPE_CHECKING:
    from sweeps.catalogue.kinds import Kind, Row

SHOWN = ("recipe", "trial")
"""What `sweeps show` shows."""


def _name_argument(names: Callable[[str], list[str]]) -> Any:
    """An optional name, which shells complete with these."""
    about = "one of them, in detail  [default: list them]"
    return typer.Argument(metavar="NAME", help=about, autocompletion=names)


Network = Annotated[str | None, _name_argument(completing.networks)]
Data = Annotated[str | None, _name_argument(completing.data)]
Recipe = Annotated[str | None, _name_argument(completing.recipes)]
Measure = Annotated[str | None, _name_argument(completing.measures)]
Method = Annotated[str | None, _name_argument(completing.pruning)]


def add_to(app: typer.Typer) -> None:
    for command in (networks, data, recipes, measures, pruning, show):
        app.command(rich_help_panel=NAMED)(command)


def networks(name: Network = None, plugins: PluginsOption = None) -> None:
    """List the networks that a recipe can name, or show one's sizes and arguments.

    \b
    Examples:
      sweeps networks
      sweeps networks wide-resnet-cifar
      sweeps networks --plugins my-code
    """
    _show("networks", name, plugins)


def data(name: Data = None, plugins: PluginsOption = None, data: DataOption = None) -> None:
    """List the data sets that a recipe can name, and which of them are here.

    \b
    Examples:
      sweeps data
      sweeps data cifar10
    """
    _show("data", name, plugins, data)


def recipes(name: Recipe = None) -> None:
    """List the built-in recipes, or show every field of one.

    \b
    Examples:
      sweeps recipes
      sweeps recipes resnet20-cifar10
    """
    if name is None:
        _show("recipes", None, None)
    else:
        _show_recipe(name)


def measures(name: Measure = None, plugins: PluginsOption = None) -> None:
    """List what can be measured of trained networks, or show a measure's columns and options.

    \b
    Examples:
      sweeps measures
      sweeps measures disagreement
    """
    _show("measures", name, plugins)


def pruning(name: Method = None, plugins: PluginsOption = None) -> None:
    """List the pruning methods that a recipe can name, or show one's options.

    \b
    Examples:
      sweeps pruning
      sweeps pruning synflow
    """
    _show("pruning", name, plugins)


def show(
    what: Annotated[
        str,
        typer.Argument(
            metavar="WHAT",
            help="recipe, or trial; or a trial's key or run id alone",
            autocompletion=lambda: list(SHOWN),
        ),
    ],
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="NAME",
            help="a built-in recipe's name; a trial's key or run id",
            autocompletion=completing.recipes,
        ),
    ] = None,
    home: HomeOption = None,
    store: StoreOption = None,
    tracking: TrackingOption = None,
    address: AddressOption = None,
) -> None:
    """Show every field of a recipe, or all of one trial: numbers, jobs, files, networks.

    Of keys and run ids the first digits are enough; `sweeps results` shows those of a sweep.

    \b
    Examples:
      sweeps show recipe resnet20-cifar10
      sweeps show trial 0b71c9b8
    """
    from sweeps.commands.reading import tracking_of
    from sweeps.commands.trial import BEGINNING, show_trial
    from sweeps.home import resolve

    if name is None and BEGINNING.fullmatch(what):
        what, name = "trial", what
    if what not in SHOWN:
        raise UserError(f"show {what}: no such thing to show{did_you_mean(what, SHOWN)}")
    if name is None:
        raise UserError(f"show {what}: NAME is missing; see `sweeps show --help`")
    if what == "trial":
        show_trial(name, resolve(home, store, tracking_of(tracking, address)))
    else:
        _show_recipe(name)


def _show_recipe(name: str) -> None:
    import textwrap

    from sweeps.catalogue.documents import fields as documented
    from trainables.recipe import Recipe
    from trainables.recipes import RECIPES

    if name not in RECIPES:
        raise UserError(f"no recipe named {name!r} is built in{did_you_mean(name, RECIPES)}")
    recipe, said = RECIPES[name], documented("trainables.recipe:Recipe")
    console = terminal.console()
    width = max(min(console.width, 100), 40)
    for field in fields(Recipe):
        value = getattr(recipe, field.name)
        usual = "  (default)" if value == field.default else ""
        console.print(f"{field.name}: {_value(value)}{usual}", soft_wrap=True, markup=False)
        for line in textwrap.wrap(said[field.name].replace("`", ""), width - 4):
            console.print(f"    {line}", soft_wrap=True, markup=False)


def _value(value: Any) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(map(str, value))}]"
    if isinstance(value, bool):
        return str(value).lower()
    return "none" if value in (None, "") else f"{value}"


def _show(noun: str, name: str | None, folder: str | None, data: str | None = None) -> None:
    from pathlib import Path

    from sweeps.catalogue.kinds import KINDS
    from sweeps.loading import builtin_specs
    from sweeps.plugins import use

    kind = KINDS[noun]
    use(next(iter(builtin_specs())), folder)  # beside which lies no code of a user's own
    if name is not None:
        _print(_details(kind, name))
        return
    rows = [{"name": one, **kind.row(one)} for one in kind.door.table]
    if noun == "data":
        _say_where(rows, data)
    known = [name for name in kind.door.names() if name not in kind.door.table]
    own = kind.own(Path(folder).expanduser()) if folder else []
    _print(rows)
    if known:
        terminal.console().print(f"installed: {', '.join(known)}", soft_wrap=True)
    if own:
        terminal.console().print(f"in {folder}: {', '.join(own)}", soft_wrap=True)
    elif folder:
        terminal.console().print(f"in {folder}: none", soft_wrap=True)
    terminal.console().print(kind.others, soft_wrap=True)


def _say_where(rows: list[Row], data: str | None) -> None:
    from sweeps.catalogue.kinds import here
    from sweeps.home import resolve

    place = resolve(data=data)
    for row in rows:
        row["here"] = here(row["name"], place.data)


def _details(kind: Kind, name: str) -> list[Row]:
    from trainables.registry import PluginError

    try:
        found = kind.details(name)
    except KeyError:
        raise UserError(
            f"{kind.noun}: there is no {name!r}{did_you_mean(name, kind.door.names())}"
        ) from None
    except PluginError as error:
        raise UserError(str(error)) from None
    return [{"name": one, "value": value, "meaning": meaning} for one, value, meaning in found]


def _print(rows: list[Row]) -> None:
    import pandas as pd
    from rich.table import Table

    from sweeps import layout

    console = terminal.console()
    if not rows:
        console.print("it has no arguments and no options")
        return
    names = list(rows[0])
    fixed = sum(max(len(name), *(len(row[name]) for row in rows)) + 2 for name in names[:-1])
    if fixed + min(24, max(len(row[names[-1]]) for row in rows)) > console.width:
        for block in layout.blocks(pd.DataFrame(rows)):
            console.print(block)
            console.print()
        return
    table = Table(*names, box=None, pad_edge=False)
    for column in table.columns[:-1]:
        column.no_wrap = True
    for row in rows:
        table.add_row(*row.values())
    console.print(table)
