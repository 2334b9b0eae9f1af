"""`sweeps schema`: the JSON Schema of specs."""

from __future__ import annotations

import json


def schema() -> None:
    """Print the JSON Schema of specs, by which editors complete and check them.

    \b
    Example:
      sweeps schema > sweeps.schema.json     beside a spec that `sweeps specs NAME` printed
    """
    from sweeps.schema.document import document

    print(json.dumps(document(), indent=1))
