"""How editors find the schema of a spec."""

from __future__ import annotations

FILE = "sweeps.schema.json"
"""What the schema is called, in the folder of the spec."""

COMMENT = f"# yaml-language-server: $schema={FILE}\n"
"""The line of a spec by which editors find it."""
