"""How Sphinx builds the documentation site (`make docs`)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx

project = "stability-sweeps"
author = "The stability-sweeps developers"
html_title = "stability-sweeps"

extensions = ["myst_parser", "sphinx_copybutton"]
exclude_patterns = ["_site", "generate"]
root_doc = "index"

myst_heading_anchors = 4
nitpicky = True

html_theme = "furo"
html_copy_source = False
html_show_sourcelink = False
# Comments of shell blocks are not copied, nor what a program printed.
copybutton_exclude = ".linenos, .gp, .go"
pygments_style = "friendly"
pygments_dark_style = "monokai"

OPTIONAL = ("installing", "sharing", "looking-after")
"""Pages of the navigation that a checkout may lack."""


def setup(app: Sphinx) -> None:
    """Let the navigation pass over optional pages that are not there."""
    app.connect("source-read", _without_missing)


def _without_missing(app: Sphinx, page: str, source: list[str]) -> None:
    for name in OPTIONAL if page == "index" else ():
        if not Path(app.srcdir, f"{name}.md").exists():
            source[0] = source[0].replace(f"\n{name}\n", "\n")
