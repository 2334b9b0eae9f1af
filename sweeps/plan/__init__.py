"""From a spec to a graph of keyed jobs, with its cost. Pure: no Ray, no torch, no store."""

from sweeps.plan.expand import expand
from sweeps.plan.graph import Plan, Trial

__all__ = ["Plan", "Trial", "expand"]
