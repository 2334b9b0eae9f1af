"""`sweeps run`: do a sweep on this machine, or as a job of a cluster."""

from __future__ import annotations

import os
import shlex
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from sweeps import terminal
from sweeps.commands.options import (
    BudgetOption,
    DataOption,
    HomeOption,
    PluginsOption,
    PriceOption,
    PriorityOption,
    SetOption,
    SpecArgument,
    StoreOption,
    TrackingOption,
    WorkersOption,
    check_finite,
)
from sweeps.commands.reading import read_results
from sweeps.errors import RecordingError, UserError

if TYPE_CHECKING:
    from rich.console import Console

    from sweeps.home import Home
    from sweeps.running.outcome import Outcome

INTERRUPTED = 130
OUT_OF_BUDGET = 4
FAILED = 1


def run(
    spec: SpecArgument,
    set_: SetOption = [],  # noqa: B006
    plugins: PluginsOption = None,
    workers: WorkersOption = None,
    checkpoint_seconds: Annotated[
        float,
        typer.Option(metavar="SECONDS", min=0, help="training time that a killed worker may lose"),
    ] = 60.0,
    home: HomeOption = None,
    store: StoreOption = None,
    tracking: TrackingOption = None,
    data: DataOption = None,
    budget: BudgetOption = None,
    price_per_hour: PriceOption = None,
    cluster: Annotated[
        str | None,
        typer.Option(
            "--cluster",
            metavar="ADDRESS",
            help="work on the Ray cluster that this machine belongs to: auto, or HOST:PORT",
        ),
    ] = None,
    priority: PriorityOption = 0,
) -> None:
    """Run a sweep: do what the store lacks, record, tabulate, report.

    What is interrupted goes on from there with the same command.

    \b
    Examples:
      sweeps run digits-mlp
      sweeps run my-sweep.yaml --set inits=5 --set recipe.learning_rate=0.1
    """
    from sweeps import display
    from sweeps.cluster.config import AGAIN
    from sweeps.home import resolve
    from sweeps.loading import load
    from sweeps.plugins import use
    from sweeps.recording import faults
    from sweeps.running import driver, sites
    from sweeps.spec.budget import overrides
    from trainables import fingerprint
    from trainables.store import Store

    check_finite("--checkpoint-seconds", checkpoint_seconds)
    if priority and cluster is None:
        raise UserError(
            f"--priority {priority}: is among the sweeps on a cluster: give --cluster, too, or use "
            "sweeps submit"
        )
    fingerprint.here()  # before anything can change: workers are held against it
    use(spec, plugins)
    place = resolve(home, store, tracking, data)
    console = terminal.console()
    with sites.at(cluster, workers) as site:
        changed = [*set_, *overrides(budget, price_per_hour)]
        sweep, text = load(spec, changed, place.data, site.machines)
        outcome = driver.run(
            sweep,
            text,
            place,
            Store(place.store),
            site=site,
            checkpoint_seconds=checkpoint_seconds,
            console=console,
            priority=priority,
        )
    again = os.environ.get(AGAIN) or shlex.join(["sweeps", *sys.argv[1:]])
    console.print(display.outcome_text(outcome, again, place.log(sweep.name)), soft_wrap=True)
    if outcome.recording_error is None:
        try:
            with faults.told(place):
                _show_results(console, place, sweep.name, outcome)
        except RecordingError as error:
            outcome.recording_error = error
            console.print(f"not reported: {error}", soft_wrap=True)
    raise typer.Exit(_status(outcome))


def _show_results(console: Console, place: Home, name: str, outcome: Outcome) -> None:
    """Print and report every trial that shares the sweep's recipe, of earlier submissions too."""
    from sweeps import display
    from sweeps.recording.summary import conclude

    results = read_results(place, name, outcome.submission, "recipe")
    if results.trials.empty:
        return
    display.print_scope(console, results)
    display.print_summary(console, results)
    own = read_results(place, name, outcome.submission, "submission")
    for path, of in zip(conclude(results, own), ("", " of this submission alone"), strict=False):
        console.print(f"report{of}: {path}", soft_wrap=True)


def _status(outcome: Outcome) -> int:
    if outcome.failed or outcome.blocked or outcome.stopped or outcome.recording_error:
        return FAILED
    if outcome.out_of_budget:
        return OUT_OF_BUDGET
    return INTERRUPTED if outcome.interrupted else 0
