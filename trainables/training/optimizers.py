"""SGD with momentum and Adam, on torch's fused kernels.

The kernels are called directly. `torch.optim` would import the compiler with its first step
(6 s in every worker) and costs as much as a tenth of a tiny network's iteration; the weights
have the same bits (tested).
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from trainables.recipes import Recipe

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

    if recipe.optimizer == "sgd":
        momentum = slot("momentum") if recipe.momentum else []

        def sgd(rate: float) -> None:
            # A zero buffer after the first step holds the first gradient, as torch's does.
            torch._fused_sgd_(
                parameters, gradients(), momentum, weight_decay=recipe.weight_decay,
                momentum=recipe.momentum, lr=rate, dampening=0.0, nesterov=False,
                maximize=False, is_first_step=False,
            )  # fmt: skip

        return sgd

    mean, square = slot("mean"), slot("square")
    steps = state.setdefault("step", torch.zeros((), device=parameters[0].device))

    def adam(rate: float) -> None:
        steps.add_(1)
        torch._fused_adam_(
            parameters, gradients(), mean, square, [], [steps] * len(parameters),
            lr=rate, beta1=0.9, beta2=0.999, weight_decay=recipe.weight_decay, eps=1e-8,
            amsgrad=False, maximize=False,
        )  # fmt: skip

    return adam
