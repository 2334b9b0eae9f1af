"""Figures of LMC from the command line, of sweeps side by side; and the page in miniature."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from recording_samples import Recorded

from sweeps import miniature

pytestmark = pytest.mark.usefixtures("created_quickly")

DENSE = ("subnetworks=[dense]", "rewind=[0, 20, 120]", "inits=2", "orders=2")
SPARSE = ("subnetworks=[dense, {strategy: imp, levels: [1]}]", *DENSE[1:])


@pytest.fixture
def draw(cli: Any, recorded: Recorded) -> Callable[..., Any]:
    def call(*arguments: str) -> Any:
        return cli("report", *arguments, "--home", str(recorded.home.folder))

    return call


def test_a_figure_of_a_sweep_is_an_svg(draw: Any, recorded: Recorded, tmp_path: Path) -> None:
    recorded.submit(*DENSE)
    shown = draw("digits-mlp", "--figure", "fig3", "--figure", "fig2")
    assert (shown.status, shown.err) == (0, "")
    for name in ("fig2", "fig3"):
        path = recorded.home.folder / "reports" / f"digits-mlp-{name}.svg"
        assert f"wrote {path}" in shown.out
        assert "digits-mlp" in path.read_text()
    assert draw("digits-mlp", "--figure", "fig3", "-o", str(tmp_path / "mine.svg")).status == 0
    assert (tmp_path / "mine.svg").read_text().count("<svg") == 1


def test_sweeps_stand_side_by_side_and_those_without_data_are_named(
    draw: Any, recorded: Recorded
) -> None:
    recorded.submit(*SPARSE)
    recorded.submit(*DENSE, "name=other")
    both = draw("digits-mlp", "other", "--figure", "fig3")
    assert (both.status, both.err) == (0, "")
    path = recorded.home.folder / "reports" / "digits-mlp+other-fig3.svg"
    assert all(f">{name}<" in path.read_text() for name in ("digits-mlp", "other"))
    one = draw("digits-mlp", "other", "--figure", "fig6")
    assert one.status == 0
    assert one.err == "fig6: other has nothing that it shows\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("digits-mlp", "--figure", "fig33"), "--figure: no figure 'fig33'; did you mean 'fig3'?"),
        (("digits-mlp", "--figure", "fig4"), "--figure fig4: none of these sweeps has what it"),
        (("digits-mlp", "other", "--markdown", "a.md"), "--figures and --markdown are of one"),
        (("digits-mlp", "digits-mlp", "--figure", "fig3"), "a sweep is named twice"),
        (
            ("digits-mlp", "--figure", "fig3", "--figure", "fig2", "-o", "a.svg"),
            "--output is one file, and these are several figures",
        ),
        (("digits-mlp", "--figure", "fig3", "-o", "a.gif"), "--output a.gif: a figure is FILE.svg"),
        (("digits-mlp", "--figure", "fig3", "--figures", "f"), "--figures, --markdown and --open"),
        (("digits-mlp", "--figure", "fig3", "--open"), "--figures, --markdown and --open are of"),
    ],
)
def test_what_cannot_be_drawn_is_one_line(
    draw: Any, recorded: Recorded, arguments: tuple[str, ...], said: str
) -> None:
    recorded.submit(*DENSE)
    shown = draw(*arguments)
    assert shown.status == 2
    assert shown.err.startswith(f"sweeps: {said}")
    assert len(shown.err.splitlines()) == 1


def test_the_page_has_claims_tables_and_figures(
    recorded: Recorded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    controls = "{strategy: random-pruning, levels: [1]}, {strategy: random-reinit, levels: [1]}"
    recorded.submit(f"subnetworks=[dense, {{strategy: imp, levels: [1]}}, {controls}]", *DENSE[1:])
    monkeypatch.setattr(miniature, "TWINS", {"LMC": ("digits-mlp",)})
    page = tmp_path / "page.md"
    miniature.write(recorded.home.folder, page, 61.0)
    text = page.read_text()
    assert "1 min 1 s" in text
    assert "| LMC, Section 3, Figure 3 | Dense networks are unstable at k = 0" in text
    assert "| paper | says | here | verdict | why |" in text
    assert text.count("<details><summary>Numbers</summary>\n\n| ") == text.count(".svg)")
    assert "**Table 2.**" in text
    assert "| digits-mlp | 100.0 |" in text
    for name in ("fig2", "fig3", "fig6", "fig7"):
        assert f"](page/{name}.svg)" in text
        assert (tmp_path / "page" / f"{name}.svg").exists()
    assert "fig4" not in text
