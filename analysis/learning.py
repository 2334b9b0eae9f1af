"""Learning curves: error and loss of networks while they were trained."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from analysis import records

if TYPE_CHECKING:
    import pandas as pd
    from mlflow import MlflowClient
    from mlflow.entities import Run

VALUES = (records.LEARNING_RATE, *records.LEARNING_METRICS)

TRAINING_COLUMNS = (
    "training",
    records.RECIPE,
    records.PHASE,
    records.STRATEGY,
    records.LEVEL,
    records.BEGIN,
    records.END,
    records.INIT_SEED,
    records.ORDER_SEED,
)

NUMBERS = (records.LEVEL, records.BEGIN, records.END, records.INIT_SEED, records.ORDER_SEED)

LEARNING_COLUMNS = (*TRAINING_COLUMNS, "iteration", *VALUES)


def learning_text(points: Iterable[Mapping[str, float]]) -> str:
    """Return the text of `records.LEARNING_FILE`: a row per point."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["iteration", *VALUES])
    for point in points:
        writer.writerow([int(point["iteration"]), *(repr(float(point[n])) for n in VALUES)])
    return text.getvalue()


def learning_curves(
    client: MlflowClient, experiment: str, read_file: Callable[[Run, str], str | None]
) -> pd.DataFrame:
    """Return the learning curves of an experiment's trainings, long: a row per point.

    Columns are `LEARNING_COLUMNS`: what the training is, `iteration` counted from the beginning of
    training, errors in %, losses in nats. `training` is its title. Of trainings under way, the
    points that are recorded. `read_file` returns the text of a run's file, None if there is none.
    """
    import pandas as pd

    frames = []
    for run in records.search(client, experiment, records.IS_TRAINING):
        text = read_file(run, records.LEARNING_FILE)
        curve = (
            _stepped(client, run.info.run_id) if text is None else pd.read_csv(io.StringIO(text))
        )
        params = run.data.params
        what: dict[str, Any] = {"training": run.data.tags[records.TITLE]}
        what |= {n: int(params[n]) if n in NUMBERS else params[n] for n in TRAINING_COLUMNS[1:]}
        frames.append(curve.assign(**what)[list(LEARNING_COLUMNS)])
    if not frames:
        return pd.DataFrame(columns=list(LEARNING_COLUMNS))
    order = [*TRAINING_COLUMNS[1:], "iteration"]
    return pd.concat(frames, ignore_index=True).sort_values(order, ignore_index=True)


def _stepped(client: MlflowClient, run_id: str) -> pd.DataFrame:
    """Return the points that MLflow has of a training under way."""
    import pandas as pd

    columns = {
        name: {one.step: one.value for one in client.get_metric_history(run_id, name)}
        for name in VALUES
    }
    frame = pd.DataFrame(columns, columns=list(VALUES))
    return frame.rename_axis("iteration").sort_index().reset_index()
