"""What a measurement says, as records have it and as it is read back."""

from __future__ import annotations

import json

import pandas as pd

from analysis import curves
from sweeps.plan.graph import Part
from sweeps.recording.measured import Measured
from trainables import measures
from trainables.jobs.kinds import pretrained, pruned, trained
from trainables.planes import grid
from trainables.recipes import RECIPES


def test_a_grid_is_one_file_from_which_it_is_read_to_the_bit() -> None:
    start = pretrained(RECIPES["digits-mlp"], 1, 0, 0)
    dense = trained(start, 0, 1)
    sparse = trained(start, 0, 1, pruned(dense))
    wanted = measures.wanted("plane", {"side": 7, "split": "train"})
    points = grid(7, 0.5)
    values = {
        "weights_left": 100.0,
        **{column.name: 1.5 for column in wanted.columns},
        "plane_x": [point.x for point in points],
        "plane_y": [point.y for point in points],
        "plane_error": [100 * number / 49 for number in range(49)],
        "plane_loss": [1 / (number + 1) for number in range(49)],
    }
    part = Part(wanted, wanted.of([dense, sparse]))
    measured = Measured(part, json.loads(json.dumps(values)), 0.0, 0.0)
    files = dict(measured.files())
    assert list(files) == ["plane-side-7-split-train.point.csv"]
    numbers = dict(measured.metrics())
    assert {name.partition("/")[0] for name in numbers} == {
        "plane_length_x",
        "plane_length_y",
        "plane_error_1",
        "plane_error_2",
        "plane_error_projection",
    }
    trials = pd.DataFrame({"trial": ["t"], "run_id": ["r"]})
    frame = curves.along(trials, part.label, "point", lambda run, file: files.get(file))
    suffix = wanted.suffix
    for name in ("plane_x", "plane_y", "plane_error", "plane_loss"):
        assert frame[f"{name}{suffix}"].tolist() == values[name]
    square = frame.pivot(
        index=f"plane_y{suffix}", columns=f"plane_x{suffix}", values=f"plane_error{suffix}"
    )
    assert square.shape == (7, 7)
    assert square.loc[0, 1] == values["plane_error"][points.index((1, 0))]
