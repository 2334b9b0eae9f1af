"""A sweep of 2,052 trials made by hand, with the frames' shape and numbers like measured ones."""

import numpy as np
import pandas as pd

from analysis import records

POINTS = 30


def trials() -> pd.DataFrame:
    """228 cells of 3 inits with 3 orders each: dense at 12 k, three strategies at 18 levels."""
    random = np.random.default_rng(0)
    cells = [("dense", 0, k) for k in (0, 20, 60, 120, 200, 300, 400, 500, 750, 1000, 2000, 4000)]
    cells += [
        (name, level, k)
        for name in ("imp", "random-pruning", "random-reinit")
        for level in range(1, 19)
        for k in (0, 120, 500, 2000)
    ]
    rows = []
    for name, level, k in cells:
        stable = name != "random-reinit" and k > 60
        for init in (1, 2, 3):
            for orders in ((1, 2), (1, 3), (2, 3)):
                accuracies = 97 + random.normal(0, 0.3, 2)
                rows.append(
                    {
                        "trial": random.bytes(16).hex(),
                        "run_id": random.bytes(16).hex(),
                        "submission": "0123abcd",
                        "recipe": "digits",
                        "strategy": name,
                        "level": level,
                        "level_2": level,
                        "rewind": k,
                        "restart": "keep",
                        "init_seed": init,
                        "order_seed_1": orders[0],
                        "order_seed_2": orders[1],
                        "weights_left": 100 * 0.8**level,
                        "weights_left_2": 100 * 0.8**level,
                        "instability_test": random.gamma(1.0 if stable else 40.0),
                        "instability_train": random.gamma(0.5 if stable else 30.0),
                        "accuracy_test": accuracies.mean(),
                        "accuracy_train": 100.0,
                        "accuracy_test_1": accuracies[0],
                        "accuracy_test_2": accuracies[1],
                        "accuracy_train_1": 100.0,
                        "accuracy_train_2": 100.0,
                        "diverged_1": False,
                        "diverged_2": False,
                        "test_examples": 10000.0,
                        "majority_test": 11.35,
                    }
                )
    return pd.DataFrame(rows)


def curves(of: pd.DataFrame) -> pd.DataFrame:
    """A hump as high as each trial's instability."""
    alpha = np.linspace(0, 1, POINTS)
    frames = [
        pd.DataFrame(
            {
                "trial": trial,
                "point": range(POINTS),
                "alpha": alpha,
                "path_error_test": 3 + 4 * test * alpha * (1 - alpha),
                "path_error_train": 4 * train * alpha * (1 - alpha),
                "path_loss_test": 0.1,
                "path_loss_train": 0.1,
            }
        )
        for trial, test, train in zip(
            of["trial"], of["instability_test"], of["instability_train"], strict=True
        )
    ]
    return pd.concat(frames)[["trial", "point", "alpha", *records.CURVE_METRICS]]
