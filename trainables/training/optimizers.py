"""SGD with momentum, Adam and AdamW, on torch's fused kernels.

The kernels are called directly. `torch.optim` would import the compiler with its first step
(6 s in every worker) and costs as much as a tenth of a tiny network's iteration; the weights
have the same bits (tested).
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from trainables.recipe import Recipe

VECTOR = 16
"""float32 values that the widest instructions take at once."""

Step = Callable[[float], None]
"""Updates the parameters from their `.grad`, at a learning rate."""


def optimizer(
    recipe: Recipe, network: nn.Module, state: dict[str, Tensor], replicas: int = 1
) -> Step:
    """Return a step function that keeps its tensors in `state`, filled with zeros if empty.

    Of a stack, `state` is the stack's; replicas may have taken different numbers of steps.
    """
    names = [name for name, _ in network.named_parameters()]
    parameters: list[Tensor] = list(network.parameters())

    def slot(name: str) -> list[Tensor]:
        for key, parameter in zip(names, parameters, strict=True):
            state.setdefault(f"{name}/{key}", torch.zeros_like(parameter.detach()))
        return [state[f"{name}/{key}"] for key in names]

    def gradients() -> list[Tensor]:
        return [parameter.grad for parameter in parameters if parameter.grad is not None]

    decay, decoupled = recipe.weight_decay, 0.0
    if recipe.weight_decay_style == "decoupled":
        decay, decoupled = 0.0, recipe.weight_decay / recipe.learning_rate

    def shrink(rate: float) -> None:
        if decoupled:
            torch._foreach_mul_(parameters, 1 - decoupled * rate)

    if recipe.optimizer == "sgd":

        def aligned(tensors: list[Tensor]) -> list[Tensor]:
            """The kernel rounds the last few values of a tensor otherwise than the rest: where
            those of a replica would be elsewhere in another stack, it is passed by itself."""
            whole = [tensor.numel() % (VECTOR * replicas) == 0 for tensor in tensors]
            pairs = zip(tensors, whole, strict=True)
            return [p for t, together in pairs for p in ([t] if together else t.chunk(replicas))]

        momentum = aligned(slot("momentum")) if recipe.momentum else []
        weights = aligned(parameters)

        def sgd(rate: float) -> None:
            shrink(rate)
            # A zero buffer after the first step holds the first gradient, as torch's does.
            torch._fused_sgd_(
                weights, aligned(gradients()), momentum, weight_decay=decay,
                momentum=recipe.momentum, lr=rate, dampening=0.0, nesterov=False,
                maximize=False, is_first_step=False,
            )  # fmt: skip

        return sgd

    shape = (replicas,) if replicas > 1 else ()
    steps = state.setdefault("step", torch.zeros(shape, device=parameters[0].device))

    def parts(tensors: list[Tensor]) -> list[Tensor]:
        """Tensors by replica, as the numbers of steps are."""
        return [part for tensor in tensors for part in tensor.chunk(replicas)]

    mean, square, weights = parts(slot("mean")), parts(slot("square")), parts(parameters)
    counts = list(steps.view(-1).unbind()) * len(parameters)

    kernel = torch._fused_adamw_ if recipe.optimizer == "adamw" else torch._fused_adam_

    def adam(rate: float) -> None:
        shrink(rate)
        steps.add_(1)
        kernel(
            weights, parts(gradients()), mean, square, [], counts,
            lr=rate, beta1=recipe.beta1, beta2=recipe.beta2, weight_decay=decay, eps=1e-8,
            amsgrad=False, maximize=False,
        )  # fmt: skip

    return adam
