"""What the page holds for its scripts: evidence, the samples of rows, the numbers of figures."""

import base64
import csv
import hashlib
import io
import re
from dataclasses import replace

import pytest
from page_reader import Page, text

from analysis.evidence import Evidence, Finding, about, agree, rows_of
from analysis.records import SPLITS
from analysis.report.page import SCRIPTS
from analysis.report.report import Context, OneSweep, Spec, render, render_several, save

CONTEXT = Context(
    name="digits",
    description="",
    specs=(Spec("name: digits\n", "sweeps run digits-mlp --set 'rewind=[0, 20]'"),),
    provenance={"torch": "2.15.0"},
    matching="one-std",
    stable_below=2.0,
)


@pytest.fixture(scope="module")
def html(study, curves):
    return render(study, curves(study), CONTEXT)


@pytest.fixture(scope="module")
def page(html):
    return Page(html)


def test_a_finding_links_to_the_rows_that_prove_it(page):
    links = page.evidence("Dense networks become stable")
    assert list(links) == ["Onsets, 1 row", "Every rewind point, 3 rows", "figure: Instability"]
    assert [page.row(one)[0] for one in links["Onsets, 1 row"]] == ["Dense"]
    rows = [page.row(one)[:3] for one in links["Every rewind point, 3 rows"]]
    assert rows == [["Dense", "100.0", k] for k in ("0", "20", "120")]
    assert text(page.find("h3", id=links["figure: Instability"][0])) == "Instability"


def test_a_verdict_on_accuracy_is_proved_by_accuracies(page):
    links = page.evidence("IMP subnetworks")
    assert "figure: Accuracy" in links
    for title in ("Every rewind point, 2 rows", "Behind the verdicts, 2 rows"):
        assert [page.row(one)[:3] for one in links[title]] == [
            ["IMP", "8.6", k] for k in ("0", "120")
        ]


def test_agreement_is_proved_by_the_cells_that_it_counts(page):
    (rows,) = page.evidence("Subnetworks are stable and matching, or neither").values()
    assert {page.row(one)[0] for one in rows} == {"IMP", "Random pruning"}


@pytest.mark.usefixtures("without_figures")
def test_a_sentence_on_what_is_missing_has_no_evidence(study, curves):
    sparse = study[study["strategy"] != "dense"].reset_index(drop=True)
    page = Page(render(sparse, curves(sparse), CONTEXT))
    assert page.evidence("No dense network was measured") == {}


def test_every_link_of_the_page_leads_somewhere(page):
    ids = {element.get("id") for element in page.all()} - {None}
    links = [link.get("href") for link in page.all("a")]
    assert len(links) > 15
    assert {link.lstrip("#") for link in links} <= ids


def test_a_row_leads_to_its_trials(page, study):
    onsets = {page.row(row.get("id"))[0]: row.get("id") for row in page.all("tr") if row.get("id")}
    for strategy, label in (("dense", "Dense"), ("imp", "IMP")):
        keys = [page.column("trial")[number] for number in page.trials(onsets[label])]
        own = study[(study["strategy"] == strategy) & (study["rewind"] == 120)]
        assert keys == [key[:12] for key in own["trial"]], "the last rows are of k = 120"
    numbers = page.trials("cells-row-5")
    assert page.row("cells-row-5")[:3] == ["IMP", "8.6", "120"]
    assert [page.column("instability %")[n] for n in numbers] == [0.5, 0.5]
    assert [page.column("init")[n] for n in numbers] == [1, 2]
    assert [page.column("stable")[n] for n in numbers] == ["yes", "yes"]
    assert [page.column("matching")[n] for n in numbers] == ["no", "yes"]


@pytest.mark.usefixtures("without_figures")
def test_rows_keep_their_trials_where_a_table_is_sorted_by_hyperparameters(frame, twice, curves):
    labels = {"late": 0.1, "early": 0.01}
    trials = frame(*(row for label in labels for row in twice(recipe=label)))
    page = Page(render(trials, curves(trials), replace(CONTEXT, axes={"learning_rate": labels})))
    assert [page.row(f"cells-row-{n}")[0] for n in (1, 2)] == ["0.01", "0.1"]
    recipes = page.column("recipe")
    assert {recipes[n] for n in page.trials("cells-row-1")} == {"early"}
    assert {recipes[n] for n in page.trials("cells-row-2")} == {"late"}


def test_the_numbers_behind_onsets_are_onsets(frame, twice, curves):
    trials = frame(
        *(row for k in (0, 20) for row in twice(recipe="late", rewind=k, instability=60.0 - 3 * k)),
        *(row for k in (0, 20) for row in twice(recipe="early", rewind=k, instability=0.5)),
    )
    axes = {"learning_rate": {"late": 0.1, "early": 0.01}}
    page = Page(render(trials, curves(trials.iloc[:0]), replace(CONTEXT, axes=axes)))
    rows = list(csv.DictReader(io.StringIO(page.data["figures"]["onset-learning_rate"])))
    names = ("learning_rate", "verdict", "onset", "failed", "last")
    assert [[row[name] for name in names] for row in rows] == [
        *(["0.01", "stable", "0", "", "20"], ["0.1", "stable", "20", "0", "20"])
    ]


@pytest.mark.usefixtures("without_figures")
def test_runs_are_linked_where_their_server_is_known(study, curves, page):
    assert page.data["samples"]["links"] == {}
    runs = "tracking.test/#/experiments/3/runs/"
    linked = Page(render(study, curves(study), replace(CONTEXT, runs=runs)))
    assert linked.data["samples"]["links"] == {"digits": runs}
    assert linked.column("MLflow run") == list(study["run_id"])


def test_the_numbers_behind_each_figure_are_in_the_page(page, study, curves):
    drawn = [figure.get("data-name") for figure in page.all("figure", class_="drawn")]
    assert list(page.data["figures"]) == drawn
    rows = list(csv.DictReader(io.StringIO(page.data["figures"]["instability"])))
    assert [float(row["instability_test"]) for row in rows] == [60, 1.5, 0.5, 40, 0.5, 80, 70]
    paths = list(csv.DictReader(io.StringIO(page.data["figures"]["path"])))
    highest = max(float(row["path_error_test"]) for row in paths if row["strategy"] == "imp")
    assert highest == 42.0
    assert {f"path_error_{split}" for split in SPLITS} < paths[0].keys()


def test_only_the_scripts_of_the_report_may_run(html):
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', html)[1]
    policy = policy.replace("&#39;", "'")
    assert "default-src 'none'" in policy
    scripts = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
    digests = [base64.b64encode(hashlib.sha256(s.encode()).digest()).decode() for s in scripts]
    assert re.findall(r"'sha256-([^']*)'", policy) == digests
    assert len(digests) == len(SCRIPTS)


def test_names_from_outside_do_not_end_the_data(frame, twice, curves):
    hostile = "</script><script>alert(1)</script>"
    trials = frame(*twice(recipe=hostile), *twice(recipe="b"))
    page = Page(render(trials, curves(trials), CONTEXT))
    assert len(page.all("script")) == len(SCRIPTS) + 1
    assert set(page.column("recipe")) == {hostile, "b"}


def test_the_command_stands_with_the_spec(study, curves, page):
    section = page.find("section", aria_labelledby="spec")
    assert "This command gives these results again" in text(section)
    commands = [text(one) for one in section.iter("pre") if one.get("class") == "command"]
    assert commands == [CONTEXT.specs[0].command, "sweeps report digits"]


@pytest.mark.usefixtures("without_figures")
def test_several_submissions_are_run_again_by_their_commands_together(study, curves):
    body, commands = "name: digits\n", ["sweeps run digits.yaml --set inits=1", "sweeps run b.yaml"]
    context = replace(
        CONTEXT,
        specs=(
            Spec(body, commands[0], "digits.yaml", own_code=True),
            Spec(body, commands[1], "b.yaml"),
        ),
        report_command=commands[1],
        unknown=1,
    )
    section = Page(render(study, curves(study), context)).find("section", aria_labelledby="spec")
    says = " ".join(text(section).split())
    assert "These trials are of 2 submissions." in says
    assert (
        "Save the specs below as digits.yaml and b.yaml, with their own code beside them." in says
    )
    assert "1 of these trials is of a submission that is not recorded any more" in says
    assert "The last command writes this report when it ends." in says
    (shown,) = [one for one in section.iter("pre") if one.get("class") == "command"]
    assert "".join(shown.itertext()).split("\n") == commands
    assert [text(one) for one in section.iter("summary")] == [f"Spec of {one}" for one in commands]


@pytest.mark.usefixtures("without_figures")
def test_a_partial_report_says_when_it_was_written(study, curves):
    context = replace(CONTEXT, planned=99, written="2026-01-02 03:04 UTC")
    says = text(Page(render(study, curves(study), context)).find("p", class_="partial"))
    assert says.startswith("Partial: 14 of 99 trials")
    assert says.endswith("Written 2026-01-02 03:04 UTC.")


@pytest.fixture(scope="module")
def joint(study, curves, frame, twice):
    other = frame(*twice(instability=9.0), *twice(rewind=20, instability=8.0))
    second = replace(
        CONTEXT,
        name="other",
        fields={"inits": "2", "stable_below": "2.0"},
        specs=(Spec("", "sweeps run b"),),
    )
    first = replace(CONTEXT, fields={"inits": "5", "stable_below": "2.0"})
    return Page(
        render_several(
            [OneSweep(study, curves(study), first), OneSweep(other, curves(other), second)]
        )
    )


def test_several_sweeps_have_one_joint_table(joint):
    assert joint.row("cells-row-1")[:3] == ["digits", "Dense", "100.0"]
    assert joint.row("cells-row-9")[:5] == ["other", "Dense", "100.0", "20", "8.0 ± 0.0"]
    sweeps = joint.column("sweep")
    assert {sweeps[n] for n in joint.trials("cells-row-9")} == {"other"}
    assert [joint.column("instability %")[n] for n in joint.trials("cells-row-9")] == [8, 8]


def test_findings_of_several_sweeps_link_to_their_own_rows(joint):
    (rows,) = (
        ids
        for title, ids in joint.evidence("other: Dense networks are not stable").items()
        if title.startswith("Every rewind point")
    )
    assert {joint.row(one)[0] for one in rows} == {"other"}


def test_several_sweeps_stand_side_by_side_in_the_papers_figures(joint):
    names = [figure.get("data-name") for figure in joint.all("figure", class_="drawn")]
    assert "fig3" in names
    rows = list(csv.DictReader(io.StringIO(joint.data["figures"]["fig3"])))
    assert {"digits", "other"} <= {word for row in rows for word in re.split(r"\W+", row["panel"])}


def test_differences_of_the_specs_are_named(joint):
    table = joint.find("table", data_name="differences")
    assert [[text(cell) for cell in row] for row in table.iter("tr")] == [
        ["field", "digits", "other"],
        ["inits", "5", "2"],
    ]


@pytest.mark.usefixtures("without_figures")
def test_specs_that_do_not_differ_are_said_to_be_the_same(study, curves):
    context = replace(CONTEXT, fields={"inits": "2"})
    two = [
        OneSweep(study, curves(study), replace(context, name=name)) for name in ("digits", "again")
    ]
    same = Page(render_several(two))
    section = text(same.find("section", aria_labelledby="differences"))
    assert "The specs of these sweeps are the same" in section
    assert not same.all("table", data_name="differences")


def test_provenance_is_a_plain_table(page):
    table = page.find("table", class_="provenance")
    assert [[text(cell) for cell in row] for row in table.iter("tr")] == [["torch", "2.15.0"]]
    assert all(table not in list(box.iter()) for box in page.all("div", class_="scroll"))


def test_a_place_agrees_where_both_name_a_column():
    assert agree({"strategy": "imp"}, {"strategy": "imp", "rewind": 0})
    assert not agree({"strategy": "imp", "rewind": 20}, {"strategy": "imp", "rewind": 0})
    assert agree({}, {"strategy": "imp"})


def test_a_finding_is_its_sentence():
    found = Finding("says", Evidence("cells")).after("a: ")
    assert found == "a: says"
    assert found.evidence == (Evidence("cells"),)


def test_what_rows_are_about_follows_their_order(study):
    table = about(study[["rewind"]].iloc[:2].copy(), [{"rewind": 0}, {"rewind": 1}])
    assert rows_of(table.iloc[[1, 0]]) == [{"rewind": 1}, {"rewind": 0}]


def test_a_page_takes_the_place_of_the_one_before(tmp_path):
    file = tmp_path / "new" / "page.html"
    save(file, "one")
    before = file.open(encoding="utf-8")
    save(file, "two")
    assert (before.read(), file.read_text()) == ("one", "two")
    before.close()
    assert [path.name for path in file.parent.iterdir()] == ["page.html"]


def test_a_link_stays_one(tmp_path):
    target, link = tmp_path / "target.html", tmp_path / "link.html"
    link.symlink_to(target)
    save(link, "page")
    assert link.is_symlink()
    assert target.read_text() == "page"


def test_a_page_that_cannot_be_written_names_its_file(tmp_path):
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="folder"):
        save(tmp_path / "folder", "page")
