"""`sweeps report`: of one sweep or several, opened in the browser, with what runs it again."""

from __future__ import annotations

import os
import sys
import time
import webbrowser
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from page_reader import Page, text
from recording_samples import Recorded

from analysis.records import submissions
from sweeps.again import of_unknown, report_command, spec_of, specs_of
from sweeps.home import resolve
from sweeps.interface import runs_link
from sweeps.loading import builtin_specs
from sweeps.recording.database import client_of
from sweeps.recording.summary import conclude
from sweeps.results import read
from sweeps.telling_apart import fields_of

pytestmark = pytest.mark.usefixtures("created_quickly", "without_figures")

DENSE = ("subnetworks=[dense]", "rewind=[0, 20]", "inits=2", "orders=2")


@pytest.fixture
def report(cli: Any, recorded: Recorded) -> Callable[..., Any]:
    def call(*arguments: str) -> Any:
        return cli("report", *arguments, "--home", str(recorded.home.folder))

    return call


def test_several_sweeps_are_one_report(report: Any, recorded: Recorded) -> None:
    recorded.submit(*DENSE)
    recorded.submit(*DENSE[:-1], "orders=3", "name=other")
    shown = report("digits-mlp", "other")
    assert (shown.status, shown.err) == (0, "")
    path = recorded.home.folder / "reports" / "digits-mlp+other.html"
    assert f"report: {path}" in shown.out
    page = Page(path.read_text())
    table = page.find("table", data_name="differences")
    assert [[text(cell) for cell in row] for row in table.iter("tr")] == [
        ["field", "digits-mlp", "other"],
        ["orders", "1, 2", "1, 2, 3"],
    ]
    assert len(page.trials("cells-row-3")) == 6


BEGIN = "sweeps run digits-mlp --set 'subnetworks=[dense]' --set 'rewind=[0, 20]' --set inits=2"


def _commands(path: Path) -> list[str]:
    shown = Page(path.read_text()).all("pre", class_="command")
    return [line for one in shown for line in "".join(one.itertext()).splitlines()]


def test_the_report_says_how_all_its_trials_are_had_again(report: Any, recorded: Recorded) -> None:
    recorded.submit(*DENSE)
    recorded.submit(*DENSE[:-1], "orders=3")
    reports = recorded.home.folder / "reports"
    assert report("digits-mlp").status == 0
    assert _commands(reports / "digits-mlp.html") == [
        f"{BEGIN} --set orders=2",
        f"{BEGIN} --set orders=3",
        "sweeps report digits-mlp",
    ]
    key = recorded.read().submission.data.tags["sweep_key"][:8]
    assert report("digits-mlp", "--submission", key).status == 0
    assert _commands(reports / f"digits-mlp-{key}-alone.html") == [
        f"{BEGIN} --set orders=3",
        f"sweeps report digits-mlp --submission {key}",
    ]


def test_the_report_of_a_recipe_among_others_is_that_of_its_run(recorded: Recorded) -> None:
    recorded.submit(*DENSE)
    recorded.submit(*DENSE, "recipe.learning_rate=0.2")
    results = recorded.read()
    results = read(recorded.home, results.name, results.submission.data.tags["sweep_key"], "recipe")
    specs = specs_of(results)
    assert report_command(results, specs) == specs[-1].command
    assert [one.command for one in specs] == [
        f"{BEGIN} --set orders=2 --set recipe.learning_rate=0.2"
    ]


def test_a_submission_among_others_of_its_recipe_has_a_report_of_its_own(
    recorded: Recorded,
) -> None:
    first, second = recorded.submit(*DENSE), recorded.submit(*DENSE, "rewind=[0, 40]")
    read_of = partial(read, recorded.home, "digits-mlp", second)
    paths = conclude(read_of("recipe"), read_of("submission"))
    assert [path.name for path in paths] == [
        f"digits-mlp-{second[:8]}.html",
        f"digits-mlp-{second[:8]}-alone.html",
    ]
    assert [len(_commands(path)) for path in paths] == [3, 2]
    assert first != second


def test_trials_of_deleted_submissions_are_counted(recorded: Recorded) -> None:
    recorded.submit(*DENSE)
    recorded.submit(*DENSE, "rewind=[0, 40]")
    assert of_unknown(recorded.read()) == 0
    first = specs_of(recorded.read())[0]
    latest = recorded.read().submission.info.run_id
    runs = submissions(client_of(recorded.home, write=False), "digits-mlp")
    (run,) = [one for one in runs if one.info.run_id != latest]
    client_of(recorded.home, write=True).delete_run(run.info.run_id)
    assert of_unknown(recorded.read()) == 2
    assert first not in specs_of(recorded.read())


def test_a_spec_of_the_users_own_is_a_file() -> None:
    found = spec_of("mine", "name: mine\n# --set inits=2\n", {"plugin.nets:wide": "1"})
    assert (found.command, found.file) == ("sweeps run mine.yaml --set inits=2", "mine.yaml")
    assert found.own_code


def test_what_the_command_changes_stands_at_the_top_of_a_spec() -> None:
    built_in = builtin_specs()["digits-mlp"].read_text().strip()
    assert spec_of("renamed", f"{built_in}\n# --set name=renamed\n", {}) == (
        f"# The command that ran this spec changed it:\n#   --set name=renamed\n{built_in}\n",
        "sweeps run digits-mlp --set name=renamed",
        "",
        False,
    )


def test_specs_that_differ_have_files_that_differ() -> None:
    files: dict[str, str] = {}
    texts = ["name: a\n", "name: a\ninits: 2\n", "name: a\n# --set inits=3\n"]
    found = [spec_of("a", one, {}, files) for one in texts]
    assert [one.file for one in found] == ["a.yaml", "a-2.yaml", "a.yaml"]


def test_fields_of_a_spec_are_text(recorded: Recorded) -> None:
    recorded.submit("subnetworks=[dense, {strategy: imp, levels: [1, 2]}]", *DENSE[1:])
    fields = fields_of(recorded.read(), {"learning_rate": "0.1"})
    assert fields["subnetworks"] == "strategy: dense; strategy: imp, levels: 1, 2"
    assert fields["measure"] == "instability"
    assert fields["recipe.learning_rate"] == "0.1"
    assert "network_facts" not in fields


def _browsers(monkeypatch: pytest.MonkeyPatch, only: str) -> None:
    """Have one browser only, and Python look for it again."""
    monkeypatch.setenv("BROWSER", only)
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(webbrowser, "_tryorder", None)


def test_the_report_opens_in_the_browser(
    report: Any, recorded: Recorded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded.submit(*DENSE)
    opened = tmp_path / "opened"
    browser = tmp_path / "browser"
    browser.write_text(
        f"#!{sys.executable}\nimport sys\nopen({str(opened)!r}, 'w').write(sys.argv[1])"
    )
    browser.chmod(0o755)
    _browsers(monkeypatch, f"{browser} %s")
    assert report("digits-mlp", "--open").status == 0
    deadline = time.monotonic() + 30
    while not opened.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert opened.read_text() == (recorded.home.folder / "reports" / "digits-mlp.html").as_uri()


def test_no_browser_is_said(report: Any, recorded: Recorded, monkeypatch: Any) -> None:
    recorded.submit(*DENSE)
    _browsers(monkeypatch, f"{os.devnull}/none %s")
    shown = report("digits-mlp", "--open")
    assert shown.status == 0
    assert "--open: no browser was found; open " in shown.err


@pytest.mark.parametrize(
    ("tracking", "link"),
    [
        ("http://somewhere:5000/", "http://somewhere:5000/#/experiments/3/runs/"),
        ("https://me:secret@there/ml", "https://there/ml/#/experiments/3/runs/"),
        ("sqlite:////tmp/a.db", ""),
        ("file:///tmp/mlruns", ""),
    ],
)
def test_runs_have_addresses_where_a_server_has_them(tracking: str, link: str) -> None:
    assert runs_link(resolve("/tmp/nowhere", tracking=tracking), "3") == link
