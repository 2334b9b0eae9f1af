"""Onsets along hyperparameters: brackets, what may be said of their order, tables."""

import pytest

from analysis.cells import cells
from analysis.hyperparameter_findings import findings
from analysis.hyperparameters import courses, groups, is_grid, placed, spelled

ODD = {"slow": 0.0, "usual": 0.9, "fast": 0.5}
RATES = {"slow": 0.05, "usual": 0.15, "fast": 0.3}


def made(frame, twice, of_recipes, strategy="dense", level=0):
    """Cells of recipes: {label: {k: instability}}."""
    rows = [
        row
        for label, line in of_recipes.items()
        for k, value in line.items()
        for row in twice(strategy, level, k, instability=value, recipe=label)
    ]
    return cells(frame(*rows))


def course(found):
    [one] = found
    return one


@pytest.mark.parametrize(
    ("onsets", "trend"),
    [
        ((0, 20, 60), "later"),
        ((20, 20, 60), "later"),
        ((60, 20, 0), "earlier"),
        ((20, 20, 20), "same"),
        ((0, 60, 20), ""),
        ((0, 20, None), "later"),  # never is later than any
        ((None, None, None), "same"),
        ((None, 20, 20), "earlier"),
    ],
)
def test_a_trend_is_of_onsets_in_order(frame, twice, onsets, trend):
    ks = (0, 20, 60)
    of = {
        label: {k: 0.5 if onset is not None and k >= onset else 60.0 for k in ks}
        for label, onset in zip(RATES, onsets, strict=True)
    }
    one = course(courses(made(frame, twice, of), {"learning_rate": RATES}))
    assert [point.value for point in one.points] == [0.05, 0.15, 0.3]
    assert one.trend == trend


def test_brackets_that_overlap_are_in_no_order(frame, twice):
    """Between 0 and 60, and between 20 and 40: either may be first."""
    of = {"slow": {0: 60.0, 60: 0.5}, "fast": {0: 60.0, 20: 60.0, 40: 0.5}}
    rates = {"slow": 0.05, "fast": 0.3}
    one = course(courses(made(frame, twice, of), {"learning_rate": rates}))
    assert one.trend == ""
    said = findings(made(frame, twice, of), {"learning_rate": rates})
    assert said == [
        "Dense networks: stable from k = 60 on with learning_rate=0.05 and from k = 40 on with 0.3."
    ]


def test_a_sentence_says_the_onsets_and_their_trend(frame, twice):
    of = {"slow": {0: 0.5, 20: 0.5}, "usual": {0: 60.0, 20: 0.5}, "fast": {0: 60.0, 20: 50.0}}
    assert findings(made(frame, twice, of), {"learning_rate": RATES}) == [
        "Dense networks: stable from k = 0 on with learning_rate=0.05, from k = 20 on with 0.15 "
        "and at no k up to 20 with 0.3. With a larger learning_rate they are stable later."
    ]


def test_no_order_is_claimed_of_borderline_onsets(frame, trial):
    """Inits of 1 % and 2.9 % at k = 20: the interval spans 2 %."""
    rows = []
    for label, at_20 in (("slow", (0.4, 0.5)), ("fast", (1.0, 2.9))):
        for init, value in enumerate(at_20, 1):
            rows.append(trial("dense", 0, 0, init=init, instability=60.0, recipe=label))
            rows.append(trial("dense", 0, 20, init=init, instability=value, recipe=label))
    found = courses(cells(frame(*rows)), {"learning_rate": {"slow": 0.05, "fast": 0.3}})
    one = course(found)
    assert [point.borderline for point in one.points] == [False, True]
    assert one.trend == ""


def test_words_have_no_trend_and_keep_their_order(frame, twice):
    of = {"b": {0: 0.5, 20: 0.5}, "a": {0: 60.0, 20: 0.5}}
    axes = {"optimizer": {"b": "sgd", "a": "adam"}}
    one = course(courses(made(frame, twice, of), axes))
    assert [point.value for point in one.points] == ["sgd", "adam"]
    assert one.trend == ""


def test_a_course_keeps_the_other_axes_fixed(frame, twice):
    labels = {"a": (0.1, 16.0), "b": (0.3, 16.0), "c": (0.1, 64.0), "d": (0.3, 64.0)}
    axes = {
        "learning_rate": {label: rate for label, (rate, _) in labels.items()},
        "batch_size": {label: batch for label, (_, batch) in labels.items()},
    }
    frame_ = made(frame, twice, {label: {0: 60.0, 20: 0.5} for label in labels})
    found = courses(frame_, axes)
    assert [(one.axis, one.fixed) for one in found] == [
        ("learning_rate", {"batch_size": 16.0}),
        ("learning_rate", {"batch_size": 64.0}),
        ("batch_size", {"learning_rate": 0.1}),
        ("batch_size", {"learning_rate": 0.3}),
    ]
    assert groups(axes, "batch_size") == {(0.1,): ["a", "c"], (0.3,): ["b", "d"]}
    assert is_grid(axes)


def test_of_a_sample_it_is_told_how_many_recipes_have_an_onset(frame, twice):
    axes = {
        "learning_rate": {"a": 0.1, "b": 0.2, "c": 0.4, "d": 0.8, "e": 1.6},
        "momentum": {"a": 0.9, "b": 0.5, "c": 0.1, "d": 0.0, "e": 0.2},
    }
    of = {"a": {0: 0.5}, "b": {0: 1.0}, "c": {0: 60.0}, "d": {0: 60.0}, "e": {0: 60.0}}
    assert not is_grid(axes)
    assert findings(made(frame, twice, of), axes) == [
        "Dense networks are stable in 2 of 5 recipes, with learning_rate 0.1 to 0.2 and "
        "momentum 0.5 to 0.9. No other k was judged."
    ]
    several = {label: line | {20: 0.5} for label, line in of.items()}
    assert findings(made(frame, twice, several), axes) == [
        "Dense networks become stable in 5 of 5 recipes, with learning_rate 0.1 to 1.6 and "
        "momentum 0 to 0.9."
    ]


def test_one_k_shows_no_onset(frame, twice):
    """Of LeNet's IMP subnetworks only k = 0 is measured: from when on they are stable is open."""
    one = {"slow": {0: 60.0}, "usual": {0: 0.5}, "fast": {0: 0.5}}
    assert findings(made(frame, twice, one), {"learning_rate": RATES}) == [
        "Dense networks: not stable at k = 0 with learning_rate=0.05, stable at k = 0 with 0.15 "
        "and stable at k = 0 with 0.3. With a larger learning_rate they are stable earlier. No "
        "other k was judged."
    ]
    same = {label: {0: 0.5} for label in RATES}
    assert findings(made(frame, twice, same), {"learning_rate": RATES}) == [
        "Dense networks: stable at k = 0 with learning_rate=0.05, stable at k = 0 with 0.15 "
        "and stable at k = 0 with 0.3. This is the same with each learning_rate. No other k was "
        "judged."
    ]
    assert findings(made(frame, twice, one), {"learning_rate": RATES, "momentum": ODD}) == [
        "Dense networks: stable at k = 0 with learning_rate=0.3, momentum=0.5, not stable at k = 0 "
        "with learning_rate=0.05, momentum=0 and stable at k = 0 with learning_rate=0.15, "
        "momentum=0.9. No other k was judged."
    ]


def test_one_k_among_recipes_with_several(frame, twice):
    mixed = {"slow": {0: 60.0}, "usual": {0: 60.0, 20: 0.5}, "fast": {0: 0.5, 20: 0.5}}
    assert findings(made(frame, twice, mixed), {"learning_rate": RATES}) == [
        "Dense networks: not stable at k = 0 with learning_rate=0.05, stable from k = 20 on with "
        "0.15 and stable from k = 0 on with 0.3."
    ]


def test_few_recipes_are_told_one_by_one(frame, twice):
    axes = {
        "optimizer": {"a": "adam", "b": "sgd"},
        "learning_rate": {"a": 0.003, "b": 0.1},
    }
    of = {"a": {0: 0.5, 20: 0.5}, "b": {0: 60.0, 20: 60.0}}
    assert findings(made(frame, twice, of), axes) == [
        "Dense networks: stable from k = 0 on with optimizer=adam, learning_rate=0.003 and at no k "
        "up to 20 with optimizer=sgd, learning_rate=0.1."
    ]


def test_single_samples_give_no_finding(frame, trial):
    rows = [trial("dense", 0, k, recipe=label) for label in ("slow", "fast") for k in (0, 20)]
    axes = {"learning_rate": {"slow": 0.05, "fast": 0.3}}
    assert findings(cells(frame(*rows)), axes) == []
    assert courses(cells(frame(*rows)), axes) == []


def test_where_k_is_searched_over_there_is_no_onset(frame, twice):
    axes = {"rewind": {"slow": 0.0, "fast": 20.0}}
    assert findings(made(frame, twice, {"slow": {0: 0.5}, "fast": {20: 0.5}}), axes) == []


def test_matching_is_told_of_subnetworks_alone(frame, twice, trial):
    rows = [*twice("dense", 0, 0), *twice("imp", 3, 0)]
    rows += [
        *twice("dense", 0, 0, recipe="other"),
        *twice("imp", 3, 0, recipe="other", accuracies=(90.0, 90.0)),
    ]
    found = courses(cells(frame(*rows)), {"batch_size": {"digits": 16.0, "other": 64.0}})
    assert [(one.strategy, one.verdict) for one in found if one.verdict == "matching"] == [
        ("imp", "matching")
    ]


def test_recipes_without_a_place_on_the_axes_are_left_out(frame, twice):
    of = {"slow": {0: 0.5}, "usual": {0: 0.5}, "elsewhere": {0: 60.0}}
    axes = {"learning_rate": {"slow": 0.05, "usual": 0.15}}
    found = made(frame, twice, of)
    assert set(placed(found, axes)["recipe"]) == {"slow", "usual"}
    assert "elsewhere" not in " ".join(findings(found, axes))


def test_nothing_is_said_where_nothing_varies(frame, twice):
    assert findings(made(frame, twice, {"slow": {0: 0.5}}), {}) == []


def test_tables_have_a_column_for_each_axis(frame, twice):
    import pandas as pd

    table = pd.DataFrame({"recipe": ["slow", "fast"], "drop": ["1", "2"]})
    axes = {"learning_rate": RATES, "optimizer": {"slow": "sgd", "fast": "adam"}}
    assert spelled(table, axes).to_dict("list") == {
        "learning_rate": ["0.05", "0.3"],
        "optimizer": ["sgd", "adam"],
        "drop": ["1", "2"],
    }
    assert spelled(table, {}) is table


def test_rows_are_in_the_order_of_the_axes():
    import pandas as pd

    labels = {"w": (0.3, 16.0), "x": (0.05, 64.0), "y": (0.05, 16.0), "z": (0.3, 64.0)}
    axes = {
        "learning_rate": {label: rate for label, (rate, _) in labels.items()},
        "batch_size": {label: batch for label, (_, batch) in labels.items()},
    }
    table = pd.DataFrame({"recipe": list(labels), "k": ["1", "2", "3", "4"]})
    assert spelled(table, axes)["k"].tolist() == ["3", "2", "1", "4"]
