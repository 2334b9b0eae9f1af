"""Start a Ray of our own on this machine, and end it.

- Its workers import what the driver imports. Ray itself would put the current folder first, with
  another checkout's packages in it, say.
- It listens on 127.0.0.1 only, and wants a token that only its own processes have: its ports run
  whatever they are sent.
- It is started again where the machine is too busy for Ray's own patience.
"""

from __future__ import annotations

import os
import secrets
import signal
import sys
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from typing import Any

from sweeps import patience
from sweeps.cluster.processes import descendants, kill_descendants
from sweeps.errors import ClusterError


@contextmanager
def own_ray(tell: Callable[[str], None], **settings: Any) -> Iterator[None]:
    """Run a Ray with these arguments of `ray.init`, until the end of the `with`.

    `tell` is given a line for each try that failed. Raises ClusterError if Ray doesn't start.
    """
    import ray

    quieten()
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    with _on_loopback(), _own_token(), _environment(patience.ENVIRONMENT):
        _start(tell, address="local", job_config=job_config(sys.path), **settings)
        for number, handler in handlers.items():  # Ray has put its own in their place
            signal.signal(number, handler)
        try:
            yield
        finally:
            ray.shutdown()


def quieten() -> None:
    """Keep Ray from printing pages of its logs where a process ends; we say it in a line.

    Ray prints them whatever `log_to_driver` says, and has no setting for it. Call it once `ray` is
    imported.
    """
    from ray._private import worker

    if hasattr(worker, "print_to_stdstream"):
        worker.print_to_stdstream = lambda *_, **__: None


NEEDED = ("gcs_server", "raylet")
"""Without these processes of Ray nothing goes on, and Ray itself waits for them for ever."""


def ended_processes() -> list[str]:
    """Return which of the processes that `own_ray` needs have ended."""
    from ray._private import worker

    node = worker._global_node
    started = node.all_processes if node is not None else {}
    return [
        name
        for name in NEEDED
        if any(one.process.poll() is not None for one in started.get(name, ()))
    ]


def job_config(paths: list[str] | None = None) -> Any:
    """Return a Ray job whose workers look for modules in these folders first, in this order.

    Without, in those of their own environment: neither in the driver's current folder nor beside
    its script, which Ray would add.
    """
    from ray.job_config import JobConfig

    class OwnPath(JobConfig):
        def _runtime_env_has_working_dir(self) -> bool:
            return True  # of such a job Ray leaves the path alone

    # A worker puts one after another before what it has. Ray takes text only: a folder whose name
    # is none holds nothing of ours.
    absolute = [os.path.abspath(path) for path in reversed(paths or [])]
    return OwnPath(_py_driver_sys_path=[path for path in absolute if _is_text(path)])


def _is_text(path: str) -> bool:
    return path.encode("utf-8", "replace").decode("utf-8") == path


def _start(tell: Callable[[str], None], **settings: Any) -> None:
    before = descendants(os.getpid()).keys()
    for number in count(1):
        try:
            _try_to_start(before, **settings)
            return
        except Exception as error:  # Ray raises Exception itself, too
            reason = " ".join(str(error).split())[:300]
            if not patience.explains(reason) or number > len(patience.PAUSES):
                tries = f" after {number} tries" if number > 1 else ""
                raise ClusterError(f"Ray does not start on this machine{tries}: {reason}") from None
        tell(patience.again(number))
        time.sleep(patience.PAUSES[number - 1])


def _try_to_start(before: Collection[int], **settings: Any) -> None:
    import ray

    try:
        with patience.waiting():
            ray.init(**settings)
    except BaseException:
        ray.shutdown()
        kill_descendants(os.getpid(), before)  # Ray leaves behind what it had started
        raise


@contextmanager
def _on_loopback() -> Iterator[None]:
    """Make Ray's sockets listen on 127.0.0.1, as they do on Windows and macOS by default."""
    from ray._private import ray_constants as constants

    variable, before = constants.ENABLE_RAY_CLUSTERS_ENV_VAR, constants.ENABLE_RAY_CLUSTER
    with _environment({variable: "0"}):  # for Ray's other processes; this one has read it already
        constants.ENABLE_RAY_CLUSTER = False
        try:
            yield
        finally:
            constants.ENABLE_RAY_CLUSTER = before


@contextmanager
def _own_token() -> Iterator[None]:
    """Give Ray a token of its own.

    Ray would write one into the user's home, if there is one, where others can read it.
    """
    import ray

    def read_again() -> None:
        ray._raylet.Config.initialize("")
        ray._raylet.AuthenticationTokenLoader.instance().reset_cache()

    with _environment({"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}):
        read_again()
        yield
    read_again()


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
