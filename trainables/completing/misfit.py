"""What is wrong with what a user wrote."""

from __future__ import annotations

Where = tuple[str | int, ...]
"""Keys and indices that lead to a part of a spec."""


class Misfit(ValueError):
    """One clear line of what is wrong in a place of a spec, or of a trial's configuration."""

    def __init__(self, where: Where, problem: str):
        super().__init__(problem)
        self.where = where

    @property
    def place(self) -> str:
        """The place as people write it, `recipe.milestones[1]`."""
        text = "".join(f"[{s}]" if isinstance(s, int) else f".{s}" for s in self.where)
        return text.removeprefix(".")
