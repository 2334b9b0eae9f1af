"""Tables of the page in a real browser: filters, CSV, and what says that a box scrolls."""

import csv

import pytest
from browser import CUT
from digits_page import column, saved, until

REGION = "Table: Every rewind point"

MADE = """([head, ...texts]) => {
  const table = document.querySelector('table[data-name=cells]');
  const place = headsOf(table).findIndex((one) => textOf(one) === head);
  rowsOf(table).forEach((row, i) => (row.cells[place].textContent = texts[i]));
}"""
"""Puts other texts into a column of the table of cells."""


def status(page):
    return page.locator("#filter-cells ~ [role=status]").inner_text()


@pytest.mark.parametrize(
    ("terms", "rows"),
    [
        ("imp", 2),
        ("random k=120", 1),
        ("instability<2", 3),
        ("instability < 2", 3),
        ("Instability % <2", 3),
        ("inst<= 1.5", 3),
        ("instability>=40 weights<50", 3),
        ("weights left<50", 4),
        ("imp weights left < 50", 2),
        ("rewind k<20", 3),
        ("rewind k ≥ 20", 4),
        ("rewindk!=0", 4),
        ("95 % interval > 50", 3),
        ("stable=yes", 3),
        ("stable != yes dense", 1),
        ("strategy = random", 2),
        ("instability<2 and stable=yes and rewind k=20", 1),
        ("instability<2,rewind k=20", 1),
        ("imp, stable = yes", 1),
        ("nothing", 0),
        ("", 7),
    ],
)
def test_rows_are_filtered_by_words_and_by_columns(page, terms, rows):
    page.locator("#filter-cells").fill(terms)
    assert len(column(page, "cells", 1)) == rows
    assert status(page) == (f"{rows} of 7 rows" if terms else "")


@pytest.mark.parametrize(
    ("terms", "rows", "says"),
    [
        (
            "speed < 2",
            7,
            "No column is named “speed”. Columns: strategy; weights left %; rewind k;",
        ),
        ("imp speed < 2", 2, "No column is named “speed”"),
        ("< 2", 7, "No column stands before “< 2”"),
        ("s = yes", 7, "“s” can mean several columns: strategy; stable."),
        ("stable < 2", 7, "“stable” has words, not numbers"),
        ("instability < low", 7, "< compares with a number, not with “low”"),
        ("rewind k", 0, "“rewind k” is a column: compare it, as in “rewind k < 2”"),
        ("instability <", 7, "7 of 7 rows"),
    ],
)
def test_what_a_filter_cannot_mean_is_said_and_hides_nothing(page, terms, rows, says):
    page.locator("#filter-cells").fill(terms)
    assert len(column(page, "cells", 1)) == rows
    assert status(page).startswith(f"{rows} of 7 rows")
    assert says in status(page)


def test_borderline_verdicts_are_filtered_by_verdict_and_by_word(page):
    verdicts = ["no", "yes (borderline)", "yes", "no (borderline)", "yes", "no", "no"]
    page.evaluate(MADE, ["stable", *verdicts])
    for terms, rows in (("stable=yes", 3), ("borderline", 2), ("stable = yes (borderline)", 1)):
        page.locator("#filter-cells").fill(terms)
        assert len(column(page, "cells", 1)) == rows, terms


def test_a_csv_has_plain_numbers_of_all_rows(page):
    name, text = saved(page, "Download CSV: table cells")
    rows = list(csv.DictReader(text.splitlines()))
    assert (name, len(rows)) == ("cells.csv", 7)
    imp = rows[3]
    assert (imp["strategy"], imp["rewind k"], imp["matching"]) == ("IMP", "0", "no")
    assert (imp["instability % mean"], imp["instability % deviation"]) == ("40.0", "0.0")
    assert (imp["95 % interval low"], imp["95 % interval high"]) == ("40.0", "40.0")
    assert (imp["n"], imp["inits"]) == ("2", "2")
    _, text = saved(page, "Download CSV: table onsets")
    dense, imp, random = csv.DictReader(text.splitlines())
    stable = ("mean stable from k", "mean stable from k not yet at")
    assert [dense[one] for one in stable] == ["20", "0"]
    assert [imp[one] for one in stable] == ["120", "0"]
    assert [random[one] for one in stable] == ["", "120"]


@pytest.mark.parametrize(
    ("texts", "heads", "first"),
    [
        (["−0.3", "+2.0"], ["x"], ["-0.3"]),
        (["0.12 ± 0.01 nats", "–"], ["x mean", "x deviation", "x unit"], ["0.12", "0.01", "nats"]),
        (["97.1 ± 0.2 (2 of 6 at chance)", "95.0"], ["x mean", "x deviation", "x note"],
         ["97.1", "0.2", "2 of 6 at chance"]),
        (["7 of 9", "–"], ["x", "x of"], ["7", "9"]),
        (["+0.1 (−0.2 to +0.4)", "23.1 %"], ["x", "x low", "x high", "x unit"],
         ["+0.1", "-0.2", "+0.4", ""]),
        (["from 0 on (n = 1)", "not up to 9"], ["x", "x not yet at", "x note"], ["0", "", "n = 1"]),
        (["yes (borderline)", "no"], ["x", "x note"], ["yes", "borderline"]),
        (["[24, 24]", "3"], ["x"], ["[24, 24]"]),
        (["–", "–"], ["x"], [""]),
    ],
)  # fmt: skip
def test_a_column_of_any_form_becomes_plain_numbers(page, texts, heads, first):
    found = page.evaluate("(texts) => columnsFrom('x', texts, false)", texts)
    assert [one[0] for one in found] == heads
    assert [one[1] for one in found] == first


def test_buttons_say_which_rows_a_csv_holds_while_some_are_hidden(page):
    tools = page.locator("#filter-cells").locator("..")
    shown = "button:visible"
    assert tools.locator(shown).all_inner_texts() == ["Copy CSV", "Download CSV"]
    page.locator("#filter-cells").fill("imp")
    assert tools.locator(shown).all_inner_texts() == [
        *("Copy CSV of all 7 rows", "Download CSV of all 7 rows"),
        *("Copy CSV of the 2 shown", "Download CSV of the 2 shown"),
    ]
    name, text = saved(page, "Download CSV of the 2 shown: table cells")
    rows = list(csv.DictReader(text.splitlines()))
    assert (name, [row["strategy"] for row in rows]) == ("cells-filtered.csv", ["IMP", "IMP"])
    _, text = saved(page, "Download CSV of all 7 rows: table cells")
    assert len(text.splitlines()) == 8


def test_a_box_that_scrolls_says_how_many_columns_are_beyond_its_edge(page):
    page.set_viewport_size({"width": 390, "height": 900})
    box = page.get_by_role("region", name=REGION)
    line = box.locator("xpath=preceding-sibling::*[1]")
    until(page, "document.querySelector('.more-right > [data-name=cells]')")
    assert line.inner_text().startswith("Scroll for ")
    assert "more columns →" in line.inner_text()
    names = page.locator("#cells-row-4 > th")
    before = names.bounding_box()["x"]
    box.evaluate("(box) => (box.scrollLeft = box.scrollWidth)")
    until(page, "!document.querySelector('.more-right > [data-name=cells]')")
    assert line.inner_text().startswith("← scroll back for ")
    assert names.bounding_box()["x"] == before, "rows keep their names"


def test_a_figure_that_does_not_fit_says_so_and_its_text_stays_legible(page):
    page.set_viewport_size({"width": 390, "height": 900})
    plot = page.locator("figure.drawn .plot").first
    until(page, "document.querySelector('.plot.more-right')")
    assert "rest of the figure →" in plot.locator("xpath=preceding-sibling::*[1]").inner_text()
    sizes = plot.locator("svg").evaluate("""(svg) => {
      const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
      return [...svg.querySelectorAll('text')].map((one) =>
        parseFloat(getComputedStyle(one).fontSize) * scale);
    }""")
    assert min(sizes) >= 9


def test_nothing_is_said_of_scrolling_where_all_is_shown(page):
    page.set_viewport_size({"width": 1800, "height": 900})
    until(page, "document.querySelectorAll('.more-right').length === 0")
    assert page.locator(".cue:visible").all_inner_texts() == []
    assert page.evaluate(CUT) == []


def test_tables_use_the_width_of_the_window_and_text_does_not(page):
    page.set_viewport_size({"width": 1800, "height": 900})
    room = page.locator("main").bounding_box()["width"]
    assert room > 1400
    assert page.get_by_role("region", name=REGION).bounding_box()["width"] == room
    assert page.locator("section[aria-labelledby=findings] li").first.bounding_box()["width"] < 750
