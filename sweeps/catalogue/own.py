"""What a folder of a user's own code offers, by the kind of thing."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from sweeps.errors import UserError
from trainables import plugins
from trainables.plugin_sources import UnusableError

SIZES = {"classes", "num_classes", "inputs", "input_shape"}
"""Arguments by which a function is taken for one that builds a network."""


def networks(folder: Path) -> list[str]:
    """Return the modules of torch, and the functions with an argument of `SIZES`, of a folder."""
    from torch import nn

    def builds(found: Any) -> bool:
        if inspect.isclass(found):
            return issubclass(found, nn.Module)
        return inspect.isfunction(found) and not SIZES.isdisjoint(
            inspect.signature(found).parameters
        )

    return _named(folder, builds)


def data(folder: Path) -> list[str]:
    """Return the functions that can be called without arguments, or with a `folder` alone."""

    def reads(found: Any) -> bool:
        if not inspect.isfunction(found):
            return False
        known = inspect.signature(found).parameters.values()
        needed = {one.name for one in known if one.default is one.empty}
        return needed <= {"folder"} and not {one.name for one in known} & SIZES

    return _named(folder, reads)


def measures(folder: Path) -> list[str]:
    """Return the measures of a folder."""
    from trainables.measures import Measure

    return _named(folder, lambda found: isinstance(found, Measure))


def pruning(folder: Path) -> list[str]:
    """Return the pruning methods of a folder, and the functions (weights, mask, context, ...)."""
    from trainables.pruning import PruningMethod

    def prunes(found: Any) -> bool:
        if isinstance(found, PruningMethod):
            return True
        if not inspect.isfunction(found):
            return False
        return list(inspect.signature(found).parameters)[:3] == ["weights", "mask", "context"]

    return _named(folder, prunes)


def _named(folder: Path, wanted: Callable[[Any], bool]) -> list[str]:
    return [
        f"{module.__name__}:{name}"
        for module in _modules(folder)
        for name, found in vars(module).items()
        if not name.startswith("_") and _is_of(found, module) and wanted(found)
    ]


def _is_of(found: Any, module: ModuleType) -> bool:
    """Whether something is defined in a module: a function or class that is not imported there."""
    own = getattr(found, "__module__", None)
    return own == module.__name__ or not (inspect.isfunction(found) or inspect.isclass(found))


def _modules(folder: Path) -> Iterator[ModuleType]:
    for file in sorted(folder.glob("*.py")):
        try:
            yield plugins.imported(file.stem)
        except UnusableError as error:
            raise UserError(str(error)) from None
        except Exception as error:
            raise UserError(f"{file.name}: {type(error).__name__}: {error}") from None
