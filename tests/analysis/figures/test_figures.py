"""What the figures show, read back from the artists; whether they fit is in test_fitting.py."""

import math
import re

import pytest
from matplotlib.collections import PathCollection
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.text import Text

from analysis.cells import cells, dense_reference, samples
from analysis.figures import accuracy, instability, path, svg
from analysis.figures.colors import in_the_dark
from analysis.figures.style import GROUND, INK, PAPER, STYLES, iteration, styled
from analysis.figures.words import whole
from analysis.strategies import STRATEGIES, rank, strategy


def legend(figure):
    return [whole(text.get_text()) for text in figure.legends[0].get_texts()]


def titles(figure):
    return [whole(panel.get_title()) for panel in figure.axes]


def ticks(axis):
    return [tick.get_text() for tick in axis.get_ticklabels()]


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
    assert titles(figure) == ["Level 11: 8.6 % of weights left, beside dense networks (100 %)"]
    assert lines(panel) == {DENSE: [60.0, 1.5, 0.5], IMP: [40.0, 0.5], PRUNED: [80.0, 70.0]}
    assert fills(panel) == {DENSE: [False, True, True], IMP: [False, True], PRUNED: [False, False]}
    assert legend(figure) == [
        *("Dense (100 % left)", "IMP", "Random pruning"),
        *("stable", "not stable", "95 % interval", "stable below 2 %"),
    ]
    # The axis has the measured k, 0 among them, at their places.
    assert panel.get_xscale() == "symlog"
    assert ticks(panel.xaxis) == ["0", "20", "120"]
    assert list(panel.containers[1].lines[0].get_xdata()) == [0, 120]
    # Everything is inside the panel, the threshold included; below it the axis is linear.
    assert panel.get_yscale() == "symlog"
    assert panel.yaxis.get_transform().linthresh == 2.0
    assert {"0", "2", "10"} <= set(ticks(panel.yaxis))
    low, high = panel.get_ylim()
    assert low < 0
    assert high > 80.0
    assert [line.get_ydata()[0] for line in panel.lines if line.get_linestyle() == "--"] == [2.0]


def test_accuracy_of_a_study(study):
    figure = accuracy.figure(cells(study), reference=dense_reference(study))
    [panel] = figure.axes
    assert lines(panel) == {DENSE: [97.5] * 3, IMP: [95.5, 97.25], PRUNED: [94.0, 93.5]}
    assert panel.get_yscale() == "linear"
    assert fills(panel) == {DENSE: [None] * 3, IMP: [False, True], PRUNED: [False, False]}
    [band] = panel.patches
    assert band.get_y() == pytest.approx(97.5 - math.sqrt(0.5))
    assert band.get_height() == pytest.approx(2 * math.sqrt(0.5))
    assert "dense networks ± 1 std" in legend(figure)


def published(panel):
    """Where hollow markers of the ink's colour stand in a panel: x in pixels, and y."""
    return [
        (float(dots.get_offset_transform().transform((x, y))[0]), float(y))
        for dots in panel.collections
        if isinstance(dots, PathCollection)
        and to_hex(dots.get_edgecolor()[0]) == INK.lower()
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
        ours = min(
            bar.lines[0].get_transform().transform(bar.lines[0].get_xydata())[0][0]
            for bar in panel.containers
        )
        left = panel.transAxes.transform((0, 0))[0]
        assert all(left < x < ours for x, _ in published(panel))
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
    assert titles(figure) == [f"Level {i}: {percent} % left" for i, percent in enumerate(left, 1)]
    assert [lines(panel) for panel in figure.axes] == [
        {DENSE: [7.0], IMP: [float(level)]} for level in range(1, 7)
    ]


def test_dense_networks_alone_have_one_panel(frame, trial):
    figure = instability.figure(cells(frame(trial(instability=1.0))), stable_below=2.0)
    assert titles(figure) == [""]
    assert figure.axes[0].get_ylim()[1] > 2.0


def test_the_interval_is_drawn_and_a_single_init_has_none(frame, trial):
    """Of two inits: mean ± t s / sqrt(2), with t = 12.706 (Student's, one degree of freedom)."""
    trials = frame(
        trial(instability=40.0), trial(init=2, instability=44.0), trial(rewind=20, instability=1.0)
    )
    [panel] = instability.figure(cells(trials), stable_below=2.0).axes
    bars = panel.containers[0].lines[2][0].get_segments()
    heights = [bar[1][1] - bar[0][1] for bar in bars]
    assert heights == pytest.approx([2 * 12.706 * math.sqrt(8) / math.sqrt(2), 0.0], rel=1e-4)


def test_single_samples_are_faint_points_of_their_strategy(frame, trial):
    values = (40.0, 44.0)
    trials = frame(*(trial(init=i, instability=value) for i, value in enumerate(values, 1)))
    figure = instability.figure(cells(trials), stable_below=2.0, samples=samples(trials))
    [dots] = [line for line in figure.axes[0].lines if line.get_linestyle() == "None"
              and line.get_alpha()]  # fmt: skip
    assert sorted(dots.get_ydata()) == [40.0, 44.0]
    assert to_hex(dots.get_color()) == DENSE
    assert "single samples" in legend(figure)


def test_accuracies_that_differ_much_are_on_an_axis_of_the_error(frame, twice):
    trials = frame(*twice(), *twice("imp", 11, accuracies=(20.0, 20.0)))
    figure = accuracy.figure(cells(trials), reference=dense_reference(trials))
    [panel] = figure.axes
    heights = panel.transData.transform([(0, 97.5), (0, 95.0), (0, 22.5), (0, 20.0)])[:, 1]
    assert heights[0] - heights[1] > 5 * (heights[2] - heights[3]), "near the best is more room"
    assert "logarithmic in the error" in accuracy.axis_words(figure, cells(trials))[0]


def test_of_more_levels_than_have_room_it_is_said_which_are_not_drawn(frame, trial):
    trials = frame(*(trial("imp", level, instability=level) for level in range(1, 23)))
    figure = instability.figure(cells(trials), stable_below=2.0)
    assert len(figure.axes) == 20
    assert whole(figure.get_supxlabel()) == "Not drawn: levels 6, 17."


def test_of_more_rewind_points_than_a_path_shows_it_is_said_which_are_not(frame, trial, curves):
    trials = frame(*(trial(rewind=k, instability=k) for k in range(7)))
    figure = path.figure(trials, curves(trials))
    assert legend(figure) == [f"k = {k}" for k in (0, 2, 3, 4, 6)]
    assert whole(figure.get_supxlabel()) == "Not drawn: k = 1, 5."


def test_many_strategies_and_levels_have_paths_of_some_levels(frame, trial, curves):
    names = ("imp", "random-pruning", "random-reinit")
    trials = frame(trial(), *(trial(name, level) for name in names for level in range(1, 16)))
    figure = path.figure(trials, curves(trials))
    assert len({title for title in titles(figure) if title}) == 1 + 3 * 3
    assert whole(figure.get_supxlabel()) == "Not drawn: levels 2 to 7, 9 to 14."


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
    assert legend(figure) == ["Dense (100 % left)", "IMP", "not judged"]


def test_what_is_not_drawn_is_not_in_the_legend(frame, twice):
    trials = frame(*twice(instability=40.0), *twice(rewind=20, **LOST))
    assert cells(trials)["stable"].isna().any()
    figure = instability.figure(cells(trials), stable_below=2.0)
    assert legend(figure) == [
        *("Dense", "stable", "not stable"),
        *("95 % interval", "stable below 2 %"),
    ]


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
    shown = [title for title in titles(figure) if title]
    assert shown == ["Dense", "IMP, 8.6 % left", "Random pruning, 8.6 % left"]
    assert [panel.get_ylabel() for panel in figure.axes if panel.get_ylabel()] == [
        "test error (%)",
        "train error (%)",
    ]
    drawn = [[list(line.get_ydata()) for line in panel.lines] for panel in figure.axes]
    assert drawn[0] == [[2.0, 62.0, 2.0], [2.0, 3.5, 2.0], [2.0, 2.5, 2.0]]
    assert drawn[4] == [[1.0, 21.0, 1.0], [1.0, 1.25, 1.0]]  # IMP on train
    assert list(figure.axes[0].lines[0].get_xdata()) == [0.0, 0.5, 1.0]
    assert legend(figure) == ["k = 0", "k = 20", "k = 120", "mean ± 1 std"]
    # A k has one colour in every panel.
    assert figure.axes[1].lines[1].get_color() == figure.axes[0].lines[2].get_color()
    assert figure.axes[1].lines[1].get_color() != figure.axes[0].lines[1].get_color()


def test_paths_are_averaged_over_samples(frame, trial, curves):
    trials = frame(trial(instability=40.0), trial(init=2, instability=44.0))
    panel = path.figure(trials, curves(trials)).axes[0]
    assert [list(line.get_ydata()) for line in panel.lines] == [[2.0, 44.0, 2.0]]
    [band] = panel.collections
    at_half = [y for x, y in band.get_paths()[0].vertices if x == 0.5]
    assert [min(at_half), max(at_half)] == pytest.approx([44 - math.sqrt(8), 44 + math.sqrt(8)])


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


def test_svg_in_a_page_has_the_pages_ink_and_no_ground(study):
    figure = instability.figure(cells(study), stable_below=2.0)
    markup = svg.inline(figure, "x")
    declared = set(re.findall(r"(?:fill|stroke): ([^;\"]+)", markup))
    assert f"var(--ink, {INK.lower()})" in declared
    assert f"var(--paper, {GROUND.lower()})" in declared, "hollow markers"
    fixed = {one for one in declared if one.startswith("#")} - {IMP, DENSE, PRUNED}
    assert fixed == set(), "anything else follows the page"
    for color in (IMP, DENSE, PRUNED):
        assert any(one.startswith(f"light-dark({color}, ") for one in declared)
    assert re.search(r'<g id="x-patch_1">\s*<path [^>]*(fill: none|opacity: 0)', markup)


@pytest.mark.parametrize("color", [look.color for look in STRATEGIES.values()])
def test_colours_are_seen_on_a_dark_ground(color):
    """At least 4.5 to 1, as WCAG 2 wants of text, on #15181c."""

    def luminance(value):
        rgb = [int(value[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in rgb]
        return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    contrast = (luminance(in_the_dark(color)) + 0.05) / (luminance("#15181c") + 0.05)
    assert contrast > 4.5


def test_a_style_has_its_width_and_size_of_text(study):
    for style in STYLES.values():
        with styled(style):
            figure = instability.figure(cells(study), stable_below=2.0)
        assert figure.get_figwidth() == style.width
        sizes = {text.get_fontsize() for text in figure.findobj(Text) if text.get_text()}
        assert sizes == {style.text, style.small}
    assert (PAPER.width, PAPER.text, PAPER.small) == (3.25, 7.5, 7.0)


def test_files_have_text_as_text_and_the_same_bytes(study, tmp_path):
    with styled(PAPER):
        figure = instability.figure(cells(study), stable_below=2.0)
        for kind in svg.FORMATS:
            svg.save(figure, tmp_path / f"a.{kind}")
            svg.save(figure, tmp_path / f"b.{kind}")
            assert (tmp_path / f"a.{kind}").read_bytes() == (tmp_path / f"b.{kind}").read_bytes()
    assert "var(--" not in (tmp_path / "a.svg").read_text(), "a file is plain"
    pdf = (tmp_path / "a.pdf").read_bytes()
    assert b"/FontFile2" in pdf, "its font is embedded"
    assert b"/Type3" not in pdf
    width = int.from_bytes((tmp_path / "a.png").read_bytes()[16:20])
    assert width == 3.25 * 300


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
