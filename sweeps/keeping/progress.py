"""How far something is that goes through a whole store: a bar, or a line now and then."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

from sweeps.display import bytes_text
from sweeps.running.progress import PLAIN_SECONDS


@contextmanager
def shown(console: Console, what: str) -> Iterator[Callable[[int, int], None]]:
    """Show how many bytes are done: call what this gives with that number, and that of all."""
    if console.is_terminal:
        columns = TextColumn(what), BarColumn(bar_width=40), DownloadColumn()
        with Progress(*columns, console=console, transient=True) as bar:
            task = bar.add_task(what, total=None)
            yield lambda done, total: bar.update(task, completed=done, total=total)
        return
    at = time.monotonic()

    def line(done: int, total: int) -> None:
        nonlocal at
        if time.monotonic() - at > PLAIN_SECONDS:
            at = time.monotonic()
            console.print(f"{what}: {bytes_text(done)} of {bytes_text(total)}", soft_wrap=True)

    yield line
