"""Matplotlib figures as SVG markup for an HTML page, or as files: SVG, PDF and PNG."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from analysis.figures.colors import in_the_dark
from analysis.figures.style import FAINT, GROUND, INK, ON_DARK, ON_LIGHT, in_style

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.figure import Figure

FORMATS = ("svg", "pdf", "png")

_OF_PAGE = {
    INK.lower(): f"var(--ink, {INK.lower()})",
    FAINT.lower(): f"var(--faint, {FAINT.lower()})",
    GROUND.lower(): f"var(--paper, {GROUND.lower()})",
}
"""The page's own colours, by what a file of its own has: that of light mode."""

_ON_MAPS = (ON_DARK.lower(), ON_LIGHT.lower())

_MAPS = ("QuadMesh", "QuadContourSet")
"""Groups of heat maps, whose colours are numbers: they are the same on any ground."""

_COLOR = re.compile(r"\b(fill|stroke): (#[0-9a-f]{6})\b")

_SVG, _XLINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"


@in_style
def inline(figure: Figure, name: str) -> str:
    """The figure as an `<svg>` element: the same bytes for the same figure.

    `name` is put before every id, so that several figures can stand in one page. What only a
    file of its own needs (XML declaration, namespaces, metadata) is left out. Ink, grid and ground
    are the page's `--ink`, `--faint` and `--paper`; colours of data are lighter where the page has
    the `color-scheme` dark.
    """
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", transparent=True)
    root = ElementTree.fromstring(buffer.getvalue())
    for metadata in root.findall(f"{{{_SVG}}}metadata"):
        root.remove(metadata)
    _recolor(root, on_map=False)
    markup = ElementTree.tostring(root, encoding="unicode").strip()
    markup = re.sub(r'\s+xmlns(:\w+)?="[^"]*"', "", markup)
    markup = re.sub(r"(</?)\w+:", r"\1", markup)
    markup = re.sub(r"\b\w+:href=", "href=", markup)
    return re.sub(r'( id="| href="#|url\(#)', rf"\g<1>{name}-", markup)


def _recolor(element: ElementTree.Element, *, on_map: bool) -> None:
    """Let the page decide on colours of an element and all that it holds."""
    on_map = on_map or element.get("id", "").rpartition("_")[0] in _MAPS
    style = element.get("style")
    if style:
        element.set("style", _COLOR.sub(lambda found: _color(found[1], found[2], on_map), style))
    for inner in element:
        _recolor(inner, on_map=on_map)


def _color(what: str, color: str, on_map: bool) -> str:
    """A declaration of a colour; browsers that do not know `light-dark` keep the one before."""
    if color == GROUND.lower() or (color in _OF_PAGE and not on_map):
        return f"{what}: {_OF_PAGE[color]}"
    if on_map or color in _ON_MAPS:
        return f"{what}: {color}"
    return f"{what}: {color}; {what}: light-dark({color}, {in_the_dark(color)})"


@in_style
def save(figure: Figure, path: Path) -> None:
    """The figure as a file, on white: the same bytes for the same figure.

    The path's suffix, one of `FORMATS`, is its format.
    """
    kind = path.suffix.removeprefix(".").lower()
    undated = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(kind)
    figure.savefig(path, format=kind, facecolor=GROUND, metadata=undated)
