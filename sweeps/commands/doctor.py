"""`sweeps doctor`: whether a machine, or a cluster, has what a sweep needs."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import TYPE_CHECKING, Annotated

import typer

from sweeps import terminal
from sweeps.commands.options import DataOption, HomeOption, StoreOption, TrackingOption

if TYPE_CHECKING:
    from sweeps.doctor.finding import Finding

WIDTH = 16
"""Columns of a subject."""


def doctor(
    quick: Annotated[
        bool, typer.Option("--quick", help="without starting Ray, and without MLflow")
    ] = False,
    address: Annotated[
        str | None,
        typer.Option(
            "--address",
            metavar="URL",
            help="a cluster's URL, or its name in clusters.yaml  [default: this machine alone]",
        ),
    ] = None,
    home: HomeOption = None,
    store: StoreOption = None,
    tracking: TrackingOption = None,
    data: DataOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="one list, for a program")] = False,
) -> None:
    """Check whether this machine has what a sweep needs; with --address, a cluster as well.

    A line for each check: `fine`, a hint, or what to do. Exit status 1 if something would stop a
    sweep. Nothing is left behind.

    \b
    Examples:
      sweeps doctor
      sweeps doctor --store s3://bucket/sweeps --tracking http://127.0.0.1:5000
      sweeps doctor --quick --address http://127.0.0.1:8265
    """
    from sweeps.cluster import config
    from sweeps.doctor import examination
    from sweeps.home import resolve

    if address is not None:
        config.find(address)  # raises where none is named so, before anything is printed
    found = examination.of_machine(resolve(home, store, tracking, data), quick)
    if address is not None:
        found = chain(found, examination.of_cluster(address))
    shown = list(found) if as_json else list(_shown(found))
    if as_json:
        _print_json(shown)
    if any(one.state == "stop" for one in shown):
        raise typer.Exit(1)


def _shown(found: Iterator[Finding]) -> Iterator[Finding]:
    console = terminal.console()
    for one in found:
        console.print(f"{one.subject:{WIDTH}}  {one}", soft_wrap=True, markup=False)
        yield one


def _print_json(found: list[Finding]) -> None:
    import json
    from dataclasses import asdict

    print(json.dumps([asdict(one) for one in found]), flush=True)
