"""The page of commands, from the command line's own definition."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import typer

from docs.generate.markdown import code, head, table
from sweeps.app import app

Named = tuple[str, Any]
"""A command's whole name, `sweeps records rebuild`, and its definition."""

INTRODUCTION = """
`sweeps COMMAND --help` shows the same in a terminal. The exit status of each command is explained
in [environment, files and exit status](environment.md).
"""


def commands() -> list[Named]:
    """Return every command that does something, with its whole name."""
    return list(_below("sweeps", typer.main.get_command(app)))


def _below(name: str, command: Any) -> Iterator[Named]:
    children = getattr(command, "commands", None)
    if children is None:
        yield name, command
        return
    for child, below in children.items():
        if not below.hidden:
            yield from _below(f"{name} {child}", below)


def page() -> str:
    """Return the page, with a section per command."""
    found = commands()
    panels: dict[str, list[Named]] = {}
    for name, command in found:
        panels.setdefault(_panel(name), []).append((name, command))
    listed = [
        f"**{panel}**: " + ", ".join(f"[{_short(name)}](#{_anchor(name)})" for name, _ in ones)
        for panel, ones in panels.items()
    ]
    text = INTRODUCTION + "\n" + "\n\n".join(listed)
    sections = [section(name, command) for ones in panels.values() for name, command in ones]
    return "\n".join([head("Commands", "sweeps/commands", text), *sections])


def _panel(name: str) -> str:
    group = typer.main.get_command(app)
    panel = getattr(group.commands[name.split()[1]], "rich_help_panel", None)  # type: ignore[attr-defined]
    return panel if isinstance(panel, str) else "Others"


def _short(name: str) -> str:
    return name.removeprefix("sweeps ")


def _anchor(name: str) -> str:
    return name.replace(" ", "-")


def section(name: str, command: Any) -> str:
    """Return what one command does, takes and looks like in use."""
    text, examples = _split(command.help or "")
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    options = [one for one in command.params if one.param_type_name == "option"]
    usage = " ".join([name, *(_metavar(one) for one in arguments), "[OPTIONS]" if options else ""])
    parts = [f"## {name}\n", f"{text}\n", f"```text\n{usage.strip()}\n```\n"]
    rows = [(code(_metavar(one)), one.help or "") for one in arguments]
    rows += [(_option(one), _meaning(one)) for one in options if one.name != "help"]
    if rows:
        parts.append(table(("argument or option", "meaning"), rows))
    if examples:
        parts.append(f"```sh\n{examples}\n```\n")
    return "\n".join(parts)


def _split(text: str) -> tuple[str, str]:
    """Return what help says, and the commands of its examples."""
    said, _, examples = text.replace("\b", "").partition("Examples:")
    paragraphs = [" ".join(one.split()) for one in re.split(r"\n\s*\n", said)]
    lines = [line.strip() for line in examples.splitlines() if line.strip()]
    return "\n\n".join(filter(None, paragraphs)), "\n".join(lines)


def _meaning(option: Any) -> str:
    """Return an option's help, with its default where the help does not say it."""
    text = option.help or ""
    said = "[default" in text or option.is_flag or option.default in (None, "", [])
    return text if said else f"{text} [default: {option.default}]"


def _metavar(argument: Any) -> str:
    name = argument.metavar or argument.name.upper()
    return name if argument.required else f"[{name.strip('[]')}]"


def _option(option: Any) -> str:
    names = ", ".join(code(name) for name in sorted(option.opts, key=len, reverse=True))
    return names if option.is_flag else f"{names} {code(option.metavar or '')}".strip()
