"""That the words of figures neither overlap nor are cut, from 1 to 20 levels and 2 to 15 k."""

import pytest
from figure_styles import EITHER
from fitting import outside, overlapping

from analysis.cells import cells, dense_reference, samples
from analysis.ends import arms
from analysis.figures import accuracy, instability, path
from analysis.figures.style import STYLES, styled
from analysis.figures.words import ticks, whole, wrapped

KS = (0, 1, 2, 5, 10, 20, 60, 120, 480, 1000, 2000, 4000, 8000, 16000, 63000)


@pytest.fixture(
    scope="module",
    params=[(1, 15), (3, 2), pytest.param((20, 15), marks=pytest.mark.slow)],
    ids=str,
)
def shown(request, frame, trial):
    """Trials, cells and samples of so many levels and rewind points.

    Of the recipe and from the level on of which LMC prints accuracies.
    """
    levels, points = request.param
    trials = frame(
        *(
            trial(name, level, k, init=init, instability=80.0 / (1 + k), recipe="lenet-mnist",
                  accuracies=(97.0 - level + init, 97.0))
            for k in KS[:points]
            for init in (1, 2)
            for name, every in (("dense", [0]), ("imp", range(15, 15 + levels)))
            for level in every
        )
    )  # fmt: skip
    return trials, cells(trials), samples(trials)


@pytest.mark.parametrize("style", EITHER)
def test_words_have_room(shown, curves, style):
    trials, points, each = shown
    with styled(STYLES[style]):
        figures = [
            instability.figure(points, stable_below=2.0, samples=each),
            path.figure(trials, curves(trials)),
        ]
        if points["level"].nunique() < 5:  # of more, its panels stand as those of instability
            networks = arms(trials)
            reference = dense_reference(each)
            figures.append(accuracy.figure(points, reference=reference, networks=networks))
        for figure in figures:
            assert figure.get_figwidth() == STYLES[style].width
            assert outside(figure) == []
            assert overlapping(figure) == []


def test_the_check_finds_what_overlaps_and_what_is_cut(study):
    figure = instability.figure(cells(study), stable_below=2.0)
    figure.axes[0].set_xticks([100, 101, 102], ["one hundred", "and one", "and two"])
    figure.text(0.99, 0.5, "cut at the edge")
    assert outside(figure) == ["cut at the edge"]
    assert ("one hundred", "and one") in overlapping(figure)


def test_labels_that_would_overlap_are_left_out_but_the_ends_stay(study):
    with styled(STYLES["paper"]):
        figure = instability.figure(cells(study), stable_below=2.0)
        panel = figure.axes[0]
        panel.set_xscale("linear")
        panel.set_xlim(0, 100)
        ticks(panel.xaxis, {float(k): str(1000 + k) for k in range(0, 101, 2)}, (0, 100))
    assert overlapping(figure) == []
    kept = [label.get_text() for label in panel.get_xticklabels() if label.get_text()]
    assert kept[0] == "1000"
    assert kept[-1] == "1100"
    assert 5 < len(kept) < 51


def test_titles_break_where_words_and_names_do():
    text = "resnet20-cifar10: learning_rate=0.1, 8.6 % left"
    broken = wrapped(text, 1.2, 7.5, lines=9)
    assert whole(broken) == text
    assert "8.6\N{NO-BREAK SPACE}%\N{NO-BREAK SPACE}left" in broken.split("\n")
    assert wrapped(text, 1.2, 7.5, lines=2).endswith("…")
    assert len(wrapped(text, 1.2, 7.5, lines=2).split("\n")) == 2
