"""What the commands that look after a store print."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from sweeps.display import bytes_text
from sweeps.keeping.references import References
from sweeps.keeping.rubbish import LABELS, Rubbish
from sweeps.keeping.verifying import Damage, to_do_again
from sweeps.plan.graph import iterations, trainings

Part = tuple[str, int, int]
"""What it is, a name of `LABELS`; how many there are; and their bytes."""


def print_status(console: Console, found: dict[str, Any]) -> None:
    """Print the numbers of a store, as `status.status` returns them."""
    size, number = bytes_text(found["bytes"]), _several(found["artifacts"], "artifact")
    console.print(f"{found['store']}: {number}, {size}\n", soft_wrap=True)
    _print(
        console,
        ("kind", "artifacts", "size", "what"),
        [
            (row["kind"], f"{row['artifacts']:,}", bytes_text(row["bytes"]), row["what"])
            for row in found["kinds"]
        ],
    )
    _print(
        console,
        ("sweep", "submissions", "artifacts", "size", "no other needs"),
        [
            (
                row["sweep"],
                f"{row['submissions']:,}",
                f"{row['artifacts']:,}",
                bytes_text(row["bytes"]),
                bytes_text(row["bytes_alone"]),
            )
            for row in found["sweeps"]
        ],
    )
    if (shared := found["shared"])["artifacts"]:
        number = _several(shared["artifacts"], "artifact")
        console.print(f"several sweeps need {number}, {bytes_text(shared['bytes'])}\n")
    for problem in found["problems"]:
        console.print(f"what may go is not known: {problem}", soft_wrap=True)
    if not found["problems"]:
        _print_parts(console, "may go (sweeps store gc)", _parts(found["may_go"]))
        _print_parts(console, "left alone", _parts(found["left_alone"]))


def _parts(found: dict[str, dict[str, int]]) -> list[Part]:
    return [(name, one["number"], one["bytes"]) for name, one in found.items()]


def print_rubbish(console: Console, found: Rubbish) -> None:
    """Print what goes from a store, and what nobody needs but is left alone."""
    _print_parts(console, "goes", list(found.parts()))
    _print_parts(console, "left alone", list(found.left()))


def print_again(
    console: Console, found: References, complete: set[str], damaged: Sequence[Damage]
) -> None:
    """Print which sweeps do what again because of damage, and what none does.

    The store has the `complete` keys.
    """
    keys = {one.key for one in damaged}
    made: set[str] = set()
    for again in to_do_again(found, complete, keys):
        made.update(job.key for job in again.jobs)
        trained = _several(trainings(again.jobs), "training")
        steps = _several(iterations(again.jobs), "iteration")
        jobs = _several(len(again.jobs), "job")
        console.print(
            f"the sweep {again.sweep}, run again, does {jobs} for that ({trained}, {steps})",
            soft_wrap=True,
        )
        for file in again.files:
            console.print(f"it reads {file} again, which must be there", soft_wrap=True)
    others = [one for one in damaged if one.set_aside and one.key not in made]
    needed = found.keys
    later = sum(one.key in needed for one in others)
    if later:
        console.print(
            f"{_several(later, 'artifact')} of sweeps that have their results without it: made "
            "again when something needs it",
            soft_wrap=True,
        )
    if len(others) > later:
        number = _several(len(others) - later, "artifact")
        console.print(f"{number} that no sweep needs: not made again", soft_wrap=True)
    for problem in found.problems:
        console.print(problem, soft_wrap=True)


def _print_parts(console: Console, title: str, parts: Iterable[Part]) -> None:
    rows = [
        (LABELS[name], f"{number:,}", bytes_text(size)) for name, number, size in parts if number
    ]
    _print(console, (title, "number", "size"), rows)


def _print(console: Console, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    if not rows:
        return
    table = Table(*head, box=None, pad_edge=False)
    for column in table.columns[1:]:
        if column.header != "what":
            column.justify = "right"
    for row in rows:
        table.add_row(*row)
    console.print(table)
    console.print()


def _several(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
