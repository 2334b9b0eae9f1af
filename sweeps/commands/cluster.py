"""The commands that speak to a cluster. Heavy imports happen inside them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated

import typer

from sweeps import terminal
from sweeps.commands.options import (
    BudgetOption,
    PluginsOption,
    PriceOption,
    PriorityOption,
    SetOption,
    SpecArgument,
    WorkersOption,
)
from sweeps.commands.usage import CLUSTER

if TYPE_CHECKING:
    from rich.console import RenderableType

    from sweeps.cluster.jobs import Jobs, Submission

AddressOption = Annotated[
    str | None,
    typer.Option(
        "--address",
        metavar="URL",
        help="a cluster's URL, or its name in clusters.yaml  [default: $SWEEPS_ADDRESS]",
    ),
]
IdArgument = Annotated[
    str | None,
    typer.Argument(metavar="ID", help="a submission's id or a sweep's name  [default: the latest]"),
]

EXIT_STATUS = {"SUCCEEDED": 0, "FAILED": 1, "STOPPED": 130}
WATCH_SECONDS = 5.0


def add_to(app: typer.Typer) -> None:
    for command in (submit, status, logs, stop):
        app.command(rich_help_panel=CLUSTER)(command)


def submit(
    spec: SpecArgument,
    set_: SetOption = [],  # noqa: B006 (typer copies it)
    plugins: PluginsOption = None,
    workers: WorkersOption = None,
    wait: Annotated[bool, typer.Option("--wait", help="show its log to its end")] = False,
    budget: BudgetOption = None,
    price_per_hour: PriceOption = None,
    priority: PriorityOption = 0,
    address: AddressOption = None,
) -> None:
    """Run a sweep on a cluster; one that is under way is found, not done twice.

    \b
    Examples:
      sweeps submit resnet20-cifar10 --address http://127.0.0.1:8265
      sweeps submit my-sweep.yaml --set inits=5 --wait
      sweeps submit my-sweep.yaml --priority 10
    """
    from sweeps.plugins import use
    from sweeps.spec.budget import overrides

    use(spec, plugins)
    changed = [*set_, *overrides(budget, price_per_hour)]
    jobs = _jobs(address)
    one, started = jobs.submit(spec, changed, workers, priority)
    if not started and one.priority != priority:
        print(
            f"under way already, since {_began(one)}, with priority {one.priority}; to give it "
            f"priority {priority}, first `sweeps stop {one.id}`, and submit again:"
        )
    elif not started:
        print(f"under way already, since {_began(one)}:")
    print(one.id, flush=True)
    if wait:
        _follow(jobs, one)


def status(
    identity: IdArgument = None,
    watch: Annotated[bool, typer.Option("--watch", help="until it ends")] = False,
    address: AddressOption = None,
) -> None:
    """Show how a submission is doing.

    \b
    Examples:
      sweeps status --watch
      sweeps status my-sweep
    """
    from rich.live import Live

    jobs = _jobs(address)
    one = jobs.get(identity)
    console = terminal.console()
    if not watch:
        console.print(_table(jobs, [one], progress=True))
        return
    with Live(console=console, auto_refresh=False) as live:
        while True:
            live.update(_table(jobs, [one], progress=True), refresh=True)
            if not one.under_way:
                break
            time.sleep(WATCH_SECONDS)
            one = jobs.get(one.id)
    if not console.is_terminal:
        console.line()  # which rich ends on terminals only
    raise typer.Exit(EXIT_STATUS[one.state])


def logs(
    identity: IdArgument = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="until it ends")] = False,
    address: AddressOption = None,
) -> None:
    """Print what a submission's driver printed.

    \b
    Examples:
      sweeps logs
      sweeps logs my-sweep --follow
    """
    jobs = _jobs(address)
    one = jobs.get(identity)
    if follow:
        _follow(jobs, one)
    print(jobs.log(one), end="")


def stop(identity: IdArgument = None, address: AddressOption = None) -> None:
    """Stop a submission; `submit` goes on from its checkpoints.

    \b
    Example:
      sweeps stop my-sweep
    """
    jobs = _jobs(address)
    one = jobs.get(identity)
    if not one.under_way:
        print(f"{one.id} has ended: {one.state}")
        return
    print(f"{one.id}: {jobs.stop(one).state}")


def list_submissions(address: str | None) -> None:
    """List every submission to a cluster, the latest first."""
    jobs = _jobs(address)
    terminal.console().print(_table(jobs, jobs.all()))


def _jobs(address: str | None) -> Jobs:
    from sweeps.cluster import config
    from sweeps.cluster.jobs import Jobs

    return Jobs(config.find(address))


def _follow(jobs: Jobs, one: Submission) -> None:
    for text in jobs.follow(one):
        print(text, end="", flush=True)
    raise typer.Exit(EXIT_STATUS[jobs.get(one.id).state])


def _table(jobs: Jobs, found: list[Submission], progress: bool = False) -> RenderableType:
    from rich.console import Group
    from rich.table import Column, Table
    from rich.text import Text

    from sweeps.running.progress import duration

    width = max((len(one.id) for one in found), default=0)  # ids are to be copied
    table = Table(Column("id", min_width=width), "state", "priority", "began", "took", box=None)
    for one in found:
        took = "" if one.seconds is None else duration(one.seconds)
        table.add_row(one.id, one.state, str(one.priority), _began(one), took)
    if not progress:
        return table
    lines = _last_lines(jobs.log(found[0]), 1 if found[0].under_way else 3)
    return Group(table, Text("\n".join(lines)))


def _last_lines(text: str, count: int) -> list[str]:
    return [line for line in text.splitlines() if line.strip()][-count:]


def _began(one: Submission) -> str:
    if one.begun is None:
        return ""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(one.begun))
