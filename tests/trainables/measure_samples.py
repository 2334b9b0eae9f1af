"""What measures take: contexts of digits-mlp, in which nothing waits for progress."""

from __future__ import annotations

from dataclasses import replace

from trainables.measures.context import Context
from trainables.recipes import RECIPES

RECIPE = replace(RECIPES["digits-mlp"], iterations=60, milestones=(45,))


def context(data, **changes):
    return Context(recipe=RECIPE, data=data, masks=(None, None), **changes)
