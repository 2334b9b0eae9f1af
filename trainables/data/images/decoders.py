"""Processes that decode images, started where Ray is at work.

They come from a fork server: a fresh process without threads, which has torch loaded and forks a
child in milliseconds. A plain fork would copy the locks of grpc's and torch's threads as they
happen to be, and hang; `spawn` would load torch anew in each child.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.machinery import ModuleSpec
from multiprocessing.context import ForkServerContext

PRELOADED = ["trainables.data.images.reading", "trainables.data.images.pixels"]

IMPORTS_AS_HERE: dict[str, Callable[[], str]] = {
    "PYTHONPATH": lambda: os.pathsep.join(path for path in sys.path if path),
    "PYTHONSAFEPATH": lambda: "1",
}
"""For the fork server, which would look for `trainables` in the current folder first."""


@contextmanager
def starting() -> Iterator[ForkServerContext]:
    """What to start processes with, inside the `with`.

    A child would import the main module again: in a worker of Ray all of Ray, a second and 100 MB
    each. It does not where that is some package's `__main__`.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    main = sys.modules["__main__"]
    spec = main.__spec__
    main.__spec__ = ModuleSpec("worker.__main__", None)
    before = {name: os.environ.get(name) for name in IMPORTS_AS_HERE}
    os.environ.update({name: value() for name, value in IMPORTS_AS_HERE.items()})
    try:
        yield context
    finally:
        main.__spec__ = spec
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
