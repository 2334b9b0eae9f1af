"""`sweeps report`: of one sweep or several, opened in the browser, with what runs it again."""

from __future__ import annotations

import os
import sys
import time
import webbrowser
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from page_reader import Page, text
from recording_samples import Recorded

from sweeps.again import spec_of
from sweeps.home import resolve
from sweeps.interface import runs_link
from sweeps.loading import builtin_specs
from sweeps.telling_apart import fields_of

pytestmark = pytest.mark.usefixtures("created_quickly")

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


def test_the_report_says_how_it_is_run_again(report: Any, recorded: Recorded) -> None:
    recorded.submit(*DENSE)
    recorded.submit(*DENSE[:-1], "orders=3")
    assert report("digits-mlp").status == 0
    page = Page((recorded.home.folder / "reports" / "digits-mlp.html").read_text())
    commands = [text(one) for one in page.all("pre", class_="command")]
    begin = "sweeps run digits-mlp --set 'subnetworks=[dense]' --set 'rewind=[0, 20]' --set inits=2"
    assert commands == [
        f"{begin} --set orders=3",
        f"{begin} --set orders=2",
        "sweeps report digits-mlp",
    ]


def test_a_spec_of_the_users_own_is_a_file() -> None:
    found = spec_of("mine", "name: mine\n# --set inits=2\n", {"plugin.nets:wide": "1"})
    assert (found.command, found.file) == ("sweeps run mine.yaml --set inits=2", "mine.yaml")
    assert found.own_code
    built_in = builtin_specs()["digits-mlp"].read_text()
    assert spec_of("renamed", f"{built_in}# --set name=renamed\n", {}) == (
        f"{built_in}# --set name=renamed\n",
        "sweeps run digits-mlp --set name=renamed",
        "",
        False,
    )


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
