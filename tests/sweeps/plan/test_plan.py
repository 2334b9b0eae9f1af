"""Properties of planning: what is shared, what the keys depend on."""

from __future__ import annotations

import pickle
import random
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sweeps.loading import load
from sweeps.plan import Plan, cost, expand
from sweeps.plan.graph import iterations, trainings
from sweeps.plan.summary import summarize
from sweeps.spec import Sweep
from sweeps.spec.fields import MAX_LEVEL
from trainables.jobs.ancestry import ancestry
from trainables.jobs.kinds import Mask, Measurement, Training

rewinds = st.lists(st.integers(0, 1199), min_size=1, max_size=4, unique=True)
seeds = st.integers(0, 2**31 - 1)
pruned = st.fixed_dictionaries(
    {
        "strategy": st.sampled_from(["imp", "random-pruning", "random-reinit"]),
        "levels": st.lists(st.integers(1, 8), min_size=1, max_size=3, unique=True),
        "rewind": st.none() | rewinds,
    }
)
raw_specs = st.fixed_dictionaries(
    {
        "name": st.just("s"),
        "recipe": st.just("digits-mlp"),
        "rewind": rewinds,
        "inits": st.lists(seeds, min_size=1, max_size=3, unique=True),
        "orders": st.lists(seeds, min_size=2, max_size=4, unique=True),
        "subnetworks": st.lists(st.just({"strategy": "dense"}) | pruned, min_size=1, max_size=3),
    }
)


def planned(raw: dict[str, Any], **changes: Any) -> Plan:
    return expand(Sweep.model_validate(raw | changes))


def shuffled(value: Any, rng: random.Random) -> Any:
    if isinstance(value, list):
        return rng.sample([shuffled(item, rng) for item in value], len(value))
    if isinstance(value, dict):
        return {k: shuffled(v, rng) for k, v in rng.sample(list(value.items()), len(value))}
    return value


@given(raw_specs, st.randoms(use_true_random=False))
def test_keys_do_not_depend_on_the_order_of_lists(raw: dict[str, Any], rng: random.Random) -> None:
    assert planned(raw).jobs.keys() == planned(shuffled(raw, rng)).jobs.keys()


@given(raw_specs)
def test_every_input_stands_before_the_job_that_needs_it(raw: dict[str, Any]) -> None:
    seen: set[str] = set()
    for key, job in planned(raw).jobs.items():
        assert key == job.key
        assert {needed.key for needed in job.inputs} <= seen
        seen.add(key)


@given(raw_specs)
def test_nothing_is_done_twice(raw: dict[str, Any]) -> None:
    """No two jobs go by the same title, and no two trials are of the same cell."""
    plan = planned(raw)
    assert len({job.title for job in plan.jobs.values()}) == len(plan.jobs)
    cells = [trial.at for trial in plan.trials]
    assert len(cells) == len(set(cells))
    assert len({trial.key for trial in plan.trials}) == len(plan.trials)


@given(raw_specs)
def test_trials_are_all_pairs_of_every_cell(raw: dict[str, Any]) -> None:
    wanted = set()
    for subnetwork in raw["subnetworks"]:
        for level in subnetwork.get("levels", [0]):
            for k in subnetwork.get("rewind") or raw["rewind"]:
                for init in raw["inits"]:
                    for pair in combinations(sorted(raw["orders"]), 2):
                        wanted.add((subnetwork["strategy"], level, k, init, pair, "keep", None))
    assert {trial.at for trial in planned(raw).trials} == wanted


@given(raw_specs, seeds, st.integers(0, 1199))
def test_a_larger_spec_contains_the_smaller(raw: dict[str, Any], seed: int, k: int) -> None:
    small = planned(raw).jobs.keys()
    larger: list[dict[str, Any]] = [{"subnetworks": [*raw["subnetworks"], {"strategy": "dense"}]}]
    if seed not in raw["inits"]:
        larger.append({"inits": [*raw["inits"], seed]})
    if seed not in raw["orders"]:
        larger.append({"orders": [*raw["orders"], seed]})
    if k not in raw["rewind"]:
        larger.append({"rewind": [k, *raw["rewind"]]})
    for change in larger:
        assert small <= planned(raw, **change).jobs.keys()


@given(raw_specs)
def test_a_field_spelled_out_changes_no_key(raw: dict[str, Any]) -> None:
    spelled = {
        "base": "digits-mlp",
        "decay": 0.1,
        "warmup": 0,
        "initialization": "kaiming-normal",
        "last_batch": "drop",
        "pruning_fraction": 0.2,
        "prune_output": True,
    }
    explicit = planned(raw, recipe=spelled, pretrain_order=0, imp_order=1, path_points=30)
    assert explicit.jobs.keys() == planned(raw).jobs.keys()


FULL = {
    "name": "s",
    "recipe": "digits-mlp",
    "rewind": [0, 120],
    "inits": 2,
    "orders": 2,
    "subnetworks": [
        {"strategy": "dense"},
        {"strategy": "imp", "levels": [2]},
        {"strategy": "random-pruning", "levels": [2]},
        {"strategy": "random-reinit", "levels": [2]},
    ],
}


def _kept(**changes: Any) -> set[str]:
    """Which groups of jobs keep all their keys under a change; no group may keep only some."""
    before, after = planned(FULL).jobs, planned(FULL, **changes).jobs
    groups: dict[str, list[bool]] = {}
    for key, job in before.items():
        groups.setdefault(_group(job), []).append(key in after)
    assert all(len(set(kept)) == 1 for kept in groups.values()), groups
    return {name for name, kept in groups.items() if kept[0]}


def _group(job: object) -> str:
    match job:
        case Training(is_copy=False, until=0):
            return "W_0"
        case Training(is_copy=False):
            return "W_k"
        case Training(mask=None):
            return "dense arm"
        case Training():
            return "sparse arm"
        case Measurement(of=(Training(mask=None), _)):
            return "dense path"
        case Measurement():
            return "sparse path"
        case Mask():
            return "mask"
    raise AssertionError(job)


EVERYTHING = {"W_0", "W_k", "dense arm", "sparse arm", "mask", "dense path", "sparse path"}


def recipe(**overrides: Any) -> dict[str, Any]:
    return {"recipe": {"base": "digits-mlp", **overrides}}


@pytest.mark.parametrize(
    ("change", "kept"),
    [
        (recipe(name="other"), EVERYTHING),
        (recipe(learning_rate=0.1), {"W_0"}),
        (recipe(batch_size=32), {"W_0"}),
        (recipe(weight_decay=0.0), {"W_0"}),
        (recipe(last_batch="keep"), {"W_0"}),
        (recipe(iterations=1300), {"W_0", "W_k"}),
        (recipe(pruning_fraction=0.3), {"W_0", "W_k", "dense arm", "dense path"}),
        (recipe(prune_output=False), {"W_0", "W_k", "dense arm", "dense path"}),
        (recipe(pruning="one-shot"), {"W_0", "W_k", "dense arm", "dense path"}),
        (recipe(schedule="cosine", milestones=[]), {"W_0"}),
        (recipe(label_smoothing=0.1), {"W_0"}),
        (recipe(initialization="glorot-normal"), set()),
        (recipe(batchnorm_scale="uniform"), set()),
        ({"seeds": "independent"}, {"W_0"}),
        ({"train_examples": 100}, {"W_0", "W_k", "dense arm", "sparse arm", "mask"}),
        ({"path_points": 11}, {"W_0", "W_k", "dense arm", "sparse arm", "mask"}),
        ({"stable_below": 1.0, "matching": 0.2}, EVERYTHING),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)  # fmt: skip
def test_a_change_changes_exactly_the_keys_that_depend_on_it(
    change: dict[str, Any], kept: set[str]
) -> None:
    assert _kept(**change) == kept


def test_a_schedule_that_ends_with_training_moves_every_state_with_its_length() -> None:
    cosine = recipe(schedule="cosine", milestones=[])
    before = planned(FULL, **cosine).jobs
    longer = planned(FULL, **recipe(schedule="cosine", milestones=[], iterations=1300)).jobs
    assert {_group(before[key]) for key in before.keys() & longer.keys()} == {"W_0"}


@given(raw_specs)
def test_one_shot_prunes_the_dense_arm_at_once(raw: dict[str, Any]) -> None:
    plan = planned(raw, **recipe(pruning="one-shot"))
    for job in plan.jobs.values():
        if job.task == "prune: magnitude" and job.method == "magnitude":
            assert job.of.mask is None
            assert job.level == job.rounds
    wanted = {(s["strategy"], level) for s in raw["subnetworks"] for level in s.get("levels", [0])}
    assert {(trial.at.strategy, trial.at.level) for trial in plan.trials} == wanted


def test_one_shot_and_iterative_share_the_first_level() -> None:
    """Its key says what was done, not what the recipe calls it."""
    first = {**FULL, "subnetworks": [{"strategy": "imp", "levels": [1]}]}
    assert planned(first, **recipe(pruning="one-shot")).jobs.keys() == planned(first).jobs.keys()


def test_a_pretraining_order_changes_only_what_was_pretrained() -> None:
    before, after = planned(FULL), planned(FULL, pretrain_order=9)
    same = {t.at.rewind for t in before.trials if t.key in after.jobs}
    assert same == {0}


def test_imp_may_prune_after_a_training_that_is_not_measured() -> None:
    spec = {**FULL, "subnetworks": [{"strategy": "imp", "levels": [2]}]}
    shared, apart = planned(spec), planned(spec, imp_order=9)
    masks = [job for job in apart.jobs.values() if job.task == "prune: magnitude"]
    assert {job.of.order_seed for job in masks} == {9}
    measured = {arm.key for trial in apart.trials for arm in trial.arms}
    assert not measured & {job.of.key for job in masks}
    arms = [
        sum(job.task == "train: an arm" for job in one.jobs.values()) for one in (shared, apart)
    ]
    assert arms == [len(measured) + len(masks)] * 2, "level 2 measured, levels 0 and 1 pruned after"


def test_one_order_seed_is_enough_where_no_measure_compares_two_networks() -> None:
    plan = planned({**FULL, "orders": [1]}, measure=["accuracy"])
    assert {len(trial.arms) for trial in plan.trials} == {1}
    assert {trial.at.order_seeds for trial in plan.trials} == {(1,)}
    assert len({trial.key for trial in plan.trials}) == len(plan.trials) == 2 * 2 * 4
    assert len(plan.measurements) == len(plan.trials)
    pairs = planned(FULL)
    trained = {key for key, job in plan.jobs.items() if isinstance(job, Training)}
    assert trained < pairs.jobs.keys(), "the same networks as with pairs"


def test_copies_may_start_over() -> None:
    """LMC Figure 4: W_k, T iterations from 0 on; at k = 0 that is the same trial."""
    spec = {**FULL, "subnetworks": FULL["subnetworks"][:2]}
    usual, both = planned(spec), planned(spec, restart=["keep", "reset"])
    assert {t.key for t in usual.trials} < {t.key for t in both.trials}
    added = [trial for trial in both.trials if trial.at.restart == "reset"]
    assert {(t.at.strategy, t.at.rewind) for t in added} == {("dense", 120), ("imp", 120)}
    assert len(both.trials) == len(usual.trials) + len(added)
    for trial in added:
        for arm in trial.arms:
            assert (arm.begin, arm.start.until, arm.until) == (0, 120, arm.recipe.iterations)
            assert arm.iterations == arm.recipe.iterations
    alone = planned(spec, restart="reset")
    assert {t.key for t in alone.trials} <= {t.key for t in both.trials}
    masks = {job.key for job in both.jobs.values() if job.task == "prune: magnitude"}
    assert masks == {job.key for job in usual.jobs.values() if job.task == "prune: magnitude"}
    assert len({job.title for job in both.jobs.values()}) == len(both.jobs)


def test_a_carried_optimizer_is_not_carried_where_training_starts_over() -> None:
    carried = planned(FULL, restart="reset", **recipe(optimizer_at_rewind="carried"))
    fresh = planned(FULL, restart="reset")
    over = {t.key for t in carried.trials if t.at.strategy == "dense"}
    assert over == {t.key for t in fresh.trials if t.at.strategy == "dense"}


def test_seeds_are_independent_of_each_other_where_asked() -> None:
    """Shared, a network's batches depend on its order seed; independent, on its init too."""
    for seeds, number in (("shared", 3), ("independent", 6)):
        plan = planned({**FULL, "inits": 2, "orders": [1, 2], "seeds": seeds})
        jobs = plan.jobs.values()
        trained = [job for job in jobs if isinstance(job, Training) and job.iterations]
        assert {job.order_seed for job in trained} == {0, 1, 2}
        assert len({job.noise_seed for job in trained}) == number


def test_sharing_of_the_built_in_spec() -> None:
    """Counted by hand for 3 inits, 5 dense rewind points, IMP to level 11 at 2 of them."""
    plan = expand(load("digits-mlp")[0])
    assert len(plan.trials) == 3 * 3 * (5 + 2 + 2 + 2)
    # Per init: pretraining in 4 stretches; 15 dense arms; 10 more levels of IMP and 3 arms
    # at level 11, twice; 3 arms each of two baselines, twice.
    assert trainings(plan.jobs.values()) == 3 * (4 + 15 + 2 * (10 + 3) + 2 * 2 * 3)
    dense = 3 * ((1200 - 0) + (1200 - 20) + (1200 - 60) + (1200 - 120) + (1200 - 480))
    sparse = (10 + 3 + 3 + 3) * (1200 + 1080)
    assert iterations(plan.jobs.values()) == 3 * (480 + dense + sparse)


def test_the_training_imp_prunes_after_is_an_arm() -> None:
    plan = planned(FULL)
    masks = [job for job in plan.jobs.values() if job.task == "prune: magnitude" and job.level == 1]
    dense_arms = {a.key for t in plan.trials if t.at.strategy == "dense" for a in t.arms}
    assert masks
    assert all(mask.of.key in dense_arms for mask in masks)


@given(raw_specs, st.data())
def test_what_is_stored_is_not_done_again(raw: dict[str, Any], data: st.DataObject) -> None:
    plan = planned(raw)
    complete = set(data.draw(st.lists(st.sampled_from(sorted(plan.jobs)), unique=True)))
    needed = plan.needed(complete)
    assert not complete & needed.keys()
    for job in needed.values():
        assert all(i.key in complete or i.key in needed for i in job.inputs)
    for trial in plan.trials:
        assert trial.key in complete or trial.key in needed
    wanted = {
        k for t in plan.trials if t.key not in complete for k in map(_key, ancestry(t.measurements))
    }
    assert needed.keys() <= wanted
    assert not plan.needed(plan.jobs.keys())


def _key(job: Any) -> str:
    return str(job.key)


def test_added_rewind_point_trains_only_what_is_new() -> None:
    before, after = planned(FULL), planned(FULL, rewind=[0, 60, 120])
    needed = after.needed(before.jobs.keys())
    assert iterations(needed.values()) < iterations(after.jobs.values())
    pretraining = [job for job in needed.values() if isinstance(job, Training) and not job.is_copy]
    assert [(job.init_seed, job.until, job.iterations) for job in pretraining] == [
        (1, 60, 60),
        (2, 60, 60),
    ]
    assert all(
        job.begin == 60 for job in needed.values() if isinstance(job, Training) and job.is_copy
    )


def test_summary_and_costs() -> None:
    plan = planned(FULL)
    full = summarize(plan, set(), workers=2)
    nothing = summarize(plan, plan.jobs.keys(), workers=2)
    assert (
        full["trainings"]["planned"] == full["trainings"]["to_do"] == trainings(plan.jobs.values())
    )
    assert nothing["trainings"]["to_do"] == 0
    assert nothing["estimated_seconds"] == 0
    alone = sum(iterations(ancestry(trial.measurements)) for trial in plan.trials)
    assert full["sharing_factor"] == alone / iterations(plan.jobs.values())
    total = sum(cost.seconds(job) for job in plan.jobs.values())
    assert cost.wall_seconds(plan.jobs.values(), 1) == pytest.approx(total)
    chain = max(cost.critical_paths(plan.jobs.values()).values())
    assert cost.wall_seconds(plan.jobs.values(), 10**6) == chain < total


def test_a_carried_optimizer_changes_only_arms_from_trained_weights() -> None:
    """Pretrainings are shared, and whatever starts at k = 0."""
    carried = recipe(optimizer_at_rewind="carried")
    before, after = planned(FULL).jobs, planned(FULL, **carried).jobs
    moved = [job for key, job in before.items() if key not in after]
    assert all(
        key in after for key, job in before.items() if isinstance(job, Training) and not job.is_copy
    )
    assert {job.begin for job in moved if isinstance(job, Training) and job.is_copy} == {120}
    assert {trial.at.rewind for trial in planned(FULL).trials if trial.key not in after} == {120}
    assert planned(FULL, rewind=[0], **carried).jobs.keys() == planned(FULL, rewind=[0]).jobs.keys()


def test_the_deepest_level_is_planned_and_travels() -> None:
    """A job carries its ancestry, which neither keys nor pickling may be too deep for."""
    deepest = {"strategy": "random-pruning", "levels": [MAX_LEVEL]}
    gently = recipe(pruning_fraction=0.02)
    plan = planned(FULL, **gently, inits=1, rewind=[0], subnetworks=[deepest])

    def travel(frames: int) -> None:
        """As from within a worker, whose stack holds others' frames."""
        if frames:
            return travel(frames - 1)
        trial = plan.trials[0].measurements[0]
        assert pickle.loads(pickle.dumps(trial)).key == trial.key
        return None

    travel(200)
    again = planned(FULL, **gently, inits=1, rewind=[0], subnetworks=[deepest])
    assert again.jobs.keys() == plan.jobs.keys()
    assert sum(job.task == "prune: magnitude" for job in plan.jobs.values()) == MAX_LEVEL


@given(raw_specs)
def test_jobs_are_counted_before_they_are_built(raw: dict[str, Any]) -> None:
    """Exactly for trials of cells that are listed once; never too few jobs, nor many too many."""
    plan = planned(raw)
    trials, jobs = plan.spec.size
    assert trials >= len(plan.trials)
    if len({s["strategy"] for s in raw["subnetworks"]}) == len(raw["subnetworks"]):
        assert trials == len(plan.trials)
        assert jobs <= 2 * len(plan.jobs) + 10
    assert jobs >= len(plan.jobs)
