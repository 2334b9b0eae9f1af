import math
import subprocess
import sys

import pandas as pd
import pytest

from analysis.onsets import cells
from analysis.tables import (
    findings,
    markdown,
    number,
    onset_table,
    sources,
    spread,
    summary,
    weights,
)

nan = math.nan


@pytest.mark.parametrize(
    ("value", "plain", "signed"),
    [
        (1.94, "1.9", "+1.9"),
        (-0.25, "−0.2", "−0.2"),
        (0.0, "0.0", "0.0"),
        (-0.04, "0.0", "0.0"),
        (0.04, "0.0", "0.0"),
        (nan, "–", "–"),
    ],
)
def test_numbers_have_one_decimal(value, plain, signed):
    assert number(value) == plain
    assert number(value, signed=True) == signed


@pytest.mark.parametrize(
    ("mean", "std", "text"),
    [(65.71, 13.68, "65.7 ± 13.7"), (65.71, nan, "65.7"), (nan, nan, "–"), (nan, 1.0, "–")],
)
def test_a_spread_shows_what_there_is(mean, std, text):
    assert spread(mean, std) == text


@pytest.mark.parametrize(
    ("percent", "text"),
    [(100.0, "100.0"), (8.589934592, "8.6"), (1.0, "1.0"), (0.0343, "0.034"), (0.5, "0.5")],
)
def test_weights_left_stay_apart_at_extreme_sparsities(percent, text):
    assert weights(percent) == text


def test_summary_of_a_study(frame, trial):
    trials = frame(
        trial(instability=52.0),
        trial(init=2, instability=79.4, accuracies=(97.4, 97.6)),
        trial("imp", 11, 120, instability=1.0, accuracies=(95.5, 95.5)),
    )
    table = summary(cells(trials))
    assert table.to_dict("split")["columns"] == [
        *("strategy", "weights left %", "rewind k", "instability %", "n"),
        *("accuracy %", "drop", "stable", "matching"),
    ]
    assert table.to_numpy().tolist() == [
        ["Dense", "100.0", "0", "65.7 ± 19.4", "2", "97.5 ± 0.4", "0.0", "no", "yes"],
        ["IMP", "8.6", "120", "1.0", "1", "95.5 ± 0.0", "+2.0", "yes", "no"],
    ]


def test_a_summary_without_a_reference_has_dashes(frame, trial):
    row = summary(cells(frame(trial("magic", 1)))).iloc[0]
    assert row[["strategy", "drop", "matching", "stable"]].tolist() == ["magic", "–", "–", "yes"]


def test_onset_table_of_a_study(study):
    assert onset_table(cells(study)).to_numpy().tolist() == [
        ["Dense", "100.0", "20", "0", "120"],
        ["IMP", "8.6", "120", "120", "120"],
        ["Random pruning", "8.6", "never", "never", "120"],
    ]


def test_an_onset_that_cannot_be_judged_is_not_called_never(frame, trial):
    row = onset_table(cells(frame(trial("imp", 1, instability=9.0)))).iloc[0]
    assert row["stable from k"] == "never"
    assert row["matching from k"] == "–"


def test_tables_of_nothing_are_empty(frame):
    none = cells(frame())
    assert len(summary(none)) == len(onset_table(none)) == 0
    assert "strategy" in summary(none).columns
    assert findings(none) == []


# --- what the papers publish ------------------------------------------------------------


@pytest.fixture
def resnet20(frame, trial):
    """Dense at two k, and at k = 0 IMP where LMC has it, beyond it, and random pruning there."""
    rows = [
        (("dense", 0, 0), {"instability": 80.0, "accuracies": (91.9, 92.1)}),
        (("dense", 0, 2000), {"instability": 1.0, "accuracies": (91.9, 92.1)}),
        (("imp", 8, 0), {"instability": 50.0, "accuracies": (88.4, 88.6)}),
        (("imp", 9, 0), {"instability": 50.0, "accuracies": (87.0, 87.2)}),
        (("random-pruning", 8, 0), {"instability": 80.0, "accuracies": (88.0, 88.2)}),
    ]
    return cells(frame(*(trial(*at, recipe="resnet20-cifar10", **what) for at, what in rows)))


def test_published_accuracies_stand_next_to_ours(resnet20):
    table = summary(resnet20)
    assert list(table.columns) == [
        *("strategy", "weights left %", "rewind k", "instability %", "n", "accuracy %"),
        *("paper %", "deviation", "drop", "stable", "matching"),
    ]
    # Ours have a standard deviation of sqrt(0.02) = 0.141: 0.3 / 0.241 and 0.5 / 0.141.
    assert table[["accuracy %", "paper %", "deviation"]].to_numpy().tolist() == [
        ["92.0 ± 0.1", "91.7 ± 0.1", "1.2"],
        ["92.0 ± 0.1", "–", "–"],
        ["88.5 ± 0.1", "88.5", "0.0"],
        ["87.1 ± 0.1", "–", "–"],
        ["88.1 ± 0.1", "88.6", "3.5"],
    ]


def test_published_onsets_stand_next_to_ours(resnet20):
    table = onset_table(resnet20)
    assert list(table.columns) == [
        *("strategy", "weights left %", "stable from k", "paper: stable from"),
        *("matching from k", "paper: matching from", "measured up to k"),
    ]
    assert table.to_numpy().tolist() == [
        ["Dense", "100.0", "2000", "2000", "0", "–", "2000"],
        ["IMP", "16.8", "never", "500", "never", "about 500", "0"],
        ["IMP", "13.4", "never", "–", "never", "–", "0"],
        ["Random pruning", "16.8", "never", "never", "never", "never", "0"],
    ]


def test_tables_have_the_papers_columns_only_where_there_is_something_in_them(resnet20):
    beyond = resnet20[resnet20["level"] == 9]
    renamed = resnet20.assign(recipe="resnet20-cifar10 with iterations=200")
    for points in (beyond, renamed):
        columns = [*summary(points).columns, *onset_table(points).columns]
        assert not any("paper" in name or name == "deviation" for name in columns)
        assert sources(points) == ""
        assert not any("ublished" in finding for finding in findings(points))
    # Dense networks that were not copied at 0 have no accuracy to be held against.
    later = resnet20[resnet20["rewind"] == 2000]
    assert "paper %" not in summary(later).columns
    assert onset_table(later)["paper: stable from"].tolist() == ["2000"]
    assert sources(later) == "Published values: LMC section 3."


def test_sources_are_those_of_what_is_shown(resnet20):
    deviation = (
        " Deviation: |ours − paper| in units of our standard deviation plus the paper's, which "
        "counts as 0 where none is printed."
    )
    assert sources(resnet20) == (
        "Published values: LMC Table 1, LMC Table 2, LMC section 3, LMC section 4.3." + deviation
    )
    assert sources(resnet20.iloc[[0, 1, 3]]) == (
        "Published values: LMC Table 1, LMC section 3." + deviation
    )


def test_findings_count_the_published_accuracies_that_ours_agree_with(resnet20):
    assert findings(resnet20)[-1] == (
        "Published accuracies that ours agree with, within one standard deviation of ours plus "
        "theirs: 1 of 3."
    )


@pytest.mark.parametrize(("beyond", "agree"), [(0.0, 1), (0.001, 0)])
def test_one_standard_deviation_away_still_agrees(frame, trial, beyond, agree):
    mean = 98.3 + 0.1 + math.sqrt(0.02) + beyond  # the paper's 0.1, ours of two arms 0.2 apart
    row = trial(recipe="lenet-mnist", accuracies=(mean - 0.1, mean + 0.1))
    assert findings(cells(frame(row)))[-1].endswith(f"theirs: {agree} of 1.")


def test_markdown_keeps_columns_and_rows_in_order():
    frame = pd.DataFrame(
        {"strategy": ["IMP", "Dense"], "a|b": ["1.0 ± 0.1", "x|y"], "n": [3, 12]}, index=[7, 1]
    )
    assert markdown(frame) == (
        "| strategy | a\\|b | n |\n|---|---:|---:|\n| IMP | 1.0 ± 0.1 | 3 |\n| Dense | x\\|y | 12 |"
    )


def test_markdown_of_a_summary_has_its_numbers(resnet20):
    lines = markdown(summary(resnet20)).splitlines()
    assert len(lines) == 2 + 5
    assert len({line.replace("\\|", "").count("|") for line in lines}) == 1
    assert lines[2] == (
        "| Dense | 100.0 | 0 | 80.0 | 1 | 92.0 ± 0.1 | 91.7 ± 0.1 | 1.2 | 0.0 | no | yes |"
    )


def test_markdown_cells_stay_on_one_line():
    assert markdown(pd.DataFrame({"a": ["one\ntwo"]})) == "| a |\n|---|\n| one two |"


def test_markdown_of_no_rows_is_a_header():
    assert markdown(pd.DataFrame(columns=["a", "b"])) == "| a | b |\n|---|---:|"


# --- findings ---------------------------------------------------------------------------


def test_findings_of_a_study(study):
    assert findings(cells(study)) == [
        "Dense networks are stable from iteration 20 on (instability 0.5 to 1.5 %; 60.0 % at "
        "iteration 0).",
        "IMP subnetworks with 8.6 % of weights left are stable from iteration 120 on "
        "(instability 0.5 %; 40.0 % at iteration 0), and matching from iteration 120 on "
        "(accuracy drop 0.2 points; 2.0 points at iteration 0).",
        "Randomly pruned subnetworks with 8.6 % of weights left are unstable at every rewind "
        "point measured (instability 70.0 to 80.0 %), and not matching at any rewind point "
        "measured (accuracy drop 3.5 to 4.0 points).",
        "Whether subnetworks are stable and whether they are matching agree in 4 of 4 "
        "combinations of strategy, sparsity and rewind point; matching but unstable: 0.",
    ]


@pytest.mark.parametrize(
    ("instabilities", "says"),
    [
        ({0: 1.0}, "stable at iteration 0, the only rewind point measured (instability 1.0 %)"),
        ({5: 9.0}, "unstable at iteration 5, the only rewind point measured (instability 9.0 %)"),
        ({0: 1.0, 20: 0.5}, "stable at every rewind point measured (instability 0.5 to 1.0 %)"),
        ({0: 9.0, 20: 7.0}, "unstable at every rewind point measured (instability 7.0 to 9.0 %)"),
        ({0: 9.0, 20: 2.0}, "unstable at every rewind point measured (instability 2.0 to 9.0 %)"),
        (
            {0: 9.0, 20: 1.0, 60: 3.0, 120: 0.5},
            "stable from iteration 120 on (instability 0.5 %; 9.0 % at iteration 0)",
        ),
        (
            {0: 1.0, 20: 5.0, 60: 0.5},
            "stable from iteration 60 on (instability 0.5 %; 5.0 % at iteration 20)",
        ),
        (
            {0: 1.0, 20: 0.5, 60: 5.0},
            "stable when rewound to iteration 0, 20 but unstable at 60, the last rewind point "
            "measured (instability 5.0 %)",
        ),
        (
            {0: nan, 20: 0.5},
            "stable from iteration 20 on (instability 0.5 %; – % at iteration 0)",
        ),
        (
            {0: nan, 10: 30.0, 20: 0.5},
            "stable from iteration 20 on (instability 0.5 %; 30.0 % at iteration 10)",
        ),
    ],
)
def test_what_is_said_of_dense_networks(frame, trial, instabilities, says):
    trials = frame(*(trial(rewind=k, instability=v) for k, v in instabilities.items()))
    assert findings(cells(trials)) == [f"Dense networks are {says}."]


def test_findings_without_dense_networks_say_so(frame, trial):
    assert findings(cells(frame(trial("imp", 11, instability=9.0)))) == [
        "IMP subnetworks with 8.6 % of weights left are unstable at iteration 0, the only rewind "
        "point measured (instability 9.0 %).",
        "No dense network was measured, so matching cannot be judged.",
    ]


def at_levels(frame, trial, drops, strategy="imp"):
    """Stable dense networks of 97 %, and one subnetwork a level with that drop."""
    rows = [trial(strategy, n, accuracies=(97.0 - d, 97.0 - d)) for n, d in drops.items()]
    return cells(frame(trial(accuracies=(97.0, 97.0)), *rows), matching=0.2)


@pytest.mark.parametrize(
    ("drops", "strategy", "subject"),
    [
        (
            {1: 0.0, 5: 0.1, 6: 1.0},
            "imp",
            "IMP subnetworks with 32.8 % of weights left (the sparsest of 3 IMP levels to match "
            "at some rewind point) are ",
        ),
        (
            {1: 2.0, 6: 1.0},
            "imp",
            "IMP subnetworks with 26.2 % of weights left (the sparsest of 2 IMP levels, none of "
            "which is matching) are ",
        ),
        ({6: 0.0}, "imp", "IMP subnetworks with 26.2 % of weights left are "),
        (
            {1: 0.0, 6: 1.0},
            "random-reinit",
            "Randomly reinitialised subnetworks with 80.0 % of weights left (the sparsest of 2 "
            "levels to match at some rewind point) are ",
        ),
    ],
)
def test_findings_are_about_the_extreme_sparsity(frame, trial, drops, strategy, subject):
    assert findings(at_levels(frame, trial, drops, strategy))[1].startswith(subject)


def test_the_sparsest_level_is_chosen_where_matching_cannot_be_judged(frame, trial):
    found = findings(cells(frame(trial("imp", 1), trial("imp", 6))))
    assert found[0].startswith(
        "IMP subnetworks with 26.2 % of weights left (the sparsest of 2 IMP levels) are stable"
    )


def controls(frame, trial, pruning, reinit):
    """Dense (97 %), and random pruning and reinit at level 11 as (instability, accuracy)."""
    rows = [
        trial(name, 11, instability=instability, accuracies=(accuracy, accuracy))
        for name, (instability, accuracy) in (
            ("random-pruning", pruning),
            ("random-reinit", reinit),
        )
    ]
    return findings(cells(frame(trial(accuracies=(97.0, 97.0)), *rows), matching=0.2))[1:-1]


def test_strategies_that_fare_alike_share_a_sentence(frame, trial):
    assert controls(frame, trial, (80.0, 94.0), (70.0, 95.0)) == [
        "Randomly pruned and randomly reinitialised subnetworks with 8.6 % of weights left are "
        "unstable at iteration 0, the only rewind point measured (instability 70.0 to 80.0 %), "
        "and not matching at iteration 0, the only rewind point measured (accuracy drop 2.0 to "
        "3.0 points)."
    ]


def test_strategies_that_differ_have_sentences_of_their_own(frame, trial):
    pruned, reinitialised = controls(frame, trial, (80.0, 94.0), (1.0, 97.5))
    assert pruned == (
        "Randomly pruned subnetworks with 8.6 % of weights left are unstable at iteration 0, the "
        "only rewind point measured (instability 80.0 %), and not matching at iteration 0, the "
        "only rewind point measured (accuracy drop 3.0 points)."
    )
    assert reinitialised == (
        "Randomly reinitialised subnetworks with 8.6 % of weights left are stable at iteration "
        "0, the only rewind point measured (instability 1.0 %), and matching at iteration 0, the "
        "only rewind point measured (accuracy drop −0.5 points)."
    )


def test_agreement_counts_what_matches_without_being_stable(frame, trial):
    trials = frame(
        trial(accuracies=(97.0, 97.0)),
        trial("imp", 1, 0, instability=1.0, accuracies=(97.0, 97.0)),  # both
        trial("imp", 1, 20, instability=9.0, accuracies=(90.0, 90.0)),  # neither
        trial("imp", 1, 60, instability=9.0, accuracies=(97.0, 97.0)),  # matching only
        trial("imp", 2, 60, instability=1.0, accuracies=(90.0, 90.0)),  # stable only
        trial("imp", 3, 60, instability=1.0, accuracies=(90.0, 90.0)),  # stable only
    )
    assert findings(cells(trials))[-1].endswith(
        "agree in 2 of 5 combinations of strategy, sparsity and rewind point; matching but "
        "unstable: 1."
    )


def test_tables_and_onsets_need_only_pandas():
    code = "import sys, analysis.onsets, analysis.tables; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert "pandas" in loaded
    unwanted = {"matplotlib", "jinja2", "mlflow", "torch", "ray", "sweeps", "trainables"}
    assert unwanted.isdisjoint(loaded)
