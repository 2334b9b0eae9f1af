import json
from itertools import takewhile
from pathlib import Path

import pytest
import samples
import torch
from job_samples import NEVER, damage, do, family, held, path, payload

from trainables import data, networks
from trainables.jobs import held as held_module
from trainables.jobs.events import InputDiverged, Measured
from trainables.jobs.execute import Executor
from trainables.jobs.kinds import Job, pretrained, trained
from trainables.levels import weights_at_levels
from trainables.seeds import derive
from trainables.store import Store, tensors
from trainables.training import loop
from trainables.training.loop import TrainingState

# --- what a job stores ------------------------------------------------------------------


def test_every_kind_stores_its_artifact(store, jobs):
    for name, job in jobs.items():
        do(store, job)
        facts = store.facts(job.kind, job.key)
        assert facts["iterations"] == job.iterations, name
        assert facts["seconds"] > 0
        assert facts["torch"] == torch.__version__
        assert facts["threads"] == 1
    wanted = {(job.kind, job.key) for job in jobs.values()}
    assert store.complete(wanted) == {key for _, key in wanted}


def test_w0_is_the_initial_weights(store, jobs):
    do(store, jobs["w0"])
    stored = held(store, jobs["w0"])
    weights = networks.initial_weights("digits-mlp", "kaiming-normal", "init", 1)
    assert tensors.part(stored, "weights").keys() == weights.keys()
    assert all(torch.equal(stored[f"weights:{name}"], value) for name, value in weights.items())
    assert not tensors.part(stored, "optimizer")


def test_masks_are_the_levels_nested_and_of_the_arms(store, jobs):
    do(store, *jobs.values())
    first, second, randomly = (held(store, jobs[n]) for n in ("mask", "second mask", "random mask"))
    levels = list(weights_at_levels(15_072, 0.2))
    for level, name, mask in (
        (1, "mask", first),
        (2, "second mask", second),
        (2, "random mask", randomly),
    ):
        assert sum(int(keep.sum()) for keep in mask.values()) == levels[level]
        facts = store.facts("mask", jobs[name].key)
        assert facts["weights_left"] == pytest.approx(100 * levels[level] / 15_072, rel=1e-12)
    for name, keep in second.items():
        assert not (keep & ~first[name]).any()
        assert keep.sum() == randomly[name].sum()
    assert any(not torch.equal(keep, randomly[name]) for name, keep in second.items())
    for arm, mask in (("masked", first), ("random arm", randomly), ("reinit arm", first)):
        weights = held(store, jobs[arm])
        for name, keep in mask.items():
            assert not weights[name][~keep].any()
            assert weights[name][keep].all()


def test_reinitialised_arms_begin_with_other_weights(store, jobs):
    """With 40 iterations from either, they are still nearer to their own beginnings."""
    do(store, *(jobs[n] for n in ("mask", "masked", "second masked", "reinit arm")))
    mask = held(store, jobs["mask"])
    drawn = networks.initial_weights("digits-mlp", "kaiming-normal", "reinit", 1)
    own, other = held(store, jobs["reinit arm"]), held(store, jobs["second masked"])
    for name in ("linears.0.weight", "linears.3.weight"):
        begun = drawn[name] * mask[name]
        assert (own[name] - begun).norm() < (other[name] - begun).norm() / 1.2


def test_a_copy_that_starts_over_takes_all_steps_from_w_k(store, short):
    """The data order and schedule of iteration 0, with the weights of iteration 20 (LMC Fig. 4)."""
    recipe = short()
    w_k = pretrained(recipe, 1, 0, 20)
    over = trained(w_k, 0, 2)
    do(store, w_k, over)
    state = TrainingState(0, tensors.part(held(store, w_k), "weights"))
    split = data.load(recipe, Path()).train
    for _ in loop.train(recipe, state, split, order_seed=2, until=recipe.iterations):
        pass
    found = held(store, over)
    assert all(torch.equal(found[name], value) for name, value in state.weights.items())


def test_independent_seeds_draw_the_noise_from_init_and_order(store, short):
    """Of pretraining and of the copy: the same bits as under order seeds derived from both."""
    recipe = short()
    ends = {}
    for independent in (False, True):
        noise = [0, 2] if independent else [derive("noise", 5, order) for order in (0, 2)]
        w_k = pretrained(recipe, 5, noise[0], 20, independent=independent)
        ends[independent] = trained(w_k, 20, noise[1])
        do(store, w_k, ends[independent])
    assert ends[False].key != ends[True].key
    first, second = (held(store, job) for job in ends.values())
    assert all(torch.equal(first[name], value) for name, value in second.items())


def test_the_output_layer_may_be_left_dense(store, short):
    made = family(short(prune_output=False))
    do(store, made["second mask"], made["sparse instability"])
    masks = [held(store, made[name]) for name in ("mask", "second mask")]
    levels = list(weights_at_levels(15_072 - 480, 0.2))
    for level, mask in enumerate(masks, 1):
        assert "output.weight" not in mask
        assert sum(int(keep.sum()) for keep in mask.values()) == levels[level]
    assert held(store, made["masked"])["output.weight"].all()


def test_instability_is_json_with_the_sparsity(store, jobs):
    do(store, *jobs.values())
    for name, left in (("instability", 100.0), ("sparse instability", 100 * 12_058 / 15_072)):
        values = json.loads(payload(store, jobs[name]))
        assert values["weights_left"] == pytest.approx(left, rel=1e-12)
        for split, examples in (("train", 1000), ("test", 797)):
            errors = values[f"path_error_{split}"]
            assert len(errors) == len(values[f"path_loss_{split}"]) == 5
            for error in errors:
                assert error * examples / 100 == pytest.approx(round(error * examples / 100))
            expected = max(errors) - (errors[0] + errors[-1]) / 2
            assert values[f"instability_{split}"] == pytest.approx(expected)


def test_running_again_does_nothing(store, jobs):
    do(store, *jobs.values())
    files = {
        f: (f.stat().st_mtime_ns, f.read_bytes()) for f in Path(store.url).rglob("*") if f.is_file()
    }
    executor = Executor(store, samples.FOLDER, NEVER)
    for job in jobs.values():
        assert list(executor.run(job)) == []
    assert executor.trained_iterations == 0
    again = {
        f: (f.stat().st_mtime_ns, f.read_bytes()) for f in Path(store.url).rglob("*") if f.is_file()
    }
    assert again == files


def test_a_job_makes_what_it_needs(store, jobs, undisturbed):
    """Its whole ancestry, where the store is empty; and no job that it does not need."""
    do(store, jobs["second mask"])
    ancestry = {"w0", "wk", "arm", "mask", "masked", "second mask"}
    for name, job in jobs.items():
        if name in ancestry:
            assert payload(store, job) == undisturbed[name], name
        else:
            assert not store.complete([(job.kind, job.key)])


def test_progress_leads_to_the_end(store, jobs, every_iteration):
    do(store, jobs["w0"])
    for job, begin, until in ((jobs["wk"], 0, 20), (jobs["arm"], 20, 60)):
        seen = do(store, job)
        assert [p.iteration for p in seen] == list(range(begin + 1, until))
        assert {(p.job, p.begin, p.until) for p in seen} == {(job, begin, until)}


def test_a_measurement_says_what_share_is_done_and_leaves_nothing_where_it_is_closed(
    store, jobs, undisturbed
):
    job, examples = jobs["instability"], samples.digits()
    do(store, *job.inputs)
    running = Executor(store, samples.FOLDER, NEVER).run(job)
    next(running)
    running.close()
    assert not store.complete([(job.kind, job.key)])
    seen = do(store, job)
    shares = [event.share for event in seen]
    assert {type(event) for event in seen} == {Measured}
    assert {event.job for event in seen} == {job}
    assert shares == sorted(set(shares))
    assert shares[-1] == 1
    assert len(examples.test) / (len(examples.test) + len(examples.train)) in shares
    assert payload(store, job) == undisturbed["instability"]


def test_an_unknown_kind_of_job_raises(store):
    class Unknown(Job):
        kind = "unknown"
        key = "0" * 32
        inputs = ()

    with pytest.raises(TypeError, match="Unknown"):
        list(Executor(store, samples.FOLDER, NEVER).run(Unknown()))


def test_a_diverged_training_cannot_be_pruned(store, short):
    made = family(short(learning_rate=1e30))
    with pytest.raises(InputDiverged, match=r"^train init 1 k=20 dense order 1 diverged$"):
        do(store, made["mask"])
    assert store.complete([(job.kind, job.key) for job in (made["arm"], made["mask"])]) == {
        made["arm"].key
    }


def test_an_arm_of_no_iterations_is_masked_too(store, short, jobs):
    """An arm begins with the weights of `start`, masked; at k = T it ends there."""
    end = pretrained(short(), 1, 0, 60)
    arm = trained(end, 60, 1, jobs["mask"])
    do(store, arm)
    weights, mask = held(store, arm), held(store, jobs["mask"])
    dense = held(store, end)
    for name, keep in mask.items():
        assert torch.equal(weights[name], dense[f"weights:{name}"] * keep)


# --- chains of states -------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes",
    [{}, {"optimizer": "adam", "momentum": 0.0, "learning_rate": 0.01}],
    ids=["sgd", "adam"],
)
def test_a_state_is_the_same_wherever_it_is_trained_from(tmp_path, short, changes):
    recipe = short(**(changes | {"iterations": 100, "milestones": (30, 45)}))
    direct = pretrained(recipe, 1, 0, 60)
    w20 = pretrained(recipe, 1, 0, 20, pretrained(recipe, 1, 0, 0))
    chained = pretrained(recipe, 1, 0, 60, pretrained(recipe, 1, 0, 35, w20))
    payloads = []
    for number, job in enumerate((direct, chained)):
        store = Store(str(tmp_path / str(number)))
        do(store, job)
        payloads.append(payload(store, job))
        assert store.complete([(w20.kind, w20.key)]) == ({w20.key} if number else set())
    assert payloads[0] == payloads[1]
    names = {name.partition(":")[0] for name in tensors.from_bytes(payloads[0])}
    assert names == {"weights", "optimizer"}


# --- damage -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("damaged", "then"),
    [
        ("w0", "wk"),
        ("wk", "arm"),
        ("arm", "mask"),
        ("mask", "masked"),
        ("masked", "second mask"),
        ("second mask", "random mask"),
        ("random mask", "random arm"),
        ("second arm", "instability"),
        ("mask", "sparse instability"),
    ],
)
def test_a_damaged_input_is_made_again_in_place(store, jobs, undisturbed, damaged, then):
    do(store, *takewhile(lambda job: job != jobs[then], jobs.values()))
    job = jobs[damaged]
    place = path(store, job)
    damage(store, job)
    do(store, jobs[then])
    assert path(store, job) == place
    assert payload(store, job) == undisturbed[damaged]
    assert payload(store, jobs[then]) == undisturbed[then]
    aside = [file.name for file in (Path(store.url) / "damaged" / job.kind).iterdir()]
    assert len(aside) == 2
    assert all(job.key in name for name in aside)


def test_a_whole_damaged_ancestry_is_made_again(store, jobs, undisturbed):
    do(store, *jobs.values())
    ancestry = ["w0", "wk", "arm", "mask", "masked"]
    for name in ancestry:
        damage(store, jobs[name])
    store.delete("mask", jobs["second mask"].key)
    do(store, jobs["second mask"])
    for name in (*ancestry, "second mask"):
        assert payload(store, jobs[name]) == undisturbed[name], name


def test_a_damaged_artifact_whose_size_shows_it_is_made_again(store, jobs, undisturbed):
    do(store, jobs["wk"])
    path(store, jobs["wk"]).write_bytes(b"short")
    do(store, jobs["wk"])
    assert payload(store, jobs["wk"]) == undisturbed["wk"]


# --- one process for many jobs ----------------------------------------------------------


@pytest.mark.parametrize("memory", [0, 200_000, 2**28])  # none, three arms, all
def test_what_is_held_in_memory_changes_nothing(store, jobs, undisturbed, monkeypatch, memory):
    monkeypatch.setattr(held_module, "HELD_BYTES", memory)
    executor = Executor(store, samples.FOLDER, NEVER)
    names = list(jobs)
    for name in names[::-1]:  # a job first, then the ones it made on the way
        list(executor.run(jobs[name]))
    for name in names:
        assert payload(store, jobs[name]) == undisturbed[name], name


def test_memory_is_bounded(store, jobs, monkeypatch):
    monkeypatch.setattr(held_module, "HELD_BYTES", 200_000)
    executor = Executor(store, samples.FOLDER, NEVER)
    for job in jobs.values():
        list(executor.run(job))
        held = [value for artifact in executor._held._held.values() for value in artifact.values()]
        assert sum(value.nbytes for value in held) <= 200_000 or len(executor._held._held) == 1


def test_what_is_held_is_not_read_again(store, jobs, monkeypatch):
    executor = Executor(store, samples.FOLDER, NEVER)
    for name in ("w0", "wk", "arm", "second arm"):
        list(executor.run(jobs[name]))
    read = []
    monkeypatch.setattr(store, "read", lambda kind, key: read.append(kind))
    list(executor.run(jobs["instability"]))
    assert read == []
