"""What a search looked at, and where it ended: told from the cells of its lines."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest
from claims_samples import Made

from analysis.figures.words import whole
from analysis.report import search_plots
from analysis.searches import Ended, Search, caption, ended, of_means, table

STABLE = Search("dense", "stable", "rewind")
LEVELS = Search("imp", "matching", "level")


def of(search: Search, holds: dict[int, bool]) -> Ended:
    return Ended(search, 0, 100.0, None, holds, len(holds))


@pytest.mark.parametrize(
    ("holds", "found", "words"),
    [
        ({0: False, 17: False, 18: True, 120: True}, 18, "from k = 18, not at 17"),
        ({0: True, 120: True}, 0, "from k = 0"),
        ({0: False, 120: False}, None, "not up to k = 120"),
        ({0: False, 7: True, 8: False, 9: True}, 7, "from k = 7, not at 0"),
        ({}, None, "–"),
    ],
)
def test_the_bracket_along_k(holds: dict[int, bool], found: int | None, words: str) -> None:
    line = of(STABLE, holds)
    assert line.found == found
    assert line.bracket == words


@pytest.mark.parametrize(
    ("holds", "found", "words"),
    [
        ({1: True, 3: True, 4: True, 5: False}, 4, "up to level 4, not at 5"),
        ({1: True, 2: True}, 2, "up to level 2"),
        ({1: False}, None, "not at level 1"),
    ],
)
def test_the_bracket_along_levels(holds: dict[int, bool], found: int | None, words: str) -> None:
    line = of(LEVELS, holds)
    assert line.found == found
    assert line.bracket == words


def test_a_search_is_told_from_cells(trial: Callable[..., Any]) -> None:
    made = Made(trial)
    made.cell(k=0, instability=60.0)
    made.cell(k=20, instability=0.5)
    for level, accuracy in ((1, 97.5), (2, 97.4), (3, 80.0)):
        made.cell("imp", level, 0, accuracy=accuracy)
    study = made.study()
    dense, imp = ended(study, [STABLE, LEVELS])
    assert dense.holds == {0: False, 20: True}
    assert dense.samples == 18
    assert imp.found == 2
    shown = table([dense, imp])
    assert list(shown["ended"]) == ["from k = 20, not at 0", "up to level 2, not at 3"]
    assert list(shown["looked at"]) == ["0− 20+", "1+ 2+ 3−"]
    each = ended(study, [Search("dense", "stable", "rewind", "init")])
    assert [line.init for line in each] == [1, 2, 3]
    assert {line.bracket for line in each} == {"from k = 20, not at 0"}
    drops = ended(study, [Search("imp", "matching", "level", "init")])
    assert {line.found for line in drops} <= {1, 2}


def of_init(init: int, onset: int | None) -> Ended:
    search = Search("imp", "stable", "rewind", "init")
    holds = {0: False, 120: False} if onset is None else {0: False, onset: True, 120: True}
    return Ended(search, 3, 51.2, init, holds, len(holds))


@pytest.mark.parametrize(
    ("onsets", "words"),
    [
        ((10, 20, 60), "from k = 20"),
        ((10, 60), "from k = 60"),  # the later of the two in the middle
        ((10, None), "none: most of 2 inits have none"),
        ((10, 20, None), "from k = 20"),
    ],
)
def test_inits_that_are_searched_alone_have_a_median(
    onsets: tuple[int | None, ...], words: str
) -> None:
    lines = [of_init(init, onset) for init, onset in enumerate(onsets, 1)]
    found = table(lines)
    assert found["init"].tolist() == [*map(str, range(1, len(onsets) + 1)), "median"]
    assert found["ended"].iloc[-1] == words
    assert "Figure 8" in caption(lines)
    assert "two inits first" not in caption(lines)


def test_the_median_level_is_the_less_sparse_of_the_two_in_the_middle() -> None:
    search = Search("imp", "matching", "level", "init")
    lines = [
        Ended(search, 0, 50.0, 1, {1: True, 2: True, 3: False}, 3),
        Ended(search, 0, 50.0, 2, {1: True, 2: False}, 2),
    ]
    assert table(lines)["ended"].iloc[-1] == "up to level 1"


def test_lines_of_inits_alone_are_left_out_of_onsets_of_means() -> None:
    frame = pd.DataFrame({"strategy": ["dense", "imp"]})
    alone = Search("imp", "stable", "rewind", "init")
    assert of_means(frame, [STABLE, alone])["strategy"].tolist() == ["dense"]
    assert of_means(frame, [STABLE])["strategy"].tolist() == ["dense", "imp"]


def test_each_init_has_a_panel(trial: Callable[..., Any]) -> None:
    made = Made(trial)
    made.cell(k=0, instability=60.0)
    made.cell(k=20, instability=0.5)
    plots = list(search_plots.plots(made.study(), [Search("dense", "stable", "rewind", "init")]))
    [figure] = [plot.figure for plot in plots]
    titles = [whole(axes.get_title()) for axes in figure.axes]
    assert [title.rpartition(", ")[2] for title in titles] == ["init 1", "init 2", "init 3"]
