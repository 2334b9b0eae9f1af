"""What can go wrong with a store, in one line each."""

from __future__ import annotations

import errno


class StoreError(OSError):
    """The store cannot be used, now or at all; the message says where and why, in one line.

    No job is the reason: whoever does jobs stops when it is raised.
    """


class Unreadable(ValueError):
    """The content of an artifact is not what its kind holds, although its checksum is right."""


AGAIN = "and go on with the same command"

TROUBLES = {
    errno.ENOSPC: ("is full", f"free space {AGAIN}"),
    errno.EDQUOT: ("has used up its quota", f"free space {AGAIN}"),
    errno.EROFS: ("is read-only", f"make it writable {AGAIN}"),
    errno.EACCES: ("refuses access", f"grant it {AGAIN}"),
    errno.EPERM: ("refuses access", f"grant it {AGAIN}"),
}
"""Error number -> what it means for a store, and what to do about it."""


def in_one_line(url: str, error: Exception) -> str:
    """Return what an error of a file system means for the store at a URL."""
    number = getattr(error, "errno", None)
    if number in TROUBLES:
        meaning, advice = TROUBLES[number]
        return f"the store {url} {meaning}: {reason(error)}; {advice}"
    return f"the store {url} fails: {reason(error)}"


def reason(error: BaseException) -> str:
    """Return an error in one line; of a StoreError, what the file system said."""
    said = error.__cause__ if isinstance(error, StoreError) and error.__cause__ else error
    text = str(said)
    if isinstance(said, OSError) and said.strerror:  # without its number
        text = f"{said.strerror}: {said.filename}" if said.filename else said.strerror
    return " ".join(text.split()) or type(said).__name__


TRANSIENT_ERRNO = {errno.EIO, errno.EBUSY, errno.EREMOTEIO, errno.ETIMEDOUT, errno.ECONNRESET}
"""What s3fs makes of 500 and 503, and of answers that it doesn't know."""
TRANSIENT_NAMES = {"ConnectionError", "TimeoutError", "HTTPClientError", "ClientConnectionError"}
"""Of Python, requests, botocore and aiohttp; by name, for they may not be installed."""
TRANSIENT_STATUS = {"408", "429", "500", "502", "503", "504"}


def transient(error: Exception) -> bool:
    """Return whether an object store's error may pass."""
    if {kind.__name__ for kind in type(error).__mro__} & TRANSIENT_NAMES:
        return True
    if str(getattr(error, "code", "")) in TRANSIENT_STATUS:  # gcsfs
        return True
    return isinstance(error, OSError) and error.errno in TRANSIENT_ERRNO
