"""The console script: runs a command, and words the error that ends it.

Nothing else is imported before an interruption can be caught.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Sequence
from contextlib import suppress

WRONG = 2
"""Exit status of what is the user's to mend."""
NO_CLUSTER = 3
"""Exit status where a cluster, its tracking server or its store is not there."""
INTERNAL = 70
"""Exit status of a fault of the program (EX_SOFTWARE of sysexits.h)."""
INTERRUPTED = 130
"""Exit status after Ctrl-C, as shells have it."""
DISK = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.ENAMETOOLONG}
"""What rights and disks do not allow: the user's to mend."""
NO_READER = 141
"""Exit status where nobody reads the output any more (SIGPIPE), as shells have it."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit; every error is one line on standard error.

    The status is 0, 1 (a job failed), 2 (the user's to mend), 3 (a cluster's), 70 (a fault of the
    program), 130 (interrupted) or 141 (nobody reads the output).
    """
    try:
        status = _run(list(sys.argv[1:] if arguments is None else arguments))
    except KeyboardInterrupt:
        status = INTERRUPTED
    raise SystemExit(status)


def _run(arguments: list[str]) -> int:
    from sweeps import checkout, temporary, terminal
    from sweeps.app import invoke

    terminal.prepare()
    try:
        try:
            checkout.check()
            temporary.mend()
            invoke(arguments)
        finally:
            sys.stdout.flush()
    except Exception as error:
        return _ended(error)
    return 0


def _ended(error: Exception) -> int:
    """Say what ended a command, and return its exit status."""
    import typer

    from sweeps.commands.usage import USAGE_ERROR, one_line, wants_help
    from sweeps.errors import ClusterError, UserError

    if isinstance(error, USAGE_ERROR):
        if wants_help(error):
            print(error, file=sys.stderr)
            return WRONG
        return _say(one_line(error), WRONG)
    # There can be no error of a store that was never imported.
    store = sys.modules.get("trainables.store")
    match error:
        case typer.Exit():
            return error.exit_code
        case typer.Abort() | EOFError():
            return INTERRUPTED
        case BrokenPipeError():
            return _read_no_more()
        case ClusterError():
            return _say(str(error), NO_CLUSTER)
        case UserError():
            return _say(str(error), WRONG)
        case OSError() if store is not None and isinstance(error, store.StoreError):
            return _say(str(error), WRONG)
        case OSError() if error.filename and error.errno in DISK:
            return _say(f"cannot use {error.filename}: {error.strerror}", WRONG)
        case OSError() if error.errno == errno.ENOSPC:
            return _say("a disk is full: that of temporary files (TMPDIR), or the home's", WRONG)
    return _internal(error)


def _say(line: str, status: int) -> int:
    words = " ".join(line.split())
    printable = "".join(c if c.isprintable() else "?" for c in words)
    encoding = sys.stderr.encoding or "utf-8"  # what it has no letter for is told, not replaced
    printable = printable.encode(encoding, "backslashreplace").decode(encoding)
    with suppress(BrokenPipeError):
        print(f"sweeps: {printable}", file=sys.stderr, flush=True)
    return status


def _read_no_more() -> int:
    """Keep the interpreter from complaining when it flushes what nobody reads."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return NO_READER


def _internal(error: Exception) -> int:
    """Tell of a fault of the program; the traceback goes to a file, or here with SWEEPS_DEBUG=1."""
    import tempfile
    import time
    import traceback
    from pathlib import Path

    from sweeps.home import resolve
    from sweeps.terminal import ERRORS

    trace = "".join(traceback.format_exception(error))
    what = f"internal error: {type(error).__name__}: {error}"
    if os.environ.get("SWEEPS_DEBUG") == "1":
        print(trace, file=sys.stderr, end="")
        return _say(what, INTERNAL)
    name = f"error-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.log"
    folders = [Path(tempfile.gettempdir())]
    with suppress(Exception):
        folders.insert(0, resolve().folder / "logs")
    for folder in folders:
        with suppress(OSError):
            if folder.is_dir():
                (folder / name).write_text(trace, encoding="utf-8", errors=ERRORS)
                return _say(f"{what}; the traceback is in {folder / name}", INTERNAL)
    return _say(f"{what}; SWEEPS_DEBUG=1 shows the traceback", INTERNAL)


if __name__ == "__main__":
    main()
