"""How a process's allocator treats freed memory."""

from __future__ import annotations

import ctypes

M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_THRESHOLD = -1, -2, -3
"""glibc's names for what `mallopt` sets."""


def keep_freed() -> bool:
    """Make this process keep large freed blocks; return whether its C library can.

    glibc otherwise gives them back to the system, and has them back page by page: a factor of up to
    7 where large temporaries come and go. No result depends on it.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):  # another C library
        return False
    most = 2**31 - 1
    settings = {M_MMAP_THRESHOLD: most, M_TRIM_THRESHOLD: most, M_TOP_PAD: 2**28}
    return all(mallopt(name, value) for name, value in settings.items())
