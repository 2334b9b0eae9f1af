"""The configuration of a trial of Ray Tune means what a spec with one trial means."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sweeps.loading import load
from sweeps.plan import expand
from sweeps.spec import recipe
from trainables.completing.misfit import Misfit
from trainables.jobs import trial_config
from trainables.jobs.lineage import Lineage
from trainables.jobs.perturbation import Norm
from trainables.jobs.trial_config import DEFAULTS, TrialConfig, read

STORE = "/nowhere/store"


def trial(**config: Any) -> TrialConfig:
    return read({"recipe": "digits-mlp", "store": STORE, **config}, gpus=0)


def keys(config: TrialConfig) -> list[str]:
    return [job.key for job in config.measurements]


def planned(*overrides: str, spec: str = "digits-mlp") -> dict[tuple[Any, ...], list[str]]:
    """What a trial is -> the keys of its measurements."""
    plan = expand(load(spec, overrides)[0])
    return {
        (t.at.strategy, t.at.level, t.at.rewind, t.at.init_seed, t.at.order_seeds): [
            job.key for job in t.measurements
        ]
        for t in plan.trials
    }


@pytest.mark.parametrize(
    ("overrides", "config"),
    [
        ((), {}),
        (
            ("recipe.learning_rate=0.05", "recipe.length=50 %", "measure=[instability, distance]"),
            {
                "recipe": {"base": "digits-mlp", "learning_rate": 0.05, "length": "50 %"},
                "measure": ["instability", "distance"],
            },
        ),
        (
            ("path_points=5", "train_examples=100", "pretrain_order=3", "imp_order=2"),
            {"path_points": 5, "train_examples": 100, "pretrain_order": 3, "imp_order": 2},
        ),
        (("seeds=independent",), {"seeds": "independent"}),
        (("restart=reset",), {"restart": "reset"}),
        (
            ("measure=[instability, rewinding, {measure: throughout, every: 10 %}]",),
            {"measure": ["instability", "rewinding", {"measure": "throughout", "every": "10 %"}]},
        ),
    ],
)
def test_every_trial_of_a_sweep_has_the_keys_of_its_configuration(
    overrides: tuple[str, ...], config: dict[str, Any]
) -> None:
    trials = planned(*overrides, "inits=1", "orders=3", "rewind=[0, 20]")
    assert len(trials) > 20
    for (strategy, level, k, init, orders), expected in trials.items():
        one = trial(
            strategy=strategy, level=level, rewind=k, init_seed=init, order_seeds=orders, **config
        )
        assert keys(one) == expected
        assert expected[0] == one.key


@pytest.mark.parametrize("norm", ["rewound", "trained"])
@pytest.mark.parametrize(("level", "k"), [(1, 0), (1, 20), (3, 20)])
def test_a_perturbed_network_is_that_of_its_lineage(norm: Norm, level: int, k: int) -> None:
    one = trial(strategy="perturbed", level=level, rewind=k, norm=norm, rewind_points=(0, 20))
    lineage = Lineage(one.recipe, 1, [0, 20])
    assert one.pair == tuple(
        lineage.arm("perturbed", level, k, order, options=norm) for order in (1, 2)
    )


@given(
    st.sampled_from([0, 20, 120]),
    st.integers(0, 50),
    st.lists(st.integers(0, 50), min_size=2, max_size=2, unique=True),
    st.sampled_from([(), (0, 120), (20,)]),
)
def test_keys_depend_on_what_the_trial_is_alone(
    k: int, init: int, orders: list[int], points: tuple[int, ...]
) -> None:
    one = trial(rewind=k, init_seed=init, order_seeds=orders)
    other = trial(
        rewind=k,
        init_seed=init,
        order_seeds=orders[::-1],
        rewind_points=points,
        evaluate=None,
        checkpoint_seconds=1,
        data="/some/where",
    )
    assert keys(one) == keys(other)


def test_pretraining_goes_on_from_the_other_rewind_points() -> None:
    (wk,) = {arm.start for arm in trial(rewind=120, rewind_points=(0, 20)).pair}
    chain = [wk, wk and wk.earlier, wk and wk.earlier and wk.earlier.earlier]
    assert [one and one.until for one in chain] == [120, 20, 0]


def test_units_are_those_of_specs() -> None:
    assert trial(rewind="10 %").pair[0].begin == 120
    assert trial(evaluate={"every": "1 epoch"}).pair[0].evaluation.every == 62  # type: ignore[union-attr]


def test_a_recipe_s_fields_may_be_given_in_the_same_other_ways() -> None:
    assert trial_config.OTHERWISE.keys() == recipe.OTHERWISE.keys() | {"base", "length"}


def test_every_key_has_a_meaning() -> None:
    assert keys(trial(**DEFAULTS)) == keys(trial())


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"recipe": "digit-mlp"}, "recipe.base: unknown recipe 'digit-mlp'; did you mean"),
        ({"recipe": 3}, "recipe: must be a recipe's name, or a mapping"),
        ({"recipe": {}}, "recipe: names no base recipe; allowed: "),
        ({"store": None}, "store: is missing"),
        ({"store": "here"}, "store: 'here' is a relative path, and workers have other"),
        ({"stor": "/x"}, "stor: unknown key; did you mean 'store'?"),
        ({"rewinds": 3}, "rewinds: unknown key; did you mean 'rewind'?"),
        ({"strategy": "IMP"}, "strategy: must be one of dense, imp, imp-adaptive, pruned"),
        ({"strategy": "imp"}, "level: 0 does not go with imp; allowed: from 1 to 100"),
        ({"level": 3}, "level: 3 does not go with dense; allowed: 0"),
        ({"strategy": "perturbed"}, "level: 0 does not go with perturbed; allowed: from 1 to 100"),
        ({"strategy": "perturbed", "level": 1, "norm": "both"}, "norm: must be one of rewound, tr"),
        ({"strategy": "imp-adaptive", "level": 1}, "strategy: imp-adaptive is for sweeps, not for"),
        ({"strategy": "imp", "level": 99}, "level: level 99 is impossible: after level"),
        ({"level": 1.5}, "level: must be a whole number, not 1.5"),
        ({"rewind": 1200}, "rewind: rewind point 1200 is not before the end of training"),
        ({"rewind": -1}, "rewind: rewind point -1 lies before the start of training"),
        ({"rewind": "soon"}, "rewind: must be iterations (120), '2 %' or '5 epochs', not 'soon'"),
        ({"rewind": True}, "rewind: must be a whole number or text, not true"),
        ({"order_seeds": [1, 1]}, "order_seeds: must be two different seeds from 0 to 2147483647"),
        ({"order_seeds": [1, 2, 3]}, "order_seeds: must be a list"),
        ({"init_seed": -1}, "init_seed: must be from 0 to 2147483647, not -1"),
        ({"path_points": 2}, "path_points: must be from 3 to 1000, not 2"),
        ({"measure": []}, "measure: names no measure"),
        ({"measure": ["distanc"]}, "measure[0]: unknown measure 'distanc'; did you mean"),
        ({"measure": [{"measure": "distance", "a": 1}]}, "measure[0].a: unknown option"),
        ({"measure": [3]}, "measure[0]: must be a measure's name, or a mapping"),
        ({"evaluate": {"each": 3}}, "evaluate.each: unknown key; allowed: every, examples"),
        ({"evaluate": {"every": 0}}, "evaluate.every: must be from 1 to 1200 iterations"),
        ({"evaluate": {"examples": 0}}, "evaluate.examples: must be at least 1, or all"),
        ({"checkpoint_seconds": -1}, "checkpoint_seconds: must not be negative"),
        ({"recipe": "lenet-mnist"}, "data: is missing: the folder where mnist lies or is put"),
        ({"recipe": {"base": "digits-mlp", "lr": 1}}, "recipe.lr: unknown key; did you mean"),
        (
            {"recipe": {"base": "digits-mlp", "learning_rate": "fast"}},
            "recipe.learning_rate: must be a number, not 'fast'",
        ),
        # What `tune.uniform` samples.
        ({"rewind": 33.7}, "rewind: must be a whole number or text, not 33.7"),
        (
            {"recipe": {"base": "digits-mlp", "learning_rate": -1.0}},
            "recipe.learning_rate: learning_rate must be above 0, not -1.0",
        ),
        (
            {"recipe": {"base": "digits-mlp", "milestones": [9000]}},
            "recipe.milestones: milestones [9000] must lie before the end of training",
        ),
        (
            {"recipe": {"base": "digits-mlp", "final_rate": "most", "schedule": "cosine"}},
            "recipe.final_rate: must be a rate or '10 %', not 'most'",
        ),
        (
            {"recipe": {"base": "digits-mlp", "slices": 2, "workers": 2, "batch_size": 64}},
            "recipe.workers: is 2, but a trial trains in its own process; 1 gives the same bits",
        ),
        (
            {"recipe": {"base": "digits-mlp", "network_version": "3"}},
            "recipe.network_version: unknown key; it follows from the network",
        ),
    ],
)
def test_a_wrong_configuration_is_told_in_one_line(config: dict[str, Any], words: str) -> None:
    with pytest.raises(Misfit) as raised:
        trial(**config)
    (line,) = str(raised.value).splitlines()
    assert line.startswith(f"InstabilityTrial: {words}")


def test_data_of_ones_own_are_found_by_their_address(tmp_path: Path) -> None:
    import numpy as np

    rng = np.random.default_rng(0)
    arrays = {
        f"{kind}_{split}": values
        for split, number in (("train", 64), ("test", 32))
        for kind, values in (
            ("x", rng.normal(size=(number, 4)).astype("float32")),
            ("y", rng.integers(0, 2, number)),
        )
    }
    np.savez(tmp_path / "mine.npz", **arrays)
    recipe = {
        "base": "digits-mlp",
        "data": str(tmp_path / "mine.npz"),
        "length": 20,
        "batch_size": 16,
    }
    one = trial(recipe=recipe, data=str(tmp_path / "data"))
    overrides = [f"recipe.{name}={value}" for name, value in recipe.items() if name != "base"]
    spec, _ = load(
        "digits-mlp", [*overrides, "rewind=[0]", "subnetworks=[dense]"], tmp_path / "data"
    )
    assert replace(one.recipe, name="") == replace(spec.recipe, name="")
    with pytest.raises(Misfit, match="data: is missing: the folder for what is decoded"):
        trial(recipe=recipe)
