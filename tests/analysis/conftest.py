"""Frames made by hand, with the columns of `records.trials` and `records.curves`."""

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from analysis import records


def _trial(
    strategy: str = "dense",
    level: int = 0,
    rewind: int = 0,
    *,
    init: int = 1,
    orders: tuple[int, int] = (1, 2),
    instability: float = 0.0,
    accuracies: tuple[float, float] = (97.0, 98.0),
    recipe: str = "digits",
) -> dict[str, Any]:
    """A row. Train instability is half the test's; train accuracy is 100 for both arms."""
    key = f"{strategy}-{level}-{rewind}-{init}-{orders[0]}-{orders[1]}"
    first, second = accuracies
    return {
        "trial": key,
        "run_id": f"run of {key}",
        "recipe": recipe,
        "strategy": strategy,
        "level": level,
        "rewind": rewind,
        "init_seed": init,
        "order_seed_1": orders[0],
        "order_seed_2": orders[1],
        "weights_left": 100 * 0.8**level,
        "instability_test": instability,
        "instability_train": instability / 2,
        "accuracy_test": (first + second) / 2,
        "accuracy_train": 100.0,
        "accuracy_test_1": first,
        "accuracy_test_2": second,
        "accuracy_train_1": 100.0,
        "accuracy_train_2": 100.0,
    }


@pytest.fixture(scope="session")
def trial() -> Callable[..., dict[str, Any]]:
    return _trial


@pytest.fixture(scope="session")
def frame() -> Callable[..., pd.DataFrame]:
    """A trials frame of the rows given, none for an empty one as `records.trials` returns it."""
    columns = [*records.TRIAL_COLUMNS, *records.SCALAR_METRICS]
    return lambda *rows: pd.DataFrame(list(rows), columns=columns)


@pytest.fixture(scope="session")
def study(frame: Callable[..., pd.DataFrame]) -> pd.DataFrame:
    """A small sweep with the papers' outcome: dense networks stable from 20 on, IMP stable and
    matching from 120 on, random pruning neither. The dense reference is 97.5 ± 0.7071."""
    return frame(
        _trial(rewind=0, instability=60.0),
        _trial(rewind=20, instability=1.5),
        _trial(rewind=120, instability=0.5),
        _trial("imp", 11, 0, instability=40.0, accuracies=(95.0, 96.0)),
        _trial("imp", 11, 120, instability=0.5, accuracies=(97.0, 97.5)),
        _trial("random-pruning", 11, 0, instability=80.0, accuracies=(94.0, 94.0)),
        _trial("random-pruning", 11, 120, instability=70.0, accuracies=(93.0, 94.0)),
    )


@pytest.fixture(scope="session")
def curves() -> Callable[..., pd.DataFrame]:
    """Curves of three points: errors 2, 2 + instability, 2 on test, half of that on train."""

    def of(trials: pd.DataFrame) -> pd.DataFrame:
        rows = [
            {
                "trial": key,
                "point": point,
                "alpha": point / 2,
                "path_error_test": error,
                "path_error_train": error / 2,
                "path_loss_test": 0.1,
                "path_loss_train": 0.1,
            }
            for key, height in zip(trials["trial"], trials["instability_test"], strict=True)
            for point, error in enumerate((2.0, 2.0 + height, 2.0))
        ]
        return pd.DataFrame(rows, columns=["trial", "point", "alpha", *records.CURVE_METRICS])

    return of
