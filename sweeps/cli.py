"""The command line: assembles the commands, and words the errors that end them."""

from __future__ import annotations

import sys

import typer

from sweeps import images_commands
from sweeps.cluster import commands, node_commands
from sweeps.commands import listing, plan, report, results, run, specs, ui
from sweeps.errors import ClusterError, UserError

app = typer.Typer(
    help="Sweeps for the science of training dynamics: instability analysis and lottery tickets.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

for command in (specs.specs, plan.plan, run.run, results.results, report.report, ui.ui):
    app.command()(command)
app.command("list")(listing.list_)
commands.add_to(app)
node_commands.add_to(app)
images_commands.add_to(app)


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
