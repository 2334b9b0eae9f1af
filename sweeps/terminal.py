"""Where commands print."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console


def console() -> Console:
    from rich.console import Console

    # No markup: "[dense]" in a spec or a path is not rich's.
    found = Console(highlight=False, markup=False)
    # Without a terminal a table is not cut to 80 columns.
    return found if found.is_terminal else Console(highlight=False, markup=False, width=200)
