"""What is said of a worker group that was lost; groups themselves: tests/end_to_end."""

from __future__ import annotations

import pytest

from trainables.jobs.teams import in_one_line

QUOTING = """One of the workers failed to start due to error:
Traceback (most recent call last):
  File "worker_group.py", line 494, in _create_workers
    actor_metadata = ray.get(futures)
ray.exceptions.ActorDiedError: The actor died unexpectedly.
\tactor_id: 17
"""


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (ValueError("no  room\nfor it"), "ValueError: no room for it"),
        (
            RuntimeError(QUOTING),
            "RuntimeError: One of the workers failed to start due to error: "
            "ray.exceptions.ActorDiedError: The actor died unexpectedly.",
        ),
        (None, "NoneType: None"),
        (OSError("long " * 200), ("OSError: " + "long " * 200)[:300].strip()),
    ],
)
def test_an_error_in_one_line(error: BaseException | None, line: str) -> None:
    assert in_one_line(error) == line
