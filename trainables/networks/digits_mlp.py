"""MLP 64-48-48-48-48-48-48-10 with BatchNorm, for 8x8 digits.

Deep, narrow and normalised: the smallest network found that is unstable at initialisation and
stable soon after, as the papers' residual networks are.
"""

from __future__ import annotations

from trainables.networks.mlp import MLP


def build() -> MLP:
    return MLP([64, 48, 48, 48, 48, 48, 48, 10], batchnorm=True)
