"""The wheel: what is in it, and that it works where there is no checkout."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from sweeps.builtin import builtin_specs

ROOT = Path(__file__).parents[1]
PACKAGES = ("sweeps", "trainables", "analysis")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel as its build back end makes it, of a copy of the checkout, without a network."""
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    left_out = shutil.ignore_patterns("__pycache__", "*.egg-info")
    for name in (*PACKAGES, "benchmarks", "docs", "tests"):
        shutil.copytree(ROOT / name, source / name, ignore=left_out)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    script = f"from setuptools import build_meta; build_meta.build_wheel({str(out)!r})"
    run([sys.executable, "-c", script], source)
    (found,) = out.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `bin` of a fresh environment with the wheel.

    It borrows the packages that it depends on from the tests' environment, by a `.pth` file: those
    in there, that of this checkout too, are not looked at.
    """
    folder = tmp_path_factory.mktemp("environment")
    run([sys.executable, "-m", "venv", "--without-pip", str(folder)], folder)
    python = folder / "bin" / "python"
    install = ["install", "--quiet", "--no-index", "--no-deps", "--no-warn-script-location"]
    run([sys.executable, "-m", "pip", "--python", str(python), *install, str(wheel)], folder)
    (place,) = (folder / "lib").glob("python*/site-packages")
    paths = sysconfig.get_paths()
    borrowed = dict.fromkeys((paths["purelib"], paths["platlib"]))
    (place / "borrowed.pth").write_text("".join(f"{path}\n" for path in borrowed))
    return folder / "bin"


def run(command: list[str], folder: Path, **environment: str) -> str:
    """What a command prints, in a folder that is no checkout."""
    kept = {n: v for n, v in os.environ.items() if n not in ("PYTHONPATH", "VIRTUAL_ENV")}
    ended = subprocess.run(
        command, cwd=folder, env=kept | environment, capture_output=True, text=True
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def test_the_wheel_has_whatever_the_packages_have_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if not name.endswith("/")]
    there = {name for name in names if ".dist-info/" not in name}
    wanted = {
        str(path.relative_to(ROOT))
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert there == wanted
    for name in ("sweeps/specs/digits-mlp.yaml", "trainables/networks/facts.json",
                 "analysis/report/assets/report.html", "sweeps/py.typed"):  # fmt: skip
        assert name in there
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_it_says_where_it_is(installed: Path, tmp_path: Path) -> None:
    said = run([str(installed / "sweeps"), "--version"], tmp_path)
    assert f"sweeps, trainables, analysis in {installed.parent / 'lib'}" in said


def test_it_lists_and_plans(installed: Path, tmp_path: Path) -> None:
    sweeps = str(installed / "sweeps")
    listed = run([sweeps, "specs"], tmp_path, COLUMNS="200")
    assert all(name in listed for name in builtin_specs())
    planned = run([sweeps, "plan", "digits-mlp", "--home", "home"], tmp_path)
    assert "99 trials of digits-mlp" in planned


@pytest.mark.slow
def test_it_runs_the_quickstart_and_the_doctor(installed: Path, tmp_path: Path) -> None:
    small = ["recipe.length=200", "rewind=[0, 20]", "inits=2", "orders=2"]
    settings = [part for one in small for part in ("--set", one)]
    sweeps = [str(installed / "sweeps")]
    run([*sweeps, "run", "digits-mlp", *settings, "--home", "home"], tmp_path)
    (found,) = (tmp_path / "home" / "reports").glob("digits-mlp*.html")
    report = found.read_text(encoding="utf-8")
    assert "</html>" in report
    assert str(ROOT) not in report
    said = run([*sweeps, "doctor", "--home", "home"], tmp_path)
    assert "Ray               fine" in said
