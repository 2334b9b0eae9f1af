"""That captions name what their figures show, and nothing else."""

from analysis.cells import cells, samples
from analysis.report import captions


def test_dense_networks_stand_in_one_panel_or_in_every(frame, trial):
    dense, first, second = trial(), trial("imp", 1), trial("imp", 2)
    assert captions.beside(cells(frame(dense))) == ""
    assert captions.beside(cells(frame(first, second))) == ""
    assert "stand in the same panel" in captions.beside(cells(frame(dense, first)))
    assert "stand in every panel" in captions.beside(cells(frame(dense, first, second)))
    controls = captions.beside(cells(frame(first, trial("random-pruning", 1))))
    assert "side by side" in controls
    assert "dense" not in controls


def test_bars_and_bands_are_named_where_they_are(frame, trial):
    one, two = frame(trial()), frame(trial(), trial(init=2))
    assert captions.bands(one) == ""
    assert "from 0 on" in captions.bands(two)
    of_one = captions.means(cells(one), samples(one))
    assert of_one == "mean and single samples (dots)"
    assert "95 % interval over inits (bars)" in captions.means(cells(two), samples(two))
