"""What submissions need is what their runs leave in the store: no more, and no less."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from keeping_samples import SMALL, SUBMITTED, Keeper, damage

from sweeps.errors import UserError
from sweeps.keeping.kinds import KINDS
from sweeps.recording import submissions
from trainables.jobs import needs
from trainables.store import inventory

TINY = ("recipe.length=20", "rewind=[0, 10]", "inits=1", "orders=2")
FIND = "{find: stable, between: [0, 16], within: 30 %}"

SPECS = {
    "lists": (*TINY, "subnetworks=[dense, {strategy: imp, levels: [2]}]", "restart=[keep, reset]"),
    "baselines": (
        *TINY,
        "subnetworks=[{strategy: random-pruning, levels: [1]}, {strategy: random-reinit, "
        "levels: [1]}, {strategy: perturbed, levels: [1]}]",
        "measure=[instability, distance]",
    ),
    "learning curves": (*TINY, "subnetworks=[dense]", "evaluate={every: 10, examples: 100}"),
    "kept states": (
        *TINY,
        "subnetworks=[dense]",
        "measure=[instability, {measure: throughout, every: 7, keep: true}]",
    ),
    "adaptive": (
        *TINY[:3],
        "orders=[1]",
        "measure=accuracy",
        "subnetworks=[{strategy: imp-adaptive, until_left: 70 %}]",
    ),
    "a search for k": (*TINY[:1], f"rewind={FIND}", *TINY[2:], "subnetworks=[dense]"),
    "varied": (*TINY, "subnetworks=[dense]", "vary={learning_rate: [0.1, 0.2]}"),
    "a search for the best": (
        *TINY,
        "subnetworks=[dense]",
        "search={trials: 3, at_a_time: 1, over: {learning_rate: {log: [0.05, 0.2]}}}",
    ),
}


@pytest.mark.parametrize("spec", SPECS)
def test_a_run_leaves_what_its_submission_needs(keeper: Keeper, spec: str) -> None:
    keeper.run(*SPECS[spec], record=False)
    listed = inventory.take(keeper.store)
    made = {which for which in listed.complete() if which[0] not in SUBMITTED}
    found = keeper.references()
    assert not found.problems
    assert found.artifacts == made
    assert {kind for kind, _ in made} <= KINDS.keys()
    assert keeper.rubbish().bytes == 0


@pytest.mark.parametrize("spec", ["adaptive", "a search for k", "a search for the best"])
def test_a_lost_result_does_not_make_the_rest_useless(keeper: Keeper, spec: str) -> None:
    """The plan ends at what is lost; what came after is needed when that is made again."""
    jobs = keeper.run(*SPECS[spec], record=False)
    plan = keeper.plan(*SPECS[spec])
    grown_from = [job for job in jobs if job.kind in ("mask", "instability")]
    lost = next(job for job in grown_from if job in plan.jobs.values())
    keeper.store.set_aside(lost.kind, lost.key)
    assert len(keeper.plan(*SPECS[spec]).jobs) <= len(plan.jobs)
    may_go = keeper.rubbish()
    assert not may_go.unneeded
    keeper.collect()
    assert [job.key for job in keeper.run(*SPECS[spec], record=False)] == [lost.key]


def test_a_home_needs_what_only_its_records_tell(keeper: Keeper) -> None:
    keeper.run(*SMALL)
    keeper.forget()
    assert not keeper.rubbish().unneeded


def test_a_trial_of_a_search_in_tune_needs_what_it_lists(keeper: Keeper) -> None:
    jobs = keeper.plan(*SMALL).jobs
    keeper.run(*SMALL, record=False)
    keeper.forget()
    needs.save(keeper.store, jobs.values())
    assert not keeper.rubbish().unneeded
    (listing,) = keeper.store.keys(needs.KIND)
    gone = {held.key for held in keeper.rubbish(tune=True).unneeded}
    assert gone == {*jobs, listing}


def rewritten(keeper: Keeper, **changes: object) -> str:
    """The only submission with other contents, as another version writes it."""
    for kind in SUBMITTED:
        (entry,) = keeper.store.keys(kind)
        held = json.loads(keeper.store.read(kind, entry).payload)
        keeper.store.write(kind, entry, json.dumps(held | changes).encode(), "json")
        keeper.store.prune(kind, entry)
    return keeper.store.keys(submissions.KIND)[0]


def _later_schema(keeper: Keeper) -> str:
    return rewritten(keeper, schema=99)


def _unknown_field(keeper: Keeper) -> str:
    (entry,) = keeper.store.keys(submissions.KIND)
    spec = json.loads(keeper.store.read(submissions.KIND, entry).payload)["spec"]
    return rewritten(keeper, spec=spec | {"from_the_future": 1})


def _other_keys(keeper: Keeper) -> str:
    return rewritten(keeper, sweep="0" * 32)


def _no_submission(keeper: Keeper) -> str:
    return rewritten(keeper, spec=[])


def _damaged(keeper: Keeper) -> str:
    (entry,) = keeper.store.keys(submissions.KIND)
    (path,) = Path(keeper.home.store, submissions.KIND).glob(f"*/{entry}.*.*.json")
    damage(path)
    return entry


def _set_aside(keeper: Keeper) -> str:
    entry = _damaged(keeper)
    keeper.store.set_aside(submissions.KIND, entry)
    return entry


def _note(keeper: Keeper) -> str:
    """What the home notes, by itself."""
    (entry,) = keeper.store.keys(submissions.OF_HOME)
    keeper.store.set_aside(submissions.OF_HOME, entry)
    return entry


@pytest.mark.parametrize(
    "spoil",
    [_later_schema, _unknown_field, _other_keys, _no_submission, _damaged, _set_aside, _note],
    ids=lambda one: one.__name__,
)
def test_what_is_not_known_deletes_nothing(keeper: Keeper, spoil: object) -> None:
    keeper.run(*SMALL, record=False)
    entry = spoil(keeper)  # type: ignore[operator]
    before = keeper.files()
    with pytest.raises(UserError, match="nothing is deleted") as refused:
        keeper.collect()
    assert entry in str(refused.value)
    assert "\n" not in str(refused.value)
    assert keeper.files() == before
    keeper.run(*SMALL, record=False)  # which writes the submission again
    assert keeper.collect().bytes >= 0
    assert not keeper.run(*SMALL, record=False)


def test_results_of_an_earlier_version_with_other_keys_are_of_no_use(keeper: Keeper) -> None:
    keeper.run(*SMALL, record=False)
    rewritten(keeper, sweep="0" * 32, schema=1)
    assert not keeper.references().problems
