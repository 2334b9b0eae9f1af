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

    Of a function or class its own, else that of its module.
    """
    module, _, path = place.partition(":")
    spec = find_spec(module)
    tree = _parsed(spec.origin) if spec and spec.origin else None
    if tree is None:
        return ""
    for node in tree.body:
        if not isinstance(node, ast.FunctionDef | ast.ClassDef) or node.name != path:
            continue
        if text := ast.get_docstring(node):
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
        text = ""
        if isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant):
            text = str(below.value.value)
        yield one.target.id, " ".join(text.split())


@cache
def _parsed(file: str) -> ast.Module | None:
    path = Path(file)
    return ast.parse(path.read_text(encoding="utf-8")) if path.suffix == ".py" else None
