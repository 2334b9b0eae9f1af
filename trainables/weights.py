"""The types of what networks are made of."""

from __future__ import annotations

from torch import Tensor

Weights = dict[str, Tensor]
"""A network's state: every parameter and running statistic by its name, as floats."""

Mask = dict[str, Tensor]
"""Name of each prunable weight -> bool tensor of its shape; true is kept."""
