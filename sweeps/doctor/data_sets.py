"""Which data sets are there."""

from __future__ import annotations

from pathlib import Path

from sweeps.doctor.disk import existing
from sweeps.doctor.finding import Finding, fine, stop

SUBJECT = "data sets"


def there(folder: Path) -> Finding:
    """Tell which built-in data sets need no download; others are fetched when they are needed."""
    from sweeps.catalogue.kinds import here
    from trainables.data import ROWS

    if not existing(folder).is_dir():
        return stop(SUBJECT, f"{existing(folder)} is a file: name a folder, --data or --home")
    names = [name for name in ROWS if here(name, folder) == "yes"]
    return fine(SUBJECT, f"{', '.join(names)} in {folder}; others when they are needed")
