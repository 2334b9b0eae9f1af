"""`sweeps show trial`: what is told of a trial is what was done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from sweeps import one_trial, results
from sweeps.home import Home
from sweeps.recording import database
from trainables.store import Store

Cli = Callable[..., Any]


def imp(home: Home) -> Any:
    trials = results.read(home, "digits-mlp").trials
    return trials[(trials["strategy"] == "imp") & (trials["rewind"] == 10)].iloc[0]


def test_everything_of_a_trial_is_told(cli: Cli, trained: Home) -> None:
    row = imp(trained)
    key, run_id = row["trial"], row["run_id"]
    said = cli("show", "trial", key[:8], "--home", str(trained.folder))
    assert (said.status, said.err) == (0, "")
    for other in (
        ["show", key],
        ["show", key[:9]],
        ["show", run_id],
        ["show", "trial", run_id[:12]],
    ):
        assert cli(*other, "--home", str(trained.folder)).out == said.out
    facts = dict(line.split(":", 1) for line in said.out.splitlines()[:10])
    facts = {name: value.strip() for name, value in facts.items()}
    assert facts["trial"] == key
    assert facts["recipe"] == "digits-mlp with length=30"
    assert (facts["strategy"], facts["level"], facts["rewind k"]) == ("imp", "1", "10")
    assert (facts["init seed"], facts["order seeds"]) == ("1", "1, 2")
    assert run_id in said.out
    assert f"{row['instability_test']:.6g}" in said.out
    results_table = cli("results", "digits-mlp", "--home", str(trained.folder)).out
    assert key[:8] in results_table


def test_its_jobs_are_those_that_were_done(trained: Home) -> None:
    """W_0, W_10, the copy that is pruned, the mask, two copies, their path and distance."""
    client = database.client_of(trained, write=False)
    trial = one_trial.find(trained, client, imp(trained)["trial"])
    store = Store(trained.store)
    done = trial.jobs(store)
    kinds = [one.job.kind for one in done]
    assert sorted(kinds) == [
        *("arm", "arm", "arm", "instability", "mask", "measurement", "state", "state")
    ]
    for one in done:
        assert one.seconds is not None
        assert one.file is not None
        assert (trained.folder / "store" / one.file).is_file()
    tags = trial.run.data.tags
    keys = {one.job.key for one in done}
    assert {tags[f"artifact.{name}"].rpartition("/")[2] for name in ("arm_1", "mask")} < keys


def test_the_lines_of_python_load_its_networks(cli: Cli, trained: Home) -> None:
    key = imp(trained)["trial"]
    said = cli("show", key, "--home", str(trained.folder)).out
    example = said.partition("In Python\n")[2]
    names: dict[str, Any] = {}
    exec(example, names)
    held, mask = names["network"].state_dict(), names["mask"]
    assert sum(int((~keep).sum()) for keep in mask.values()) > 0
    assert not any(held[name][~keep].any() for name, keep in mask.items())


def test_the_network_that_is_there_is_loaded(trained: Home, monkeypatch: Any) -> None:
    client = database.client_of(trained, write=False)
    trial = one_trial.find(trained, client, imp(trained)["trial"])
    store = Store(trained.store)
    arms = [trial.run.data.tags[f"artifact.arm_{arm}"].rpartition("/")[2] for arm in (1, 2)]
    complete = Store.complete
    for lost, says in (([arms[0]], "arm=2)"), ([arms[1]], "arm=1)"), (arms, None)):
        monkeypatch.setattr(
            Store,
            "complete",
            lambda self, wanted, lost=lost: complete(self, [w for w in wanted if w[1] not in lost]),
        )
        example = trial.example(store)
        assert (example is None) if says is None else (example is not None and says in example)


def test_what_means_no_trial_or_several_is_a_line(cli: Cli, trained: Home) -> None:
    for arguments, said in (
        (["show", "ffffffffffff"], "has a key or a run id that begins with ffffffffffff"),
        (["show", "trial"], "show trial: NAME is missing"),
        (["show", "trial", "%"], "show trial '%': wanted are the first digits"),
    ):
        ended = cli(*arguments, "--home", str(trained.folder))
        assert (ended.status, ended.out) == (2, "")
        (line,) = ended.err.splitlines()
        assert said in line
    client = database.client_of(trained, write=False)
    with pytest.raises(one_trial.UserError, match=r"several trials begin with : .*dense level 0"):
        one_trial.find(trained, client, "")
