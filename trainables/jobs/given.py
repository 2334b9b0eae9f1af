"""The job of a trained network that is a user's own, from a file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from trainables.jobs.job import Job
from trainables.recipe import Recipe


class LostFileError(RuntimeError):
    """The weights of a file are neither in the store nor at hand."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Given(Job):
    """A trained network from a file, which is measured as a copy that was trained here.

    It has no training, and so the values of a dense network's that starts at iteration 0.
    """

    of: Recipe
    """Its network and data; the rest says how it is computed."""
    content: str
    """Hash of the weights (`trainables.network_files`)."""
    name: str
    """What results call it; not part of the key."""
    address: str
    """Path or URL of the file; not part of the key."""

    mask: ClassVar[None] = None
    level: ClassVar[int] = 0
    begin: ClassVar[int] = 0
    init_seed: ClassVar[int] = 0

    @property
    def kind(self) -> str:
        return "given"

    @property
    def task(self) -> str:
        return "take: a file"

    @property
    def recipe(self) -> Recipe:
        return self.of

    @property
    def inputs(self) -> tuple[Job, ...]:
        return ()

    def identity(self) -> dict[str, Any]:
        return {"content": self.content, "recipe": self.of.identity("init", "training")}

    @property
    def title(self) -> str:
        return f"file {self.name}"
