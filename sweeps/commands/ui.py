"""`sweeps ui`: MLflow's own interface."""

from __future__ import annotations

from typing import Annotated

import typer

from sweeps import completing
from sweeps.commands.cluster import AddressOption
from sweeps.commands.options import MAX_PORT, HomeOption
from sweeps.commands.reading import tracking_of
from sweeps.errors import ClusterError, UserError, did_you_mean


def ui(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="NAME",
            help="a sweep's name  [default: list them all]",
            autocompletion=completing.sweeps,
        ),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(
            metavar="PORT",
            min=1,
            max=MAX_PORT,
            help="the port on this machine  [default: the first free one from 5000 on]",
        ),
    ] = None,
    home: HomeOption = None,
    address: AddressOption = None,
) -> None:
    """Serve MLflow's interface on the sweeps of a home, until Ctrl-C.

    Prints links to the trainings of each sweep; with a cluster, those of its tracking server.

    \b
    Examples:
      sweeps ui
      sweeps ui digits-mlp --port 5001
    """
    from sweeps import interface
    from sweeps.home import resolve
    from sweeps.recording import database

    place = resolve(home, None, tracking_of(None, address))
    if place.tracking.startswith(("http://", "https://")):
        try:
            _print_links(interface.links(place.tracking), name)
        except (OSError, ValueError):
            raise ClusterError(f"no MLflow tracking server answers at {place.tracking}") from None
        return
    database.require(place)
    port = interface.choose_port(port)
    print(f"starting MLflow on http://{interface.HOST}:{port}", flush=True)
    with interface.serving(place, port) as server:
        _print_links(interface.links(f"http://{interface.HOST}:{port}"), name)
        print("Ctrl-C ends it", flush=True)
        server.wait()
    raise UserError("MLflow's server has ended")


def _print_links(links: dict[str, str], name: str | None) -> None:
    """One line per sweep, the latest first; or the one asked for. Raises UserError."""
    if name is not None:
        if name not in links:
            guess = did_you_mean(name, links)
            raise UserError(f"no results are recorded for the sweep {name!r}{guess}")
        links = {name: links[name]}
    width = max(map(len, links), default=0)
    for sweep, link in links.items():
        print(f"{sweep:{width}}  {link}", flush=True)
