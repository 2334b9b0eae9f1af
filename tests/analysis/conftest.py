"""Frames made by hand, with the columns of `records.trials` and `curves.curves`."""

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
    diverged: tuple[bool, bool] = (False, False),
    test_examples: float = 1000.0,
    majority: float = 10.0,
    restart: str = "keep",
    level_2: int | None = None,
) -> dict[str, Any]:
    """A row. Train instability is half the test's; train accuracy is 100 for both arms."""
    second_level = level if level_2 is None else level_2
    levels = f"{level}" if level_2 is None else f"{level}+{level_2}"
    key = f"{recipe}-{strategy}-{levels}-{rewind}-{init}-{orders[0]}-{orders[1]}-{restart}"
    first, second = accuracies
    return {
        "trial": key,
        "run_id": f"run of {key}",
        "submission": "run of the submission",
        "recipe": recipe,
        "strategy": strategy,
        "level": level,
        "level_2": second_level,
        "rewind": rewind,
        "restart": restart,
        "init_seed": init,
        "order_seed_1": orders[0],
        "order_seed_2": orders[1],
        "weights_left": 100 * 0.8**level,
        "weights_left_2": 100 * 0.8**second_level,
        "instability_test": instability,
        "instability_train": instability / 2,
        "accuracy_test": (first + second) / 2,
        "accuracy_train": 100.0,
        "accuracy_test_1": first,
        "accuracy_test_2": second,
        "accuracy_train_1": 100.0,
        "accuracy_train_2": 100.0,
        "diverged_1": diverged[0],
        "diverged_2": diverged[1],
        "test_examples": test_examples,
        "majority_test": majority,
    }


@pytest.fixture(scope="session")
def trial() -> Callable[..., dict[str, Any]]:
    return _trial


@pytest.fixture(scope="session")
def frame() -> Callable[..., pd.DataFrame]:
    """A trials frame of the rows given, none for an empty one as `records.trials` returns it."""
    columns = dict.fromkeys([*records.TRIAL_COLUMNS, *records.SCALAR_METRICS, *_trial()])
    return lambda *rows: pd.DataFrame(list(rows), columns=list(columns))


@pytest.fixture(scope="session")
def study(frame: Callable[..., pd.DataFrame]) -> pd.DataFrame:
    """A small sweep with the papers' outcome: dense networks stable from 20 on, IMP stable and
    matching from 120 on, random pruning neither. The dense reference is 97.5 ± 0.7071.

    Each cell has two inits, alike but for a point of accuracy: their intervals have no width."""
    points: list[tuple[str, int, int, float, float]] = [
        ("dense", 0, 0, 60.0, 97.0),
        ("dense", 0, 20, 1.5, 97.0),
        ("dense", 0, 120, 0.5, 97.0),
        ("imp", 11, 0, 40.0, 95.0),
        ("imp", 11, 120, 0.5, 96.75),
        ("random-pruning", 11, 0, 80.0, 93.5),
        ("random-pruning", 11, 120, 70.0, 93.0),
    ]
    return frame(
        *(
            _trial(*where, init=init, instability=instability, accuracies=(accuracy, accuracy))
            for *where, instability, low in points
            for init, accuracy in ((1, low), (2, low + 1))
        )
    )


@pytest.fixture(scope="session")
def twice() -> Callable[..., list[dict[str, Any]]]:
    """Rows of two inits that do not differ: a cell with a verdict, whose intervals have no
    width. The arguments are those of `trial`."""

    def rows(*where: Any, **what: Any) -> list[dict[str, Any]]:
        return [_trial(*where, init=init, **what) for init in (1, 2)]

    return rows


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
