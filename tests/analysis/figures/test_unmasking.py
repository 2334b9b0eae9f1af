"""Unmasking's figures, read back from the artists, and the numbers below them."""

from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from few import few
from fitting import outside, overlapping
from level_samples import MadeLevels, schedules
from matplotlib.colors import to_rgb

from analysis import level_tables
from analysis.figures import colors, svg
from analysis.figures.lmc.numbers import tables
from analysis.figures.papers import find
from analysis.figures.style import PAPER, styled
from analysis.figures.unmasking import FIGURES
from analysis.figures.unmasking.common import along_levels
from analysis.figures.unmasking.lcs_sets import KINDS
from analysis.figures.unmasking.planes import planes_of, telling
from analysis.formats import spans
from analysis.report import paper_plots
from analysis.strategies import STRATEGIES
from analysis.study import Study

RISES = {(0, 1): 0.0, (1, 2): 0.0, (2, 3): 5.0, (3, 4): 9.0, (0, 2): 0.5, (0, 3): 6.0, (1, 3): 2.0}


@pytest.fixture(scope="module")
def chains(trial):
    """Levels 0 to 4 at k = 0 and 120; levels 3 and 4 fail, and the projection does before."""
    made = MadeLevels(trial)
    apart = {pair: rise + 20 for pair, rise in RISES.items()}
    made.chain([3.0, 3.5, 8.0, 20.0], apart)
    made.chain([3.0, 3.5, 8.0, 20.0], RISES, rewind=120, plane=(3.0, 6.0, 30.0, 40.0))
    return made.chain([3.5], {(0, 1): 7.0}, strategy="perturbed", rewind=120).study()


@pytest.fixture(scope="module")
def adaptive(trial):
    return schedules(trial)


def drawn(name, *studies):
    with styled():
        return find(name).draw(studies)


@pytest.fixture(scope="module")
def sheet(chains, adaptive):
    """Each figure by its name, of the study that has its data, drawn once."""
    return cache(lambda name: drawn(name, adaptive if name == "u-fig4" else chains))


@pytest.mark.parametrize("name", FIGURES)
def test_each_figure_is_drawn_of_what_has_its_data_alone(study, chains, adaptive, sheet, name):
    figure = find(name)
    own, other = (adaptive, chains) if name == "u-fig4" else (chains, Study("none", study))
    assert figure.name == name
    assert figure.needs(own)
    assert not figure.needs(other)
    assert sheet(name).axes
    assert all(len(table) for table in tables(sheet(name)).values())
    assert figure.caption.endswith(".")
    assert figure.alt.endswith(".")


@pytest.mark.parametrize("name", few(FIGURES, "u-fig2", "u-fig4", "u-lcs"))
def test_sweeps_stand_side_by_side(chains, adaptive, sheet, name):
    own = adaptive if name == "u-fig4" else chains
    one = sheet(name)
    with styled(PAPER):
        two = drawn(name, own, own)
    assert len(two.axes) == 2 * len(one.axes)
    for figure in (one, two):
        assert outside(figure) == []
        assert overlapping(figure) == []


def test_the_report_has_each_figure_once(chains, study):
    names = [plot.name for plot in paper_plots.plots([chains])]
    assert [name for name in names if name.startswith("u-")] == [
        *("u-fig2", "u-fig3", "u-fig5", "u-fig7", "u-app-d", "u-lcs")
    ]
    plain = [plot.name for plot in paper_plots.plots([Study("none", study)])]
    assert not any(name.startswith("u-") for name in plain)


def test_the_path_runs_through_the_levels_in_order(chains):
    found = along_levels(chains, "imp")
    line = found[found["rewind"] == 120].set_index("place")
    assert list(line.index) == [0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4]
    heights = [3.0, 3.0, 3.0, 3.25, 3.5, 5.75 + 5, 8.0, 14.0 + 9, 20.0]
    assert list(line["error"]) == pytest.approx(heights)
    assert list(line["error_std"]) == pytest.approx([1.0] * 9)
    assert set(line["n"]) == {3}


def test_levels_with_gaps_are_drawn_and_tabulated(trial):
    """With `levels: [2, 4]` the pairs are of levels 0 and 2, and of 2 and 4."""
    made = MadeLevels(trial)
    rises = {(0, 2): 0.5, (2, 4): 8.0}
    made.chain([3.0, 3.0, 3.0, 3.0], rises, plane=(3.0, 3.0, 3.0, 3.0))
    study = made.study()
    places = along_levels(study, "imp")["place"]
    assert sorted(set(places)) == [0.0, 1.0, 2.0, 3.0, 4.0]
    assert planes_of(study)["level"].tolist() == [0, 2]
    [table] = [
        t for caption, t in level_tables.tables(study).items() if "successive levels" in caption
    ]
    assert table["levels"].tolist() == ["0–2", "2–4"]
    assert table["connected"].tolist() == ["yes", "no"]


def test_the_heat_map_is_of_the_latest_k_and_darkest_up_to_dense_and_eps(chains):
    panel = drawn("u-fig2", chains).axes[2]
    (mesh,) = panel.collections
    grid = np.ma.filled(mesh.get_array(), np.nan)
    assert mesh.norm.vmin == pytest.approx(4.0)
    assert grid[0, 3] == grid[3, 0] == pytest.approx(5.5 + 6)
    assert list(np.diag(grid)) == pytest.approx([3.0, 3.0, 3.5, 8.0, 20.0])
    assert np.isnan(grid[0, 4]), "was not measured"


def test_the_numbers_of_the_heat_map_are_pair_by_pair(chains):
    path, heat = tables(drawn("u-fig2", chains)).values()
    assert path.set_index("level L").loc["2.5", "k = 120"] == "10.8 ± 1.0"
    assert heat.set_index("level").loc["1", "3"] == "8.0 ± 1.0"


def test_errors_are_against_levels(chains):
    (table,) = tables(drawn("u-fig5", chains)).values()
    row = table.set_index("by level L").loc["k = 120"]
    assert row[["0", "3", "n"]].tolist() == ["3.0 ± 1.0", "8.0 ± 1.0", "3"]


def test_schedules_are_circles_and_crosses_over_falling_weights(adaptive):
    sheet = drawn("u-fig4", adaptive)
    (panel,) = sheet.axes
    assert panel.get_xscale() == "log"
    assert panel.xaxis_inverted()
    curves = {curve.label: curve for _, curve in sheet.curves}
    assert [(one.marker, one.color) for one in curves.values()] == [
        *(("o", STRATEGIES["imp"].color), ("x", STRATEGIES["imp-adaptive"].color))
    ]
    assert curves["adaptive"].x == [100.0, 60.0, 30.0, 8.0]


def test_planes_that_tell_show_where_the_projection_leaves(chains):
    """It matches at level 0; w(2) returns at level 1; at level 2 neither matches."""
    planes = planes_of(chains)
    assert planes["limit"].tolist() == pytest.approx([4.0] * 4)
    assert set(planes["rewind"]) == {120}
    assert set(planes["init_seed"]) == {1}
    assert telling(planes)["level"].tolist() == [0, 1, 2]


def test_planes_are_stretched_along_y(chains):
    panel = drawn("u-fig7", chains).axes[0]
    assert panel.get_aspect() == 2
    marked = [dots.get_offsets().tolist() for dots in panel.collections if dots.get_offsets().any()]
    assert [[0.0, 0.5]] in marked, "w(L) is half as far from the projection as w(L+1)"
    assert [[1.0, 0.0]] in marked


def test_lcs_sets_are_coloured_by_why_not(chains):
    (table,) = tables(drawn("u-lcs", chains)).values()
    assert table["k = 0"].tolist() == ["–"] * 5
    assert table["k = 120"].tolist() == ["1, 2", "0, 2", "0, 1", "–", "–"]


def test_rewind_points_have_one_scale_that_grey_print_keeps_apart():
    """Each k is lighter than the one before, and has a marker of its own."""
    found = colors.along([120, 0, 20, 60])
    assert list(found) == [0, 20, 60, 120]
    grey = [float(np.dot(to_rgb(color), (0.299, 0.587, 0.114))) for color in found.values()]
    assert all(b - a > 0.1 for a, b in pairwise(grey))
    assert len(set(colors.markers(range(12)).values())) == 12


def test_colours_of_a_matrix_are_those_of_its_legend_on_any_ground(sheet):
    markup = svg.inline(sheet("u-lcs"), "x")
    occurring = [c.lower() for c in KINDS.values() if markup.count(f"fill: {c.lower()}") > 1]
    assert len(occurring) >= 3, "cells, and the entry of the legend"
    assert not any(f"light-dark({color}" in markup for color in occurring)


def test_runs_of_levels_are_spans():
    assert spans([0, 2, 3, 4, 5, 8, 9]) == "0, 2 to 5, 8, 9"
    assert spans([]) == ""
