"""The adaptive ratio, where the highest loss on a path is known in closed form."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
import torch

from trainables.paths import alphas, interpolate
from trainables.pruning.adaptive import fraction_to_prune, next_ratio
from trainables.pruning.masks import full_mask, masked, prune_by_magnitude


def swept(
    highest: Callable[[int], float], threshold: float, least: float = 0.2
) -> tuple[float, list[int]]:
    """The fraction that is pruned, and the ratios that were tried."""
    tried: list[tuple[int, float]] = []
    while (ratio := next_ratio(tried, threshold)) is not None:
        tried.append((ratio, highest(ratio)))
    return fraction_to_prune(tried, threshold, least), [ratio for ratio, _ in tried]


def quadratic(curvatures: Sequence[float]) -> Callable[[int], float]:
    """Highest loss, sum of h_i (w_i - i)^2 / 2, from the solution w_i = i to it with a share
    pruned. Enumerated on the path itself."""
    solution = {"w": torch.arange(1.0, len(curvatures) + 1, dtype=torch.float64)}
    h = torch.tensor(curvatures, dtype=torch.float64)

    def highest(ratio: int) -> float:
        mask = prune_by_magnitude(solution, full_mask(solution, ["w"]), ratio / 100)
        path = [interpolate(solution, masked(solution, mask), a)["w"] for a in alphas(11)]
        return max(float((h * (w - solution["w"]) ** 2).sum() / 2) for w in path)

    return highest


@pytest.mark.parametrize(
    ("curvatures", "pruned", "tried"),
    [
        ([0.0] * 10, 0.9, [10, 20, 30, 40, 50, 60, 70, 80, 90]),
        ([1e6] * 10, 0.2, [10]),
        # With h = 1 the r smallest cost 1/2 (1 + 4 + ... + r^2): .5, 2.5, 7, 15, 27.5, ...
        ([1.0] * 10, 0.4, [10, 20, 30, 40, 50]),
        ([1.0] * 3 + [0.0] * 7, 0.9, [10, 20, 30, 40, 50, 60, 70, 80, 90]),
        ([1.0, 1.0, 9.0] + [0.0] * 7, 0.2, [10, 20, 30]),
    ],
    ids=["flat", "steep", "even", "flat where it is large", "steep at the third"],
)
def test_a_separable_quadratic(curvatures: list[float], pruned: float, tried: list[int]) -> None:
    assert swept(quadratic(curvatures), threshold=20.0) == (pruned, tried)


def test_the_loss_must_be_below_the_threshold() -> None:
    """1/2 (1 + 4 + 9 + 16) = 15 at 40 %."""
    even = quadratic([1.0] * 10)
    assert even(40) == 15
    assert swept(even, threshold=15.0)[0] == 0.3
    assert swept(even, threshold=15.000001)[0] == 0.4


def test_the_sweep_ends_at_the_first_ratio_that_is_not_below() -> None:
    losses = {10: 1.0, 20: 1.0, 30: 1.0, 40: 9.0, 50: 1.0, 60: 1.0, 70: 1.0, 80: 1.0, 90: 1.0}
    assert swept(losses.__getitem__, threshold=2.0) == (0.3, [10, 20, 30, 40])


@pytest.mark.parametrize("lost", [float("inf"), float("nan")])
def test_a_loss_that_is_no_number_is_not_below(lost: float) -> None:
    assert swept(lambda ratio: 0.0 if ratio < 30 else lost, threshold=1.0) == (0.2, [10, 20, 30])


@pytest.mark.parametrize(("least", "pruned"), [(0.05, 0.1), (0.1, 0.1), (0.35, 0.35)])
def test_at_least_the_fixed_fraction_is_pruned(least: float, pruned: float) -> None:
    assert swept(quadratic([10.0] * 10), threshold=20.0, least=least)[0] == pruned
