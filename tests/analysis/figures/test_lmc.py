"""LMC's figures, read back from the artists: what is drawn, of which sweeps; not how it looks."""

from functools import cache
from itertools import product

import pytest
from claims_samples import Made
from few import few
from fitting import outside, overlapping
from matplotlib.colors import to_hex

from analysis.figures.lmc import FIGURES, find
from analysis.figures.lmc.figure import Curve, against_k, grid
from analysis.figures.lmc.numbers import numbers
from analysis.figures.style import DODGE, PAPER, styled
from analysis.report import paper_plots
from analysis.strategies import STRATEGIES

KS = (0, 20, 120, 480)
CONTROLS = ("random-pruning", "random-reinit")
INSTABILITY = {0: 60.0, 20: 1.5, 120: 0.5, 480: 0.25}
DISTANCES = {
    "distance_l2": 40.0,
    "distance_cosine": 0.5,
    "disagreement_test": 4.0,
    "disagreement_train": 2.0,
    "disagreement_losses_test": 9.0,
    "disagreement_losses_train": 5.0,
}
REWINDING = {
    "rewinding_error_test": 50.0,
    "rewinding_error_train": 45.0,
    "rewinding_l2_from_init": 10.0,
    "rewinding_l2_to_end": 30.0,
    "rewinding_l2_between": 20.0,
}


@pytest.fixture(scope="module")
def whole(trial):
    """A study that has the data of every figure."""
    made = Made(trial)
    for k in KS:
        columns = {name: value - k / 100 for name, value in (DISTANCES | REWINDING).items()}
        along = {600: INSTABILITY[k] / 2, 1200: INSTABILITY[k]}
        usual = {"columns": columns, "along": along, "peak": 70.0 - k / 10}
        made.cell(k=k, instability=INSTABILITY[k], **usual)
        if k:
            made.cell(k=k, instability=INSTABILITY[k] + 1, restart="reset")
        for level, name in product((1, 2), ("imp", *CONTROLS)):
            unstable = 80.0 if name in CONTROLS else INSTABILITY[k]
            # Only IMP matches, and at level 2 not at k = 0.
            lost = 5.0 if name in CONTROLS else 2.0 * (level == 2 and not k)
            made.cell(name, level, k, instability=unstable, accuracy=97.5 - lost, **usual)
    return made.study()


def drawn(name, *studies):
    with styled():
        return find(name).draw(studies)


@pytest.fixture(scope="module")
def sheet(whole):
    """Each figure of `whole` by its name, drawn once."""
    return cache(lambda name: drawn(name, whole))


def curves(panel):
    """Heights of the lines over rewind points, by colour and whether they are dashed."""
    return {
        (to_hex(line.get_color()).upper(), line.get_linestyle()): list(line.get_ydata())
        for line in panel.lines
        if len(line.get_ydata()) > 2
    }


GREY, BLUE = STRATEGIES["dense"].color, STRATEGIES["imp"].color


@pytest.mark.parametrize("name", FIGURES)
def test_each_figure_is_drawn_of_what_has_its_data_alone(trial, whole, sheet, name):
    figure = find(name)
    assert figure.name == name
    assert figure.needs(whole)
    assert not figure.needs(Made(trial).cell().study())
    assert sheet(name).axes
    assert figure.caption.endswith(".")
    assert figure.alt.endswith(".")


@pytest.mark.parametrize("name", few(FIGURES, "fig4", "fig7", "app-c"))
def test_sweeps_stand_side_by_side(whole, sheet, name):
    """Twice the panels; of all sparsities one below the other. In a narrow column, too."""
    one = sheet(name)
    with styled(PAPER):
        two = drawn(name, whole, whole)
    assert len(two.axes) == 2 * len(one.axes)
    for figure in (one, two):
        assert outside(figure) == []
        assert overlapping(figure) == []


def test_dense_instability_on_both_splits(sheet):
    [panel] = sheet("fig3").axes
    found = curves(panel)
    assert found[GREY, "-"] == pytest.approx(list(INSTABILITY.values()))
    assert len(found) == 2
    assert [tick.get_text() for tick in panel.get_xticklabels()] == ["0", "20", "120", "480"]


def test_copies_that_start_over_share_k_0(sheet):
    [panel] = sheet("fig4").axes
    over = curves(panel)["#CC79A7", "--"]
    assert over == pytest.approx([60.0, 2.5, 1.5, 1.25])


def test_error_of_subnetworks_and_which_match(sheet):
    [panel] = sheet("fig7").axes
    assert curves(panel)[BLUE, "-"] == pytest.approx([4.5, 2.5, 2.5, 2.5])
    imp = next(dots for dots in panel.collections if len(dots.get_offsets()) == len(KS))
    filled = [to_hex(face) != "#ffffff" for face in imp.get_facecolor()]
    assert filled == [False, True, True, True]


def test_onsets_that_most_samples_never_reach_are_not_drawn(sheet):
    """IMP is stable from 20 on at both levels, matching from 0 and 20; random pruning never."""
    [panel] = sheet("fig8").axes
    lines = {(to_hex(x.get_color()).upper(), x.get_linestyle()): x for x in panel.lines}
    assert list(lines[BLUE, "-"].get_ydata()) == [20.0, 20.0]
    assert list(lines[BLUE, "--"].get_ydata()) == [0.0, 20.0]
    never = STRATEGIES["random-pruning"].color.upper()
    assert (never, "-") not in lines


def test_the_state_at_rewinding_is_three_rows(sheet):
    error, dense, imp = sheet("app-c").axes
    tests = [line for line in error.lines if line.get_linestyle() == "-"]
    assert list(tests[0].get_ydata()) == pytest.approx([50 - k / 100 for k in KS])
    for panel in (dense, imp):
        assert len([line for line in panel.lines if len(line.get_ydata()) == 4]) == 3


def test_instability_throughout_is_a_line_per_k(sheet):
    axes = sheet("app-d").axes
    assert len(axes) == 4, "dense and IMP, test and train"
    lines = [line for line in axes[0].lines if list(line.get_xdata()) == [600, 1200]]
    assert [list(line.get_ydata()) for line in lines] == [[v / 2, v] for v in INSTABILITY.values()]


def test_a_sweep_without_the_data_is_left_out(trial, whole):
    without = Made(trial).cell().study()
    [plot] = paper_plots.plots([whole, without], ["fig4"])
    assert len(plot.figure.axes) == 1
    assert list(paper_plots.plots([without], ["fig4"])) == []


@pytest.mark.slow  # Unmasking's, by default
def test_the_report_has_each_figure_once(whole):
    names = [plot.name for plot in paper_plots.plots([whole])]
    assert names == ["fig4", "fig8", "app-b", "app-c", "app-d", "app-g", "app-h"]


@pytest.mark.parametrize("name", FIGURES)
def test_the_numbers_of_a_figure_are_those_of_its_curves(sheet, name):
    """Each line of the figure has a name of its own, and says over how many samples it is."""
    figure = sheet(name)
    table = numbers(figure)
    transposed = "n" in set(table.iloc[:, 0])
    lines = list(table.columns[1:]) if transposed else table.iloc[:, 0].tolist()
    assert len(lines) == len(set(lines)) == len(figure.curves)
    assert name == "fig8" or "n" in (table.iloc[:, 0] if transposed else table.columns).tolist()


def test_the_numbers_are_means_deviations_and_samples(sheet):
    table = numbers(sheet("fig3")).to_dict("split")
    assert table["columns"] == ["by rewind iteration k", "0", "20", "120", "480", "n"]
    values = ["60.0 ± 0.0", "1.5 ± 0.0", "0.5 ± 0.0", "0.2 ± 0.0", "9"]
    assert table["data"] == [["Dense", *values], ["Dense, train set", *values]]


def test_the_numbers_of_onsets_say_how_many_samples_have_one(sheet):
    table = numbers(sheet("fig8")).set_index("by weights left (%)")
    assert table.loc["IMP stable"].tolist() == ["20 (9 of 9)"] * 2
    assert table.loc["IMP matching"].tolist() == ["0 (9 of 9)", "20 (9 of 9)"]


def test_lines_that_coincide_stand_side_by_side(sheet):
    """Test and train instability are the same here."""
    [panel] = sheet("fig3").axes
    lines = [line for line in panel.lines if len(line.get_xdata()) == len(KS)]
    assert [list(line.get_xdata()) for line in lines] == [list(KS)] * 2
    test, train = (line.get_transform().transform(line.get_xydata())[:, 0] for line in lines)
    points = (train - test) * 72 / panel.figure.dpi
    assert list(points) == pytest.approx([DODGE] * len(KS))


def test_panels_that_share_an_axis_have_the_rewind_points_of_all():
    _, [[above], [below]] = grid(2, 1)
    for panel, ks in ((above, [0, 20, 480]), (below, [0, 20])):
        against_k(panel, [Curve(ks, [1.0] * len(ks), [0.0] * len(ks), "k", "a")], ks)
    low, high = below.get_xlim()
    assert low < 0 < 480 < high


@pytest.mark.parametrize("name", ["fig3", "fig7", "app-c"])
def test_all_that_is_drawn_is_inside_its_panel(sheet, name):
    for panel in sheet(name).axes:
        low, high = panel.get_ylim()
        heights = [y for line in panel.lines for y in line.get_ydata() if len(line.get_ydata()) > 2]
        assert low < min(heights) <= max(heights) < high
