"""Where a user's state lives: artifact store, MLflow records, reports, logs.

Nothing in a home depends on where it lies: it can be moved, copied and given away.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from sweeps.errors import UserError

DEFAULT_HOME = ".sweeps"
SQLITE = "sqlite:///"


@dataclass(frozen=True)
class Home:
    """Addresses of everything that outlives a command."""

    folder: Path
    store: str
    """Path or fsspec URL of the artifact store."""
    tracking: str
    """MLflow tracking address. Where `database` is set, it is for people: a path may hold
    characters that mean something else in a URL, so MLflow gets `recording.database.url`."""
    data: Path
    """Where data sets lie, or are downloaded to."""
    database: Path | None
    """The SQLite file that holds the records; None if a server keeps them."""

    @property
    def artifacts(self) -> Path | None:
        """The folder of the files that belong to records; None if a server keeps them."""
        return self.database and self.database.with_name("mlartifacts")

    def report(self, sweep: str, submission: str | None = None, *, alone: bool = False) -> Path:
        """Where a sweep's report lies: of all its results; of those that share the recipe of the
        submission with this key; or of that submission `alone`."""
        own = f"-{submission[:8]}" if submission else ""
        return self.folder / "reports" / f"{sweep}{own}{'-alone' if alone else ''}.html"

    def figure(self, sweeps: Sequence[str], name: str) -> Path:
        """Where a figure of some sweeps side by side lies."""
        return self.folder / "reports" / f"{'+'.join(sweeps)}-{name}.svg"

    def spec(self, sweep: str, submission: str) -> Path:
        """Where the spec of an imported submission lies, by its key, to be run."""
        return self.folder / "specs" / f"{sweep}-{submission[:8]}.yaml"

    def log(self, sweep: str) -> Path:
        return self.folder / "logs" / f"{sweep}.log"

    @property
    def spent(self) -> Path:
        """The file that says what sweeps with a budget have taken."""
        return self.folder / "spent.json"

    def lock(self, sweep: str) -> Path:
        return self.folder / "locks" / f"{sweep}.lock"

    @property
    def identity(self) -> str | None:
        """What the home is called in stores that it shares with others; None before `identify`."""
        try:
            return self._identity.read_text(encoding="utf-8").strip() or None
        except OSError:
            return None

    def identify(self) -> str:
        """Return what the home is called in stores, and give it a name if it has none.

        It is kept in the home, which can be moved. Raises UserError.
        """
        if self.identity is None:
            partial = self._identity.with_name(f".partial-{os.getpid()}-id")
            try:
                partial.write_text(f"{uuid.uuid4().hex}\n", encoding="utf-8")
                with suppress(FileExistsError):  # of another process
                    os.link(partial, self._identity)
            except OSError as error:
                raise UserError(f"cannot write {self._identity}: {error.strerror}") from None
            finally:
                partial.unlink(missing_ok=True)
        return self.identity or ""

    @property
    def _identity(self) -> Path:
        return self.folder / "id"

    def make(self) -> None:
        """Create the folders. Raises UserError if that can't be done, or they can't be written."""
        folders = [self.folder, *(self.folder / name for name in ("reports", "logs", "locks"))]
        for folder in folders:
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except (FileExistsError, NotADirectoryError):
                raise UserError(
                    f"cannot use the home {self.folder}: {_file_in(folder)} is a file"
                ) from None
            except OSError as error:
                raise UserError(f"cannot use the home {self.folder}: {error.strerror}") from None
            if not os.access(folder, os.W_OK | os.X_OK):
                raise UserError(f"cannot use the home {self.folder}: {folder} is not writable")

    @contextmanager
    def only_driver(self, sweep: str) -> Iterator[None]:
        """Be the one process that works on a sweep in this home. Raises UserError if another is."""
        import filelock

        lock = filelock.FileLock(self.lock(sweep), timeout=0)
        try:
            lock.acquire()
        except filelock.Timeout:
            raise UserError(
                f"the sweep {sweep!r} is already running in {self.folder}: wait for its end, or "
                "give this one a name of its own, --set name=..."
            ) from None
        except OSError as error:
            raise UserError(f"cannot lock {self.lock(sweep)}: {error.strerror}") from None
        try:
            yield
        finally:
            lock.release()


def resolve(
    folder: str | None = None,
    store: str | None = None,
    tracking: str | None = None,
    data: str | None = None,
) -> Home:
    """Return what options say, then `SWEEPS_HOME`, `SWEEPS_STORE`, `SWEEPS_TRACKING` and
    `SWEEPS_DATA`, then defaults. Creates nothing. Raises UserError."""
    home = _folder("--home", folder, DEFAULT_HOME)
    tracking_address, _ = _given("--tracking", tracking)
    database = _database(tracking_address) if tracking_address else home / "mlflow.db"
    return Home(
        folder=home,
        store=_address("--store", store, home / "store"),
        tracking=f"{SQLITE}{database}" if database else str(tracking_address),
        data=_folder("--data", data, home / "data"),
        database=database,
    )


def _given(option: str, value: str | None) -> tuple[str | None, str]:
    """An option's value or that of its variable, and the name under which errors blame it.

    A variable that is empty is one that is not set, as in a shell. An empty option is a slip.
    """
    if value == "":
        raise UserError(f"{option} is empty: leave it out, or name a place")
    variable = f"SWEEPS_{option.removeprefix('--').upper()}"
    if value is None:
        return os.environ.get(variable) or None, variable
    return value, option


def _address(option: str, value: str | None, default: Path | str) -> str:
    """An absolute path, or a URL as it is."""
    from trainables.addresses import absolute

    text, blamed = _given(option, value)
    text = text or str(default)
    if os.path.isabs(text):
        return text
    if text.startswith("~") and os.path.expanduser(text) == text:
        user = text.partition("/")[0]
        raise UserError(f"{blamed} {text}: {user} is nobody's folder; ./{text} is one of that name")
    try:
        return absolute(text)
    except ValueError as error:
        raise UserError(f"{blamed}: {error}") from None
    except FileNotFoundError:
        raise UserError(f"{blamed} {text}: the current folder is gone") from None


def _folder(option: str, value: str | None, default: Path | str) -> Path:
    """An absolute path. `s3://bucket` would be the folder `s3:` of the current one."""
    from trainables.addresses import is_url

    found = _address(option, value, default)
    if is_url(found):
        raise UserError(
            f"{_given(option, value)[1]} {found}: must be a folder of this machine, not a URL"
            + ("; --store takes URLs" if option == "--home" else "")
        )
    return Path(found)


def _database(tracking: str) -> Path | None:
    """The SQLite file that a tracking address names, if it is one without escapes or options."""
    path = tracking.removeprefix(SQLITE)
    if path in (tracking, "", ":memory:") or set(path) & set("%?"):
        return None
    return Path(_address("--tracking", path, ""))


def _file_in(folder: Path) -> Path:
    """What of a path is a file, although it should be a folder."""
    parts = (*reversed(folder.parents), folder)
    return next(part for part in parts if part.exists() and not part.is_dir())
