"""How Sphinx builds the documentation site (`make docs`)."""

project = "stability-sweeps"
author = "The stability-sweeps developers"  # as in CITATION.cff
project_copyright = author
html_title = "stability-sweeps"

extensions = ["myst_parser", "sphinx_copybutton"]
exclude_patterns = ["_site", "generate"]
root_doc = "index"

myst_heading_anchors = 4
nitpicky = True
smartquotes = False  # quotes in specs are to be copied as they are

html_theme = "furo"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sourcelink = False
# Comments of shell blocks are not copied, nor what a program printed.
copybutton_exclude = ".linenos, .gp, .go"
pygments_style = "friendly"
pygments_dark_style = "monokai"
