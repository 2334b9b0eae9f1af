"""`sweeps specs`: the built-in specs."""

from __future__ import annotations

from sweeps import terminal


def specs() -> None:
    """List the built-in specs."""
    from rich.table import Table

    from sweeps.loading import builtin_specs, load

    table = Table("spec", "what it asks", box=None)
    for name in builtin_specs():
        table.add_row(name, load(name)[0].description)
    terminal.console().print(table)
