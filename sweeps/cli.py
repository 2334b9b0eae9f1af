"""The command line: assembles the commands, and words the errors that end them."""

from __future__ import annotations

import os
import sys
import tempfile
import time
import traceback
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from sweeps import images_commands, terminal
from sweeps.cluster import commands, node_commands
from sweeps.commands import plan, report, results, run, specs, ui, version
from sweeps.commands.usage import LOCAL, USAGE_ERROR, Commands, one_line
from sweeps.errors import ClusterError, UserError

WRONG = 2
"""Exit status of what is the user's to mend."""
NO_CLUSTER = 3
"""Exit status where a cluster, its tracking server or its store is not there."""
INTERNAL = 70
"""Exit status of a fault of the program (EX_SOFTWARE of sysexits.h)."""
INTERRUPTED = 130
"""Exit status after Ctrl-C, as shells have it."""
NO_READER = 141
"""Exit status where nobody reads the output any more (SIGPIPE), as shells have it."""

app = typer.Typer(
    cls=Commands,
    help="Sweeps for the science of training dynamics: instability analysis and lottery tickets.",
    epilog="\b\nStart with:\n  sweeps run digits-mlp         a sweep in a minute, and its report\n"
    "  sweeps specs digits-mlp       its spec, to start one of your own from\n"
    "  sweeps COMMAND --help         what a command takes, and examples",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

for command in (specs.specs, plan.plan, run.run, results.results, report.report, ui.ui):
    app.command(rich_help_panel=LOCAL)(command)
images_commands.add_to(app)
commands.add_to(app)
node_commands.add_to(app)


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


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit; every error is one line on standard error.

    The status is 0, 1 (a job failed), 2 (the user's to mend), 3 (a cluster's), 70 (a fault of the
    program), 130 (interrupted) or 141 (nobody reads the output).
    """
    terminal.prepare()
    raise SystemExit(_status(list(sys.argv[1:] if arguments is None else arguments)))


def _status(arguments: list[str]) -> int:
    try:
        try:
            _invoke(arguments)
        finally:
            sys.stdout.flush()
    except typer.Exit as ended:
        return ended.exit_code
    except (KeyboardInterrupt, typer.Abort, EOFError):
        return INTERRUPTED
    except BrokenPipeError:
        _read_no_more()
        return NO_READER
    except USAGE_ERROR as error:
        if type(error).__name__ == "NoArgsIsHelpError":
            print(error, file=sys.stderr)
            return WRONG
        return _say(one_line(error), WRONG)
    except ClusterError as error:
        return _say(str(error), NO_CLUSTER)
    except UserError as error:
        return _say(str(error), WRONG)
    except Exception as error:
        if _is_store_error(error):
            return _say(str(error), WRONG)
        return _internal(error)
    return 0


def _invoke(arguments: list[str]) -> None:
    command = typer.main.get_command(app)
    with command.make_context("sweeps", arguments) as context:
        command.invoke(context)


def _say(line: str, status: int) -> int:
    with suppress(BrokenPipeError):
        words = " ".join(line.split())
        printable = "".join(c if c.isprintable() else "?" for c in words)
        print(f"sweeps: {printable}", file=sys.stderr, flush=True)
    return status


def _is_store_error(error: Exception) -> bool:
    """Whether the store is at fault; without importing it for an error of another kind."""
    store = sys.modules.get("trainables.store")
    return store is not None and isinstance(error, store.StoreError)


def _read_no_more() -> None:
    """Keep the interpreter from complaining when it flushes what nobody reads."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _internal(error: Exception) -> int:
    """Tell of a fault of the program; the traceback goes to a file, or here with SWEEPS_DEBUG=1."""
    trace = "".join(traceback.format_exception(error))
    what = f"internal error: {type(error).__name__}: {error}"
    if os.environ.get("SWEEPS_DEBUG") == "1":
        print(trace, file=sys.stderr, end="")
        return _say(what, INTERNAL)
    name = f"error-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.log"
    for folder in (_logs(), Path(tempfile.gettempdir())):
        with suppress(OSError):
            if folder.is_dir():
                (folder / name).write_text(trace, encoding="utf-8", errors=terminal.ERRORS)
                return _say(f"{what}; the traceback is in {folder / name}", INTERNAL)
    return _say(f"{what}; SWEEPS_DEBUG=1 shows the traceback", INTERNAL)


def _logs() -> Path:
    from sweeps.home import resolve

    return resolve().folder / "logs"


if __name__ == "__main__":
    main()
