"""The tutorial, the how-to pages and a notebook, run as a reader would: in order, from nothing.

Blocks that cannot run here are marked so on their page, with the reason.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from doc_blocks import ROOT, blocks_of

NOTEBOOKS = sorted((ROOT / "examples").glob("*.ipynb"))

RUN = [
    page
    for page in [ROOT / "docs/tutorial.md", *sorted((ROOT / "docs/how-to").glob("*.md"))]
    if any(one.language in ("sh", "python") and not one.marks for one in blocks_of(page))
]

SWEEPS = f"""#!/bin/sh
exec {sys.executable} -c 'from sweeps.cli import main; main()' "$@"
"""


@pytest.fixture
def surroundings(tmp_path: Path) -> dict[str, str]:
    """Variables with which `sweeps` is on the path, and homes are below an empty folder."""
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "sweeps").write_text(SWEEPS)
    (programs / "sweeps").chmod(0o755)
    (programs / "python").symlink_to(sys.executable)
    found = {name: value for name, value in os.environ.items() if not name.startswith("SWEEPS_")}
    return found | {
        "PATH": f"{programs}:{found['PATH']}",
        "PYTHONPATH": str(ROOT),
        "SWEEPS_MACHINE": "reference",
        "MPLBACKEND": "agg",
        "HOME": str(tmp_path),
    }


def run(command: list[str], text: str, folder: Path, surroundings: dict[str, str]) -> None:
    """Run a program on a text, and show what it printed if it fails."""
    done = subprocess.run(
        command,
        input=text,
        cwd=folder,
        env=surroundings,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=1500,
    )
    assert done.returncode == 0, f"{text}\n{done.stdout[-3000:]}"


@pytest.mark.slow
@pytest.mark.timeout(3000)
@pytest.mark.parametrize("page", RUN, ids=lambda page: page.stem)
def test_blocks_run_in_their_order(
    page: Path, tmp_path: Path, surroundings: dict[str, str]
) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    for block in blocks_of(page):
        if block.mark("not run"):
            continue
        if name := block.mark("file"):
            (folder / name).write_text(block.text, encoding="utf-8")
        elif block.language == "sh":
            run(["bash", "-eu", "-s"], block.text, folder, surroundings)
        elif block.language == "python":
            run([sys.executable, "-"], block.text, folder, surroundings)


@pytest.mark.slow
@pytest.mark.timeout(1500)
def test_the_notebook_that_trains_runs(tmp_path: Path, surroundings: dict[str, str]) -> None:
    cells = json.loads((ROOT / "examples/own_network.ipynb").read_text(encoding="utf-8"))["cells"]
    code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    check = "\nassert len(results.trials) == 6 and (tuple(answers.shape) == (200, 200))\n"
    (tmp_path / "notebook.py").write_text("\n\n".join(code) + check, encoding="utf-8")
    run([sys.executable, "notebook.py"], "", tmp_path, surroundings)


@pytest.mark.parametrize("file", NOTEBOOKS, ids=lambda file: file.stem)
def test_outputs_of_notebooks_are_not_kept(file: Path) -> None:
    for cell in json.loads(file.read_text(encoding="utf-8"))["cells"]:
        assert not cell.get("outputs")
        assert not cell.get("execution_count")


@pytest.mark.slow
def test_the_site_is_built_without_warnings_and_needs_no_network(tmp_path: Path) -> None:
    """Dead links are warnings."""
    site = tmp_path / "site"
    subprocess.run(
        [sys.executable, "-m", "sphinx", "--quiet", "--fail-on-warning", "docs", str(site)],
        cwd=ROOT,
        check=True,
    )
    pages = list(site.rglob("*.html"))
    assert len(pages) > 30
    for page in pages:
        text = page.read_text(encoding="utf-8")
        for part in ("<script src=", "<link rel=stylesheet href=", "<img src="):
            assert f'{part}"http' not in text.replace("'", '"'), page.name
