"""Help that groups commands, and errors of usage in one line each."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperGroup

from sweeps.errors import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable

LOCAL = "On this machine"
NAMED = "What a spec can name"
CLUSTER = "On a cluster"
"""Panels of commands in the help."""

USAGE_ERROR: type[Exception] = typer.BadParameter.__mro__[1]
"""The class of all errors of usage, which typer does not export."""

KINDS = {int: "a whole number", float: "a number", Path: "a path", bool: "true or false"}


class Commands(TyperGroup):
    """A group of commands whose help shows them by their panels, each with its whole first line."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        panels: dict[str, list[tuple[str, str]]] = {}
        for name in self.list_commands(ctx):
            command = self.get_command(ctx, name)
            if command is not None and not command.hidden:
                panel = getattr(command, "rich_help_panel", None)
                first_line = (command.help or "").strip().partition("\n")[0]
                heading = panel if isinstance(panel, str) else "Commands"
                panels.setdefault(heading, []).append((name, first_line))
        for heading, rows in panels.items():
            with formatter.section(heading):
                formatter.write_dl(rows)


def wants_help(error: Exception) -> bool:
    """Whether a command line ended with a group's name: the error's text is the group's help."""
    return type(error).__name__ == "NoArgsIsHelpError"


def one_line(error: Any) -> str:
    """Return what is wrong with a command line, what is allowed, and where to read more."""
    context = error.ctx
    say = _SAYINGS.get(type(error).__name__, _as_worded)
    command = "sweeps" if context is None else context.command_path
    return f"{say(error).rstrip('.')}; see `{command} --help`"


def _no_such_option(error: Any) -> str:
    parameters = error.ctx.command.get_params(error.ctx) if error.ctx else ()
    options = [name for p in parameters for name in p.opts if name.startswith("--")]
    return f"no such option {error.option_name}{did_you_mean(error.option_name, options)}"


def _missing(error: Any) -> str:
    name = _name(error.param)
    described = getattr(error.param, "help", None)
    return f"{name} is missing" + (f": {described}" if described else "")


def _bad_value(error: Any) -> str:
    parameter = error.param
    kind = getattr(getattr(parameter, "type_descriptor", None), "annotation", None)
    if kind not in KINDS:
        return _as_worded(error)
    given = _given(error.__cause__)
    low, high = getattr(parameter, "min", None), getattr(parameter, "max", None)
    bounds = (
        f" from {low} to {high}"
        if low is not None and high is not None
        else f" of at least {low}"
        if low is not None
        else ""
    )
    return f"{_name(parameter)}{given}: must be {KINDS[kind]}{bounds}"


def _given(cause: Any) -> str:
    """The value on the command line, if pydantic's error has it."""
    errors: Callable[[], list[dict[str, Any]]] | None = getattr(cause, "errors", None)
    return f" {errors()[0]['input']}" if errors else ""


def _as_worded(error: Any) -> str:
    message = str(error.format_message())
    if message.startswith("No such command") and error.ctx is not None:
        wrong = message.split("'")[1]
        return f"no such command {wrong!r}{did_you_mean(wrong, _names(error.ctx.command))}"
    return message[:1].lower() + message[1:]


def _names(group: Any) -> Iterable[str]:
    return [name for name, command in group.commands.items() if not command.hidden]


def _name(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        return str(parameter.metavar or parameter.name.upper())
    return str(max(parameter.opts, key=len))


_SAYINGS = {
    "NoSuchOption": _no_such_option,
    "MissingParameter": _missing,
    "BadParameter": _bad_value,
}
