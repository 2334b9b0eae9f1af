"""Who may import whom (DESIGN: data flows one way), and what must stay light."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Container
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
HEAVY = {"ray", "mlflow", "pydantic"}


def imports(path: Path) -> set[str]:
    """Top-level packages that a file imports anywhere, even inside functions."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found.add(node.module.partition(".")[0])
    return found


def files(package: str) -> list[Path]:
    found = sorted((ROOT / package).rglob("*.py"))
    assert found
    return found


@pytest.mark.parametrize(
    ("package", "forbidden"),
    [
        ("sweeps", {"benchmarks"}),
        ("trainables", {"sweeps", "analysis", "benchmarks"}),
        ("analysis", {"sweeps", "trainables", "benchmarks", "ray", "torch"}),
    ],
)
def test_nothing_imports_what_lies_downstream(package: str, forbidden: set[str]) -> None:
    face = ROOT / "analysis" / "__init__.py"  # `analysis.open` only hands on to sweeps.notebook
    assert imports(face) == {"__future__", "typing", "sweeps"}
    ours = [file for file in files(package) if file != face]
    guilty = {str(f): imports(f) & forbidden for f in ours if imports(f) & forbidden}
    assert not guilty


def test_compute_core_runs_anywhere_there_is_torch() -> None:
    """Only the edges to Tune and Train may import Ray; MLflow and pydantic have no place at all."""
    names = ("trainable", "teams", "team_worker", "instability_trial")
    edges = [ROOT / "trainables" / "jobs" / f"{name}.py" for name in names]
    assert all("ray" in imports(edge) for edge in edges)
    guilty = {str(f): imports(f) & HEAVY for f in files("trainables") if f not in edges}
    assert not {f: found for f, found in guilty.items() if found}


def test_planning_is_pure() -> None:
    guilty = {str(f): imports(f) & {"ray", "mlflow", "torch"} for f in files("sweeps/plan")}
    assert not {f: found for f, found in guilty.items() if found}


@pytest.mark.parametrize("inside_functions", ["trainables.data", "no package"])
def test_no_module_of_trainables_imports_itself_through_others(inside_functions: str) -> None:
    """At the top of modules; in data not inside functions either. What is imported for types alone
    is left out."""
    modules = {_name(path): path for path in files("trainables")}
    graph = {
        name: _imported(path, modules, name.startswith(inside_functions)) - {name}
        for name, path in modules.items()
    }
    TopologicalSorter(graph).prepare()  # raises CycleError, which names the circle


def _name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _imported(path: Path, modules: Container[str], inside_functions: bool) -> set[str]:
    """Return which of these modules a file imports; of `from package import name` the module of
    that name, or the package if it is none."""
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        for_types = isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        left_out = isinstance(node, ast.FunctionDef) and not inside_functions
        if for_types or left_out:
            node.body = []  # type: ignore[attr-defined]
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names if alias.name in modules}
        elif isinstance(node, ast.ImportFrom) and node.module in modules:
            inside = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if name in modules else node.module for name in inside}
    return found


def modules_after(code: str) -> set[str]:
    """Top-level modules that a fresh interpreter has loaded after running some code."""
    script = f"{code}\nimport sys\nprint(' '.join({{m.partition('.')[0] for m in sys.modules}}))"
    result = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT
    )
    return set(result.stdout.splitlines()[-1].split())


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; sys.argv = ['sweeps', '--help']\n"
        "from sweeps.cli import main\n"
        "try: main()\nexcept SystemExit: pass"
    )
    assert not modules_after(code) & {"torch", "ray", "mlflow", "pydantic", "pandas", "numpy"}


def test_planning_imports_no_torch() -> None:
    code = (
        "from sweeps.loading import load\nfrom sweeps.plan import expand\n"
        "from sweeps.plan.summary import summarize\n"
        "summarize(expand(load('digits-mlp')[0]), set(), 2)"
    )
    assert not modules_after(code) & {"torch", "ray", "mlflow"}
