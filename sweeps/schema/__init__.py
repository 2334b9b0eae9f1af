"""The JSON Schema of specs, by which editors complete and check them.

document.py   the whole, from the models of `sweeps.spec`
named.py      what a spec can name: recipes, networks, data, pruning methods, measures
varying.py    `vary`, and what `search` is over
limits.py     bounds of a recipe's numbers
comment.py    how editors find it
"""
