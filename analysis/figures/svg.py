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

_MAPS = ("QuadMesh", "QuadContourSet")
"""Groups of heat maps, whose colours are numbers: they are the same on any ground."""

_COLOR = re.compile(r"\b(fill|stroke): (#[0-9a-f]{6})\b")

_SVG = "http://www.w3.org/2000/svg"


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
    _recolor(root, _on_maps(root))
    markup = ElementTree.tostring(root, encoding="unicode").strip()
    markup = re.sub(r'\s+xmlns(:\w+)?="[^"]*"', "", markup)
    markup = re.sub(r"(</?)\w+:", r"\1", markup)
    markup = re.sub(r"\b\w+:href=", "href=", markup)
    return re.sub(r'( id="| href="#|url\(#)', rf"\g<1>{name}-", markup)


def _on_maps(root: ElementTree.Element) -> frozenset[str]:
    """The colours that stay as they are: of heat maps, also in a legend, and of text on them."""
    maps = [one for one in root.iter() if one.get("id", "").rpartition("_")[0] in _MAPS]
    styles = [inner.get("style", "") for one in maps for inner in one.iter()]
    found = {color for style in styles for _, color in _COLOR.findall(style)}
    return frozenset(found | {ON_DARK.lower(), ON_LIGHT.lower()})


def _recolor(element: ElementTree.Element, fixed: frozenset[str]) -> None:
    """Let the page decide on colours of an element and all that it holds, but for fixed ones."""
    style = element.get("style")
    if style:
        element.set("style", _COLOR.sub(lambda found: _color(found[1], found[2], fixed), style))
    for inner in element:
        _recolor(inner, fixed)


def _color(what: str, color: str, fixed: frozenset[str]) -> str:
    """A declaration of a colour; browsers that do not know `light-dark` keep the one before."""
    if color in _OF_PAGE:
        return f"{what}: {_OF_PAGE[color]}"
    if color in fixed:
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
