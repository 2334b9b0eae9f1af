"""The commands for folders of images. Heavy imports happen inside them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated, TypeVar

import typer

from sweeps.commands.usage import LOCAL, Commands
from sweeps.errors import UserError

T = TypeVar("T")

NAMED = 10
"""Images that cannot be read are all counted; so many are named."""

WRONG = 2
"""Exit status where there are any."""

ProcessesOption = Annotated[
    int | None, typer.Option("--processes", min=1, help="that decode [default: one a core]")
]


def add_to(app: typer.Typer) -> None:
    images = typer.Typer(
        cls=Commands,
        no_args_is_help=True,
        help="Folders of images that sweeps stream: check and resize them.",
    )
    for command in (check, resize):
        images.command()(command)
    app.add_typer(images, name="images", rich_help_panel=LOCAL)


def check(
    address: Annotated[str, typer.Argument(help="a folder: a path, or an fsspec URL")],
    processes: ProcessesOption = None,
    set_aside: Annotated[
        bool, typer.Option("--set-aside", help="move these to ADDRESS/unreadable")
    ] = False,
) -> None:
    """Read every image; name and count those that cannot be read. Status 2 if there are any."""
    from trainables.addresses import absolute
    from trainables.data import DataError
    from trainables.data.images import checking

    try:
        address = absolute(address)
        files, found = checking.check(address, _processes(processes))
        number = len(files)
        problems = list(_shown(found, number, "checking"))
        wrong = _count(problems)
        if set_aside:
            for path, problem in zip(files, problems, strict=True):
                if problem is not None:
                    checking.set_aside(address, path)
    except (DataError, ValueError) as error:
        raise UserError(str(error)) from None
    print(f"{number - wrong:,} of {number:,} images can be read")
    if wrong and set_aside:
        print(f"{wrong:,} set aside in {address}/{checking.ASIDE}")
    elif wrong:
        raise typer.Exit(WRONG)


def resize(
    source: Annotated[str, typer.Argument(metavar="FROM", help="a folder: a path or fsspec URL")],
    target: Annotated[str, typer.Argument(metavar="TO", help="the copy: a path or fsspec URL")],
    short_side: Annotated[
        int, typer.Option("--short-side", min=1, help="pixels; smaller images stay as they are")
    ] = 320,
    quality: Annotated[int, typer.Option(min=1, max=100, help="of the JPEGs")] = 95,
    processes: ProcessesOption = None,
) -> None:
    """Copy a folder with smaller images, which decode faster; go on where it was interrupted."""
    from trainables.addresses import absolute
    from trainables.data import DataError
    from trainables.data.images.resizing import Resizing

    try:
        copy = Resizing(absolute(source), absolute(target), short_side, quality)
        if f"{copy.target}/".startswith(f"{copy.source}/"):
            raise UserError(f"{target}: the copy must lie elsewhere")
        files = copy.files()
        states = list(_shown(copy.run(files, _processes(processes)), len(files), "resizing"))
    except (DataError, ValueError) as error:
        raise UserError(str(error)) from None
    wrong = _count(None if state in ("there", "made") else state for state in states)
    there, made = states.count("there"), states.count("made")
    print(f"{made:,} images made, {there:,} were there")
    if wrong:
        print(f"{target} is not whole: mend or remove the {wrong:,} in {source}, and run it again")
        raise typer.Exit(WRONG)


def _processes(asked: int | None) -> int:
    from sweeps import placement

    return asked or placement.cores()


def _count(found: Iterable[str | None]) -> int:
    """How many there are; the first are printed."""
    wrong = 0
    for problem in found:
        if problem is not None:
            wrong += 1
            if wrong <= NAMED:
                print(problem)
    if wrong > NAMED:
        print(f"... and {wrong - NAMED:,} more")
    return wrong


def _shown(found: Iterable[T], number: int, what: str) -> Iterator[T]:
    """With a bar where there is a terminal."""
    from rich.console import Console
    from rich.progress import track

    console = Console(stderr=True)
    yield from track(
        found, what, total=number, console=console, disable=not console.is_terminal, transient=True
    )
