"""That the marks of a figure can be told apart: side by side, seen on any ground, cut or whole."""

import re

import numpy as np
import pytest
from figure_styles import EITHER
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import PathCollection
from matplotlib.colors import to_rgb
from matplotlib.markers import CARETDOWN, CARETUP

from analysis.cells import cells, dense_reference, samples
from analysis.ends import arms
from analysis.figures import accuracy, hyperparameters, instability, marks, path, svg
from analysis.figures.colors import in_the_dark
from analysis.figures.style import STYLES, styled
from analysis.figures.words import whole
from analysis.strategies import STRATEGIES

KS = (0, 20, 60, 120, 480)
NAMES = ("dense", "imp", "random-pruning", "random-reinit")


def legend(figure):
    return [whole(text.get_text()) for text in figure.legends[0].get_texts()]


def drawn(figure):
    """The figure once it is laid out."""
    FigureCanvasAgg(figure).draw()
    return figure


def sweep(frame, trial, ks=KS, levels=(11,), **more):
    return frame(
        *(
            trial(name, level, k, init=init, instability=40.0 / (1 + k) + init, **more)
            for k in ks
            for init in (1, 2, 3)
            for name in NAMES
            for level in ([0] if name == "dense" else levels)
        )
    )


def places(panel):
    """Where the marks of each mean stand, in pixels along x: an array per strategy."""
    return [
        dots.get_offset_transform().transform(dots.get_offsets())[:, 0]
        for dots in panel.collections
        if isinstance(dots, PathCollection)
    ]


def singles(panel):
    """The same of single samples."""
    return [
        line.get_transform().transform(line.get_xydata())[:, 0]
        for line in panel.lines
        if line.get_linestyle() == "None" and line.get_marker() == "o"
    ]


@pytest.mark.parametrize("ks", [KS, (0,), (0, 1, 2, 5, 10, 20, 60, 120, 480, 1000)], ids=len)
@pytest.mark.parametrize("draw", ["instability", "accuracy"])
def test_strategies_stand_side_by_side_as_far_apart_at_every_k(frame, trial, ks, draw):
    trials = sweep(frame, trial, ks)
    points = cells(trials)
    figure = drawn(
        instability.figure(points, stable_below=2.0, samples=samples(trials))
        if draw == "instability"
        else accuracy.figure(points, reference=dense_reference(trials), networks=arms(trials))
    )
    [panel] = figure.axes
    ticks = panel.transData.transform([(k, 1.0) for k in ks])[:, 0]
    offsets = np.array([of - ticks for of in places(panel)])
    assert offsets.shape == (len(NAMES), len(ks))
    assert np.ptp(offsets, axis=1) == pytest.approx(0.0, abs=1e-6), "the same at every k"
    assert offsets[:, 0].mean() == pytest.approx(0.0, abs=1e-6), "the tick is in their middle"
    apart = np.diff(offsets[:, 0])
    assert apart == pytest.approx(apart[0])
    least = 4.9 * figure.dpi / 72 if len(ks) < 10 else 0.0
    assert apart[0] > least, "marks do not cover each other where there is room"
    gap = np.diff(ticks).min() if len(ks) > 1 else np.inf
    assert np.ptp(offsets[:, 0]) < gap - apart[0], "nor those of the next k"
    means, each = np.array(places(panel)), singles(panel)
    assert len(each) == len(NAMES)
    for order, single in enumerate(each):
        aside = np.unique((single[:, None] - means[order]).round(3)[:, 0])
        assert 0 < aside.min() < apart[0] / 2, "samples stand beside their own mean"
    low, high = panel.get_window_extent().intervalx
    assert low < means.min()
    assert max(single.max() for single in each) < high


@pytest.mark.parametrize("style", EITHER)
def test_marks_stay_in_their_panel_where_levels_are_many(frame, trial, style):
    trials = sweep(frame, trial, levels=range(1, 9))
    with styled(STYLES[style]):
        figure = drawn(instability.figure(cells(trials), stable_below=2.0, samples=samples(trials)))
        for panel in figure.axes:
            low, high = panel.get_window_extent().intervalx
            mark = STYLES[style].scale * 2.4 * figure.dpi / 72
            every = np.concatenate([*places(panel), *singles(panel)])
            assert low < every.min() - mark
            assert every.max() + mark < high


def test_it_is_said_that_dense_networks_stand_beside_subnetworks(frame, trial):
    one = instability.figure(cells(sweep(frame, trial)), stable_below=2.0)
    assert [whole(panel.get_title()) for panel in one.axes] == [
        "Level 11: 8.6 % of weights left, beside dense networks (100 %)"
    ]
    assert legend(one)[0] == "Dense (100 % left)"
    several = instability.figure(cells(sweep(frame, trial, levels=(1, 11))), stable_below=2.0)
    assert [whole(panel.get_title()) for panel in several.axes] == [
        *("Level 1: 80.0 % left", "Level 11: 8.6 % left")
    ]
    assert whole(several.get_supxlabel()) == "Dense networks, with all weights, are in every panel."
    alone = instability.figure(cells(frame(trial("imp", 11))), stable_below=2.0)
    assert whole(alone.axes[0].get_title()) == "Level 11: 8.6 % left"


def test_bands_of_paths_end_at_0(frame, trial, curves):
    """Errors of 2 and 90 % have mean - std < 0."""
    trials = frame(trial(instability=0.0), trial(init=2, instability=88.0))
    panel = path.figure(trials, curves(trials)).axes[0]
    [band] = panel.collections
    heights = band.get_paths()[0].vertices[:, 1]
    assert heights.min() == 0.0
    assert heights.max() > 90.0


def test_lines_across_a_panel_have_their_numbers(frame, trial, curves):
    trials = frame(*(trial(name, 0 if name == "dense" else 11, k, init=init,
                           instability=90.0 / (1 + k))
                     for name in NAMES for k in KS for init in (1, 2)))  # fmt: skip
    for figure in (
        path.figure(trials, curves(trials)),
        instability.figure(cells(trials), stable_below=2.0),
    ):
        for panel in drawn(figure).axes:
            low, high = sorted(panel.get_ylim())
            seen = [tick for tick in panel.yaxis.get_major_ticks() if low <= tick.get_loc() <= high]
            assert seen
            if panel.get_subplotspec().is_first_col():
                assert all(tick.label1.get_text() for tick in seen)


def carets(panel):
    """The arrowheads at the ends of the axis: which, and over which x."""
    return [
        (line.get_marker(), list(line.get_xdata()), list(line.get_ydata()))
        for line in panel.lines
        if line.get_marker() in (CARETDOWN, CARETUP)
    ]


def test_bars_that_the_axis_cuts_have_an_arrowhead(frame, trial):
    """Of two inits 4 points apart the interval is 12.7 * 2 points to either side."""
    trials = frame(
        *(trial(init=init, accuracies=(97.0, 97.0)) for init in (1, 2)),
        *(trial("imp", 11, 20, init=init, accuracies=(90.0 + 4 * init,) * 2) for init in (1, 2)),
    )
    points = cells(trials)
    figure = accuracy.figure(points, reference=dense_reference(trials), networks=arms(trials))
    [panel] = figure.axes
    low, high = panel.get_ylim()
    imp = points[points["strategy"] == "imp"].iloc[0]
    assert imp["accuracy_test_low"] < low
    found = carets(panel)
    assert (CARETDOWN, [20], [0.0]) in found
    assert ((CARETUP, [20], [1.0]) in found) == bool(imp["accuracy_test_high"] > high)
    assert "interval goes on" in legend(figure)
    assert "An arrowhead" in " ".join(accuracy.axis_words(figure, points))


def test_bars_that_end_on_the_axis_have_none(frame, trial):
    trials = sweep(frame, trial, accuracies=(97.0, 97.0))
    figure = accuracy.figure(cells(trials), reference=None, networks=arms(trials))
    assert carets(figure.axes[0]) == []
    assert "interval goes on" not in legend(figure)
    assert accuracy.axis_words(figure, cells(trials)) == []


def test_intervals_against_a_hyperparameter_are_seen_and_named(frame, trial):
    rates = {f"rate {rate}": rate for rate in (0.05, 0.15)}
    trials = frame(
        *(
            trial("dense", 0, k, init=init, recipe=label, instability=5.0 * init)
            for label in rates
            for k in (0, 20)
            for init in (1, 2, 3)
        )
    )
    draw = hyperparameters.along
    figure = drawn(
        draw(cells(trials), {"learning_rate": rates}, "learning_rate", 2.0, samples(trials))
    )
    assert legend(figure) == [
        *("k = 0", "k = 20", "95 % interval", "single samples", "stable below 2 %")
    ]
    [panel] = figure.axes
    for bars in panel.containers:
        _, caps, [lines] = bars.lines
        assert len(caps) == 2, "each end has a cap"
        assert all(width >= 1 for width in lines.get_linewidths())
        assert all(color[3] >= 0.7 for color in lines.get_colors())
    single = draw(cells(trials[trials["init_seed"] == 1]), {"learning_rate": rates},
                  "learning_rate", 2.0)  # fmt: skip
    assert "95 % interval" not in legend(single), "one init has none"


def contrast(color, ground, opacity):
    """WCAG 2's contrast of a colour that is drawn with an opacity on a ground."""

    def luminance(rgb):
        linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in rgb]
        return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    drawn, below = np.array(to_rgb(color)), np.array(to_rgb(ground))
    levels = sorted([luminance(opacity * drawn + (1 - opacity) * below), luminance(below)])
    return (levels[1] + 0.05) / (levels[0] + 0.05)


@pytest.mark.parametrize("name", NAMES)
def test_samples_and_edges_of_bands_are_seen_on_both_grounds(name):
    """WCAG 2 wants 3 to 1 of graphics; the edge of a band is at least near it."""
    color = STRATEGIES[name].color
    edge = marks.band(color)["edgecolor"][3]
    for drawn_in, ground in ((color, "#ffffff"), (in_the_dark(color), "#15181c")):
        assert contrast(drawn_in, ground, marks.sample(color)["alpha"]) > 2.4
        assert contrast(drawn_in, ground, edge) > 2.0


def test_a_page_gives_samples_and_bands_their_opacity(frame, trial, curves):
    """As SVG, with colours of the page's scheme."""
    trials = sweep(frame, trial, ks=(0,))
    points = svg.inline(
        instability.figure(cells(trials), stable_below=2.0, samples=samples(trials)), "x"
    )
    assert re.search(rf"opacity: {marks.SEEN}\b", points)
    bands = svg.inline(path.figure(trials, curves(trials)), "x")
    assert re.search(rf"stroke: light-dark[^;]*; stroke-opacity: {marks.BORDER}\b", bands)
