"""The commands that start and end what a cluster's machines run. Heavy imports happen inside."""

from __future__ import annotations

from typing import Annotated

import typer

from sweeps.commands.usage import CLUSTER, Commands

HomeOption = Annotated[
    str | None,
    typer.Option(
        "--home",
        metavar="FOLDER",
        help="where its state lives  [default: $SWEEPS_HOME or ~/.sweeps]",
    ),
]
DataOption = Annotated[
    str | None,
    typer.Option(
        "--data", metavar="FOLDER", help="where data sets lie  [default: $SWEEPS_DATA or HOME/data]"
    ),
]
CpusOption = Annotated[
    int | None,
    typer.Option(
        "--cpus", min=0, metavar="NUMBER", help="CPUs for Ray to share out  [default: all]"
    ),
]
BlockOption = Annotated[
    bool, typer.Option("--block", help="stay until it ends; Ctrl-C or SIGTERM ends it")
]
RayOptions = Annotated[
    list[str] | None, typer.Argument(metavar="-- OPTIONS", help="more options of `ray start`")
]


def add_to(app: typer.Typer) -> None:
    node = typer.Typer(
        cls=Commands, no_args_is_help=True, help="Start or end what a machine of a cluster runs."
    )
    for command in (head, join, stop):
        node.command()(command)
    app.add_typer(node, name="node", rich_help_panel=CLUSTER)


def head(
    ray_options: RayOptions = None,
    port: Annotated[int, typer.Option(metavar="PORT", help="Ray's, for the other machines")] = 6379,
    dashboard_port: Annotated[
        int, typer.Option(metavar="PORT", help="for submissions; only on 127.0.0.1")
    ] = 8265,
    tracking_port: Annotated[
        int, typer.Option(metavar="PORT", help="MLflow's; only on 127.0.0.1")
    ] = 5000,
    trial_drivers: Annotated[
        int,
        typer.Option(metavar="NUMBER", min=1, help="trainings at a time that spread over machines"),
    ] = 16,
    cpus: CpusOption = None,
    home: HomeOption = None,
    store: Annotated[
        str | None,
        typer.Option(
            metavar="URL", help="artifact store for all (fsspec URL)  [default: HOME/store]"
        ),
    ] = None,
    data: DataOption = None,
    block: BlockOption = False,
) -> None:
    """Start a cluster's head: Ray, its dashboard, and MLflow's tracking server.

    \b
    Example:
      sweeps node head --home /scratch/sweeps --store s3://bucket/sweeps
    """
    from sweeps.cluster import node

    place = node.home(home, store, data)
    asked = node.Head(
        place, port, dashboard_port, tracking_port, trial_drivers, cpus, ray_options or []
    )
    print("the head is up" if node.start_head(asked) else "the head was up already")
    print(f"dashboard: {asked.dashboard}")
    print(f"tracking:  {asked.tracking}")
    print(f"home:      {place.folder}")
    print(f"store:     {place.store}")
    print(f"data:      {place.data}")
    print(f"submit:    sweeps submit SPEC --address {asked.dashboard}", flush=True)
    if block:
        node.wait(place)


def join(
    address: Annotated[str, typer.Argument(metavar="HOST:PORT", help="the head's Ray")],
    ray_options: RayOptions = None,
    spot: Annotated[
        bool, typer.Option("--spot", help="leave when AWS says that this spot machine will go")
    ] = False,
    cpus: CpusOption = None,
    home: HomeOption = None,
    data: DataOption = None,
    block: BlockOption = False,
) -> None:
    """Make this machine a worker of a cluster.

    \b
    Example:
      sweeps node join 10.0.0.1:6379
    """
    from sweeps.cluster import node

    place = node.home(home, data=data)
    started = node.start_worker(node.Worker(place, address, cpus, spot, ray_options or []))
    print(f"{'joined' if started else 'was already in'} the cluster at {address}", flush=True)
    if block:
        node.wait(place)


def stop(home: HomeOption = None) -> None:
    """End what `sweeps node` started here, once trainings have stored checkpoints."""
    from sweeps.cluster import node

    place = node.home(home)
    print("stopped" if node.stop(place) else f"nothing ran in {place.folder}")
