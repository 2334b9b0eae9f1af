"""Opening a store to look after it: one that is not there is an error, and none is made."""

from __future__ import annotations

from pathlib import Path

from sweeps.errors import UserError
from sweeps.home import Home
from trainables.addresses import is_url
from trainables.store import Store


def there(home: Home) -> bool:
    """Return whether the store of a home may be there: of a URL only its server can tell."""
    return is_url(home.store) or Path(home.store).is_dir()


def opened(home: Home) -> Store:
    """Return the store of a home. Raises UserError where there is none, and StoreError."""
    if not there(home):
        what = "this is a file" if Path(home.store).exists() else "there is no such folder"
        raise UserError(
            f"the store {home.store}: {what}; `--store` or SWEEPS_STORE names another, `--home` "
            "another home with its store"
        )
    return Store(home.store)
