"""`sweeps records`: what is recorded in MLflow."""

from __future__ import annotations

from typing import Annotated

import typer

from sweeps import terminal
from sweeps.commands.options import HomeOption, StoreOption, TrackingOption
from sweeps.commands.usage import LOCAL
from sweeps.errors import UserError


def add_to(app: typer.Typer) -> None:
    records = typer.Typer(no_args_is_help=True, help="Write what is recorded in MLflow again.")
    records.command()(rebuild)
    app.add_typer(records, name="records", rich_help_panel=LOCAL)


def rebuild(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="NAME", help="sweeps  [default: all]")
    ] = None,
    home: HomeOption = None,
    store: StoreOption = None,
    tracking: TrackingOption = None,
) -> None:
    """Record everything that is in the store again.

    What is recorded already stays. A database that is of no use is moved aside first.

    \b
    Examples:
      sweeps records rebuild
      sweeps records rebuild digits-mlp --home other
    """
    from sweeps import tracking as servers
    from sweeps.home import resolve
    from sweeps.recording import faults
    from sweeps.recording.rebuild import rebuild as record_again
    from trainables.store import Store

    place = resolve(home, store, tracking)
    if not place.folder.is_dir():
        raise UserError(f"there is no home {place.folder}")
    servers.check(place.tracking)
    console = terminal.console()
    with faults.told(place):
        record_again(
            place,
            Store(place.store),
            names or (),
            lambda line: console.print(line, soft_wrap=True, markup=False),
        )
