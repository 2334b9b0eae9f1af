"""What sources say of themselves, read without importing them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path


def sentence(place: str) -> str:
    """Return the first sentence that documents `module:object`; empty where there is none.

    Of a function or class its own, of a constant the text below it; else that of its module.
    """
    module, _, path = place.partition(":")
    spec = find_spec(module)
    tree = _parsed(spec.origin) if spec and spec.origin else None
    if tree is None:
        return ""
    for node, below in zip(tree.body, [*tree.body[1:], None], strict=True):
        text: str | None = None
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == path:
            text = ast.get_docstring(node)
        elif isinstance(node, ast.Assign) and _is_name(node.targets[0], path):
            text = _text(below)
        if text:
            return first_sentence(text)
    return first_sentence(ast.get_docstring(tree) or "")


def first_sentence(text: str) -> str:
    """Return the first sentence of a docstring, on one line, without its full stop."""
    paragraph = " ".join(text.partition("\n\n")[0].split())
    return re.split(r"(?<=[^.\s])\.(?:\s|$)", f"{paragraph} ", maxsplit=1)[0].strip()


def fields(place: str) -> dict[str, str]:
    """Return the fields of a dataclass `module:Class`, each with the text below it, as a line."""
    module, _, name = place.partition(":")
    spec = find_spec(module)
    tree = _parsed(spec.origin) if spec and spec.origin else None
    for node in tree.body if tree else ():
        if isinstance(node, ast.ClassDef) and node.name == name:
            return dict(_fields(node))
    return {}


def _fields(node: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for one, below in zip(node.body, [*node.body[1:], None], strict=True):
        if not (isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name)):
            continue
        yield one.target.id, " ".join(_text(below).split())


def _is_name(target: ast.expr, name: str) -> bool:
    return isinstance(target, ast.Name) and target.id == name


def _text(node: ast.stmt | None) -> str:
    """Return what a string that stands by itself says; empty for other statements."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return str(node.value.value)
    return ""


@cache
def _parsed(file: str) -> ast.Module | None:
    path = Path(file)
    return ast.parse(path.read_text(encoding="utf-8")) if path.suffix == ".py" else None
