"""What runs hold of values along an axis: the path of a pair, layers, ... A file each, as CSV."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from analysis.records import CURVE_METRICS, PATH_FILE

if TYPE_CHECKING:
    import pandas as pd
    from mlflow import MlflowClient


def curves(
    client: MlflowClient, trials: pd.DataFrame, read_file: Callable[[str, str], str | None]
) -> pd.DataFrame:
    """The path curves of some trials, long: one row per trial and path point.

    `read_file` returns the text of a run's file, by the run's id and the file's name; None where
    there is none. Columns: `trial`, `point` (0, 1, ...), `alpha` (0 is arm 2, 1 is arm 1, as in
    W(alpha) = alpha W_1 + (1 - alpha) W_2) and `CURVE_METRICS`.
    """
    import pandas as pd

    frames = []
    for trial, run_id in zip(trials["trial"], trials["run_id"], strict=True):
        text = read_file(run_id, PATH_FILE)
        curve = _stepped_curve(client, run_id) if text is None else _curve_of(text)
        curve.insert(0, "trial", trial)
        frames.append(curve)
    if not frames:
        return pd.DataFrame(columns=["trial", "point", "alpha", *CURVE_METRICS])
    return pd.concat(frames, ignore_index=True)


def axis_file(measure: str, axis: str) -> str:
    """The name of the file of what a measure says along an axis, by the measure's label."""
    return f"{re.sub(r'[^A-Za-z0-9._=-]', '-', measure)}.{axis}.csv"


def axis_text(axis: str, curves: Mapping[str, Sequence[float] | Mapping[str, float]]) -> str:
    """The text of such a file: a row per place, in which each curve has a value, or none.

    Places of lists are 0, 1, ...; of a list along `alpha`, evenly spaced numbers from 0 to 1.
    """
    by_place: dict[str, Mapping[Any, float]] = {
        name: dict(zip(_places(axis, len(curve)), curve, strict=True))
        if isinstance(curve, Sequence)
        else curve
        for name, curve in curves.items()
    }
    places = dict.fromkeys(place for curve in by_place.values() for place in curve)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([axis, *curves])
    for place in places:
        numbers = (curve.get(place) for curve in by_place.values())
        writer.writerow([place, *("" if one is None else repr(float(one)) for one in numbers)])
    return text.getvalue()


def _places(axis: str, number: int) -> Iterable[float]:
    return [p / max(number - 1, 1) for p in range(number)] if axis == "alpha" else range(number)


def curve_text(values: Mapping[str, Sequence[float]]) -> str:
    """The text of `PATH_FILE`: a row per point, from the lists of `CURVE_METRICS`."""
    points = len(values[CURVE_METRICS[0]])
    lines = [",".join(("point", "alpha", *CURVE_METRICS))]
    for point in range(points):
        numbers = (point / (points - 1), *(values[name][point] for name in CURVE_METRICS))
        lines.append(",".join((str(point), *map(repr, map(float, numbers)))))
    return "\n".join(lines) + "\n"


def _curve_of(text: str) -> pd.DataFrame:
    import pandas as pd

    header, *rows = csv.reader(io.StringIO(text))
    curve = pd.DataFrame([[float(cell) for cell in row] for row in rows], columns=header)
    return curve.astype({"point": int})


def _stepped_curve(client: MlflowClient, run_id: str) -> pd.DataFrame:
    """As earlier versions recorded it."""
    import pandas as pd

    histories = {name: client.get_metric_history(run_id, name) for name in CURVE_METRICS}
    curve = pd.DataFrame(
        {
            name: [metric.value for metric in sorted(history, key=lambda metric: metric.step)]
            for name, history in histories.items()
        }
    )
    curve.insert(0, "point", range(len(curve)))
    curve.insert(1, "alpha", curve["point"] / max(len(curve) - 1, 1))
    return curve


def along(
    trials: pd.DataFrame, measure: str, axis: str, read_file: Callable[[str, str], str | None]
) -> pd.DataFrame:
    """What a measure, by its label, says of some trials along an axis: a row per trial and place.

    `read_file` as for `curves`. Columns: `trial`, the axis, and the measure's with this axis.
    Trials of which it was not measured are left out.
    """
    import pandas as pd

    frames = []
    for trial, run_id in zip(trials["trial"], trials["run_id"], strict=True):
        text = read_file(run_id, axis_file(measure, axis))
        if text is not None:
            frame = pd.read_csv(io.StringIO(text))
            frame.insert(0, "trial", trial)
            frames.append(frame)
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=["trial", axis])
