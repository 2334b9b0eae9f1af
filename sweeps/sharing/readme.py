"""The text in an archive that says what is in it, for who has nothing but the archive."""

from __future__ import annotations

from sweeps.results import Results

TEXT = """\
Results of the sweep {name}, written by `sweeps export` (package stability-sweeps).

Start with report.html: it is one file, and opens in any browser.

  report.html            findings, tables, figures, and what the results were made with
  tables/*.csv           a row per trial (trials), per recipe, strategy, level and rewind point k
                         (cells), ...; errors, accuracies and instabilities are in %, losses in nats
  trials/<key>/path.csv  error and loss along the path between a trial's two networks; <key> is
                         the column `trial` of tables/trials.csv
  trainings/<key>/learning.csv   error and loss of a training as it went on
  submissions/<key>/     spec.yaml as its user wrote it; sweep.json, every field of it
  specs/<key>.yaml       that spec with all of `--set` in it: `sweeps run specs/<key>.yaml`
  records/*.jsonl        what MLflow held, a run per line: params, tags, and metrics as lists of
                         name, value, Unix time in ms, and step
  store/<kind>/...       artifacts: a payload, and beside it a .json that says its size, its SHA-256
                         and what it was made with. {networks}
  manifest.json          versions, and the size and SHA-256 of every other file

In Python, without this package:

  import json, zipfile, pandas
  archive = zipfile.ZipFile("{name}.zip")
  trials = pandas.read_csv(archive.open("tables/trials.csv"))
  path = pandas.read_csv(archive.open(f"trials/{{trials.trial[0]}}/path.csv"))

With it, `sweeps import FILE` brings all of this into a home, where `sweeps results {name}`,
`sweeps report {name}`, `analysis.open("{name}")` and further sweeps use it.
"""

WITH = """Networks are arm/ (trained to the end) and
                         state/ (W_k), as safetensors under the names of PyTorch's state_dict, in
                         state/ after `weights:`; mask/ is true where a weight is kept"""
WITHOUT = """Measurements are instability/ and
                         measurement/, as JSON. Networks are not in this archive"""


def readme(results: Results, weights: bool) -> str:
    """Return the text for an archive of some results, with or without their networks."""
    return TEXT.format(name=results.name, networks=WITH if weights else WITHOUT)
