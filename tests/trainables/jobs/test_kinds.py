import json
import pickle
from dataclasses import replace

import pytest

from trainables.jobs.kinds import pretrained, pruned, randomly_pruned, trained
from trainables.measures import measured
from trainables.recipe import Recipe
from trainables.recipes import RECIPES

RECIPE = RECIPES["digits-mlp"]


def jobs(recipe=RECIPE, init=1, pretrain=0, k=20, orders=(1, 2), points=30, stream="init"):
    """One of every kind, and what lies between, by name."""
    w0 = pretrained(recipe, init, pretrain, 0, stream=stream)
    wk = pretrained(recipe, init, pretrain, k, w0, stream)
    first, second = (trained(wk, k, order) for order in orders)
    mask = pruned(first)
    masked = trained(wk, k, orders[1], mask)
    randomly = randomly_pruned(mask, init)
    return {
        "w0": w0,
        "wk": wk,
        "first": first,
        "second": second,
        "mask": mask,
        "masked": masked,
        "second mask": pruned(trained(wk, k, orders[0], mask)),
        "random mask": randomly,
        "random arm": trained(wk, k, orders[1], randomly, "random-pruning"),
        "instability": measured("instability", [first, second], points=points),
        "sparse instability": measured(
            "instability", [trained(wk, k, orders[0], mask), masked], points=points
        ),
    }


ALL = frozenset(jobs())
BELOW_WK = ALL - {"w0", "wk"}
BELOW_MASK = ALL - {"w0", "wk", "first", "second", "instability"}


def changed(**changes):
    """Names of the jobs whose keys a change moves."""
    before, after = jobs(), jobs(**changes)
    return {name for name in ALL if before[name].key != after[name].key}


@pytest.mark.parametrize(
    ("changes", "moved"),
    [
        ({"init": 2}, ALL),
        ({"stream": "reinit"}, ALL),
        ({"pretrain": 5}, ALL - {"w0"}),
        ({"k": 21}, ALL - {"w0"}),
        ({"orders": (3, 2)}, BELOW_WK - {"second"}),
        ({"points": 31}, {"instability", "sparse instability"}),
    ],
    ids=lambda value: "-".join(sorted(value)) if isinstance(value, set | frozenset) else str(value),
)
def test_seeds_and_places_move_what_depends_on_them(changes, moved):
    # At k = 20 of another order seed, every job below W_0 changes; W_0 itself has seen no data.
    assert changed(**changes) == moved


@pytest.mark.parametrize(
    ("changes", "moved"),
    [
        ({"name": "another name"}, set()),
        ({"learning_rate": 0.2}, ALL - {"w0"}),
        ({"batch_size": 17}, ALL - {"w0"}),
        ({"momentum": 0.8}, ALL - {"w0"}),
        ({"weight_decay": 0.0}, ALL - {"w0"}),
        ({"milestones": (600,)}, ALL - {"w0"}),
        ({"last_batch": "keep"}, ALL - {"w0"}),
        ({"warmup": 5}, ALL - {"w0"}),
        ({"data": "other"}, ALL - {"w0"}),
        ({"network": "other"}, ALL),
        ({"initialization": "other"}, ALL),
        ({"iterations": 1300}, BELOW_WK),
        ({"pruning_fraction": 0.3}, BELOW_MASK),
        ({"prune_output": False}, BELOW_MASK),
    ],
    ids=lambda value: "-".join(sorted(value)) if isinstance(value, set | frozenset) else str(value),
)
def test_fields_move_what_depends_on_them(changes, moved):
    assert changed(recipe=replace(RECIPE, **changes)) == moved


def test_random_masks_have_their_seed_and_their_mask():
    made = jobs()
    assert randomly_pruned(made["mask"], 1) == made["random mask"]
    assert randomly_pruned(made["mask"], 2) != made["random mask"]
    assert randomly_pruned(made["second mask"], 1) != made["random mask"]


def test_every_job_has_its_own_key():
    keys = {job.key for job in jobs().values()}
    assert len(keys) == len(ALL)


def test_a_path_has_a_direction():
    """Alpha runs from the second arm to the first; swapped, it is another curve."""
    made = jobs()
    assert measured("instability", [made["second"], made["first"]]) != made["instability"]


def test_wherever_training_goes_on_from_it_is_the_same_state():
    direct = pretrained(RECIPE, 1, 0, 60)
    w0 = pretrained(RECIPE, 1, 0, 0)
    in_steps = pretrained(RECIPE, 1, 0, 60, pretrained(RECIPE, 1, 0, 20, w0))
    assert in_steps == direct
    assert hash(in_steps) == hash(direct)
    assert len({direct, in_steps}) == 1
    assert trained(in_steps, 60, 1) == trained(direct, 60, 1)
    assert (direct.iterations, in_steps.iterations) == (60, 40)


def test_w0_is_the_same_for_every_order_seed():
    assert pretrained(RECIPE, 1, 0, 0) == pretrained(RECIPE, 1, 9, 0)
    assert pretrained(RECIPE, 1, 0, 1) != pretrained(RECIPE, 1, 9, 1)


def test_a_state_is_not_another_kind_nor_another_object():
    made = jobs()
    assert made["w0"] != "w0"
    assert made["w0"] != made["w0"].key
    assert made["first"] != made["mask"]


def test_naming_a_default_changes_no_key():
    """Fields added later leave old results valid as long as they say "no change"."""
    defaults = {
        name: field.default
        for name, field in Recipe.__dataclass_fields__.items()
        if name in ("initialization", "decay", "warmup", "pruning_fraction", "label_smoothing")
    } | {"prune_output": True}
    assert changed(recipe=replace(RECIPE, **defaults)) == set()
    for name in defaults:
        assert f'"{name}"' not in json.dumps([job.identity() for job in jobs().values()])


def test_inputs_are_what_is_read():
    made = jobs()
    assert made["w0"].inputs == ()
    assert made["wk"].inputs == (made["w0"],)
    assert made["first"].inputs == (made["wk"],)
    assert made["masked"].inputs == (made["wk"], made["mask"])
    assert made["mask"].inputs == (made["first"],)
    assert set(made["second mask"].inputs) == {made["second mask"].of, made["mask"]}
    assert made["random mask"].inputs == (made["mask"],)
    assert made["instability"].inputs == (made["first"], made["second"])
    assert made["mask"] in made["sparse instability"].inputs


def test_levels_and_iterations():
    made = jobs()
    assert (made["first"].level, made["mask"].level, made["masked"].level) == (0, 1, 1)
    assert (made["second mask"].level, made["random mask"].level) == (2, 1)
    assert made["wk"].iterations == 20
    assert made["first"].iterations == made["masked"].iterations == 1180
    for name in ("w0", "mask", "random mask", "instability"):
        assert made[name].iterations == 0


def test_jobs_travel_to_other_processes():
    for job in jobs().values():
        copy = pickle.loads(pickle.dumps(job))
        assert copy == job
        assert copy.inputs == job.inputs
        assert copy.title == job.title


def test_titles_tell_jobs_of_a_sweep_apart():
    made = jobs().values()
    assert len({job.title for job in made}) == len(made)
