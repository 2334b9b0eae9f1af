"""Trained networks as files: what `sweeps weights` writes is what was measured."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from recording_samples import Recorded
from safetensors.torch import load_file

from trainables import data, networks
from trainables.recipes import RECIPES
from trainables.training.evaluation import evaluate

pytestmark = pytest.mark.usefixtures("created_quickly")


def test_networks_have_the_accuracy_that_was_measured(
    trained: Recorded, cli: Callable[..., Any], tmp_path: Path
) -> None:
    folder = tmp_path / "new" / "networks"
    said = cli("weights", "digits-mlp", "--where", "rewind = 10", "--to", str(folder))
    assert said.status == 0, said.err
    listed = json.loads((folder / "networks.json").read_text())["networks"]
    assert len(listed) == 4
    test = data.load(RECIPES["digits-mlp"], trained.home.data).test
    trials = trained.read().trials
    for file, one in listed.items():
        network = networks.named("digits-mlp").eval()
        weights = load_file(folder / file)
        assert weights.keys() == networks.state(network).keys()
        network.load_state_dict(weights, strict=False)
        assert 100 - evaluate(network, test).error == pytest.approx(one["accuracy_test"], abs=1e-9)
        (row,) = trials[(trials["strategy"] == one["strategy"]) & (trials["rewind"] == 10)].to_dict(
            "records"
        )
        arm = 1 if one["order_seed"] == row["order_seed_1"] else 2
        assert one["accuracy_test"] == row[f"accuracy_test_{arm}"]
        if one["strategy"] == "dense":
            assert one["mask"] is None
            continue
        mask = load_file(folder / one["mask"])
        assert sum(int(keep.sum()) for keep in mask.values()) == round(0.8 * 15_072)
        assert all(not weights[name][~keep].any() for name, keep in mask.items())


def test_the_example_works(trained: Recorded, cli: Callable[..., Any], tmp_path: Path) -> None:
    said = cli("weights", "digits-mlp", "--arm", "1", "--to", "networks")
    *_, first, second, third = said.out.splitlines()
    names: dict[str, Any] = {}
    exec("\n".join([first, second, third]), names)
    (file,) = tmp_path.glob("networks/dense-level0-k0-init1-order1.safetensors")
    assert torch.equal(
        names["network"].state_dict()["output.weight"], load_file(file)["output.weight"]
    )
    assert not list(tmp_path.glob("networks/*order2*"))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--to", "x", "--arm", "3"], "--arm 3: no such choice; allowed: 1, 2, both"),
        (["--to", "x", "--where", "rewind = 5"], "--where rewind = 5: no trial of digits-mlp fits"),
        (["--to", "x", "--where", "rewnd = 5"], "did you mean 'rewind'?"),
        (["--to", "file"], "--to file: file is a file, not a folder"),
        (["--to", "x", "--store", "elsewhere"], "is this the store of these results?"),
    ],
)
def test_bad_input(
    trained: Recorded, cli: Callable[..., Any], tmp_path: Path, arguments: list[str], said: str
) -> None:
    (tmp_path / "file").touch()
    ended = cli("weights", "digits-mlp", *arguments)
    assert ended.status == 2
    (line,) = ended.err.splitlines()
    assert said in line
    assert not (tmp_path / "x").exists() or not list((tmp_path / "x").iterdir())
