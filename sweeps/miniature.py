"""Both papers in miniature: small twins of their experiments in one store, and a page of results.

    python -m sweeps.miniature [--home HOME] [--page FILE]

What is stored is not done again: called twice, it only writes the page again.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from sweeps.errors import UserError
from sweeps.loading import load
from sweeps.plan import growing
from sweeps.plan.graph import trainings
from trainables.store import Store

TWINS = {
    "LMC": (
        "digits-fig2-3",
        "digits-fig4",
        "digits-fig5-7",
        "digits-fig8",
        "digits-app-b",
        "digits-app-c",
        "digits-app-d",
        "digits-app-h",
    ),
    "Unmasking": ("digits-u-fig2", "digits-u-fig3", "digits-u-fig4", "digits-u-app-d"),
}
"""Specs of each paper, in its order: the first that has the data of a figure is shown there."""


def main(arguments: list[str] | None = None) -> int:
    """Run the twins and write the page. Returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m sweeps.miniature", description=__doc__)
    parser.add_argument("--home", type=Path, default=Path(".sweeps/miniature"))
    parser.add_argument("--page", type=Path, default=Path(".sweeps/miniature/miniature.md"))
    given = parser.parse_args(arguments)
    begin = time.monotonic()
    for name in _names():
        print(f"== {name}", flush=True)
        command = [sys.executable, "-m", "sweeps", "run", name, "--home", str(given.home)]
        status = subprocess.run(command, check=False).returncode
        if status:
            return status
    try:
        write(given.home, given.page, time.monotonic() - begin)
    except (UserError, OSError) as error:
        print(f"sweeps.miniature: {error}", file=sys.stderr)
        return 2
    print(f"wrote {given.page}")
    return 0


def write(home: Path, page: Path, seconds: float) -> None:
    """Write the page from what is recorded in a home. Raises UserError and OSError."""
    from analysis.report import paper
    from analysis.study import by_recipe
    from sweeps.commands.reading import read_results
    from sweeps.home import resolve
    from sweeps.provenance import versions

    place = resolve(str(home), None)
    every = {name: read_results(place, name) for name in _names()}
    studies = {
        of: [study for name in names for study in by_recipe(every[name].study).values()]
        for of, names in TWINS.items()
    }
    hyperparameters = {name: one.settings[0].hyperparameters for name, one in every.items()}
    paper.write(
        page,
        studies,
        hyperparameters,
        {**versions(), "date": datetime.now(UTC).date().isoformat()},
        _intro(Path(place.store), seconds),
    )


def _names() -> list[str]:
    return [name for names in TWINS.values() for name in names]


def _intro(store: Path, seconds: float) -> str:
    """What was done, and what sharing saved."""
    names = _names()
    plans = [growing.from_store(load(name)[0], Store(str(store)))[0] for name in names]
    apart = sum(trainings(plan.jobs.values()) for plan in plans)
    together = trainings({key: job for plan in plans for key, job in plan.jobs.items()}.values())
    trials = len({trial.key for plan in plans for trial in plan.trials})
    size = sum(file.stat().st_size for file in store.rglob("*") if file.is_file())
    minutes, rest = divmod(round(seconds), 60)
    return (
        "Every figure and table of *Linear Mode Connectivity and the Lottery Ticket Hypothesis* "
        "(LMC) and of *Unmasking the Lottery Ticket Hypothesis* (Unmasking), on a small BatchNorm "
        "network and scikit-learn's handwritten digits. `make paper` made "
        f"this page: {len(names)} sweeps in one store, {trials:,} trials, {together:,} trainings "
        f"(run apart the sweeps have {apart:,}), {size / 1e6:.0f} MB, {minutes} min {rest} s. It "
        "shows whether the papers' pictures appear in a network that anyone can train in minutes; "
        "of the papers' networks it proves nothing."
    )


if __name__ == "__main__":
    sys.exit(main())
