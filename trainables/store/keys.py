"""Content keys: a name for a result that follows from everything the result depends on."""

from __future__ import annotations

import hashlib
import json
from typing import Any

SCHEMA = 2
"""Raised when stored results are no longer what the code would produce; old ones stay unused."""


def content_key(kind: str, identity: dict[str, Any]) -> str:
    """Return 32 hex digits of SHA-256 over schema version, kind and JSON-able identity."""
    text = json.dumps(
        {"schema": SCHEMA, "kind": kind, **identity}, sort_keys=True, separators=(",", ":")
    )
    return hashlib.sha256(text.encode()).hexdigest()[:32]
