"""How `sweeps report` writes figures: in which formats, how wide, and in which style."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sweeps.errors import UserError, did_you_mean

if TYPE_CHECKING:
    from analysis.figures.style import Style

INCHES = {"in": 1.0, "cm": 1 / 2.54, "mm": 1 / 25.4, "px": 1 / 96, "pt": 1 / 72}
"""Length of each unit in inches; an inch has as many pixels as in CSS."""

NARROWEST, WIDEST = 2.0, 40.0
"""Inches: narrower figures have no room for their text."""


@dataclass(frozen=True)
class Files:
    """The files that figures become."""

    formats: tuple[str, ...]
    """Of `svg.FORMATS`; one file each."""
    style: Style


def files(formats: str | None, width: str | None, style: str | None) -> Files:
    """Return what `--format`, `--width` and `--style` say. Raises UserError."""
    return Files(_formats(formats), _style(style, width))


def _formats(text: str | None) -> tuple[str, ...]:
    from analysis.figures.svg import FORMATS

    if text is None:
        return FORMATS[:1]
    found = tuple(dict.fromkeys(one.strip().lower() for one in text.split(",")))
    for one in found:
        if one not in FORMATS:
            raise UserError(f"--format {text}: no format {one!r}{did_you_mean(one, FORMATS)}")
    return found


def _style(name: str | None, width: str | None) -> Style:
    from analysis.figures.style import PAGE, STYLES

    if name is not None and name not in STYLES:
        raise UserError(f"--style: no style {name!r}{did_you_mean(name, STYLES)}")
    style = PAGE if name is None else STYLES[name]
    return style if width is None else replace(style, width=_inches(width))


def _inches(text: str) -> float:
    """The length in inches of "3.25in", "8.3cm", "960px", ..."""
    found = re.fullmatch(r"\s*(\d+\.?\d*|\.\d+)\s*([a-z]+)\s*", text.lower())
    if found is None or found[2] not in INCHES:
        raise UserError(
            f"--width {text}: wanted is a number with a unit, one of {', '.join(INCHES)}, such as "
            "3.25in"
        )
    inches = float(found[1]) * INCHES[found[2]]
    if not NARROWEST <= inches <= WIDEST:
        raise UserError(f"--width {text}: wanted is {NARROWEST:g}in to {WIDEST:g}in")
    return inches
