"""`sweeps store` and `sweeps delete` on the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from keeping_samples import LARGER, SMALL, Keeper, damage

from sweeps.recording import submissions

Cli = Callable[..., Any]


@pytest.fixture
def two(keeper: Keeper, cli: Cli) -> Keeper:
    """The home of `cli` with two sweeps."""
    keeper.run(*SMALL)
    keeper.run(*LARGER)
    return keeper


def test_from_status_to_nothing_left(two: Keeper, cli: Cli) -> None:
    shown = cli("store", "status")
    assert shown.status == 0, shown.err
    for word in ("instability", "trained networks", "digits-mlp", "larger", "several sweeps need"):
        assert word in shown.out
    report = two.home.report("larger")
    report.write_text("a report")
    two.home.log("larger").write_text("a log")
    others = two.home.report("larger-one")
    others.write_text("of another sweep")

    refused = cli("delete", "larger")
    assert refused.status == 2
    assert "nothing was deleted: add --yes" in refused.err
    gone = cli("delete", "larger", "--yes")
    assert gone.status == 0, gone.err
    assert "1 submission, 4 trials" in gone.out
    assert not report.exists()
    assert others.exists()
    assert not two.home.log("larger").exists()
    assert cli("results", "larger").status == 2
    assert cli("results", "digits-mlp").status == 0
    again = cli("delete", "larger", "--yes")
    assert (again.status, again.err.count("\n")) == (2, 1)

    before = two.files()
    dry = cli("store", "gc", "--min-age", "0")
    assert "would be deleted: add --yes" in dry.out
    assert two.files() == before
    numbers = json.loads(cli("store", "status", "--min-age", "0", "--format", "json").out)
    assert numbers["may_go"]["unneeded"]["number"] > 0
    assert "there is nothing to delete" in cli("store", "gc").out, "it is all young"
    done = cli("store", "gc", "--min-age", "0", "--yes")
    assert done.status == 0, done.err
    assert done.out.splitlines()[-1] == dry.out.splitlines()[-1].replace(
        "would be deleted: add --yes", "deleted"
    )
    two.run(*LARGER)
    assert "larger" in cli("list").out, "its records begin anew"
    assert "4 of 4 trials" in cli("list").out


def test_verify(two: Keeper, cli: Cli) -> None:
    fine = cli("store", "verify")
    assert (fine.status, "nothing is damaged" in fine.out) == (0, True)
    jobs = two.plan(*LARGER).jobs.values()
    lost = [job for job in jobs if job.kind == "instability"]
    for job in lost:
        damage(two.payload(job))
    found = cli("store", "verify")
    assert found.status == 1
    for job in lost:
        assert f"instability {job.key}: its checksum is wrong; set aside" in found.out
    assert "the sweep larger, run again, does 4 jobs for that (0 trainings" in found.out
    assert "the sweep digits-mlp, run again, does 2 jobs for that" in found.out
    later = cli("store", "verify")
    assert (later.status, "nothing is damaged" in later.out) == (0, True)
    assert "of what was set aside earlier, 4 are still missing" in later.out
    assert "the sweep larger, run again, does 4 jobs for that" in later.out
    assert len(two.run(*LARGER)) == 4
    assert cli("store", "verify").out.splitlines()[-1].endswith("nothing is damaged")


def test_a_sweep_that_is_running_stays(two: Keeper, cli: Cli) -> None:
    before = two.files()
    with two.home.only_driver("larger"):
        refused = cli("delete", "larger", "--yes")
    assert refused.status == 2
    assert "already running" in refused.err
    assert two.files() == before
    assert cli("results", "larger").status == 0


def test_a_submission_that_cannot_be_read_stops_what_deletes(two: Keeper, cli: Cli) -> None:
    entry = next(one.key for one in submissions.kept(two.store)[0] if one.sweep.name == "larger")
    (path,) = Path(two.home.store).glob(f"submission/*/{entry}.*.*.json")
    damage(path)
    for command in (("store", "gc"), ("store", "gc", "--yes", "--min-age", "0")):
        ended = cli(*command)
        assert ended.status == 2
        assert entry in ended.err
        assert ended.err.count("\n") == 1
    shown = cli("store", "status")
    assert (shown.status, entry in shown.out) == (0, True)
    deleted = cli("delete", "digits-mlp", "--yes")
    assert (deleted.status, "is not known" in deleted.out) == (0, True)


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("store", "status"), "there is no such folder"),
        (("store", "verify"), "there is no such folder"),
        (("store", "gc", "--yes"), "there is no such folder"),
        (("store", "gc", "--store", "a-file"), "this is a file"),
        (("store", "status", "--format", "xml"), "--format xml: no such choice"),
        (("store", "gc", "--min-age", "-1"), "--min-age"),
        (("store", "gc", "--min-age", "inf"), "--min-age inf: must be a finite number"),
        (("store", "gc", "--min-age", "nan"), "--min-age nan: must be a number of at least 0"),
        (("store", "status", "--store", "ftq://x/y"), "cannot use the store ftq://x/y"),
        (("store", "clean"), "no such command 'clean'"),
        (("delete", "digits-mlp"), "there is no sweep 'digits-mlp' in"),
        (("delete", "Default"), "there is no sweep 'Default' in"),
        (("delete",), "NAME is missing"),
    ],
)
def test_bad_input_is_one_line(cli: Cli, tmp_path: Path, arguments: Any, line: str) -> None:
    (tmp_path / "a-file").write_text("")
    ended = cli(*arguments)
    assert ended.status == 2
    assert line in ended.err
    assert ended.err.count("\n") == 1
    assert not (tmp_path / "home").exists()


def test_another_name_is_proposed(two: Keeper, cli: Cli) -> None:
    assert "did you mean 'larger'" in cli("delete", "largr", "--yes").err
