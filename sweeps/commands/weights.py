"""`sweeps weights`: trained networks as files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sweeps import terminal
from sweeps.commands.cluster import AddressOption
from sweeps.commands.options import (
    HomeOption,
    NameArgument,
    StoreOption,
    SubmissionOption,
    TrackingOption,
    check_choice,
    check_folder,
)
from sweeps.commands.reading import read_results, tracking_of
from sweeps.errors import UserError

NETWORKS = {"1": (1,), "2": (2,), "both": (1, 2)}


def weights(
    name: NameArgument,
    to: Annotated[Path, typer.Option("--to", metavar="FOLDER", help="where to write them")],
    where: Annotated[
        str | None,
        typer.Option(metavar="CONDITION", help="which trials, as for `sweeps results`"),
    ] = None,
    arm: Annotated[
        str, typer.Option("--arm", metavar="WHICH", help="which network of a pair: 1, 2 or both")
    ] = "both",
    submission: SubmissionOption = None,
    home: HomeOption = None,
    store: StoreOption = None,
    tracking: TrackingOption = None,
    address: AddressOption = None,
) -> None:
    """Write the trained networks of some trials as safetensors files, with their masks.

    A file holds a network's parameters and running statistics under the names of its `state_dict`;
    its mask, true where a weight is kept, lies beside it. `networks.json` says what each file is.

    \b
    Examples:
      sweeps weights digits-mlp --where "level = 11 and rewind = 120" --to networks
      sweeps weights digits-mlp --where "strategy = dense" --arm 1 --to dense
    """
    from sweeps import query
    from sweeps.exporting import export
    from sweeps.home import resolve
    from trainables.store import Store

    check_choice("--arm", arm, tuple(NETWORKS))
    condition = None if where is None else query.parse(where)
    folder = check_folder("--to", to)
    assert folder is not None
    place = resolve(home, store, tracking_of(tracking, address))
    found = read_results(place, name, submission)
    trials = query.select(found.trials, condition)
    if trials.empty:
        raise UserError(f"--where {where}: no trial of {name} fits")
    written, example = export(found, trials, Store(place.store), folder, NETWORKS[arm])
    console = terminal.console()
    console.print(f"wrote {written} network{'' if written == 1 else 's'} to {folder}; to load one:")
    print(f"\n{example}")
