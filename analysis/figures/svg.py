"""Matplotlib figures as SVG: markup for an HTML page, or a file."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

import matplotlib

from analysis.figures.style import RC

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.figure import Figure


@matplotlib.rc_context(RC)
def inline(figure: Figure, name: str) -> str:
    """The figure as an `<svg>` element: the same bytes for the same figure.

    `name` is put before every id, so that several figures can stand in one page. What only a
    file of its own needs (XML declaration, namespaces, metadata) is left out.
    """
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", transparent=True)
    markup = buffer.getvalue()
    markup = markup[markup.index("<svg") :].rstrip()
    markup = re.sub(r"\s*<metadata>.*?</metadata>", "", markup, flags=re.DOTALL)
    markup = re.sub(r'\s+xmlns(:\w+)?="[^"]*"', "", markup)
    markup = markup.replace("xlink:href=", "href=")
    return re.sub(r'( id="| href="#|url\(#)', rf"\g<1>{name}-", markup)


@matplotlib.rc_context(RC)
def save(figure: Figure, path: Path) -> None:
    """The figure as a file, on white: the same bytes for the same figure."""
    figure.savefig(path, format="svg", facecolor="white", metadata={"Date": None})
