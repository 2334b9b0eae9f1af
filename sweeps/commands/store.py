"""`sweeps store` and `sweeps delete`: looking after results."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from sweeps import terminal
from sweeps.commands.options import (
    HomeOption,
    NameArgument,
    PluginsOption,
    StoreOption,
    TrackingOption,
    check_choice,
    check_finite,
)
from sweeps.commands.usage import LOCAL, Commands
from sweeps.errors import UserError

if TYPE_CHECKING:
    from sweeps.home import Home

DAMAGED = 1
"""Exit status where something is damaged."""

FormatOption = Annotated[str, typer.Option("--format", metavar="FORMAT", help="table or json")]
AgeOption = Annotated[
    float,
    typer.Option("--min-age", metavar="HOURS", min=0, help="leave alone what changed more lately"),
]


def add_to(app: typer.Typer) -> None:
    group = typer.Typer(cls=Commands, no_args_is_help=True, help="Look after what is stored.")
    for command in (status, verify, gc):
        group.command()(command)
    app.add_typer(group, name="store", rich_help_panel=LOCAL)
    app.command(rich_help_panel=LOCAL)(delete)


def status(
    format_: FormatOption = "table",
    min_age: AgeOption = 1.0,
    plugins: PluginsOption = None,
    home: HomeOption = None,
    store: StoreOption = None,
    tracking: TrackingOption = None,
) -> None:
    """Show what a store holds, for which sweeps, and what of it nobody needs.

    \b
    Examples:
      sweeps store status
      sweeps store status --store s3://bucket/store --format json
    """
    import json

    from sweeps.keeping import display, places
    from sweeps.keeping.status import status as numbers

    check_choice("--format", format_, ("table", "json"))
    place = _place(home, store, tracking, plugins, min_age)
    found = numbers(places.opened(place), place, 3600 * min_age)
    if format_ == "json":
        print(json.dumps(found, indent=2))
    else:
        display.print_status(terminal.console(), found)


def verify(
    plugins: PluginsOption = None,
    home: HomeOption = None,
    store: StoreOption = None,
    tracking: TrackingOption = None,
) -> None:
    """Check every artifact against its manifest; set aside what is damaged, to be made again.

    It reads everything, and may be interrupted at any time. The status is 1 if something is
    damaged.

    \b
    Examples:
      sweeps store verify
    """
    from sweeps.display import bytes_text
    from sweeps.keeping import display, places, references
    from sweeps.keeping.progress import shown
    from sweeps.keeping.verifying import set_aside_before
    from sweeps.keeping.verifying import verify as checked
    from trainables.store import inventory

    place = _place(home, store, tracking, plugins)
    there, console = places.opened(place), terminal.console()
    listed = inventory.take(there)
    every = [held for held in listed.artifacts.values() if held.manifest is not None]
    total, done, damaged = inventory.size(every), (0, 0), []

    def moved(number: int, size: int) -> None:
        nonlocal done
        done = number, size
        show(size, total)

    try:
        with shown(console, "checked") as show:
            for one in checked(there, listed, moved):
                damaged.append(one)
                aside = "set aside" if one.set_aside else "left where it is"
                console.print(f"{one.kind} {one.key}: {one.problem}; {aside}", soft_wrap=True)
    finally:
        console.print(
            f"checked {done[0]:,} of {len(every):,} artifacts, {bytes_text(done[1])}: "
            + (f"{len(damaged):,} damaged" if damaged else "nothing is damaged"),
            soft_wrap=True,
        )
    listed = inventory.take(there) if damaged else listed
    complete = listed.complete()
    missing = [one for one in set_aside_before(listed) if (one.kind, one.key) not in complete]
    if missing and not damaged:
        number = f"{len(missing):,} {'is' if len(missing) == 1 else 'are'}"
        console.print(f"of what was set aside earlier, {number} still missing", soft_wrap=True)
    if damaged or missing:
        found = references.find(there, place, listed)
        display.print_again(console, found, {key for _, key in complete}, damaged or missing)
    if damaged:
        raise typer.Exit(DAMAGED)


def gc(
    yes: Annotated[
        bool, typer.Option("--yes", help="delete; without it nothing is, and what would be is told")
    ] = False,
    keep_measurements: Annotated[
        bool,
        typer.Option(
            "--keep-measurements",
            help="keep measurements and learning curves that no sweep needs: they are small, and "
            "costly to make again",
        ),
    ] = False,
    files: Annotated[
        bool, typer.Option("--files", help="networks from files, too, that no sweep needs")
    ] = False,
    tune: Annotated[
        bool,
        typer.Option("--tune", help="what trials of your own searches in Ray Tune need, too"),
    ] = False,
    min_age: AgeOption = 1.0,
    plugins: PluginsOption = None,
    home: HomeOption = None,
    store: StoreOption = None,
    tracking: TrackingOption = None,
) -> None:
    """Tell what nobody needs of a store; with --yes, delete it.

    That is: artifacts that no sweep needs, in this home or in any that shares the store;
    checkpoints of finished trainings; what writers that died have left; and what is damaged.

    \b
    Examples:
      sweeps store gc
      sweeps store gc --yes --keep-measurements
    """
    from sweeps.display import bytes_text
    from sweeps.keeping import collecting, display, places
    from sweeps.keeping.progress import shown
    from sweeps.keeping.rubbish import Wanted

    place = _place(home, store, tracking, plugins, min_age)
    there, console = places.opened(place), terminal.console()
    wanted = Wanted(measurements=not keep_measurements, given=files, tune=tune)
    if not yes:
        found = collecting.survey(there, place, wanted, 3600 * min_age)
        display.print_rubbish(console, found)
        if found.bytes:
            console.print(f"{bytes_text(found.bytes)} would be deleted: add --yes", soft_wrap=True)
        else:
            console.print("there is nothing to delete")
        return
    there.check_writable()

    def tell(line: str) -> None:
        console.print(line, soft_wrap=True)

    with shown(console, "deleted") as show:
        found = collecting.collect(there, place, wanted, 3600 * min_age, tell, show)
    display.print_rubbish(console, found)
    console.print(f"{bytes_text(found.bytes)} deleted", soft_wrap=True)


def delete(
    name: NameArgument,
    yes: Annotated[bool, typer.Option("--yes", help="do not ask")] = False,
    everywhere: Annotated[
        bool,
        typer.Option(
            "--everywhere", help="in the store, what other homes submitted under the name, too"
        ),
    ] = False,
    plugins: PluginsOption = None,
    home: HomeOption = None,
    store: StoreOption = None,
    tracking: TrackingOption = None,
) -> None:
    """Delete a sweep: its records in MLflow, reports, log, and submissions in the store.

    Its networks and measurements stay in the store until `sweeps store gc` deletes those that no
    other sweep needs. Run again before that, the sweep does nothing anew.

    \b
    Examples:
      sweeps delete digits-mlp
      sweeps delete digits-mlp --yes
    """
    from sweeps.display import bytes_text
    from sweeps.keeping import deleting

    place = _place(home, store, tracking, plugins)
    found = deleting.find(place, name, everywhere)
    console = terminal.console()
    for line in deleting.lines(place, found, bytes_text):
        console.print(line, soft_wrap=True)
    if not yes:
        if not sys.stdin.isatty():
            raise UserError("nobody is there to confirm it, so nothing was deleted: add --yes")
        if not typer.confirm("delete it?"):
            raise typer.Exit(0)
    deleting.delete(place, found)
    console.print("deleted")


def _place(
    home: str | None,
    store: str | None,
    tracking: str | None,
    plugins: str | None,
    min_age: float | None = None,
) -> Home:
    from sweeps.home import resolve
    from sweeps.loading import builtin_specs
    from sweeps.plugins import use

    check_finite("--min-age", min_age)
    use(next(iter(builtin_specs())), plugins)
    return resolve(home, store, tracking)
