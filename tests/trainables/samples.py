"""Data that several tests use."""

from __future__ import annotations

from pathlib import Path

from trainables import data
from trainables.data.split import Dataset
from trainables.recipes import RECIPES

FOLDER = Path("unused")
"""Where data would lie; the digits come with a library."""


def digits() -> Dataset:
    return data.load(RECIPES["digits-mlp"], FOLDER)
