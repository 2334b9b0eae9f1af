"""Loading and running specs in Python, as the commands do."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from sweeps import checkout, terminal
from sweeps.errors import UserError
from sweeps.loading import load as load_spec
from sweeps.spec import Sweep

if TYPE_CHECKING:
    from sweeps.notebook import Results


def load(
    spec: str | Path | Mapping[str, Any],
    set: Mapping[str, Any] | None = None,
    *,
    data: str | Path | None = None,
    plugins: str | Path | None = None,
) -> Sweep:
    """Return the sweep that a spec means: a built-in name, a YAML file, or a mapping of its keys.

    `set` overrides parts of it: `{"inits": 1, "recipe.learning_rate": 0.1}`. `data` is the folder
    where data sets lie. `plugins` is the folder of own code; without it, that of the file. Raises
    UserError, whose text is one line.
    """
    return _loaded(spec, set, data, plugins)[0]


def run(
    spec: str | Path | Mapping[str, Any],
    set: Mapping[str, Any] | None = None,
    *,
    home: str | Path | None = None,
    store: str | None = None,
    tracking: str | None = None,
    data: str | Path | None = None,
    plugins: str | Path | None = None,
    workers: int | None = None,
    checkpoint_seconds: float = 60.0,
    quiet: bool = False,
) -> Results:
    """Run a sweep on this machine and return its results; what is stored is not done again.

    It trains in processes of their own, and can be interrupted and called again. The arguments are
    the options of `sweeps run`; `quiet` prints nothing. Raises UserError for what is wrong with
    the spec, and where jobs failed; ClusterError where Ray does not start.
    """
    from sweeps import notebook
    from sweeps.home import resolve
    from sweeps.running import driver, sites
    from trainables import fingerprint
    from trainables.store import Store

    checkout.check()
    fingerprint.here()
    place = resolve(_text(home), store, tracking, _text(data))
    console = Console(file=io.StringIO()) if quiet else terminal.console()
    with sites.at(None, workers) as site:
        sweep, text = _loaded(spec, set, place.data, plugins, site.machines)
        outcome = driver.run(
            sweep,
            text,
            place,
            Store(place.store),
            site=site,
            checkpoint_seconds=checkpoint_seconds,
            console=console,
        )
    if outcome.recording_error is not None:
        raise outcome.recording_error
    if outcome.interrupted:
        raise KeyboardInterrupt(outcome.stopped or "the sweep was interrupted; run it again")
    for job, reason in outcome.failed.items():
        raise UserError(f"{job.title} failed: {reason}; tracebacks: {place.log(sweep.name)}")
    return notebook.open(
        sweep.name,
        home=home,
        store=store,
        tracking=tracking,
        data=data,
        submission=outcome.submission,
        plugins=plugins,
    )


def _text(path: str | Path | None) -> str | None:
    return None if path is None else str(path)


def _loaded(
    spec: str | Path | Mapping[str, Any],
    changes: Mapping[str, Any] | None,
    data: str | Path | None,
    plugins: str | Path | None,
    machines: Any = None,
) -> tuple[Sweep, str]:
    """Return the sweep, and its text with the changes noted."""
    import json
    import tempfile

    from sweeps.plugins import use

    overrides = [f"{key}={json.dumps(value)}" for key, value in (changes or {}).items()]
    folder = Path(data).expanduser() if data is not None else None
    if not isinstance(spec, Mapping):
        use(str(spec), _text(plugins))
        return load_spec(str(spec), overrides, folder, machines)
    use("digits-mlp", _text(plugins))
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch, "spec.yaml")
        file.write_text(json.dumps(spec, indent=1), encoding="utf-8")  # JSON is YAML
        try:
            return load_spec(str(file), overrides, folder, machines)
        except UserError as error:
            raise UserError(str(error).replace(f"{file}:", "line ")) from None
