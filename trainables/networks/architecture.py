"""What builds a network: its name, its arguments, and the version of its code."""

from __future__ import annotations

from dataclasses import dataclass

from trainables.arguments import NO_ARGUMENTS, Arguments


@dataclass(frozen=True)
class Architecture:
    """Everything that decides which tensors a network has and what it computes with them."""

    name: str
    """A built-in network, `torchvision:NAME`, an installed one, or `module:object`."""
    arguments: Arguments = NO_ARGUMENTS
    """What the callable of that name is called with."""
    version: str = ""
    """Of code that is not built in: its hash, or its own `version`."""

    @classmethod
    def of(cls, what: Architecture | str) -> Architecture:
        """Return what is given; a name alone means a network at its default arguments."""
        return cls(what) if isinstance(what, str) else what

    def __str__(self) -> str:
        listed = ", ".join(f"{name}={value}" for name, value in self.arguments.items())
        return f"{self.name} with {listed}" if listed else self.name
