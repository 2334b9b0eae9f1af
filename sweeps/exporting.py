"""Trained networks of a sweep as files that other programs load."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis import records
from analysis.strategies import files_in, is_of_files
from sweeps.errors import UserError
from sweeps.recording.variants import recipe_of
from sweeps.spec.stored import from_resolved
from trainables.store import Missing, Store, tensors

if TYPE_CHECKING:
    import pandas as pd
    from mlflow.entities import Run

    from sweeps.results import Results

LIST_FILE = "networks.json"

LEVEL = (records.LEVEL, records.LEVEL_2)
WEIGHTS_LEFT = (records.WEIGHTS_LEFT, records.WEIGHTS_LEFT_2)
"""Of arm 1 and of arm 2."""


def export(
    results: Results, trials: pd.DataFrame, store: Store, folder: Path, arms: Iterable[int]
) -> tuple[int, str]:
    """Write the networks of some trials; return how many, and three lines of Python that load one.

    Networks that several trials share are written once. Raises UserError where the store lacks
    one, or the folder cannot be written to.
    """
    listed: dict[str, dict[str, Any]] = {}
    for row in trials.drop_duplicates("trial").to_dict("records"):
        tags = results.runs[row["run_id"]].data.tags
        for arm in arms:
            name = _name(row, arm)
            place = tags.get(f"{records.ARTIFACT}arm_{arm}")
            if place is None:  # it is of one network
                continue
            key = place.rpartition("/")[2]
            file = f"{name}.safetensors"
            if file in listed and listed[file]["key"] != key:
                file = f"{name}-{key[:8]}.safetensors"  # of another recipe
            if file in listed:
                continue
            _write(folder / file, held(store, place))
            masked = mask_place(tags, arm)
            if masked:
                _write(folder / _mask_file(file), held(store, masked))
            listed[file] = {
                "key": key,
                "mask": _mask_file(file) if masked else None,
                "recipe": row[records.RECIPE],
                "strategy": row[records.STRATEGY],
                "level": row[LEVEL[arm - 1]],
                "rewind": row[records.REWIND],
                "init_seed": row[records.INIT_SEED],
                "order_seed": row[f"order_seed_{arm}"],
                "weights_left": row[WEIGHTS_LEFT[arm - 1]],
                "accuracy_test": row[records.split_metric(records.ACCURACY, "test", arm)],
            }
    if not listed:
        raise UserError("these trials are of one network each: --arm 1")
    text = json.dumps({"sweep": results.name, "networks": listed}, indent=1)
    _write(folder / LIST_FILE, text.encode())
    first = results.runs[trials["run_id"].iloc[0]]
    return len(listed), _example(results, first, folder / next(iter(listed)))


def _name(row: Mapping[Any, Any], arm: int) -> str:
    """Return what a trial's network is called, as the name of a file."""
    strategy = str(row[records.STRATEGY])
    if is_of_files(strategy):
        return re.sub(r"[^A-Za-z0-9._-]+", "-", files_in(strategy)[arm - 1])
    start = "" if row[records.RESTART] == records.KEEP else "-from0"
    return (
        f"{strategy}-level{row[LEVEL[arm - 1]]}-k{row[records.REWIND]}{start}-"
        f"init{row[records.INIT_SEED]}-order{row[f'order_seed_{arm}']}"
    )


def _mask_file(file: str) -> str:
    return file.replace(".safetensors", ".mask.safetensors")


def mask_place(tags: Mapping[str, str], arm: int) -> str | None:
    """Return where a trial's run says that the mask of one of its networks lies."""
    both = tags.get(f"{records.ARTIFACT}mask")
    return tags.get(f"{records.ARTIFACT}mask_2", both) if arm == 2 else both


def held(store: Store, place: str) -> bytes:
    """Return a network's tensors, or a mask, as safetensors.

    `place` is where records say that it lies. Raises UserError if it is not there.
    """
    kind, _, key = place.split("/")
    try:
        artifact = store.read(kind, key)
    except Missing:
        raise UserError(
            f"the store {store.url} has no {place}: is this the store of these results?"
        ) from None
    return artifact.payload if kind == "mask" else _plain(artifact.payload)


def _plain(payload: bytes) -> bytes:
    """Return a network's tensors under the names of its `state_dict`."""
    held = tensors.from_bytes(payload)
    weights = tensors.part(held, "weights")  # of a state that has its optimizer with it
    return tensors.to_bytes(weights) if weights else payload


def _write(path: Path, content: bytes) -> None:
    partial = path.with_name(f".partial-{os.getpid()}-{path.name}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(content)
        os.replace(partial, path)
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror}") from None


def _example(results: Results, run: Run, file: Path) -> str:
    """Return three lines of Python that load a network of a trial."""
    text = results.text(records.SWEEP_FILE)
    recipe = recipe_of(from_resolved(json.loads(text)), run, results.varied) if text else None
    named = f'"{recipe.network}"' if recipe else '"NAME"'
    if recipe and recipe.network_arguments:
        named += f", **{dict(recipe.network_arguments)}"
    return (
        "from safetensors.torch import load_file; from trainables import networks\n"
        f"network = networks.named({named}).eval()\n"
        f'network.load_state_dict(load_file("{file}"), strict=False)'
    )
