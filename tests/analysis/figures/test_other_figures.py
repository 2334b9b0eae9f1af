"""Figures of hyperparameters, searches, learning curves and files: what they show, and its room."""

import pandas as pd
import pytest
from claims_samples import Made
from figure_styles import EITHER
from fitting import outside, overlapping
from matplotlib.colors import to_hex

from analysis.cells import cells, samples
from analysis.figures import hyperparameter_maps, hyperparameters, learning, pairs, parallel, search
from analysis.figures.style import STYLES, styled
from analysis.figures.words import whole
from analysis.hyperparameters import courses
from analysis.searches import Search, ended
from analysis.tuned import Tuned

KS = (0, 20, 120, 480)
RATES, SIZES = (0.05, 0.15, 0.3), (16.0, 64.0)
LABELS = {f"rate {rate}, batch {size:g}": (rate, size) for rate in RATES for size in SIZES}
AXES = {
    "learning_rate": {label: rate for label, (rate, _) in LABELS.items()},
    "batch_size": {label: size for label, (_, size) in LABELS.items()},
}


@pytest.fixture(scope="module")
def varied(frame, trial):
    """Stable the later the higher the rate; at the highest, never with small batches."""
    first = {0.05: 20, 0.15: 120, 0.3: 480}
    return frame(
        *(
            trial(name, level, k, init=init, recipe=label,
                  instability=0.5 if k >= first[rate] + (size < 32) * (rate > 0.2) else 40.0)
            for label, (rate, size) in LABELS.items()
            for name, level in (("dense", 0), ("imp", 11))
            for k in KS
            for init in (1, 2)
        )
    )  # fmt: skip


@pytest.fixture(scope="module")
def points(varied):
    return cells(varied)


def fits(figure):
    assert outside(figure) == []
    assert overlapping(figure) == []


@pytest.mark.parametrize("style", EITHER)
def test_hyperparameters_are_axes(varied, points, style):
    with styled(STYLES[style]):
        along = hyperparameters.along(points, AXES, "learning_rate", 2.0, samples(varied))
        onsets = hyperparameters.onsets_along(
            [one for one in courses(points, AXES) if one.axis == "learning_rate"]
        )
        for figure in (along, onsets):
            fits(figure)
        fits(hyperparameter_maps.instability_maps(points, AXES))
        fits(hyperparameter_maps.onset_maps(points, AXES))
    shown = [whole(panel.get_title()) for panel in along.axes]
    assert shown == [
        f"{of} batch_size={size:g}" for of in ("Dense", "IMP, 8.6 % left") for size in SIZES
    ]
    k_0 = along.axes[0].containers[0].lines[0]
    assert list(k_0.get_ydata()) == [40.0] * 3
    assert [text.get_text() for text in along.axes[0].get_xticklabels()] == ["0.05", "0.15", "0.3"]
    stable = onsets.axes[0]
    assert sorted({y for line in stable.lines for y in line.get_ydata() if y < 500}) == [
        *(20, 120, 480)
    ]


def test_a_rewind_point_has_one_colour_in_all_figures(frame, trial, curves, points):
    from analysis.figures import path

    paths = path.figure(trials := frame(*(trial(rewind=k) for k in KS)), curves(trials))
    along = hyperparameters.along(points, AXES, "learning_rate", 2.0)
    of_paths = [to_hex(line.get_color()) for line in paths.axes[0].lines]
    of_along = [to_hex(bars.lines[0].get_color()) for bars in along.axes[0].containers]
    assert of_paths == of_along
    assert len(set(of_paths)) == len(KS)


@pytest.mark.parametrize("style", EITHER)
def test_what_a_search_tried_is_lines_between_axes(varied, style):
    with styled(STYLES[style]):
        figure = parallel.figure(varied, AXES, Tuned("objective", "min"))
        fits(figure)
    lines = [line for one in figure.axes[0].collections for line in one.get_segments()]
    assert len(lines) == len(LABELS)


@pytest.mark.parametrize("style", EITHER)
@pytest.mark.parametrize("find", ["stable", "matching"])
def test_a_search_shows_what_it_looked_at(trial, find, style):
    made = Made(trial)
    for k in KS:
        made.cell(k=k, instability=40.0 if k < 100 else 0.5)
        made.cell("imp", 1, k, instability=40.0 if k < 100 else 0.5, accuracy=97.5 - 3 * (k < 100))
    study = made.study()
    with styled(STYLES[style]):
        figure = search.figure(study, ended(study, [Search("imp", find, "rewind")]))
        fits(figure)
    [panel] = figure.axes
    [band] = panel.patches
    assert (band.get_x(), band.get_x() + band.get_width()) == (20, 120)
    assert panel.get_xscale() == "symlog"


@pytest.mark.parametrize("style", EITHER)
def test_learning_curves_say_which_levels_they_leave_out(style):
    lines = [("dense", 0), *(("imp", level) for level in range(1, 16))]
    curves = pd.DataFrame(
        {
            "strategy": name,
            "level": level,
            "begin": k,
            "phase": "train",
            "iteration": at,
            "error_test": 90.0 / (1 + at) + 2,
            "error_train": 90.0 / (1 + at),
        }
        for name, level in lines
        for k in KS
        for at in range(0, 20001, 2000)
    )
    with styled(STYLES[style]):
        figure = learning.figure(curves)
        fits(figure)
    assert len(figure.axes) == 12
    assert whole(figure.get_supxlabel()) == "Not drawn: levels 3, 6, 10, 13."


@pytest.mark.parametrize("style", EITHER)
@pytest.mark.parametrize("networks", [3, 14])
def test_pairs_of_files_are_a_matrix(networks, style):
    names = [f"run-{i:02}-of-a-long-name.pt" for i in range(networks)]
    found = pd.DataFrame(
        {"first": first, "second": second, "instability_test": 7.0 * i}
        for i, first in enumerate(names)
        for second in names[:i]
    )
    with styled(STYLES[style]):
        figure = pairs.figure(found)
        fits(figure)
    [mesh] = [one for one in figure.axes[0].collections if one.get_array() is not None]
    assert mesh.get_array()[2, 1] == mesh.get_array()[1, 2] == 14.0
