"""The command line: parses, calls, prints. Heavy imports happen inside the commands."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sweeps import images_commands, terminal
from sweeps.cluster import commands, node_commands
from sweeps.cluster.commands import AddressOption
from sweeps.errors import ClusterError, UserError

if TYPE_CHECKING:
    from sweeps.home import Home
    from sweeps.run.driver import Outcome

app = typer.Typer(
    help="Sweeps for the science of training dynamics: instability analysis and lottery tickets.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

commands.add_to(app)
node_commands.add_to(app)
images_commands.add_to(app)

SpecArgument = Annotated[str, typer.Argument(help="a built-in spec's name, or a YAML file")]
SetOption = Annotated[
    list[str],
    typer.Option("--set", metavar="KEY=VALUE", help="override a part of the spec: inits=1"),
]
HomeOption = Annotated[
    str | None,
    typer.Option("--home", help="where state lives [default: $SWEEPS_HOME or ./.sweeps]"),
]
StoreOption = Annotated[
    str | None, typer.Option("--store", help="artifact store (fsspec URL) [default: HOME/store]")
]
TrackingOption = Annotated[
    str | None,
    typer.Option("--tracking", help="MLflow tracking address [default: SQLite in HOME]"),
]
DataOption = Annotated[
    str | None,
    typer.Option("--data", help="where data sets lie [default: $SWEEPS_DATA or HOME/data]"),
]
WorkersOption = Annotated[
    int | None, typer.Option("--workers", min=1, help="batches of jobs at a time [default: as fit]")
]
NameArgument = Annotated[str, typer.Argument(help="a sweep's name")]

INTERRUPTED = 130
FAILED = 1


@app.command()
def specs() -> None:
    """List the built-in specs."""
    from rich.table import Table

    from sweeps.loading import builtin_specs, load

    table = Table("spec", "what it asks", box=None)
    for name in builtin_specs():
        table.add_row(name, load(name)[0].description)
    terminal.console().print(table)


@app.command()
def plan(
    spec: SpecArgument,
    set_: SetOption = [],  # noqa: B006 (typer copies it)
    format_: Annotated[str, typer.Option("--format", help="table or json")] = "table",
    workers: WorkersOption = None,
    hardware: Annotated[
        str, typer.Option(help="what each worker has, for the estimate: cpu (a core) or h200")
    ] = "cpu",
    price_per_hour: Annotated[
        float | None, typer.Option(help="of one worker, in any currency: shows what it will cost")
    ] = None,
    home: HomeOption = None,
    store: StoreOption = None,
    data: DataOption = None,
) -> None:
    """Show the jobs of a sweep, what sharing saves, and what it will cost. Runs nothing."""
    import json

    from sweeps import engine
    from sweeps.display import plan_text
    from sweeps.home import resolve
    from sweeps.loading import load
    from sweeps.plan import expand
    from sweeps.plan.cost import HARDWARE
    from sweeps.plan.summary import summarize
    from trainables.store import Store

    _check_choice("--format", format_, ("table", "json"))
    _check_choice("--hardware", hardware, tuple(HARDWARE))
    if price_per_hour is not None and not 0 < price_per_hour < float("inf"):
        raise UserError(f"--price-per-hour {price_per_hour:g}: must be a number above 0")
    place = resolve(home, store, data=data)
    sweep, _ = load(spec, set_, place.data)
    graph = expand(sweep)
    complete = set()
    url = place.store
    if "://" in url or Path(url).exists():
        complete = Store(url).complete((job.kind, job.key) for job in graph.jobs.values())
    cores = max(1, engine.cores() // sweep.recipe.workers)
    workers = workers or (cores if hardware == "cpu" else 1)
    summary = summarize(graph, complete, workers, HARDWARE[hardware], price_per_hour)
    if format_ == "json":
        print(json.dumps(summary, indent=2))
    else:
        terminal.console().print(plan_text(summary))


@app.command()
def run(
    spec: SpecArgument,
    set_: SetOption = [],  # noqa: B006
    workers: WorkersOption = None,
    checkpoint_seconds: Annotated[
        float, typer.Option(min=0, help="training time that a killed worker may lose")
    ] = 60.0,
    home: HomeOption = None,
    store: StoreOption = None,
    tracking: TrackingOption = None,
    data: DataOption = None,
    cluster: Annotated[
        str | None,
        typer.Option(
            "--cluster",
            metavar="ADDRESS",
            help="work on the Ray cluster that this machine belongs to: auto, or HOST:PORT",
        ),
    ] = None,
) -> None:
    """Run a sweep: only what the store lacks, then record, tabulate and report."""
    from sweeps import display
    from sweeps.home import resolve
    from sweeps.loading import load
    from sweeps.plan import expand
    from sweeps.run import driver, sites
    from trainables.store import Store

    place = resolve(home, store, tracking, data)
    console = terminal.console()
    with sites.at(cluster, workers) as site:
        sweep, text = load(spec, set_, place.data, site.machines)
        outcome, recorder = driver.run(
            expand(sweep),
            text,
            place,
            Store(place.store),
            site=site,
            checkpoint_seconds=checkpoint_seconds,
            console=console,
        )
    again = shlex.join(["sweeps", *sys.argv[1:]])
    console.print(display.outcome_text(outcome, again, place.log(sweep.name)), soft_wrap=True)
    if outcome.recording_error is None:
        results = _results(place, sweep.name)
        if len(results.trials):
            display.print_summary(console, results)
            path = _write_report(place, results)
            recorder.attach_report(str(path))
            console.print(f"report: {path}", soft_wrap=True)
    raise typer.Exit(_status(outcome))


def _status(outcome: Outcome) -> int:
    if outcome.failed or outcome.recording_error:
        return FAILED
    return INTERRUPTED if outcome.interrupted else 0


@app.command()
def results(
    name: NameArgument,
    where: Annotated[str | None, typer.Option(help="a filter: level = 11 and rewind = 120")] = None,
    format_: Annotated[str, typer.Option("--format", help="table, csv, json or parquet")] = "table",
    output: Annotated[Path | None, typer.Option("--output", "-o", help="a file to write")] = None,
    home: HomeOption = None,
    tracking: TrackingOption = None,
    address: AddressOption = None,
) -> None:
    """The trials of a sweep, one row each, from MLflow."""
    from sweeps import display
    from sweeps.home import resolve
    from sweeps.query import select

    _check_choice("--format", format_, ("table", "csv", "json", "parquet"))
    if format_ == "parquet" and output is None:
        raise UserError("--format parquet needs --output FILE")
    place = resolve(home, None, _tracking(tracking, address))
    trials = select(_results(place, name).trials, where)
    display.write_trials(terminal.console(), trials, format_, output)


@app.command()
def report(
    name: NameArgument,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="the HTML file")] = None,
    figures: Annotated[
        Path | None, typer.Option(help="a folder to write the figures to as SVG files, too")
    ] = None,
    markdown: Annotated[
        Path | None, typer.Option(help="a file to write findings and tables to as Markdown, too")
    ] = None,
    home: HomeOption = None,
    tracking: TrackingOption = None,
    address: AddressOption = None,
) -> None:
    """Write a sweep's report: one self-contained HTML file."""
    from sweeps import display
    from sweeps.home import resolve

    place = resolve(home, None, _tracking(tracking, address))
    found = _results(place, name)
    path = _write_report(place, found, output)
    also = _write_figures(found, figures) if figures else []
    if markdown:
        _write_markdown(found, markdown)
        also.append(markdown)
    console = terminal.console()
    display.print_findings(console, found)
    console.print(f"report: {path}", soft_wrap=True)
    for file in also:
        console.print(f"wrote {file}", soft_wrap=True)


@app.command()
def ui(
    port: Annotated[int, typer.Option(help="the port on this machine")] = 5000,
    home: HomeOption = None,
    address: AddressOption = None,
) -> None:
    """Open MLflow's own interface on the sweeps of a home, or say where a cluster's is."""
    from sweeps.home import resolve

    if cluster := _tracking(None, address):
        print(f"MLflow: {cluster}")
        return
    place = resolve(home)
    _require_records(place)
    command = [sys.executable, "-m", "mlflow", "ui", "--backend-store-uri", place.tracking]
    assert place.artifacts is not None
    command += ["--default-artifact-root", place.artifacts, "--port", str(port)]
    print(f"MLflow: http://127.0.0.1:{port}", flush=True)
    os.execv(sys.executable, command)


def _tracking(tracking: str | None, address: str | None) -> str | None:
    """A cluster's tracking server where a cluster is meant. Raises UserError if none is known."""
    if tracking or not (address or os.environ.get("SWEEPS_ADDRESS")):
        return tracking
    from sweeps.cluster import config

    cluster = config.find(address)
    if cluster.tracking is None:
        raise UserError(
            f"where is the tracking server of {cluster.name}? --tracking URL, SWEEPS_TRACKING, or "
            f"tracking in {config.file()}"
        )
    return cluster.tracking


def _results(place: Home, name: str) -> Any:
    """A sweep's recorded results. Raises UserError where there are none."""
    _require_records(place)
    from analysis import records
    from sweeps import tracking
    from sweeps.errors import did_you_mean
    from sweeps.results import read

    tracking.check(place.tracking)
    try:
        return read(place, name)
    except records.UnknownSweep as error:
        raise UserError(f"{error}{did_you_mean(name, error.known)}") from None


def _require_records(place: Home) -> None:
    """Reading must not create a database."""
    prefix = "sqlite:///"
    if place.tracking.startswith(prefix):
        database = Path(place.tracking.removeprefix(prefix))
        if not database.exists():
            raise UserError(f"nothing is recorded in {place.folder}: run a sweep first")


def _write_report(place: Home, results: Any, output: Path | None = None) -> Path:
    from sweeps.results import write_report

    try:
        return write_report(results, output or place.reports(results.name))
    except OSError as error:
        raise UserError(f"cannot write the report: {error.strerror}: {error.filename}") from None


def _write_figures(results: Any, folder: Path) -> list[Path]:
    from sweeps.results import write_figures

    try:
        return write_figures(results, folder)
    except OSError as error:
        raise UserError(f"cannot write figures: {error.strerror}: {error.filename}") from None


def _write_markdown(results: Any, path: Path) -> None:
    from sweeps.results import markdown

    try:
        path.write_text(markdown(results), encoding="utf-8")
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror}") from None


def _check_choice(option: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        from sweeps.errors import did_you_mean

        raise UserError(f"{option} {value}: no such choice{did_you_mean(value, allowed)}")


def main() -> None:
    """The console script: errors end in one line, with status 2 if they are the user's to mend, 3
    if a cluster's."""
    try:
        app()
    except UserError as error:
        print(f"sweeps: {error}", file=sys.stderr)
        raise SystemExit(2) from None
    except ClusterError as error:
        print(f"sweeps: {error}", file=sys.stderr)
        raise SystemExit(3) from None
    except OSError as error:
        from trainables.store import StoreError

        if not isinstance(error, StoreError):
            raise
        print(f"sweeps: {error}", file=sys.stderr)
        raise SystemExit(2) from None
