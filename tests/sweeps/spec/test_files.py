"""`strategy: files`: what a spec may say, and what is wrong in one line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from hypothesis import given
from hypothesis import strategies as st
from own_networks import state, write, write_network

from sweeps.errors import UserError
from sweeps.loading import load
from sweeps.plan import Plan, expand
from sweeps.spec import Sweep
from sweeps.spec.files import _names
from sweeps.spec.stored import from_resolved, resolved
from trainables.jobs.kinds import Given


def spec_of(folder: Path, networks: Any, **keys: Any) -> str:
    text = {
        "name": "files",
        "recipe": "digits-mlp",
        "subnetworks": [{"strategy": "files", "networks": networks}],
    }
    file = folder / "spec.yaml"
    file.write_text(yaml.safe_dump(text | keys))
    return str(file)


def plan_of(folder: Path, networks: Any, **keys: Any) -> Plan:
    return expand(load(spec_of(folder, networks, **keys))[0])


@pytest.fixture
def two(tmp_path: Path) -> list[str]:
    return [write_network(tmp_path / f"{name}.pt", seed) for seed, name in enumerate("ab")]


def test_every_pair_is_a_trial_and_nothing_is_trained(tmp_path: Path, two: list[str]) -> None:
    three = [*two, write_network(tmp_path / "c.safetensors", 3)]
    plan = plan_of(tmp_path, three, measure=["instability", "distance"])
    assert [trial.at.strategy for trial in plan.trials] == [
        "files:a.pt,b.pt",
        "files:a.pt,c.safetensors",
        "files:b.pt,c.safetensors",
    ]
    kinds = [job.kind for job in plan.jobs.values()]
    assert (kinds.count("given"), kinds.count("instability"), len(kinds)) == (3, 3, 9)
    assert not sum(job.iterations for job in plan.jobs.values())
    assert plan.spec.size == (3, 9)


@pytest.mark.parametrize("measure", ["rewinding", "throughout"])
def test_how_they_were_trained_is_not_known(tmp_path: Path, two: list[str], measure: str) -> None:
    with pytest.raises(UserError, match=f"{measure} looks at how networks are trained"):
        plan_of(tmp_path, two, measure=["distance", measure])


def test_keys_depend_on_weights_and_recipe_alone(tmp_path: Path, two: list[str]) -> None:
    def keys(networks: Any, **more: Any) -> set[str]:
        return {key for key, job in plan_of(tmp_path, networks, **more).jobs.items()}

    first = keys(two)
    assert keys(two[::-1]) == first
    elsewhere = [
        write(tmp_path / "x" / "a.safetensors", state(0)),
        write(tmp_path / "x" / "b.pt", {"state_dict": state(1)}),
    ]
    assert keys(elsewhere) == first
    assert keys(dict(zip("xy", elsewhere, strict=True))) == first
    assert not keys(two, recipe={"base": "digits-mlp", "input_scaling": "unit"}) & first


def test_networks_that_are_trained_here_may_stand_beside_them(
    tmp_path: Path, two: list[str]
) -> None:
    subnetworks = ["dense", {"strategy": "files", "networks": two}]
    plan = plan_of(tmp_path, two, subnetworks=subnetworks, rewind=[0], inits=2, orders=2)
    assert [t.at.strategy for t in plan.trials] == ["dense", "dense", "files:a.pt,b.pt"]
    with pytest.raises(UserError, match=r"(rewind|inits|orders): this key is missing"):
        plan_of(tmp_path, two, subnetworks=subnetworks)


def test_a_stored_spec_needs_no_files(tmp_path: Path, two: list[str]) -> None:
    spec = load(spec_of(tmp_path, two))[0]
    text = json.dumps(resolved(spec))
    for file in two:
        Path(file).unlink()
    again = from_resolved(json.loads(text))
    assert isinstance(again, Sweep)
    assert expand(again).jobs.keys() == expand(spec).jobs.keys()
    given_ = [job for job in expand(again).jobs.values() if isinstance(job, Given)]
    assert sorted(job.address for job in given_) == sorted(two)


def test_a_file_that_changed_is_read_again(tmp_path: Path, two: list[str]) -> None:
    before = plan_of(tmp_path, two).jobs.keys()
    write(Path(two[0]), {**state(7), "more": 3})  # of another size, whatever the clock does
    assert plan_of(tmp_path, two).jobs.keys() != before


@pytest.mark.parametrize(
    ("networks", "words"),
    [
        (["a.pt"], ".networks: a path needs at least 2 files, and there is 1"),
        ([], ".networks: a path needs at least 2 files, and there are 0"),
        ("a.pt", ".networks: must be 2 to 100 files"),
        (["a.pt", 3], ".networks: must be 2 to 100 files"),
        ({"a": "a.pt", "b": 3}, ".networks: must be 2 to 100 files"),
        (["a.pt", "no.pt"], ".networks[1]: no.pt: there is no such file"),
        (["a.pt", "."], ".networks[1]: .: this is a folder, not a file"),
        (["a.pt", "empty.pt"], ".networks[1]: empty.pt: the file is empty"),
        (["a.pt", "a.pt"], ".networks[1]: a.pt and a.pt are both called 'a.pt'"),
        (["a.pt", "copy.pt"], ".networks[1]: a.pt and copy.pt hold the same weights"),
        ({"a,b": "a.pt", "c": "b.pt"}, ".networks[0]: 'a,b' is no name for results"),
        (["a.pt", "text.safetensors"], ".networks[1]: text.safetensors: it is no safetensors"),
        (["a.pt", "code.pt"], ".networks[1]: code.pt: it holds more than tensors"),
        (["a.pt", "text.pt"], ".networks[1]: text.pt: torch.load cannot read it: torch.save did"),
        (["a.pt", "junk.pt"], ".networks[1]: junk.pt: torch.load cannot read it: torch.save"),
        (["a.pt", "list.pt"], ".networks[1]: list.pt: it holds no tensors by name"),
        (["a.pt", "both.pt"], ".networks[1]: both.pt: it holds several networks: "),
        (["a.pt", "lacks.pt"], "lacks.pt: the file lacks linears.0.weight of the network digits"),
        (["a.pt", "more.pt"], "more.pt: extra is in the file, but not in the network digits-mlp"),
        (["a.pt", "size.pt"], "size.pt: linears.0.weight is 3 x 2 in the file and "),
        (["a.pt", "nan.pt"], "nan.pt: linears.0.weight has values that are NaN or infinite"),
        (["a.pt", "whole.pt"], "whole.pt: linears.0.weight holds no floating-point numbers"),
    ],
)
def test_what_is_wrong_with_files_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, networks: Any, words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    good, name = state(0), "linears.0.weight"
    for file, held in {
        "a.pt": good,
        "copy.pt": good,
        "b.pt": state(1),
        "code.pt": Code(),
        "list.pt": [1, 2],
        "both.pt": {"model": good, "net": good},
        "lacks.pt": {n: value for n, value in state(1).items() if n != name},
        "more.pt": {**state(1), "extra": torch.zeros(3)},
        "size.pt": {**state(1), name: torch.zeros(3, 2)},
        "nan.pt": {**state(1), name: torch.full_like(good[name], torch.nan)},
        "whole.pt": {**state(1), name: good[name].long()},
    }.items():
        write(Path(file), held)
    Path("empty.pt").touch()
    for ending in ("safetensors", "pt"):
        Path(f"text.{ending}").write_text("no tensors")
    Path("junk.pt").write_text("hello")
    with pytest.raises(UserError) as raised:
        load(spec_of(tmp_path, networks))
    (line,) = str(raised.value).splitlines()
    assert words in line
    assert "subnetworks[0].networks" in line


class Code:
    """Of which loading would run code."""


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"rewind": [0]}, "rewind: is of networks that are trained here, not of files"),
        ({"inits": 3}, "inits: is of networks that are trained here, not of files"),
        ({"orders": 3}, "orders: is of networks that are trained here, not of files"),
    ],
)
def test_what_is_of_trainings_is_an_error(
    tmp_path: Path, two: list[str], keys: dict[str, Any], words: str
) -> None:
    with pytest.raises(UserError, match=words):
        load(spec_of(tmp_path, two, **keys))


@given(
    st.lists(
        st.lists(st.sampled_from(["run", "a", "b", "model.pt"]), min_size=1, max_size=4).map(
            "/".join
        ),
        min_size=2,
        max_size=6,
        unique=True,
    )
)
def test_names_are_endings_that_tell_paths_apart(addresses: list[str]) -> None:
    names = _names(addresses)
    assert len(set(names)) == len(addresses)
    for name, address in zip(names, addresses, strict=True):
        assert f"/{address}".endswith(f"/{name}")
