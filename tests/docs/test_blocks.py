"""Blocks of code on pages: specs plan, command lines parse, Python compiles."""

from __future__ import annotations

import ast
import importlib
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from doc_blocks import PAGES, ROOT, Block, all_blocks, blocks_of, commands_of, spec_of, write_files
from markdown_it import MarkdownIt

import sweeps
from sweeps.app import app
from sweeps.loading import builtin_specs, load
from sweeps.plan import expand
from trainables import plugins

SPECS = [one for one in all_blocks("yaml") if one.mark("not a spec") is None]
SHELL = all_blocks("sh")
PYTHON = all_blocks("python")

PROGRAM: Any = typer.main.get_command(app)

MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


@pytest.mark.parametrize("block", SPECS, ids=str)
def test_specs_load_and_plan(block: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_files(block.page, tmp_path)
    for made in blocks_of(block.page):  # such as arrays that a spec names
        if made.language == "python" and made.mark("file") is None and "np.savez" in made.text:
            exec(compile(made.text, str(made), "exec"), {})
    spec = spec_of(block)
    if isinstance(subnetworks := spec["subnetworks"], list) and _of_files(subnetworks):
        for made in blocks_of(block.page):
            if "torch.save" in made.text:
                exec(compile(made.text, str(made), "exec"), {})
                break
    (tmp_path / "spec.yaml").write_text(yaml.safe_dump(spec, sort_keys=False))
    plugins.use(tmp_path)
    try:
        sweep, _ = load(str(tmp_path / "spec.yaml"), (), data_folder=tmp_path / "data")
        assert expand(sweep.each[0]).jobs or _of_files(spec["subnetworks"])
    finally:
        plugins.use(None)


def _of_files(subnetworks: list[Any]) -> bool:
    return any(isinstance(one, dict) and one.get("strategy") == "files" for one in subnetworks)


def _parsed(line: str) -> None:
    """Parse a command line of `sweeps` as the program does, without doing anything."""
    words = shlex.split(line)
    for cut in (">", "|", "&&"):
        if cut in words:
            words = words[: words.index(cut)]
    command = PROGRAM
    context = command.make_context("sweeps", words[1:2] or ["--help"], resilient_parsing=True)
    place = 1
    while hasattr(command, "commands"):
        if place == len(words):
            raise ValueError(f"Missing command: {line}")
        command = command.commands[words[place]]
        place += 1
    command.make_context(words[place - 1], words[place:], parent=context)


@pytest.mark.parametrize("block", SHELL, ids=str)
def test_command_lines_parse(block: Block) -> None:
    for line in commands_of(block.text):
        line = line.removeprefix(".venv/bin/")
        if line.startswith("sweeps "):
            _parsed(line)
        elif line.startswith("make "):
            target = line.split()[1]
            assert re.search(rf"^{target}:", MAKEFILE, re.MULTILINE), line


INLINE = [
    (page, child.content)
    for page in PAGES
    for token in MarkdownIt("commonmark").enable("table").parse(page.read_text(encoding="utf-8"))
    for child in token.children or ()
    if child.type == "code_inline" and child.content.startswith("sweeps ")
]


def test_command_lines_in_sentences_parse() -> None:
    """`sweeps COMMAND --help` and the like stand for many."""
    assert len(INLINE) > 20
    for page, line in INLINE:
        if "COMMAND" in line or "..." in line or line.startswith("sweeps --"):
            continue
        try:
            _parsed(line)
        except typer.Exit:
            pass  # --help, --version
        except Exception as error:
            message = getattr(error, "message", str(error))
            # A sentence may name a command without its arguments.
            if type(error).__name__ != "MissingParameter" and "Missing" not in str(message):
                raise AssertionError(f"{page.name}: {line}: {error!r}") from None


@pytest.mark.parametrize("block", SHELL, ids=str)
def test_overrides_of_built_in_specs_are_right(block: Block, tmp_path: Path) -> None:
    for line in commands_of(block.text):
        words = shlex.split(line)
        if words[0] != "sweeps" or words[1] not in ("run", "plan", "submit"):
            continue
        overrides = [words[place + 1] for place, word in enumerate(words) if word == "--set"]
        spec = words[2]
        reads_files = any("recipe.data" in one or ":" in one.partition("=")[0] for one in overrides)
        if spec in builtin_specs() and overrides and not reads_files:
            load(spec, overrides, data_folder=tmp_path)


@pytest.mark.parametrize("block", PYTHON, ids=str)
def test_python_compiles_and_its_imports_are_there(block: Block) -> None:
    own = {
        Path(name).stem for one in blocks_of(block.page) if (name := one.mark("file")) is not None
    }
    for node in ast.walk(ast.parse(block.text, str(block))):
        if isinstance(node, ast.Import):
            for one in node.names:
                importlib.import_module(one.name)
        elif isinstance(node, ast.ImportFrom) and node.module not in own:
            assert node.module is not None
            module = importlib.import_module(node.module)
            for one in node.names:
                if not hasattr(module, one.name):
                    importlib.import_module(f"{node.module}.{one.name}")


@pytest.mark.parametrize("block", PYTHON, ids=str)
def test_sweeps_that_python_loads_or_runs_are_right(block: Block, tmp_path: Path) -> None:
    for node in ast.walk(ast.parse(block.text)):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        of = node.func.value
        if isinstance(of, ast.Name) and of.id == "sweeps" and node.func.attr in ("load", "run"):
            spec = ast.literal_eval(node.args[0])
            given = {one.arg: one.value for one in node.keywords}
            changes = ast.literal_eval(given["set"]) if "set" in given else {}
            sweeps.load(spec, changes, data=tmp_path)
