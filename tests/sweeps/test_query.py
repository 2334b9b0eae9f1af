"""`--where`: what it selects against Python's own semantics, and what it refuses."""

from __future__ import annotations

import operator
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sweeps.errors import UserError
from sweeps.query import CLOSED, parse, select
from sweeps.query_parser import DEEPEST, Comparison, Condition, Joined, Not, read
from sweeps.spec import STRATEGIES
from trainables.pruning import METHODS

TRIALS = pd.DataFrame(
    {
        "strategy": ["dense", "imp", "imp", "imp"],
        "level": [0, 3, 11, 11],
        "rewind": [0, 0, 0, 120],
        "instability_test": [60.5, 1.25, 45.0, float("nan")],
        "recipe.optimizer": ["sgd", "adam w", "o'neil", None],
        "recipe.learning_rate": ["0.1", "1e-4", "0.1", None],
    }
)


@pytest.mark.parametrize(
    ("where", "rows"),
    [
        ("level = 11", [2, 3]),
        ("level == 11 and rewind=120", [3]),
        ("level >= 3 and instability_test < 2", [1]),
        ("strategy = imp and level != 11", [1]),
        ("strategy = 'dense'", [0]),
        ('strategy != "dense" and rewind <= 0', [1, 2]),
        ("instability_test > 1.25", [0, 2]),
        ("level = 5", []),
        # `and` binds more tightly than `or`, `not` more tightly than both.
        ("level = 0 or level = 11 and rewind = 120", [0, 3]),
        ("(level = 0 or level = 11) and rewind = 120", [3]),
        ("not level = 0 and rewind = 0", [1, 2]),
        ("not (level = 0 and rewind = 0)", [1, 2, 3]),
        ("not not level = 0", [0]),
        ("LEVEL = 3".lower() + " OR level = 0 AND NOT rewind = 1", [0, 1]),
        ("level in (3, 11)", [1, 2, 3]),
        ("level not in (3,11) or strategy in('imp') and rewind=120", [0, 3]),
        ("\n level\t=\n3 ", [1]),
        # Words with spaces, quotes and escapes.
        ("recipe.optimizer = 'adam w'", [1]),
        ('recipe.optimizer = "o\'neil"', [2]),
        ("recipe.optimizer = 'o\\'neil'", [2]),
        ("recipe.optimizer != sgd", [1, 2, 3]),
        # MLflow knows hyperparameters as text; these are numbers.
        ("recipe.learning_rate = 0.10", [0, 2]),
        ("recipe.learning_rate < 0.05", [1]),
        ("not recipe.learning_rate < 0.05", [0, 2, 3]),
        # A missing number is above and below none.
        ("instability_test < 1000", [0, 1, 2]),
        ("not instability_test < 1000", [3]),
    ],
)
def test_chosen_rows(where: str, rows: list[int]) -> None:
    expected = TRIALS.iloc[rows].reset_index(drop=True)
    pd.testing.assert_frame_equal(select(TRIALS, parse(where)), expected)


def test_no_condition_is_every_row() -> None:
    assert select(TRIALS, None) is TRIALS


def test_no_rows_have_the_same_rules() -> None:
    nothing = pd.DataFrame(columns=TRIALS.columns)
    assert select(nothing, parse("level < 3 and strategy = imp")).empty


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ("levl = 3", "unknown column 'levl'; did you mean 'level'"),
        ("level = high", "level is a number, not 'high'"),
        ("level in (3, high)", "level is a number, not 'high'"),
        ("rewind = nan", "finite numbers, not 'nan'"),
        ("level < 1e999", "finite numbers, not '1e999'"),
        ("strategy = impp", "no strategy is 'impp'; did you mean 'imp'?"),
        ("level = 3 or not strategy in (imp, dens)", "did you mean 'dense'?"),
        ("strategy < 3", "strategy is a word, and words have no order; allowed: =, !=, in"),
        ("recipe >= imp", "words have no order"),
        ("level", "at character 6: the text ends; expected =, =="),
        ("", "at character 1: the text ends; expected a column"),
        ("  ", "at character 3: the text ends; expected a column"),
        ("level =", "at character 8: the text ends; expected a number, a word or something in q"),
        ("level = = 3", "at character 9: '='; expected a number"),
        ("level = 3 rewind = 0", "at character 11: 'rewind'; expected 'and', 'or' or the end; a v"),
        ("level = 3 and", "at character 14: the text ends; expected a column"),
        ("and level = 3", "at character 1: 'and'; expected a column, 'not' or '('"),
        ("strategy = and", "at character 12: 'and'; expected a number, a word or something in q"),
        ("(level = 3", "at character 11: the text ends; expected 'and', 'or' or ')'"),
        ("level = 3)", "at character 10: ')'; expected 'and', 'or' or the end"),
        ("level in 3", "at character 10: '3'; expected '(' and values"),
        ("level in ()", "at character 11: ')'; expected a number, a word"),
        ("level in (3 4)", "at character 13: '4'; expected ',' or ')'"),
        ("level not = 3", "at character 11: '='; expected 'in'"),
        ("strategy = 'imp", "at character 12: a quote that nothing closes"),
        ("level ! 3", "at character 7: '!'"),
        ("'level' = 3", "at character 1: 'level'; expected a column"),
        ("__import__('os') = 3", "at character 11: '('; expected =, =="),
        ("(" * 10_000, f"more than {DEEPEST} conditions inside one another"),
        ("not " * 10_000 + "level = 3", "conditions inside one another"),
    ],
    ids=lambda value: value[:40],
)
def test_what_is_wrong_is_one_line_before_anything_is_read(where: str, message: str) -> None:
    with pytest.raises(UserError) as caught:
        parse(where)
    assert str(caught.value).startswith("--where: ")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ("recipe.optimiser = sgd", "no column 'recipe.optimiser'; did you mean 'recipe.optimizer'"),
        ("recipe.optimizer < sgd", "words have no order"),
        ("recipe.learning_rate = fast", "recipe.learning_rate is a number, not 'fast'"),
    ],
)
def test_hyperparameters_are_checked_once_they_are_read(where: str, message: str) -> None:
    condition = parse(where)
    with pytest.raises(UserError, match=message):
        select(TRIALS, condition)


def test_the_words_of_a_strategy_are_those_of_specs() -> None:
    assert set(CLOSED["strategy"]) == {*STRATEGIES, *METHODS} - {"pruned"}


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("strategy = files", ["files:a,b", "files:a,c"]),
        ("strategy != files", ["dense"]),
        ("strategy in (dense, files)", ["dense", "files:a,b", "files:a,c"]),
        ("strategy = 'files:a,b'", ["files:a,b"]),
    ],
)
def test_files_are_all_pairs_of_them(where: str, found: list[str]) -> None:
    trials = pd.DataFrame({"strategy": ["dense", "files:a,b", "files:a,c"]})
    assert list(select(trials, parse(where))["strategy"]) == found


# --- properties -------------------------------------------------------------------------

NUMBERS = ("level", "rewind", "instability_test")
VALUES = (0, 3, 11, 120, 0.5, -1.25)
WORDS = ("dense", "imp", "random-pruning", "random-reinit")
OPERATORS: dict[str, Any] = {
    "=": operator.eq,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}

comparisons = st.one_of(
    st.builds(
        lambda column, comparison, value: Comparison(column, comparison, (str(value),)),
        st.sampled_from(NUMBERS),
        st.sampled_from(list(OPERATORS)),
        st.sampled_from(VALUES),
    ),
    st.builds(
        lambda comparison, value: Comparison("strategy", comparison, (value,)),
        st.sampled_from(["=", "==", "!="]),
        st.sampled_from(WORDS),
    ),
    st.builds(
        lambda column, values: Comparison(column, "in", tuple(map(str, values))),
        st.sampled_from(NUMBERS),
        st.lists(st.sampled_from(VALUES), min_size=1, max_size=3),
    ),
)
conditions: st.SearchStrategy[Condition] = st.recursive(
    comparisons,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.builds(
            Joined,
            st.sampled_from(["and", "or"]),
            st.lists(inner, min_size=2, max_size=3).map(tuple),
        ),
    ),
    max_leaves=8,
)
rows = st.lists(
    st.fixed_dictionaries(
        {
            "strategy": st.sampled_from(WORDS),
            "level": st.sampled_from([0, 3, 11]),
            "rewind": st.sampled_from([0, 3, 120]),
            "instability_test": st.sampled_from([0.5, 3.0, -1.25, float("nan")]),
        }
    ),
    max_size=6,
)


def text(condition: Condition, space: str, quote: str) -> str:
    """A condition as a user may write it, every part of a joined one in parentheses."""
    if isinstance(condition, Not):
        return f"not{space}({text(condition.inner, space, quote)})"
    if isinstance(condition, Joined):
        parts = (f"({text(part, space, quote)})" for part in condition.parts)
        return f"{space}{condition.word}{space}".join(parts)
    column, values = condition.column, [f"{quote}{value}{quote}" for value in condition.values]
    if condition.comparison == "in":
        return f"{column}{space}in{space}({f'{space},'.join(values)})"
    return f"{column}{space}{condition.comparison}{space}{values[0]}"


def holds(condition: Condition, row: dict[str, Any]) -> bool:
    """What a condition says of a row, by Python's own operators."""
    if isinstance(condition, Not):
        return not holds(condition.inner, row)
    if isinstance(condition, Joined):
        found = [holds(part, row) for part in condition.parts]
        return all(found) if condition.word == "and" else any(found)
    value = row[condition.column]
    given_ = [v if isinstance(value, str) else float(v) for v in condition.values]
    if condition.comparison == "in":
        return value in given_
    return bool(OPERATORS[condition.comparison](value, given_[0]))


@given(conditions, rows, st.sampled_from([" ", "  ", "\n\t"]), st.sampled_from(["", "'", '"']))
def test_a_condition_selects_what_python_would(
    condition: Condition, found: list[dict[str, Any]], space: str, quote: str
) -> None:
    where = text(condition, space, quote)
    frame = pd.DataFrame(found, columns=["strategy", *NUMBERS])
    expected = [number for number, row in enumerate(found) if holds(condition, row)]
    frame["number"] = range(len(frame))
    assert list(select(frame, parse(where))["number"]) == expected


@given(st.lists(st.tuples(st.sampled_from(["and", "or"]), st.booleans(), comparisons), min_size=1))
def test_and_binds_more_tightly_than_or_as_in_python(
    parts: list[tuple[str, bool, Comparison]],
) -> None:
    """Without parentheses: Python reads the same words in the same way."""
    row = {"strategy": "imp", "level": 3, "rewind": 120, "instability_test": 3.0}
    words, expression = [], []
    for number, (word, negated, comparison) in enumerate(parts):
        lead = [word] if number else []
        lead += ["not"] if negated else []
        words += [*lead, text(comparison, " ", "'")]
        expression += [*lead, str(holds(comparison, row))]
    chosen = select(pd.DataFrame([row]), parse(" ".join(words)))
    assert (len(chosen) == 1) == eval(" ".join(expression))


@given(st.text(alphabet=st.sampled_from(list("andornotin=!<>()',\"\\ 3lev")), max_size=30))
def test_any_text_is_read_or_refused_in_one_line(where: str) -> None:
    problem = ""
    try:
        read(where)
    except UserError as error:
        problem = str(error)
    assert "\n" not in problem


@given(st.text(max_size=12))
def test_any_word_can_be_quoted(word: str) -> None:
    quoted = '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'
    assert read(f"trial = {quoted}") == Comparison("trial", "=", (word,))
