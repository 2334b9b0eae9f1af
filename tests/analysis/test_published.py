"""What LMC prints, once more as its text has it, and ours held against it."""

import math

import pandas as pd
import pytest

from analysis.cells import CELL_DTYPES, cells
from analysis.published import (
    ACCURACIES,
    EXTREME,
    IMAGENET_EPOCH,
    ONSETS,
    SOURCES,
    accuracy_of,
    beside,
    onset_of,
    printed_sparsity,
)
from trainables.recipes import RECIPES

nan = math.nan

# Of Table 1: accuracy, its standard deviation and the pruning level. Of Table 2: full, IMP, random
# pruning, random reinit, drop of IMP, matching; its extraction lost the minus of ResNet-20 Low.
TABLES = """
lenet-mnist               98.3 0.1  3.5  | 98.3  98.2  96.7  97.5   0.1  Y
resnet20-cifar10          91.7 0.1 16.8  | 91.7  88.5  88.6  88.8   3.2  N
resnet20-cifar10-low      88.8 0.1  8.6  | 88.8  89.0  85.7  84.7  -0.2  Y
resnet20-cifar10-warmup   89.7 0.3  8.6  | 89.7  89.6  85.7  85.6   0.1  Y
vgg16-cifar10             93.7 0.1  1.5  | 93.7  90.9  89.4  91.0   2.8  N
vgg16-cifar10-low         91.7 0.1  5.5  | 91.7  91.6  90.1  90.2   0.1  Y
vgg16-cifar10-warmup      93.4 0.1  1.5  | 93.4  93.2  90.1  90.7   0.2  Y
resnet50-imagenet         76.1 0.1 30.0  | 76.1  73.7  73.1  73.4   2.4  N
inceptionv3-imagenet      78.1 0.1 30.0  | 78.1  75.7  75.2  75.5   2.4  N
"""
ROWS = [line.replace("|", "").split() for line in TABLES.strip().splitlines()]
STRATEGIES = ("dense", "imp", "random-pruning", "random-reinit")


# --- the records ------------------------------------------------------------------------


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_accuracies_are_those_of_tables_1_and_2(row):
    recipe, numbers = row[0], [float(text) for text in row[1:9]]
    accuracy, std, left, full, *sparse, drop = numbers
    found = {a.strategy: a for a in ACCURACIES if a.recipe == recipe}
    assert tuple(found) == STRATEGIES
    assert [a.accuracy for a in found.values()] == [accuracy, *sparse]
    assert [a.weights_left for a in found.values()] == [100.0, left, left, left]
    assert {a.rewind for a in found.values()} == {0}
    assert found["dense"].std == std
    assert all(math.isnan(found[name].std) for name in STRATEGIES[1:])
    assert [a.source for a in found.values()] == ["LMC Table 1", *["LMC Table 2"] * 3]
    # The two tables agree with each other, and so do the columns of the second.
    assert full == accuracy
    assert full - found["imp"].accuracy == pytest.approx(drop)


def test_every_network_of_the_tables_is_published_and_no_other():
    assert {a.recipe for a in ACCURACIES} == {o.recipe for o in ONSETS} == {r[0] for r in ROWS}
    assert {recipe: EXTREME[recipe] for recipe, *_ in ROWS} == {r[0]: float(r[3]) for r in ROWS}


def test_subnetworks_are_said_to_match_from_the_start_where_table_2_says_so():
    from_start = {o.recipe for o in ONSETS if o.verdict == "matching" and o.iteration == 0}
    assert from_start == {row[0] for row in ROWS if row[-1] == "Y"}


def test_recipes_are_built_in_and_values_in_range():
    for row in (*ACCURACIES, *ONSETS):
        assert row.recipe in RECIPES
        assert row.strategy in STRATEGIES
        assert 0 < row.weights_left <= 100
        assert (row.strategy == "dense") == (row.weights_left == 100)
        assert row.source in SOURCES
    for accuracy in ACCURACIES:
        assert 70 < accuracy.accuracy < 100
        assert math.isnan(accuracy.std) or 0 < accuracy.std <= 0.3
    for onset in ONSETS:
        assert onset.verdict in ("stable", "matching")
        if onset.iteration is not None:
            assert 0 <= onset.iteration < RECIPES[onset.recipe].iterations / 2
    assert {row.source for row in (*ACCURACIES, *ONSETS)} == set(SOURCES)


def test_no_cell_and_no_line_is_published_twice():
    cells_ = [(a.recipe, a.strategy, a.weights_left, a.rewind) for a in ACCURACIES]
    lines = [(o.recipe, o.strategy, o.weights_left, o.verdict) for o in ONSETS]
    assert len(set(cells_)) == len(cells_) == 36
    assert len(set(lines)) == len(lines)


def test_an_epoch_of_imagenet_is_whole_batches_and_the_rest():
    assert 1251 * 1024 < 1_281_167 <= IMAGENET_EPOCH * 1024
    assert IMAGENET_EPOCH == 1252
    for onset in ONSETS:
        assert (onset.epoch is not None) == (
            onset.recipe in ("resnet50-imagenet", "inceptionv3-imagenet")
            and onset.iteration is not None
        )
        if onset.epoch is not None:
            assert onset.iteration == onset.epoch * 1252


@pytest.mark.parametrize(
    ("recipe", "strategy", "percent"),
    [
        ("resnet20-cifar10", "dense", 3),
        ("vgg16-cifar10", "dense", 1.5),
        ("resnet50-imagenet", "dense", 20),
        ("inceptionv3-imagenet", "dense", 16),
        ("resnet20-cifar10", "imp", 0.8),
        ("vgg16-cifar10", "imp", 1.6),
        ("resnet50-imagenet", "imp", 5.5),
        ("inceptionv3-imagenet", "imp", 3.5),
    ],
)
def test_onsets_lie_as_far_into_training_as_the_text_says(recipe, strategy, percent):
    left = 100.0 if strategy == "dense" else EXTREME[recipe]
    onset = onset_of(recipe, strategy, left, "stable")
    assert 100 * onset.iteration / RECIPES[recipe].iterations == pytest.approx(percent, rel=0.07)


@pytest.mark.parametrize(
    ("recipe", "strategy", "left", "stable", "matching"),
    [
        ("lenet-mnist", "dense", 100.0, "0", None),
        ("lenet-mnist", "imp", 3.5, "0", "0"),
        ("lenet-mnist", "random-pruning", 3.5, "0 (of k = 0 alone)", "not at 0"),
        ("lenet-mnist", "random-reinit", 3.5, "0 (of k = 0 alone)", "not at 0"),
        ("resnet20-cifar10", "dense", 100.0, "2000", None),
        ("resnet20-cifar10", "imp", 16.8, "500", "about 500"),
        ("resnet20-cifar10", "random-reinit", 16.8, "never", "never"),
        ("resnet20-cifar10-low", "dense", 100.0, None, None),
        ("resnet20-cifar10-low", "imp", 8.6, "0", "0 (not at the latest k)"),
        ("resnet20-cifar10-warmup", "imp", 8.6, "0", "0"),
        ("vgg16-cifar10", "imp", 1.5, "1000", "about 1000"),
        ("vgg16-cifar10-low", "imp", 5.5, "0", "0 (not at the latest k)"),
        ("vgg16-cifar10-warmup", "imp", 1.5, "0", "0"),
        ("resnet50-imagenet", "dense", 100.0, "22536 (epoch 18)", None),
        ("resnet50-imagenet", "imp", 30.0, "6260 (epoch 5)", "about 6260 (epoch 5)"),
        ("inceptionv3-imagenet", "dense", 100.0, "35056 (epoch 28)", None),
        ("inceptionv3-imagenet", "imp", 30.0, "7512 (epoch 6)", "about 7512 (epoch 6)"),
        ("unmasking-resnet20-cifar10", "dense", 100.0, None, None),
    ],
)
def test_onsets_in_words(recipe, strategy, left, stable, matching):
    found = [onset_of(recipe, strategy, left, verdict) for verdict in ("stable", "matching")]
    assert [onset.text if onset else None for onset in found] == [stable, matching]


# --- which cell is the same -------------------------------------------------------------


@pytest.mark.parametrize("recipe", [row[0] for row in ROWS])
def test_one_pruning_level_prints_as_the_extreme_sparsity(recipe):
    fraction = RECIPES[recipe].pruning_fraction
    lefts = [100 * (1 - fraction) ** level for level in range(31)]
    printed = [printed_sparsity(recipe, left) for left in lefts]
    assert printed.count(f"{EXTREME[recipe]:.1f}") == 1


@pytest.mark.parametrize(
    ("recipe", "left", "found"),
    [
        ("lenet-mnist", 3.52, True),
        ("lenet-mnist", 3.5, True),
        ("lenet-mnist", 3.56, False),
        ("lenet-mnist", 3.44, False),
        ("lenet-mnist", 4.4, False),
        ("vgg16-cifar10", 1.4411518807585602, True),  # 19 rounds of 20 %
        ("vgg16-cifar10", 1.475, True),  # the same, the output layer left alone
        ("vgg16-cifar10", 1.8014398509481984, False),
        ("vgg16-cifar10", 1.1529215046068469, False),
    ],
)
def test_sparsities_are_compared_as_printed(recipe, left, found):
    assert (accuracy_of(recipe, "imp", left, 0) is not None) == found
    assert (onset_of(recipe, "imp", left, "stable") is not None) == found


@pytest.mark.parametrize(
    ("recipe", "strategy", "rewind"),
    [
        ("lenet-mnist with iterations=200", "imp", 0),
        ("unmasking-resnet20-cifar10", "imp", 0),
        ("lenet-mnist", "imp", 25),
        ("lenet-mnist", "another", 0),
        ("lenet-mnist", "dense", 0),
    ],
)
def test_another_recipe_strategy_or_rewind_point_is_another_cell(recipe, strategy, rewind):
    assert accuracy_of("lenet-mnist", "imp", 3.5, 0).accuracy == 98.2
    assert accuracy_of(recipe, strategy, 3.5, rewind) is None


# --- the join ---------------------------------------------------------------------------


def lenet(trial, *rows, recipe="lenet-mnist"):
    """Trials of two inits for each (cell, accuracies of the inits)."""
    return [
        trial(*where, recipe=recipe, init=init, accuracies=(accuracy, accuracy))
        for where, accuracies in rows
        for init, accuracy in enumerate(accuracies, 1)
    ]


def test_published_accuracies_stand_beside_their_cells(frame, trial):
    points = cells(
        frame(
            *lenet(
                trial,
                (("dense", 0, 0), (98.0, 98.4)),
                (("dense", 0, 25), (97.0, 98.0)),
                (("imp", 14, 0), (97.0, 98.0)),
                (("imp", 15, 0), (97.0, 98.0)),
                (("imp", 15, 25), (97.0, 98.0)),
                (("random-pruning", 15, 0), (96.6, 96.8)),
            )
        )
    )
    found = beside(points)
    pd.testing.assert_frame_equal(found[list(CELL_DTYPES)], points)
    added = ["paper_accuracy", "paper_accuracy_std", "paper_source", "deviation"]
    assert list(found.columns) == [*CELL_DTYPES, *added]
    assert found["paper_accuracy"].tolist() == pytest.approx(
        [98.3, nan, nan, 98.2, nan, 96.7], nan_ok=True
    )
    assert found["paper_accuracy_std"].tolist() == pytest.approx([0.1, *[nan] * 5], nan_ok=True)
    assert found["paper_source"].tolist() == [
        *("LMC Table 1", None, None),
        *("LMC Table 2", None, "LMC Table 2"),
    ]
    # Ours over inits: 98.2 ± sqrt(0.08); 97.5 ± sqrt(0.5), where the paper's deviation is not
    # known; 96.7.
    assert found["deviation"].tolist() == pytest.approx(
        [0.1 / (math.sqrt(0.08) + 0.1), nan, nan, 0.7 / math.sqrt(0.5), nan, 0.0],
        nan_ok=True,
        abs=1e-9,
    )


def test_nothing_stands_beside_a_recipe_with_overrides(frame, trial):
    name = "lenet-mnist with iterations=200"
    both = (97.0, 98.0)
    rows = lenet(trial, (("dense", 0, 0), both), (("imp", 15, 0), both), recipe=name)
    found = beside(cells(frame(*rows)))
    assert found[["paper_accuracy", "paper_source", "deviation"]].isna().all(axis=None)


def test_a_deviation_needs_a_spread(frame, trial):
    rows = lenet(
        trial,
        (("dense", 0, 0), (97.0,)),  # a single init
        (("imp", 15, 0), (97.0, 97.0)),  # 0, and the paper's not known
    )
    found = beside(cells(frame(*rows)))
    assert found["paper_accuracy"].tolist() == [98.3, 98.2]
    assert found["deviation"].isna().all()


def test_the_papers_own_spread_is_enough(frame, trial):
    rows = lenet(trial, (("dense", 0, 0), (98.0, 98.0)))
    assert beside(cells(frame(*rows)))["deviation"].tolist() == pytest.approx([3.0])


def test_each_cell_stays_one_row_in_its_place(frame, trial):
    rows = [
        trial(*where, recipe="lenet-mnist", init=init, orders=orders)
        for where in (("dense", 0, 0), ("imp", 15, 0), ("imp", 16, 0), ("random-reinit", 15, 0))
        for init in (1, 2)
        for orders in ((1, 2), (1, 3))
    ]
    points = cells(frame(*rows)).iloc[[2, 0, 3, 1]]
    found = beside(points)
    assert found.index.tolist() == [2, 0, 3, 1]
    assert found["paper_accuracy"].tolist() == pytest.approx([nan, 98.3, 97.5, 98.2], nan_ok=True)


def test_no_cells_have_nothing_beside_them_of_the_same_types(frame):
    found = beside(cells(frame()))
    assert len(found) == 0
    assert found.dtypes[["paper_accuracy", "paper_accuracy_std", "deviation"]].eq("float64").all()
