"""What the figures show, read back from the artists; how they look is for the eye."""

import math
import re

import pytest
from matplotlib.collections import PathCollection
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from analysis.cells import cells, dense_reference
from analysis.figures import accuracy, instability, path, svg
from analysis.figures.style import iteration
from analysis.strategies import STRATEGIES, rank, strategy


def legend(figure):
    return [text.get_text() for text in figure.legends[0].get_texts()]


def titles(figure):
    return [panel.get_title() for panel in figure.axes]


def lines(panel):
    """The heights of each strategy's line in a panel, by colour."""
    return {
        to_hex(bar.lines[0].get_color()): list(bar.lines[0].get_ydata()) for bar in panel.containers
    }


def fills(panel):
    """Which markers are filled, by the colour of their edges; None for a small one."""
    return {
        to_hex(dots.get_edgecolor()[0]): [
            None if size < 10 else to_hex(face) != "#ffffff"
            for face, size in zip(dots.get_facecolor(), dots.get_sizes(), strict=True)
        ]
        for dots in panel.collections
        if isinstance(dots, PathCollection)
    }


DENSE, IMP, PRUNED = (STRATEGIES[n].color.lower() for n in ("dense", "imp", "random-pruning"))


def test_instability_of_a_study(study):
    figure = instability.figure(cells(study), stable_below=2.0)
    [panel] = figure.axes
    assert panel.get_title() == "8.6 % of weights left"
    assert lines(panel) == {DENSE: [60.0, 1.5, 0.5], IMP: [40.0, 0.5], PRUNED: [80.0, 70.0]}
    assert fills(panel) == {DENSE: [False, True, True], IMP: [False, True], PRUNED: [False, False]}
    assert legend(figure) == [
        *("Dense", "IMP", "Random pruning"),
        *("stable", "not stable", "stable below 2 %"),
    ]
    # The measured k are evenly spaced: IMP, without k = 20, spans two ticks.
    assert [tick.get_text() for tick in panel.get_xticklabels()] == ["0", "20", "120"]
    imp = panel.containers[1].lines[0].get_xdata()
    assert imp[1] - imp[0] == pytest.approx(2.0)
    assert abs(imp[0]) < 0.2
    # Everything is inside the panel, the threshold included.
    low, high = panel.get_ylim()
    assert low < 0
    assert high > 80.0
    assert [line.get_ydata()[0] for line in panel.lines if line.get_linestyle() == "--"] == [2.0]


def test_accuracy_of_a_study(study):
    figure = accuracy.figure(cells(study), reference=dense_reference(study))
    [panel] = figure.axes
    assert lines(panel) == {DENSE: [97.5] * 3, IMP: [95.5, 97.25], PRUNED: [94.0, 93.5]}
    assert fills(panel) == {DENSE: [None] * 3, IMP: [False, True], PRUNED: [False, False]}
    [band] = panel.patches
    assert band.get_y() == pytest.approx(97.5 - math.sqrt(0.5))
    assert band.get_height() == pytest.approx(2 * math.sqrt(0.5))
    assert "dense networks ± 1 std" in legend(figure)


def published(panel):
    """Where hollow black markers stand in a panel: (x, y)."""
    return [
        (float(x), float(y))
        for dots in panel.collections
        if isinstance(dots, PathCollection)
        and to_hex(dots.get_edgecolor()[0]) == "#000000"
        and len(dots.get_facecolor()) == 0
        for x, y in dots.get_offsets()
    ]


def test_published_accuracies_stand_to_the_left_of_ours(frame, trial):
    rows = [("dense", 0, 0), ("dense", 0, 25), ("imp", 15, 0), ("imp", 15, 25), ("imp", 1, 0)]
    points = cells(frame(*(trial(*where, recipe="lenet-mnist") for where in rows)))
    figure = accuracy.figure(points, reference=None)
    denser, extreme = figure.axes
    assert [y for _, y in published(denser)] == [98.3]
    assert [y for _, y in published(extreme)] == [98.3, 98.2]
    for panel in figure.axes:
        ours = min(bar.lines[0].get_xdata()[0] for bar in panel.containers)
        assert all(panel.get_xlim()[0] < x < ours for x, _ in published(panel))
    low, high = extreme.get_ylim()
    assert low < 98.2 < 98.3 < high
    assert legend(figure)[-1] == "paper"
    assert not any(published(panel) for panel in instability.figure(points, stable_below=2.0).axes)


def test_figures_of_what_no_paper_has_do_not_mention_one(study):
    figure = accuracy.figure(cells(study), reference=dense_reference(study))
    assert published(figure.axes[0]) == []
    assert "paper" not in legend(figure)


def test_without_a_reference_nothing_is_called_matching_or_not(frame, trial):
    found = cells(frame(trial("imp", 1, 0), trial("imp", 1, 20)))
    figure = accuracy.figure(found, reference=None)
    assert legend(figure) == ["IMP", "not judged"]
    assert fills(figure.axes[0]) == {IMP: [None, None]}
    assert list(figure.axes[0].patches) == []


def test_each_level_has_a_panel_with_the_dense_networks_in_it(frame, trial):
    trials = frame(
        trial(instability=7.0), *(trial("imp", level, instability=level) for level in range(1, 7))
    )
    figure = instability.figure(cells(trials), stable_below=2.0)
    left = ("80.0", "64.0", "51.2", "41.0", "32.8", "26.2")
    assert titles(figure) == [f"{percent} % of weights left" for percent in left]
    assert [lines(panel) for panel in figure.axes] == [
        {DENSE: [7.0], IMP: [float(level)]} for level in range(1, 7)
    ]


def test_dense_networks_alone_have_one_panel(frame, trial):
    figure = instability.figure(cells(frame(trial(instability=1.0))), stable_below=2.0)
    assert titles(figure) == [""]
    assert figure.axes[0].get_ylim()[1] > 2.0


def test_the_deviation_is_drawn_and_a_single_sample_has_none(frame, trial):
    trials = frame(
        trial(instability=10.0), trial(init=2, instability=14.0), trial(rewind=20, instability=1.0)
    )
    [panel] = instability.figure(cells(trials), stable_below=2.0).axes
    bars = panel.containers[0].lines[2][0].get_segments()
    assert [bar[1][1] - bar[0][1] for bar in bars] == pytest.approx([2 * math.sqrt(8), 0.0])


LOST = {"diverged": (True, True), "accuracies": (0.0, 0.0), "instability": math.nan}


def test_what_cannot_be_measured_leaves_a_gap(frame, twice):
    trials = frame(
        *twice(instability=40.0),
        *twice(rewind=20, **LOST),
        *twice(rewind=60, instability=1.0, accuracies=(96.0, 96.0)),
    )
    for figure, drawn in (
        (instability.figure(cells(trials), stable_below=2.0), [40.0, math.nan, 1.0]),
        (accuracy.figure(cells(trials), reference=dense_reference(trials)), [97.5, math.nan, 96.0]),
    ):
        svg.inline(figure, "gap")
        assert lines(figure.axes[0])[DENSE] == pytest.approx(drawn, nan_ok=True)


def test_figures_of_nothing_but_diverged_networks_can_be_drawn(frame, twice):
    trials = frame(*twice(**LOST), *twice("imp", 1, **LOST))
    for figure in (
        instability.figure(cells(trials), stable_below=2.0),
        accuracy.figure(cells(trials), reference=dense_reference(trials)),
    ):
        assert svg.inline(figure, "lost").startswith("<svg")


def test_a_reference_of_one_init_has_no_band(frame, trial):
    trials = frame(trial(), trial("imp", 1))
    figure = accuracy.figure(cells(trials), reference=dense_reference(trials))
    assert not any(panel.patches for panel in figure.axes)
    assert legend(figure) == ["Dense", "IMP", "not judged"]


@pytest.mark.parametrize("levels", [1, 2, 3, 4])
def test_the_legend_is_not_cut(frame, twice, levels):
    names = ("imp", "random-pruning", "random-reinit")
    # Level 15 is the one of which LMC has accuracies.
    rows = [
        row
        for level in range(15, 15 + levels)
        for name in names
        for row in twice(name, level, recipe="lenet-mnist")
    ]
    trials = frame(*twice(recipe="lenet-mnist"), *rows)
    points = cells(trials)
    for figure, entries in (
        (accuracy.figure(points, reference=dense_reference(trials)), 9),
        (instability.figure(points, stable_below=2.0), 7),
    ):
        assert len(legend(figure)) == entries
        svg.inline(figure, "legend")
        box, page = figure.legends[0].get_window_extent(), figure.bbox
        assert page.x0 <= box.x0 < box.x1 <= page.x1


def test_what_is_not_drawn_is_not_in_the_legend(frame, twice):
    trials = frame(*twice(instability=40.0), *twice(rewind=20, **LOST))
    assert cells(trials)["stable"].isna().any()
    figure = instability.figure(cells(trials), stable_below=2.0)
    assert legend(figure) == ["Dense", "stable", "not stable", "stable below 2 %"]


def test_dense_networks_are_neither_matching_nor_not(study):
    figure = accuracy.figure(cells(study), reference=dense_reference(study))
    assert legend(figure)[3:6] == ["matching", "not matching", "not judged"]
    assert fills(figure.axes[0])[DENSE] == [None] * 3


def test_subnetworks_without_a_verdict_are_small_beside_those_that_have_one(frame, twice):
    trials = frame(*twice(), *twice("imp", 11, accuracies=(10.0, 10.0)), *twice("imp", 11, 20))
    points = cells(trials)
    figure = accuracy.figure(points, reference=dense_reference(trials))
    assert fills(figure.axes[0])[IMP] == [None, True]
    sizes = {
        text.get_text(): (handle.get_markersize(), handle.get_markerfacecolor())
        for text, handle in zip(
            figure.legends[0].get_texts(), figure.legends[0].legend_handles, strict=True
        )
        if "judged" in text.get_text() or "matching" in text.get_text()
    }
    assert sizes["not judged"][0] < sizes["matching"][0] / 1.5
    assert sizes["matching"][1] != sizes["not matching"][1]


def test_paths_of_a_study(study, curves):
    figure = path.figure(study, curves(study))
    assert titles(figure)[:3] == ["Dense", "IMP, 8.6 % left", "Random pruning, 8.6 % left"]
    assert [panel.get_ylabel() for panel in figure.axes if panel.get_ylabel()] == [
        "test error (%)",
        "train error (%)",
    ]
    drawn = [[list(line.get_ydata()) for line in panel.lines] for panel in figure.axes]
    assert drawn[0] == [[2.0, 62.0, 2.0], [2.0, 3.5, 2.0], [2.0, 2.5, 2.0]]
    assert drawn[4] == [[1.0, 21.0, 1.0], [1.0, 1.25, 1.0]]  # IMP on train
    assert list(figure.axes[0].lines[0].get_xdata()) == [0.0, 0.5, 1.0]
    assert legend(figure) == ["k = 0", "k = 20", "k = 120"]
    # A k has one colour in every panel.
    assert figure.axes[1].lines[1].get_color() == figure.axes[0].lines[2].get_color()
    assert figure.axes[1].lines[1].get_color() != figure.axes[0].lines[1].get_color()


def test_paths_are_averaged_over_samples(frame, trial, curves):
    trials = frame(trial(instability=10.0), trial(init=2, instability=20.0))
    panel = path.figure(trials, curves(trials)).axes[0]
    assert [list(line.get_ydata()) for line in panel.lines] == [[2.0, 17.0, 2.0]]


def test_more_than_four_paths_begin_a_new_row_in_order(frame, trial, curves):
    trials = frame(
        trial("another", 1), *(trial("imp", level) for level in (10, 2, 3, 4, 5)), trial()
    )
    figure = path.figure(trials, curves(trials))
    assert [title for title in titles(figure) if title] == [
        "Dense",
        *(f"IMP, {percent} % left" for percent in ("64.0", "51.2", "41.0", "32.8", "10.7")),
        "another, 80.0 % left",
    ]
    assert len(figure.axes) == 14


def test_svg_is_a_bare_element_whose_ids_are_its_own(study):
    def draw():
        return instability.figure(cells(study), stable_below=2.0)

    one, two = svg.inline(draw(), "one"), svg.inline(draw(), "two")
    assert one.startswith("<svg")
    assert one.endswith("</svg>")
    assert "http" not in one
    ids = re.findall(r' id="([^"]+)"', one)
    assert ids
    assert all(name.startswith("one-") for name in ids)
    referred = re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', one)
    assert {a or b for a, b in referred} <= set(ids)
    assert two == one.replace("one-", "two-")
    assert ">test instability (%)</text>" in one  # text stays text


def test_svg_escapes_what_names_hold(frame, trial):
    hostile = "<script>alert('$x^2$')</script>"
    figure = instability.figure(cells(frame(trial(hostile, 1))), stable_below=2.0)
    markup = svg.inline(figure, "x")
    assert "<script" not in markup
    # As it stands, not as mathematics.
    assert ">&lt;script&gt;alert('$x^2$')&lt;/script&gt;</text>" in markup


def test_figures_keep_clear_of_pyplot(study):
    figure = instability.figure(cells(study), stable_below=2.0)
    assert isinstance(figure, Figure)
    assert figure.canvas.manager is None


@pytest.mark.parametrize(
    ("k", "text"), [(0, "0"), (500, "500"), (1000, "1K"), (31200, "31.2K"), (63000, "63K")]
)
def test_iterations_read_as_in_the_papers(k, text):
    assert iteration(k) == text


def test_strategies_keep_their_order_and_the_unknown_come_after():
    names = ["b-new", "random-reinit", "a-new", "dense", "random-pruning", "imp"]
    assert sorted(names, key=rank) == [
        *("dense", "imp", "random-pruning", "random-reinit"),
        *("a-new", "b-new"),
    ]
    assert strategy("a-new").label == "a-new"


def test_strategies_are_told_apart_by_colour_and_by_shape():
    assert len({look.color for look in STRATEGIES.values()}) == len(STRATEGIES)
    assert len({look.marker for look in STRATEGIES.values()}) == len(STRATEGIES)
