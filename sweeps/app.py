"""The commands of the command line, assembled."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from sweeps import completing
from sweeps.commands import (
    catalogue,
    cluster,
    doctor,
    images,
    listing,
    node,
    plan,
    records,
    report,
    results,
    run,
    schema,
    sharing,
    specs,
    store,
    ui,
    version,
    weights,
)
from sweeps.commands.usage import LOCAL, Commands

app = typer.Typer(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="\b\nStart with:\n"
    "  sweeps run digits-mlp      a sweep in a minute, and its report\n"
    "  sweeps specs digits-mlp    its spec, to start one of your own from\n"
    "  sweeps COMMAND --help      what a command takes, and examples",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

for command in (specs.specs, plan.plan, run.run, results.results, report.report, ui.ui):
    app.command(rich_help_panel=LOCAL)(command)
app.command("list", rich_help_panel=LOCAL)(listing.list_)
app.command(rich_help_panel=LOCAL)(weights.weights)
app.command(rich_help_panel=LOCAL)(schema.schema)
app.command(rich_help_panel=LOCAL)(doctor.doctor)
catalogue.add_to(app)
records.add_to(app)
store.add_to(app)
sharing.add_to(app)
images.add_to(app)
cluster.add_to(app)
node.add_to(app)


@app.callback()
def options(
    version_: Annotated[
        bool,
        typer.Option(
            "--version", is_eager=True, callback=version.show, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    """Sweeps for the science of training dynamics: instability analysis and lottery tickets."""


def invoke(arguments: list[str]) -> None:
    """Run the command that the arguments mean; errors and exits are raised.

    Where a shell asks how a line goes on, print that and exit.
    """
    command = typer.main.get_command(app)
    if completing.ASKED in os.environ:
        command.main(arguments, prog_name="sweeps")
    with command.make_context("sweeps", arguments) as context:
        command.invoke(context)
