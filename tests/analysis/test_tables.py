import math
import subprocess
import sys

import pandas as pd
import pytest

from analysis.cells import cells, samples
from analysis.findings import findings
from analysis.tables import (
    CORE_COLUMNS,
    DETAIL_COLUMNS,
    IDENTITY_COLUMNS,
    ONSET_CORE_COLUMNS,
    markdown,
    onset_table,
    sources,
    summary,
)

nan = math.nan

MAIN = [
    *("strategy", "weights left %", "rewind k", "instability %", "95 % interval", "n (inits)"),
    *("accuracy %", "drop", "stable", "matching"),
]


def onset_table_of(trials):
    return onset_table(cells(trials), samples(trials))


def test_summary_of_a_study(frame, trial):
    trials = frame(
        trial(instability=52.0),
        trial(orders=(1, 3), instability=54.0),
        trial(init=2, instability=73.0, accuracies=(97.4, 97.6)),
        *(
            trial("imp", 11, 120, init=init, instability=v, accuracies=(a, a))
            for init, v, a in ((1, 1.0, 95.5), (2, 1.2, 95.5))
        ),
    )
    table = summary(cells(trials))
    assert list(table.columns) == [*MAIN, *DETAIL_COLUMNS]
    # Of two inits the intervals are 12.7 standard errors wide: 63 ± 127 and 1.1 ± 1.27 points.
    assert table[MAIN].to_numpy().tolist() == [
        [
            *("Dense", "100.0", "0", "63.0 ± 11.6", "0.0 to 100.0", "3 (2)"),
            *("97.6 ± 0.1", "0.0", "no, borderline", "reference"),
        ],
        [
            *("IMP", "8.6", "120", "1.1 ± 0.1", "0.0 to 2.4", "2 (2)"),
            *("95.5 ± 0.0", "+2.1", "yes, borderline", "no"),
        ],
    ]
    assert table[list(DETAIL_COLUMNS)].to_numpy().tolist() == [
        ["0 of 3", "0.00", "–", "96.5 to 98.6", "–"],
        ["2 of 2", "1.00", "0 of 2", "95.5 to 95.5", "+1.0 to +3.1"],
    ]


def test_one_sample_is_marked_and_has_no_interval(frame, trial):
    row = summary(cells(frame(trial(instability=1.0)))).iloc[0]
    assert row[["instability %", "95 % interval", "n (inits)"]].tolist() == ["1.0", "–", "1 (1)"]
    assert row[["stable", "share stable", "accuracy %"]].tolist() == ["yes (n = 1)", "–", "97.5"]


def test_a_summary_without_a_reference_has_dashes(frame, twice):
    row = summary(cells(frame(*twice("magic", 1)))).iloc[0]
    assert row[["strategy", "drop", "matching", "stable"]].tolist() == ["magic", "–", "–", "yes"]


def test_only_the_reference_is_called_one(frame, twice):
    table = summary(cells(frame(*twice(), *twice(rewind=20))))
    assert table["matching"].tolist() == ["reference", "–"]


def test_left_out_networks_are_marked_where_there_are_any(frame, trial, twice):
    lost = {"diverged": (True, True), "accuracies": (0.0, 0.0), "instability": nan}
    trials = frame(
        *twice(instability=1.0),
        *twice("imp", 11, accuracies=(10.0, 10.4)),
        *twice("random-pruning", 11, **lost),
        trial("random-reinit", 11, init=1, instability=9.0, accuracies=(95.0, 95.0)),
        trial("random-reinit", 11, init=2, instability=9.0, accuracies=(95.0, 95.0)),
        trial("random-reinit", 11, init=3, **lost | {"diverged": (True, False)}),
    )
    table = summary(cells(trials))
    shown = ["instability %", "n (inits)", "left out", "accuracy %", "stable", "matching"]
    assert table[shown].to_numpy().tolist() == [
        ["1.0 ± 0.0", "2 (2)", "", "97.5 ± 0.0", "yes", "reference"],
        ["–", "0 (0)", "2 of 2: 4 networks at chance", "10.2 ± 0.0 (4 of 4 at chance)", "–", "–"],
        ["–", "0 (0)", "2 of 2: 4 networks diverged", "–", "–", "–"],
        [
            *("9.0 ± 0.0", "2 (2)", "1 of 3: 1 network diverged, 1 network at chance"),
            *("63.3 ± 54.8 (1 of 5 at chance)", "no", "no, borderline"),
        ],
    ]
    assert "left out" not in summary(cells(frame(*twice()))).columns


def test_core_columns_are_columns(frame, trial, twice):
    rows = [*twice(recipe="lenet-mnist"), *twice(), trial(accuracies=(10.0, 10.0), orders=(3, 4))]
    trials = frame(*rows)
    columns = set(summary(cells(trials)).columns)
    assert columns >= {*CORE_COLUMNS, *DETAIL_COLUMNS, *IDENTITY_COLUMNS}
    onsets = onset_table_of(frame(*rows, *twice("imp", 1)))
    assert set(onsets.columns) >= set(ONSET_CORE_COLUMNS)


def test_recipes_are_named_where_there_are_several(frame, twice):
    two = frame(*twice(recipe="a"), *twice(recipe="b", rewind=20))
    for table in (summary(cells(two)), onset_table_of(two)):
        assert table["recipe"].tolist() == ["a", "b"]
        assert table.columns[0] == "recipe"
    one = frame(*twice(recipe="a"))
    assert "recipe" not in summary(cells(one)).columns
    assert "recipe" not in onset_table_of(one).columns


def test_onset_table_of_a_study(study):
    table = onset_table_of(study)
    assert table.to_dict("split")["columns"] == [
        *(
            "strategy",
            "weights left %",
            "mean stable from k",
            "mean matching from k",
            "measured up to k",
        ),
        *(
            "median sample stable from k",
            "most samples stable from k",
            "median sample matching from k",
            "most samples matching from k",
        ),
    ]
    assert table.to_numpy().tolist() == [
        ["Dense", "100.0", "between 0 and 20", "–", "120", "20 (2 of 2)", "20", "–", "–"],
        [
            *("IMP", "8.6", "between 0 and 120", "between 0 and 120", "120"),
            *("120 (2 of 2)", "120", "not up to 120 (1 of 2)", "not up to 120"),
        ],
        [
            *("Random pruning", "8.6", "not up to 120", "not up to 120", "120"),
            *("not up to 120 (0 of 2)", "not up to 120") * 2,
        ],
    ]


def test_an_onset_at_the_first_point_is_no_bracket(frame, twice):
    trials = frame(*twice(rewind=5), *twice(rewind=20))
    assert onset_table_of(trials)["mean stable from k"].tolist() == ["from 5 on"]


def test_an_onset_of_one_sample_is_marked(frame, trial):
    trials = frame(trial(instability=9.0), trial(rewind=20))
    assert onset_table_of(trials)["mean stable from k"].tolist() == ["between 0 and 20 (n = 1)"]


def test_an_onset_says_where_the_line_is_not_judged(frame, trial, twice):
    lost = {"diverged": (True, True), "instability": nan}
    rows = [
        *twice(rewind=40, instability=9.0),
        *twice(rewind=60),
        trial(rewind=120, instability=9.0),
        *twice(rewind=130, **lost),
        *(trial("imp", 1, k, init=i, instability=9.0) for k in (0, 5) for i in (1, 2, 3, 4, 5)),
    ]
    few = frame(*rows)
    table = onset_table_of(few[(few["rewind"] != 5) | (few["init_seed"] <= 2)])
    shown = [
        "mean stable from k",
        "measured up to k",
        "median sample stable from k",
        "most samples stable from k",
    ]
    assert table[shown].to_numpy().tolist() == [
        ["between 40 and 60 (not judged at 120, 130)", "60", "60 (2 of 2)", "60"],
        ["not up to 5", "5", "not up to 0 (0 of 5; not judged at 5)", "not up to 0"],
    ]
    singles = frame(trial(instability=9.0), trial(rewind=20), trial(rewind=60, **lost))
    assert onset_table_of(singles)["mean stable from k"].tolist() == [
        "between 0 and 20 (n = 1; not judged at 60)"
    ]


def test_survivors_have_a_dash_and_a_reason(frame, trial):
    rows = [trial(init=init, diverged=(init > 1, False)) for init in (1, 2, 3)]
    row = summary(cells(frame(*rows))).iloc[0]
    assert row[["stable", "samples stable", "n (inits)", "left out"]].tolist() == [
        *("–", "–", "1 (1)", "2 of 3: 2 networks diverged"),
    ]


def test_an_onset_that_cannot_be_judged_is_not_called_never(frame, twice):
    lost = {"diverged": (True, True), "instability": nan}
    trials = frame(*twice("imp", 1, instability=9.0), *twice("random-reinit", 1, **lost))
    table = onset_table_of(trials)
    assert table["mean stable from k"].tolist() == ["not up to 0", "–"]
    assert table["mean matching from k"].tolist() == ["–", "–"]


def test_dense_networks_alone_match_nothing(study):
    table = onset_table_of(study[study["strategy"] == "dense"])
    assert list(table.columns) == [
        *("strategy", "weights left %", "mean stable from k", "measured up to k"),
        *("median sample stable from k", "most samples stable from k"),
    ]
    assert table.to_numpy().tolist() == [
        ["Dense", "100.0", "between 0 and 20", "120", "20 (2 of 2)", "20"]
    ]


def test_tables_of_nothing_are_empty(frame):
    none = cells(frame())
    assert len(summary(none)) == len(onset_table_of(frame())) == 0
    assert "strategy" in summary(none).columns
    assert findings(none) == []


# --- what the papers publish ------------------------------------------------------------


@pytest.fixture
def resnet20(frame, trial):
    """Dense at two k, and at k = 0 IMP where LMC has it, beyond it, and random pruning there."""
    rows = [
        (("dense", 0, 0), 80.0, 91.9),
        (("dense", 0, 2000), 1.0, 91.9),
        (("imp", 8, 0), 50.0, 88.4),
        (("imp", 9, 0), 50.0, 87.0),
        (("random-pruning", 8, 0), 80.0, 88.0),
    ]
    return frame(
        *(
            trial(
                *where,
                recipe="resnet20-cifar10",
                init=init,
                instability=instability,
                accuracies=(accuracy, accuracy),
            )
            for where, instability, low in rows
            for init, accuracy in ((1, low), (2, low + 0.2))
        )
    )


def test_published_accuracies_stand_next_to_ours(resnet20):
    table = summary(cells(resnet20))
    at = MAIN.index("drop")
    assert list(table.columns) == [
        *MAIN[:at],
        *("paper %", "deviation"),
        *MAIN[at:],
        *DETAIL_COLUMNS,
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
    table = onset_table_of(resnet20).iloc[:, :7]
    assert list(table.columns) == [
        *("strategy", "weights left %", "mean stable from k", "paper: stable from"),
        *("mean matching from k", "paper: matching from", "measured up to k"),
    ]
    assert table.to_numpy().tolist() == [
        ["Dense", "100.0", "between 0 and 2000", "2000", "–", "–", "2000"],
        ["IMP", "16.8", "not up to 0", "500", "not up to 0", "about 500", "0"],
        ["IMP", "13.4", "not up to 0", "–", "not up to 0", "–", "0"],
        ["Random pruning", "16.8", "not up to 0", "never", "not up to 0", "never", "0"],
    ]


def test_tables_have_the_papers_columns_only_where_there_is_something_in_them(resnet20):
    beyond = resnet20[resnet20["level"] == 9]
    renamed = resnet20.assign(recipe="resnet20-cifar10 with iterations=200")
    for trials in (beyond, renamed):
        points = cells(trials)
        columns = [*summary(points).columns, *onset_table_of(trials).columns]
        assert not any("paper" in name or name == "deviation" for name in columns)
        assert sources(points) == ""
        assert not any("ublished" in finding for finding in findings(points))
    # Dense networks that were not copied at 0 have no accuracy to be held against.
    later = resnet20[resnet20["rewind"] == 2000]
    assert "paper %" not in summary(cells(later)).columns
    assert onset_table_of(later)["paper: stable from"].tolist() == ["2000"]
    assert sources(cells(later)) == "Published values: LMC section 3."


def test_sources_are_those_of_what_is_shown(resnet20):
    deviation = (
        " Deviation: |ours − paper| in units of our standard deviation plus the paper's, which "
        "counts as 0 where none is printed."
    )
    points = cells(resnet20)
    assert sources(points) == (
        "Published values: LMC Table 1, LMC Table 2, LMC section 3, LMC section 4.3." + deviation
    )
    assert sources(points.iloc[[0, 1, 3]]) == (
        "Published values: LMC Table 1, LMC section 3." + deviation
    )


def test_findings_count_the_published_accuracies_that_ours_agree_with(resnet20):
    assert findings(cells(resnet20))[-1] == (
        "Published accuracies that ours agree with, within one standard deviation of ours plus "
        "theirs: 1 of 3."
    )


@pytest.mark.parametrize(("beyond", "agree"), [(0.0, 1), (0.001, 0)])
def test_one_standard_deviation_away_still_agrees(frame, trial, beyond, agree):
    mean = 98.3 + 0.1 + math.sqrt(0.02) + beyond  # the paper's 0.1, ours of two inits 0.2 apart
    rows = [
        trial(recipe="lenet-mnist", init=init, accuracies=(mean + away, mean + away))
        for init, away in ((1, -0.1), (2, 0.1))
    ]
    assert findings(cells(frame(*rows)))[-1].endswith(f"theirs: {agree} of 1.")


def test_markdown_keeps_columns_and_rows_in_order():
    frame = pd.DataFrame(
        {"strategy": ["IMP", "Dense"], "a|b": ["1.0 ± 0.1", "x|y"], "n": [3, 12]}, index=[7, 1]
    )
    assert markdown(frame) == (
        "| strategy | a\\|b | n |\n|---|---:|---:|\n| IMP | 1.0 ± 0.1 | 3 |\n| Dense | x\\|y | 12 |"
    )


def test_markdown_of_a_summary_has_its_numbers(resnet20):
    lines = markdown(summary(cells(resnet20))).splitlines()
    assert len(lines) == 2 + 5
    assert len({line.replace("\\|", "").count("|") for line in lines}) == 1
    assert lines[2].startswith(
        "| Dense | 100.0 | 0 | 80.0 ± 0.0 | 80.0 to 80.0 | 2 (2) | 92.0 ± 0.1 | 91.7 ± 0.1 | 1.2 | "
        "0.0 | no | reference |"
    )


def test_markdown_aligns_names_left():
    frame = pd.DataFrame(columns=["recipe", "strategy", "n"])
    assert markdown(frame).splitlines()[1] == "|---|---|---:|"


def test_markdown_cells_stay_on_one_line():
    assert markdown(pd.DataFrame({"a": ["one\ntwo"]})) == "| a |\n|---|\n| one two |"


def test_markdown_of_no_rows_is_a_header():
    assert markdown(pd.DataFrame(columns=["a", "b"])) == "| a | b |\n|---|---:|"


def test_tables_and_onsets_need_only_pandas_and_scipy():
    code = "import sys, analysis.findings, analysis.onsets, analysis.tables; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert "pandas" in loaded
    unwanted = {"matplotlib", "jinja2", "mlflow", "torch", "ray", "sweeps", "trainables"}
    assert unwanted.isdisjoint(loaded)
