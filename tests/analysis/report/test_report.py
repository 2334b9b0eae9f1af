import re
from dataclasses import replace
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest

from analysis.report.report import Context, markdown, render, write, write_figures

CONTEXT = Context(
    name="digits-quickstart",
    description="A study of digits.",
    spec_text="name: digits-quickstart\nrewind: [0, 20, 120]\n",
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
def page(html):
    return Page(html)


def test_findings_come_first(page):
    findings = page.text.index("Dense networks are stable from iteration 20 on")
    assert page.text.index("digits-quickstart") < page.text.index("A study of digits.") < findings
    assert findings < page.text.index("Terms")


def test_tables_hold_the_numbers(page):
    onsets, summary, provenance = page.tables
    assert onsets[2] == ["IMP", "8.6", "120", "120", "120"]
    assert summary[0][:4] == ["strategy", "weights left %", "rewind k", "instability %"]
    assert summary[1] == [
        *("Dense", "100.0", "0", "60.0", "1", "97.5 ± 0.7", "0.0", "no", "yes"),
    ]
    assert len(summary) == 8
    assert provenance == [["torch", "2.15.0"], ["command", "sweeps run digits & more"]]


def test_the_numbers_are_markdown_too(study):
    text = markdown(study, CONTEXT)
    assert "- Dense networks are stable from iteration 20 on" in text
    assert "| Dense | 100.0 | 0 | 60.0 | 1 | 97.5 ± 0.7 | 0.0 | no | yes |" in text
    assert "| IMP | 8.6 | 120 | 120 | 120 |" in text
    assert "- torch: 2.15.0" in text


def test_figures_are_files_of_their_own_too(tmp_path, study, curves):
    paths = write_figures(tmp_path / "new" / "folder", study, curves(study), CONTEXT)
    assert [path.name for path in paths] == ["instability.svg", "accuracy.svg", "path.svg"]
    first = [path.read_bytes() for path in paths]
    for path in paths:
        assert ElementTree.parse(path).getroot().tag == "{http://www.w3.org/2000/svg}svg"
    write_figures(tmp_path / "new" / "folder", study, curves(study), CONTEXT)
    assert [path.read_bytes() for path in paths] == first


def test_figures_are_in_the_page_and_have_words_for_those_who_cannot_see_them(page):
    assert len(page.all("svg")) == 3
    described = [e for e in page.all("div") if e.get("role") == "img"]
    assert [e["aria-label"].split(" ")[:2] for e in described] == [
        ["Line", "chart"],
        ["Line", "chart"],
        ["Line", "charts"],
    ]
    assert len(page.all("figcaption")) == 3


def test_ids_are_unique_and_references_lead_somewhere(page):
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) > 100
    assert len(ids) == len(set(ids))
    references = {attributes["href"] for attributes in page.all("use")}
    assert references
    assert references <= {f"#{name}" for name in ids}


def test_the_page_needs_nothing_else(html, page):
    assert not re.search(r"https?:|//[a-z]|@import|javascript:", html)
    tags = {tag for tag, _ in page.elements}
    assert tags.isdisjoint({"script", "link", "img", "iframe", "object", "image", "base"})
    for _, attributes in page.elements:
        assert "src" not in attributes
        assert not any(name.startswith("on") for name in attributes)
        assert attributes.get("href", "#").startswith("#")
    assert set(re.findall(r"url\((.)", html)) == {"#"}


def test_the_same_results_give_the_same_bytes(html, study, curves):
    assert render(study.copy(), curves(study), CONTEXT) == html


@pytest.mark.parametrize("field", ["name", "description", "spec_text"])
def test_text_from_outside_stays_text(study, curves, field):
    hostile = "</pre></title><script>alert(1)</script><img src=x onerror=y>{{ 7 * 7 }}"
    html = render(study, curves(study), replace(CONTEXT, **{field: hostile}))
    page = Page(html)
    assert page.all("script") == page.all("img") == []
    assert hostile in page.text
    assert "<script" not in html


def test_provenance_from_outside_stays_text(study, curves):
    context = replace(CONTEXT, provenance={"<script>a</script>": '"><script>b</script>'})
    page = Page(render(study, curves(study), context))
    assert page.all("script") == []
    assert page.tables[-1] == [["<script>a</script>", '"><script>b</script>']]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        (
            {},
            "no further below that of the full networks than one standard deviation of theirs, "
            "here 0.71 points",
        ),
        ({"matching": 0.2}, "at most 0.2 points below that of the full networks"),
        ({"stable_below": 2.5}, "mean test instability is below 2.5 points"),
        ({"stable_below": 2.5}, "Filled markers are stable (below 2.5 %)"),
    ],
)
def test_terms_are_defined_as_the_sweep_has_them(study, curves, changes, says):
    assert says in Page(render(study, curves(study), replace(CONTEXT, **changes))).text


def test_verdicts_follow_the_thresholds_of_the_sweep(study, curves):
    page = Page(render(study, curves(study), replace(CONTEXT, matching=0.2, stable_below=1.0)))
    onsets = page.tables[0]
    assert onsets[1][2:] == ["120", "0", "120"]  # dense, 1.5 % at 20
    assert onsets[2][2:] == ["120", "never", "120"]  # IMP, 0.25 points lost at 120


def test_a_sweep_without_trials_says_so(frame, curves):
    page = Page(render(frame(), curves(frame()), CONTEXT))
    assert "No trial has been recorded yet." in page.text
    assert page.all("svg") == []
    assert "torch" in page.text


def test_a_sweep_without_curves_has_no_paths(study, curves):
    page = Page(render(study, curves(study.iloc[:0]), CONTEXT))
    assert len(page.all("svg")) == 2


def test_a_sweep_without_dense_networks_claims_no_band(study, curves):
    sparse = study[study["strategy"] != "dense"]
    page = Page(render(sparse, curves(sparse), CONTEXT))
    assert "There are no full networks to match." in page.text
    assert "No dense network was measured, so matching cannot be judged." in page.text
    assert "grey band" not in page.text
    assert "points (LMC Figure 7" not in page.text


def test_published_results_stand_in_the_tables_with_their_sources(study, curves):
    # Level 15 is the one that LMC has of LeNet.
    lenet = study.assign(recipe="lenet-mnist", weights_left=100 * 0.8 ** (study["level"] / 11 * 15))
    page = Page(render(lenet, curves(lenet), CONTEXT))
    onsets, summary, _ = page.tables
    assert onsets[2] == ["IMP", "3.5", "120", "0", "120", "0", "120"]
    assert summary[0][5:8] == ["accuracy %", "paper %", "deviation"]
    assert [row[6] for row in summary[1:]] == ["98.3 ± 0.1", "–", "–", "98.2", "–", "96.7", "–"]
    assert (
        "Published values: LMC Table 1, LMC Table 2, LMC section 3, LMC section 4.3." in page.text
    )
    assert "Hollow black markers" in page.text


def test_what_no_paper_has_is_not_said_to_be_published(page):
    assert "ublished values" not in page.text
    assert "Hollow black markers" not in page.text


def test_write_makes_the_folder(tmp_path, html, study, curves):
    destination = tmp_path / "new" / "folder" / "report.html"
    write(destination, study, curves(study), CONTEXT)
    assert destination.read_text(encoding="utf-8") == html
