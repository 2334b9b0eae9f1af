"""Processes that decode images, started where Ray is at work.

They come from a fork server: a fresh process without threads, which has torch loaded and forks a
child in milliseconds. A plain fork would copy the locks of grpc's and torch's threads as they
happen to be, and hang; `spawn` would load torch anew in each child.
"""

from __future__ import annotations

import multiprocessing
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.machinery import ModuleSpec
from multiprocessing.context import ForkServerContext

PRELOADED = ["trainables.data.folder.reading", "trainables.data.folder.pixels"]


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
    try:
        yield context
    finally:
        main.__spec__ = spec
