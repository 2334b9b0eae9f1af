"""The page of what a spec can name: networks, data sets, measures and pruning methods."""

from __future__ import annotations

from dataclasses import fields

from docs.generate.markdown import code, head, table
from sweeps.catalogue.kinds import KINDS, Row
from trainables import measures

INTRODUCTION = """
A spec names the things below, or your own as `module:object`. `sweeps networks`, `sweeps data`,
`sweeps measures` and `sweeps pruning` list them in a terminal, and with a name show one in detail.
The built-in recipes are on [their own page](recipe.md#built-in-recipes).
"""

SECTIONS = {
    "networks": "`recipe.network`, with `recipe.network_arguments`. Any classifier of torchvision "
    "is `torchvision:NAME`. [Your own network](../how-to/own-network.md).",
    "data": "`recipe.data`. Folders and archives of images, and files of arrays, are data too. "
    "[Your own data](../how-to/own-data.md).",
    "measures": "`measure`, with their options. [Your own measure](../how-to/own-measure.md).",
    "pruning": "`recipe.pruning_method`, with `recipe.pruning_options`. [What each computes]"
    "(pruning.md). [Your own method](../how-to/own-pruning-method.md).",
}


def page() -> str:
    """Return the page, with a table per kind of thing, and the columns of each measure."""
    parts = [head("Built-in names", "the tables in trainables/", INTRODUCTION)]
    for noun, text in SECTIONS.items():
        title = {"pruning": "Pruning methods"}.get(noun, noun.capitalize())
        parts.append(f"## {title}\n\n{text}\n\n{_table(noun)}")
    parts.append("## What measures record\n\n" + RECORDED)
    parts += [_measure(name) for name in measures.MEASURES]
    return "\n".join(parts)


RECORDED = """A column with an axis has a value at each place of the axis, and is a file of the
trial's run; the others are metrics. A measure of one network is taken of each network of a pair,
and its columns are recorded as NAME_1 and NAME_2. Options that a spec sets for one measure are
appended to the names: `disagreement_test/train_examples:500`.
"""


def _table(noun: str) -> str:
    kind = KINDS[noun]
    rows: list[Row] = [{"name": name, **kind.row(name)} for name in kind.door.table]
    return table(tuple(rows[0]), [(code(row["name"]), *list(row.values())[1:]) for row in rows])


def _measure(name: str) -> str:
    measure = measures.find(name)
    options = {field.name for field in fields(measure.Options)}
    found = KINDS["measures"].details(name)
    columns = [(code(n), value, meaning) for n, value, meaning in found if n not in options]
    own = [
        (code(n), code(value), meaning.removeprefix("option. "))
        for n, value, meaning in found
        if n in options
    ]
    text = f"### {name}\n\n{table(('column', 'is', 'meaning'), columns)}"
    return f"{text}\n{table(('option', 'default', 'meaning'), own)}" if own else text
