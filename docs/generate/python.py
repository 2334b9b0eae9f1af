"""The page of the Python interface, from signatures and docstrings."""

from __future__ import annotations

import inspect
from dataclasses import MISSING
from typing import Any

from docs.generate.markdown import code, head, table
from sweeps.catalogue import documents

INTRODUCTION = """
What notebooks and your own code may rely on. [Work with results in a
notebook](../how-to/notebook.md) shows the first part in use, [trials in Ray
Tune](../how-to/ray-tune.md) the trainable, and [your own measure](../how-to/own-measure.md) and
[your own pruning method](../how-to/own-pruning-method.md) the rest.
"""


def page() -> str:
    """Return the page, with a section per function or class."""
    import sweeps
    from sweeps import notebook
    from trainables import InstabilityTrial
    from trainables.measures import Column, Measure
    from trainables.measures.context import Answers, Context
    from trainables.measures.measure import Work
    from trainables.pruning import PruningMethod
    from trainables.pruning.context import Context as PruningContext
    from trainables.training.evaluation import Score

    parts = [
        head("Python", "the docstrings of what is listed", INTRODUCTION),
        function("sweeps.load", sweeps.load),
        function("sweeps.run", sweeps.run),
        function("analysis.open", notebook.open),
        members("Results", "What `analysis.open` and `sweeps.run` return.", notebook.Results),
        members("trainables.InstabilityTrial", "", InstabilityTrial, only=("check",)),
        configuration(),
        attributes("trainables.measures.Measure", Measure),
        attributes("trainables.measures.Column", Column),
        attributes("trainables.measures.Work", Work),
        members("The context of a measure", "", Context),
        attributes("Scores and answers", Score, Answers),
        attributes("trainables.pruning.PruningMethod", PruningMethod),
        members("The context of a pruning method", "", PruningContext),
    ]
    return "\n".join(parts)


def function(name: str, of: Any) -> str:
    """Return a section of a function: its signature and its docstring."""
    return f"## {name}\n\n```text\n{_call(name, of)}\n```\n\n{_text(of)}\n"


def members(title: str, text: str, of: type, only: tuple[str, ...] = ()) -> str:
    """Return a section of a class: its docstring, its properties and its methods."""
    rows = []
    for name, member in vars(of).items():
        if name.startswith("_") or (only and name not in only):
            continue
        if name in getattr(of, "__dataclass_fields__", {}):
            continue  # its default
        plain = getattr(member, "__func__", getattr(member, "func", None)) or member
        if isinstance(member, property):
            rows.append((code(f".{name}"), _text(member.fget)))
        elif inspect.isfunction(plain):
            called = f".{name}" if plain is getattr(member, "func", None) else _call(name, plain)
            rows.append((code(called), _text(plain)))
    whole = "\n\n".join(filter(None, [text, _text(of)]))
    return f"## {title}\n\n{whole}\n\n{table(('member', 'what it is'), rows)}"


def attributes(title: str, *classes: type) -> str:
    """Return a section of dataclasses: their docstrings and their fields."""
    parts = [f"## {title}\n"]
    for of in classes:
        said = documents.fields(f"{of.__module__}:{of.__name__}")
        rows = [
            (code(name), _default(of, name), text)
            for name, text in said.items()
            if not name.startswith("_")
        ]
        if doc := _text(of):
            parts.append(f"{doc}\n")
        parts.append(table(("field", "default", "meaning"), rows))
    return "\n".join(parts)


def configuration() -> str:
    """Return the keys of a trial's configuration and their defaults."""
    from trainables.jobs.trial_config import DEFAULTS

    rows = [(code(name), code(value)) for name, value in DEFAULTS.items()]
    return (
        "### Keys of its configuration\n\n`recipe` and `store` must be given. "
        "[What each key means](../how-to/ray-tune.md#configuration).\n\n"
        + table(("key", "default"), rows)
    )


def _default(of: type, name: str) -> str:
    field = getattr(of, "__dataclass_fields__", {}).get(name)
    if field is None or (field.default is MISSING and field.default_factory is MISSING):
        return "must be given"
    if field.default is MISSING or callable(field.default):
        return ""
    return code(repr(field.default))


def _call(name: str, of: Any) -> str:
    """Return how a function is called: its parameters by name, with their defaults."""
    parts = []
    star = False
    for one in inspect.signature(of).parameters.values():
        if one.name in ("self", "cls"):
            continue
        if one.kind is one.KEYWORD_ONLY and not star:
            parts.append("*")
        star = star or one.kind in (one.KEYWORD_ONLY, one.VAR_POSITIONAL)
        prefix = "*" if one.kind is one.VAR_POSITIONAL else ""
        value = "" if one.default is one.empty else f"={one.default!r}"
        parts.append(f"{prefix}{one.name}{value}")
    return f"{name}({', '.join(parts)})"


def _text(of: Any) -> str:
    """Return a docstring, with paragraphs as they are; empty where a class has none of its own."""
    text = inspect.cleandoc(of.__doc__ or "")
    return "" if text.startswith(f"{getattr(of, '__name__', '')}(") else text
