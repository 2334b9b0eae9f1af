"""Settings of the process that decide a result's bits: threads, and rounding of products."""

from __future__ import annotations

import torch

from trainables.recipe import Recipe


def set_numerics(recipe: Recipe) -> None:
    """Make this process compute as a recipe says. Trainings and measurements call it first."""
    # Adam's averages of gradients that stay zero (pixels of MNIST's border, say) decay into
    # denormal numbers, whose arithmetic makes an iteration of LeNet twice as long.
    torch.set_flush_denormal(True)
    if torch.get_num_threads() != recipe.threads:
        torch.set_num_threads(recipe.threads)
    if recipe.device == "cuda":
        torch.backends.cuda.matmul.allow_tf32 = recipe.precision == "tf32"
        torch.backends.cudnn.allow_tf32 = recipe.precision == "tf32"
        torch.backends.cudnn.deterministic = True
