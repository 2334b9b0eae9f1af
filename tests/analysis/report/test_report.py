import re
from dataclasses import replace
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest

from analysis.report.page import SCRIPTS
from analysis.report.report import Context, Spec, markdown, render, write, write_figures

CONTEXT = Context(
    name="digits-quickstart",
    description="A study of digits.",
    specs=(Spec("name: digits-quickstart\nrewind: [0, 20, 120]\n", ""),),
    provenance={"torch": "2.15.0", "command": "sweeps run digits & more"},
    matching="one-std",
    stable_below=2.0,
)

VOID = {"meta", "br", "hr", "img", "link", "input"}


class Page(HTMLParser):
    """Elements, text and nesting of a page; raises where tags do not match."""

    def __init__(self, html):
        super().__init__()
        self.elements, self.texts, self._open = [], [], []
        self.cells, self.tables = [], []
        self.feed(html)
        assert self._open == []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)
        if tag == "table":
            self.tables.append([])
        if tag == "tr":
            self.tables[-1].append([])
        if tag in {"td", "th"}:
            self.tables[-1][-1].append("")

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        if self._open and self._open[-1] in {"td", "th"}:
            self.tables[-1][-1][-1] += data
        self.texts.append(data)

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def text(self):
        return " ".join(" ".join(self.texts).split())


@pytest.fixture(scope="module")
def html(study, curves):
    return render(study, curves(study), CONTEXT)


@pytest.fixture(scope="module")
def dense(study):
    """Few trials: what is asked of words alone needs no more figures."""
    return study[study["strategy"] == "dense"]


@pytest.fixture(scope="module")
def page(html):
    return Page(html)


def test_findings_come_first(page):
    findings = page.text.index("Dense networks become stable between iteration 0 and 20")
    assert page.text.index("digits-quickstart") < page.text.index("A study of digits.") < findings
    assert findings < page.text.index("What the words and numbers mean")


def test_tables_hold_the_numbers(page):
    onsets, summary, details, provenance = page.tables
    assert onsets[2][:5] == ["IMP", "8.6", "between 0 and 120", "between 0 and 120", "120"]
    assert summary[0][:4] == ["strategy", "weights left %", "rewind k", "instability %"]
    assert summary[1] == [
        *("Dense", "100.0", "0", "60.0 ± 0.0", "60.0 to 60.0", "2 (2)"),
        *("97.5 ± 0.7", "0.0", "no", "reference"),
    ]
    assert details[0] == [
        *("strategy", "weights left %", "rewind k", "samples stable", "share stable"),
        *("samples matching", "accuracy: interval", "drop: interval"),
    ]
    assert details[5][:6] == ["IMP", "8.6", "120", "2 of 2", "1.00", "1 of 2"]
    assert len(summary) == len(details) == 8
    assert provenance == [["torch", "2.15.0"], ["command", "sweeps run digits & more"]]


def test_the_numbers_are_markdown_too(study):
    text = markdown(study, CONTEXT)
    assert "- Dense networks become stable between iteration 0 and 20" in text
    assert "| 60.0 to 60.0 | 2 (2) | 97.5 ± 0.7 | 0.0 | no | reference |" in text
    assert "| IMP | 8.6 | between 0 and 120 | between 0 and 120 | 120 |" in text
    assert "- torch: 2.15.0" in text


def test_figures_are_files_of_their_own_too(tmp_path, study, curves):
    paths = write_figures(tmp_path / "new" / "folder", study, curves(study), CONTEXT)
    names = ["instability.svg", "accuracy.svg", "path.svg", "app-g.svg"]
    assert [path.name for path in paths] == names
    for path in paths:
        assert ElementTree.parse(path).getroot().tag == "{http://www.w3.org/2000/svg}svg"


def test_figures_are_in_the_page_and_have_words_for_those_who_cannot_see_them(page):
    assert len(page.all("svg")) == 4
    described = [e for e in page.all("div") if e.get("role") == "img"]
    assert [e["aria-label"].split(" ")[:2] for e in described] == [
        ["Line", "chart"],
        ["Line", "chart"],
        ["Line", "charts"],
        ["Line", "charts"],
    ]
    assert len(page.all("figcaption")) == len(page.all("figure")) == 4 + 3


def test_ids_are_unique_and_references_lead_somewhere(page):
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) > 100
    assert len(ids) == len(set(ids))
    references = {attributes["href"] for attributes in page.all("use")}
    assert references
    assert references <= {f"#{name}" for name in ids}


def test_the_page_needs_nothing_else(html, page):
    assert not re.search(r"https?:|@import|javascript:|import\(|fetch\(|XMLHttp", html)
    tags = {tag for tag, _ in page.elements}
    assert tags.isdisjoint({"link", "img", "iframe", "object", "image", "base"})
    for _, attributes in page.elements:
        assert "src" not in attributes
        assert not any(name.startswith("on") for name in attributes)
        assert attributes.get("href", "#").startswith("#")
    assert set(re.findall(r"url\((.)", html)) == {"#"}


@pytest.mark.usefixtures("without_figures")
@pytest.mark.parametrize("field", ["name", "description", "specs"])
def test_text_from_outside_stays_text(dense, curves, field):
    hostile = "</pre></title><script>alert(1)</script><img src=x onerror=y>{{ 7 * 7 }}"
    value = (Spec(hostile, hostile, hostile),) if field == "specs" else hostile
    html = render(dense, curves(dense.iloc[:0]), replace(CONTEXT, **{field: value}))
    page = Page(html)
    assert page.all("img") == []
    assert len(page.all("script")) == len(SCRIPTS) + 1
    assert hostile in page.text
    assert "<script>alert" not in html


@pytest.mark.usefixtures("without_figures")
def test_provenance_from_outside_stays_text(dense, curves):
    context = replace(CONTEXT, provenance={"<script>a</script>": '"><script>b</script>'})
    page = Page(render(dense, curves(dense.iloc[:0]), context))
    assert len(page.all("script")) == len(SCRIPTS) + 1
    assert page.tables[-1] == [["<script>a</script>", '"><script>b</script>']]


@pytest.mark.usefixtures("without_figures")
@pytest.mark.parametrize(
    ("changes", "says"),
    [
        (
            {},
            "no further below that of the dense networks than one standard deviation of theirs "
            "over inits, here 0.71 points (LMC Figure 7",
        ),
        ({"matching": 0.2}, "at most 0.2 points below that of the dense networks"),
        ({"stable_below": 2.5}, "mean test instability is below 2.5 points"),
    ],
)
def test_terms_are_defined_as_the_sweep_has_them(dense, curves, changes, says):
    assert says in Page(render(dense, curves(dense.iloc[:0]), replace(CONTEXT, **changes))).text


def test_figures_say_the_threshold_of_the_sweep(dense, curves):
    html = render(dense, curves(dense.iloc[:0]), replace(CONTEXT, stable_below=2.5))
    assert "Filled markers are stable (below 2.5 %)" in Page(html).text


@pytest.mark.usefixtures("without_figures")
def test_verdicts_follow_the_thresholds_of_the_sweep(study, curves):
    page = Page(
        render(study, curves(study.iloc[:0]), replace(CONTEXT, matching=0.2, stable_below=1.0))
    )
    onsets = page.tables[0]
    assert onsets[1][2:5] == ["between 20 and 120", "–", "120"]  # dense, 1.5 % at 20
    # IMP, 0.25 points lost at 120
    assert onsets[2][2:5] == ["between 0 and 120", "not up to 120", "120"]


def test_a_sweep_without_trials_says_so(frame, curves):
    page = Page(render(frame(), curves(frame()), CONTEXT))
    assert "No trial has been recorded yet." in page.text
    assert page.all("svg") == []
    assert "torch" in page.text


def test_a_sweep_without_curves_has_no_paths(study, curves):
    page = Page(render(study, curves(study.iloc[:0]), CONTEXT))
    assert len(page.all("svg")) == 3


def test_a_sweep_without_dense_networks_claims_no_band(study, curves):
    sparse = study[study["strategy"] != "dense"]
    page = Page(render(sparse, curves(sparse), CONTEXT))
    assert "There are no dense networks to match." in page.text
    assert "No dense network was measured, so matching cannot be judged." in page.text
    assert "grey band" not in page.text
    assert "points (LMC Figure 7" not in page.text


@pytest.mark.usefixtures("without_figures")
def test_an_interrupted_sweep_is_called_partial(study, curves, frame):
    context = replace(CONTEXT, planned=99)
    text = Page(render(study, curves(study.iloc[:0]), context)).text
    assert text.index("Partial: 14 of 99 trials") < text.index("Dense networks become stable")
    assert markdown(study, context).startswith("Partial: 14 of 99 trials")
    nothing = Page(render(frame(), curves(frame()), context)).text
    assert nothing.index("Partial: 0 of 99 trials") < nothing.index("No trial has been recorded")


@pytest.mark.usefixtures("without_figures")
def test_what_can_never_be_measured_is_said(study, curves):
    context = replace(CONTEXT, planned=99, unmeasurable=85)
    for text in (
        Page(render(study, curves(study.iloc[:0]), context)).text,
        markdown(study, context),
    ):
        assert "Incomplete: 14 of 99 trials" in text
        assert "85 trials cannot be measured" in text


@pytest.mark.usefixtures("without_figures")
def test_the_scope_stands_below_the_description(study, curves):
    scope = "14 trials, 3 of them of <other> submissions."
    context = replace(CONTEXT, scope=scope, planned=99)
    assert (
        f"{CONTEXT.description} {scope} Findings"
        in Page(render(study, curves(study.iloc[:0]), context)).text
    )
    assert markdown(study, context).startswith(f"{scope}\n\nPartial")


def test_captions_name_their_tables_and_do_not_scroll_with_them(page, html):
    captions = [e["id"] for e in page.all("figcaption") if "id" in e]
    assert captions == [f"{name}-caption" for name in ("onsets", "cells", "details")]
    of_results = [e for e in page.all("table") if e.get("class") == "data"]
    assert [e["aria-describedby"] for e in of_results] == captions
    boxes = [e for e in page.all("div") if e.get("role") == "region"]
    assert len({e["aria-label"] for e in boxes}) == len(boxes) == 4 + 3
    assert all(e["tabindex"] == "0" for e in boxes), "the keyboard scrolls them, too"
    assert html.index("</figcaption>\n<div", html.index('id="onsets-caption"')) < html.index(
        "<table"
    )


def test_captions_of_figures_name_the_marks_that_occur(page, frame, twice, curves):
    assert (
        "Filled markers match the dense networks at the smallest rewind point, hollow" in page.text
    )
    assert "Small markers are not judged" in page.text
    assert page.text.count("The axis shows k on a symmetric logarithmic axis") == 2
    alone = frame(*twice("imp", 11))
    text = Page(render(alone, curves(alone), CONTEXT)).text
    assert "Filled markers match" not in text
    assert "Small markers are not judged" in text


@pytest.mark.usefixtures("without_figures")
def test_a_complete_sweep_is_not(study, curves):
    context = replace(CONTEXT, planned=len(study))
    assert "Partial" not in Page(render(study, curves(study.iloc[:0]), context)).text
    assert not markdown(study, context).startswith("Partial")


LOST = {"diverged": (True, True), "accuracies": (0.0, 0.0), "instability": float("nan")}


def test_a_sweep_that_diverged_says_so_and_draws_nothing(frame, twice, curves):
    trials = frame(*twice(**LOST), *twice(rewind=20, **LOST))
    page = Page(render(trials, curves(trials), CONTEXT))
    assert "8 of 8 networks diverged." in page.text
    assert page.all("svg") == []
    assert page.tables[0][1][2:5] == ["–", "–", "–"]
    assert [row[-2:] for row in page.tables[1][1:]] == [["–", "–"]] * 2


def test_paths_of_networks_that_failed_are_left_out(frame, twice, curves, tmp_path):
    trials = frame(*twice(instability=1.0), *twice("imp", 11, accuracies=(10.0, 10.0)))
    paths = write_figures(tmp_path, trials, curves(trials), CONTEXT)
    drawn = {path.name: path.read_text() for path in paths}
    assert "IMP" in drawn["accuracy.svg"], "a subnetwork that collapsed is a result"
    assert "Dense" in drawn["path.svg"]
    assert "IMP" not in drawn["path.svg"]


def test_several_recipes_have_rows_and_figures_of_their_own(frame, twice, curves):
    trials = frame(*twice(recipe="digits"), *twice(recipe="digits, rate 0.1", instability=9.0))
    page = Page(render(trials, curves(trials), CONTEXT))
    assert [row[0] for row in page.tables[1]] == ["recipe", "digits", "digits, rate 0.1"]
    # Per table: the heads of recipe and strategy, and the strategy of each row.
    assert len([e for e in page.all("th") if e.get("class") == "name"]) == 3 * 2
    assert len([e for e in page.all("td") if e.get("class") == "name"]) == 3 * 2
    assert len(page.all("svg")) == 6
    assert "Instability: digits, rate 0.1" in page.text
    assert "digits, rate 0.1: Dense networks are not stable" in page.text
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))


@pytest.mark.slow
def test_files_of_several_recipes_have_numbers(frame, twice, curves, tmp_path):
    trials = frame(*twice(recipe="digits"), *twice(recipe="digits, rate 0.1", instability=9.0))
    names = [path.name for path in write_figures(tmp_path, trials, curves(trials), CONTEXT)]
    assert names == [
        f"{name}-{n}.svg" for n in (1, 2) for name in ("instability", "accuracy", "path")
    ]


@pytest.mark.parametrize(
    "term",
    [
        "Network",
        "95 % interval",
        "Diverged, at chance",
        "Borderline",
        "Sample, init",
        "Share stable",
    ],
)
def test_terms_of_the_tables_are_explained(page, term):
    assert term in page.text[page.text.index("Terms") :]


def test_published_results_stand_in_the_tables_with_their_sources(study, curves):
    # Level 15 is the one that LMC has of LeNet.
    lenet = study.assign(recipe="lenet-mnist", weights_left=100 * 0.8 ** (study["level"] / 11 * 15))
    page = Page(render(lenet, curves(lenet), CONTEXT))
    onsets, summary, _, _ = page.tables
    assert onsets[2][3:6] == ["0", "between 0 and 120", "0"]
    assert summary[0][6:9] == ["accuracy %", "paper %", "deviation"]
    assert [row[7] for row in summary[1:]] == ["98.3 ± 0.1", "–", "–", "98.2", "–", "96.7", "–"]
    assert (
        "Published values: LMC Table 1, LMC Table 2, LMC section 3, LMC section 4.3." in page.text
    )
    assert "Hollow black markers" in page.text


def test_what_no_paper_has_is_not_said_to_be_published(page):
    assert "ublished values" not in page.text
    assert "Hollow black markers" not in page.text


def test_the_same_results_are_written_as_the_same_bytes(tmp_path, html, study, curves):
    destination = tmp_path / "new" / "folder" / "report.html"
    write(destination, study.copy(), curves(study), CONTEXT)
    assert destination.read_text(encoding="utf-8") == html
