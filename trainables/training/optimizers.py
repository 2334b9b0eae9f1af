"""SGD with momentum and Adam, on torch's fused kernels.

The kernels are called directly. `torch.optim` would import the compiler with its first step
(6 s in every worker) and costs as much as a tenth of a tiny network's iteration; the weights
have the same bits (tested).
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from trainables.recipe import Recipe

Step = Callable[[float], None]
"""Updates the parameters from their `.grad`, at a learning rate."""


def optimizer(recipe: Recipe, network: nn.Module, state: dict[str, Tensor]) -> Step:
    """A step function whose tensors are `state`: in place, filled with zeros where it is empty."""
    names = [name for name, _ in network.named_parameters()]
    parameters: list[Tensor] = list(network.parameters())

    def slot(name: str) -> list[Tensor]:
        for key, parameter in zip(names, parameters, strict=True):
            state.setdefault(f"{name}/{key}", torch.zeros_like(parameter.detach()))
        return [state[f"{name}/{key}"] for key in names]

    def gradients() -> list[Tensor]:
        return [parameter.grad for parameter in parameters if parameter.grad is not None]

    l2, decoupled = recipe.weight_decay, 0.0
    if recipe.weight_decay_style == "decoupled":
        l2, decoupled = 0.0, recipe.weight_decay / recipe.learning_rate

    def shrink(rate: float) -> None:
        if decoupled:
            torch._foreach_mul_(parameters, 1 - decoupled * rate)

    if recipe.optimizer == "sgd":
        momentum = slot("momentum") if recipe.momentum else []

        def sgd(rate: float) -> None:
            shrink(rate)
            # A zero buffer after the first step holds the first gradient, as torch's does.
            torch._fused_sgd_(
                parameters, gradients(), momentum, weight_decay=l2,
                momentum=recipe.momentum, lr=rate, dampening=0.0, nesterov=False,
                maximize=False, is_first_step=False,
            )  # fmt: skip

        return sgd

    mean, square = slot("mean"), slot("square")
    steps = state.setdefault("step", torch.zeros((), device=parameters[0].device))

    def adam(rate: float) -> None:
        shrink(rate)
        steps.add_(1)
        torch._fused_adam_(
            parameters, gradients(), mean, square, [], [steps] * len(parameters),
            lr=rate, beta1=0.9, beta2=0.999, weight_decay=l2, eps=1e-8,
            amsgrad=False, maximize=False,
        )  # fmt: skip

    return adam
