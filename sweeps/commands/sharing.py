"""`sweeps export` and `sweeps import`: results as one file. Heavy imports happen inside them."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sweeps import terminal
from sweeps.commands.cluster import AddressOption
from sweeps.commands.options import (
    HomeOption,
    NameArgument,
    StoreOption,
    SubmissionOption,
    TrackingOption,
    check_output,
)
from sweeps.commands.reading import read_results, tracking_of
from sweeps.commands.usage import LOCAL
from sweeps.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import Console

    from sweeps.home import Home
    from sweeps.sharing.archive import Archive
    from sweeps.sharing.importing import Imported


def add_to(app: typer.Typer) -> None:
    app.command(rich_help_panel=LOCAL)(export)
    app.command("import", rich_help_panel=LOCAL)(import_)


def export(
    name: NameArgument,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="the archive to write, FILE.zip")],
    weights: Annotated[
        bool, typer.Option("--weights", help="with networks and masks, for further sweeps")
    ] = False,
    submission: SubmissionOption = None,
    home: HomeOption = None,
    store: StoreOption = None,
    tracking: TrackingOption = None,
    address: AddressOption = None,
) -> None:
    """Write a sweep's specs, records, measurements and report to one file, to be shared.

    The file is a zip archive; README.txt in it says what is where, without this program, too.

    \b
    Examples:
      sweeps export digits-mlp digits-mlp.zip
      sweeps export digits-mlp with-networks.zip --weights
    """
    from sweeps.home import resolve
    from sweeps.recording import faults
    from sweeps.sharing.exporting import export as write
    from trainables.store import Store

    path = check_output("FILE", file)
    assert path is not None
    if path.suffix.lower() != ".zip":
        raise UserError(f"FILE {file}: an archive is a zip file, so its name ends in .zip")
    place = resolve(home, store, tracking_of(tracking, address))
    console = terminal.console()
    found = read_results(place, name, submission)
    with faults.told(place):
        done = write(found, Store(place.store), path, weights, console)
    parts = [
        _number(done.submissions, "submission"),
        _number(done.trials, "trial"),
        _number(done.measurements, "measurement"),
        f"{done.networks:,} networks and masks" if weights else "no networks (--weights adds them)",
    ]
    size = path.stat().st_size
    console.print(f"wrote {path} ({_size(size)}): {', '.join(parts)}", soft_wrap=True)
    for count, what in (
        (done.missing, "measurement"),
        (done.missing_networks, "trained network"),
    ):
        if count:
            lost = f"not in the store {place.store}: {_number(count, what)} of recorded trials"
            console.print(lost, soft_wrap=True)
    for note in done.notes:
        console.print(note, soft_wrap=True)


def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="what `sweeps export` wrote")],
    as_: Annotated[
        str | None, typer.Option("--as", metavar="NAME", help="import it under another name")
    ] = None,
    home: HomeOption = None,
    store: StoreOption = None,
    tracking: TrackingOption = None,
) -> None:
    """Bring results that were exported into a home.

    What is there already stays. The file is checked before anything is written.

    \b
    Examples:
      sweeps import digits-mlp.zip
      sweeps import digits-mlp.zip --as digits-of-ada --home other
    """
    from sweeps import tracking as servers
    from sweeps.home import resolve
    from sweeps.recording import faults
    from sweeps.sharing.archive import opened
    from sweeps.sharing.contents import check_name
    from sweeps.sharing.importing import bring_in

    name = None if as_ is None else check_name(as_, "--as")
    place = resolve(home, store, tracking)
    console = terminal.console()
    with opened(file.expanduser()) as archive:
        servers.check(place.tracking)
        with faults.told(place):
            done = bring_in(archive, place, name, console)
        own = {"--home": home, "--tracking": tracking}
        _tell(console, place, archive, done, _given(own), _given({"--store": store}))


def _given(options: Mapping[str, str | None]) -> str:
    """Return the options that were given, as they stand in a command."""
    words = [word for name, value in options.items() if value for word in (name, str(value))]
    return f" {shlex.join(words)}" if words else ""


def _tell(
    console: Console, place: Home, archive: Archive, done: Imported, own: str, store: str
) -> None:
    lines = list(done.notes)
    if done.nothing:
        lines.append(f"nothing to import: all of it is in {place.folder} already")
    else:
        parts = [
            _number(done.submissions, "submission"),
            _number(done.trials, "trial"),
            _number(done.measurements, "measurement"),
            f"{done.networks:,} networks and masks",
        ]
        lines.append(f"imported {done.name}: {', '.join(parts)}")
    name = f"{shlex.quote(done.name)}{own}"
    lines.append(f"read it:       sweeps results {name}")
    lines.append(f"               sweeps report {name}")
    if done.specs:
        spec = shlex.quote(str(done.specs[0]))
        lines.append(f"go on with it: sweeps run {spec}{own}{store}")
    if done.pinned:
        said = ", ".join(f"{name}: {value}" for name, value in done.pinned.items())
        lines.append(f"the spec sets {said}, as the sweep ran; this machine would choose otherwise")
    if not archive.manifest.weights:
        lines.append("networks are not in the file: what a further sweep needs is trained again")
    for one in archive.manifest.submissions:
        lines += [f"a further run needs the code {name}: --plugins FOLDER" for name in one.own_code]
        lines += [f"a further run needs the data {address}" for address in one.data]
    for line in dict.fromkeys(lines):
        console.print(line, soft_wrap=True)


def _number(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _size(size: int) -> str:
    return f"{size / 1e6:,.1f} MB" if size >= 1e5 else f"{size / 1e3:,.1f} kB"
