"""The page in a real browser, from a file: layout, tables, samples, downloads, accessibility."""

import csv
import json
from dataclasses import replace

import large_sweep
import pytest
from browser import AXE, CUT, NO_AXE, OVERLAPS
from digits_page import CONTEXT, column, saved, until

from analysis.report.report import render

WIDTHS = (1280, 768, 390)

BOXED = """() => [...document.querySelectorAll('main *')]
  .filter((e) => !e.closest('svg, .hidden') && e.offsetParent)
  .filter((e) => {
    const style = getComputedStyle(e);
    return style.position === 'sticky' || (style.overflowX !== 'visible' && e.tagName !== 'PRE');
  })
  .map((e) => `${e.tagName}.${e.className}`)"""
"""What stays in place, or scrolls, while the page moves."""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_is_cut_and_no_labels_overlap(page, width, scheme):
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)
    page.locator("table[data-name=cells] .open").first.click()
    page.evaluate("document.querySelectorAll('details').forEach((one) => (one.open = true))")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(CUT) == []
    assert page.evaluate(OVERLAPS) == []
    wide = page.locator(".plot svg").evaluate_all(
        "all => all.map((one) => one.getBoundingClientRect().width / one.parentElement.clientWidth)"
    )
    assert min(wide) >= 0.99, "figures fill the column"
    beyond = page.locator(".scroll:has(> .data)").evaluate_all(
        "all => all.filter((one) => one.scrollWidth > one.clientWidth).length"
    )
    assert width < 1280 or not beyond, "tables of one recipe need no scrolling"


def test_a_column_sorts_up_and_down_and_back(page):
    head = page.locator("table[data-name=cells] > thead th", has_text="instability %")
    as_written = ["60.0 ± 0.0", "1.5 ± 0.0", "0.5 ± 0.0", "40.0 ± 0.0", "0.5 ± 0.0"]
    assert column(page, "cells", 4)[:5] == as_written
    head.get_by_role("button").click()
    assert head.get_attribute("aria-sort") == "ascending"
    assert [float(one.split()[0]) for one in column(page, "cells", 4)] == [
        *(0.5, 0.5, 1.5, 40, 60, 70, 80)
    ]
    head.get_by_role("button").click()
    assert [float(one.split()[0]) for one in column(page, "cells", 4)] == [
        *(80, 70, 60, 40, 1.5, 0.5, 0.5)
    ]
    head.get_by_role("button").click()
    assert head.get_attribute("aria-sort") is None
    assert column(page, "cells", 4)[:5] == as_written


def test_what_is_unknown_is_sorted_last_either_way(page):
    head = page.locator("table[data-name=cells] > thead th", has_text="matching").get_by_role(
        "button"
    )
    head.click()
    assert column(page, "cells", 10)[-2:] == ["–", "–"]
    head.click()
    assert column(page, "cells", 10)[-2:] == ["–", "–"]


def test_a_number_unfolds_its_samples_in_place(page):
    row = page.locator("#cells-row-4")
    row.locator("td").nth(3).click()
    below = page.locator("#cells-row-4-samples")
    heads = below.locator("thead th").all_inner_texts()
    assert heads[:4] == ["init", "orders", "instability %", "on train %"]
    samples = [one.split("\t") for one in below.locator("tbody tr").all_inner_texts()]
    assert [one[:4] for one in samples] == [["1", "1, 2", "40.00", "20.00"],
                                            ["2", "1, 2", "40.00", "20.00"]]  # fmt: skip
    assert row.get_by_role("button").get_attribute("aria-expanded") == "true"
    link = below.locator("a").first.get_attribute("href")
    assert link == "#run of digits-imp-11-0-1-1-2-keep"
    name, text = saved(page, "Download CSV: 2 samples of IMP, weights left % 8.6, rewind k 0")
    assert name == "cells-row-4.csv"
    assert [one["instability %"] for one in csv.DictReader(text.splitlines())] == ["40", "40"]
    row.locator("td").nth(3).click()
    assert below.count() == 0


def test_samples_of_a_line_say_at_which_k_they_are(page):
    page.locator("#onsets-row-1").get_by_role("button").click()
    below = page.locator("#onsets-row-1-samples")
    assert below.locator("thead th").first.inner_text() == "rewind k"
    assert below.locator("tbody tr").count() == 6


def test_samples_move_and_hide_with_their_row(page):
    page.locator("#cells-row-1").get_by_role("button").click()
    head = page.locator("table[data-name=cells] > thead th", has_text="instability %")
    head.get_by_role("button").click()
    order = page.locator("table[data-name=cells] > tbody > tr").evaluate_all(
        "all => all.map(r => r.id)"
    )
    assert order.index("cells-row-1-samples") == order.index("cells-row-1") + 1
    page.locator("#filter-cells").fill("imp")
    assert page.locator("#cells-row-1-samples").is_hidden()


def test_the_numbers_of_figures_and_the_spec_are_saved(page):
    name, text = saved(page, "Download CSV: figure instability")
    rows = list(csv.DictReader(text.splitlines()))
    assert (name, len(rows)) == ("instability.csv", 7)
    assert float(rows[0]["instability_test"]) == 60
    assert saved(page, "Download digits.yaml") == ("digits.yaml", CONTEXT.specs[0].text)


def test_the_numbers_are_copied(page, browser):
    page.evaluate("navigator.clipboard.writeText = async (text) => { window.copied = text; }")
    page.get_by_role("button", name="Copy command").first.click()
    until(page, "window.copied")
    assert page.evaluate("window.copied") == CONTEXT.specs[0].command


def test_evidence_is_shown_even_where_it_was_filtered_out(page):
    page.locator("#filter-cells").fill("imp")
    item = page.locator("section[aria-labelledby=findings] li").first
    item.get_by_role("link", name="Every rewind point, 3 rows").click()
    marked = page.locator("tr.mark").evaluate_all("all => all.map((row) => row.id)")
    assert marked == ["cells-row-1", "cells-row-2", "cells-row-3"]
    assert page.locator("#cells-row-1").is_visible()
    assert page.evaluate("location.hash") == "#cells-row-1"


def test_everything_works_by_keyboard(page):
    page.set_viewport_size({"width": 390, "height": 800})
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.tagName") == "A"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Contents"
    was = page.locator(".contents details").get_attribute("open")
    page.keyboard.press("Enter")
    assert page.locator(".contents details").get_attribute("open") != was
    page.locator("#cells-row-2 .open").focus()
    page.keyboard.press("Enter")
    assert page.locator("#cells-row-2-samples").is_visible()
    box = page.get_by_role("region", name="Table: Every rewind point")
    box.focus()
    page.keyboard.press("ArrowRight")
    until(
        page, "document.querySelector('[aria-label=\"Table: Every rewind point\"]').scrollLeft > 0"
    )
    head = page.locator("table[data-name=cells] > thead th", has_text="rewind k")
    head.get_by_role("button").focus()
    page.keyboard.press("Space")
    assert head.get_attribute("aria-sort") == "ascending"


def test_contents_are_open_where_there_is_room_beside_the_text(page, file):
    assert page.locator(".contents li").first.is_visible()
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(file.as_uri())
    assert not page.locator(".contents li").first.is_visible()


def test_all_that_is_folded_is_printed(page):
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    for part in ("#provenance ~ details table", "#terms ~ details dl", ".plot svg"):
        assert page.locator(part).first.is_visible()
    assert page.locator(".tools:visible, .contents:visible, .cue:visible").count() == 0
    assert page.evaluate(BOXED) == []
    page.emulate_media(media="screen")


def test_a_printed_page_is_a_file_of_few_sheets(page):
    page.set_viewport_size({"width": 390, "height": 900})
    sheets = page.pdf(format="A4").count(b"/Type /Page\n")
    assert 3 <= sheets <= 12


@pytest.mark.skipif(AXE is None, reason=NO_AXE)
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (1280, "dark"), (390, "light")])
def test_axe_finds_no_barrier(page, width, scheme):
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)
    page.locator("table[data-name=cells] .open").first.click()
    page.locator(".evidence a").first.click()
    page.evaluate("document.querySelectorAll('details').forEach((one) => (one.open = true))")
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run().then((found) => JSON.stringify(found.violations))")
    violations = json.loads(found)
    assert [(one["id"], one["nodes"][0]["html"]) for one in violations] == []


@pytest.mark.slow
def test_a_report_of_2000_trials_opens_at_once_and_is_small(browser, tmp_path):
    trials = large_sweep.trials()
    html = render(trials, large_sweep.curves(trials), replace(CONTEXT, planned=len(trials)))
    assert len(trials) > 2000
    assert len(html.encode()) < 5_000_000
    file = tmp_path / "large.html"
    file.write_text(html, encoding="utf-8")
    page = browser.new_page()
    page.goto(file.as_uri())
    timing = page.evaluate("performance.getEntriesByType('navigation')[0].toJSON()")
    assert timing["loadEventEnd"] < 3000
    assert page.locator("table[data-name=cells] .open").count() == 228
    page.close()
