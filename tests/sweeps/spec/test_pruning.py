from pathlib import Path

import pytest

from sweeps.errors import UserError
from sweeps.loading import load
from sweeps.plan import expand
from sweeps.plan.cost import seconds
from sweeps.query import parse
from sweeps.spec import Sweep
from sweeps.spec.stored import from_resolved, resolved
from trainables import plugins, pruning
from trainables.jobs.kinds import Mask

PRUNED = "subnetworks=[{strategy: pruned, levels: [1, 3]}]"
IMP = "subnetworks=[{strategy: imp, levels: [1, 3]}]"


def sweep(*overrides: str) -> Sweep:
    return load("digits-mlp", ["inits=1", "orders=2", "rewind=[0, 20]", *overrides])[0]


def masks(spec: Sweep) -> list[Mask]:
    return [job for job in expand(spec).jobs.values() if isinstance(job, Mask)]


def test_pruned_by_magnitude_is_imp() -> None:
    assert expand(sweep(PRUNED)).jobs.keys() == expand(sweep(IMP)).jobs.keys()


@pytest.mark.parametrize("name", ["erk", "random-global", "snip", "grasp", "synflow"])
def test_a_method_that_looks_at_wk_trains_nothing_but_the_copies(name: str) -> None:
    spec = sweep(f"recipe.pruning_method={name}", PRUNED)
    plan = expand(spec)
    copies = 2 * 2 * (1200 + 1180)
    assert sum(job.iterations for job in plan.jobs.values()) == 20 + copies
    assert {mask.of.title for mask in masks(spec)} == {
        "pretrain init 1 to k=0",
        "pretrain init 1 to k=20",
    }
    assert sorted(mask.level for mask in masks(spec)) == [1, 1, 3, 3]
    assert {trial.at.strategy for trial in plan.trials} == {name}


def test_random_pruning_takes_the_methods_mask() -> None:
    spec = sweep(
        "recipe.pruning_method=snip", "subnetworks=[{strategy: random-pruning, levels: [2]}]"
    )
    assert {mask.method for mask in masks(spec)} == {"snip", "random-per-layer"}


@pytest.mark.parametrize(
    ("changes", "moved"),
    [
        (("recipe.pruning_options={examples: 100}",), False),
        (("recipe.pruning_options={examples: 50}",), True),
        (("recipe.input_scaling=unit",), True),
        (("recipe.prune_output=false",), True),
        (("recipe.prune_first=false",), True),
        (("recipe.pruning=one-shot",), False),
        (("recipe.learning_rate=0.2",), False),
    ],
)
def test_a_mask_of_w0_has_all_in_its_key_that_decides_it(
    changes: tuple[str, ...], moved: bool
) -> None:
    base = ("recipe.pruning_method=snip", PRUNED, "rewind=[0]")
    before, after = masks(sweep(*base)), masks(sweep(*base, *changes))
    assert {mask.key for mask in before}.isdisjoint(mask.key for mask in after) is moved
    random = ("recipe.pruning_method=random-global", PRUNED, "rewind=[0]")
    unit = masks(sweep(*random, "recipe.input_scaling=unit"))
    assert [mask.key for mask in masks(sweep(*random))] == [mask.key for mask in unit]


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (["recipe.pruning_method=snop"], "unknown pruning method 'snop'; did you mean 'snip'?"),
        (["recipe.pruning_method=3"], "must be text"),
        (["recipe.pruning_method=nowhere:score"], "there is no module nowhere"),
        (["recipe.pruning_options={examples: 1}"], "the pruning method magnitude has none"),
        (
            ["recipe.pruning_method=snip", "recipe.pruning_options={examples: 1}", PRUNED],
            "examples must be at least 2, not 1",
        ),
        (
            ["recipe.pruning_method=snip", "recipe.pruning_options={batch: 1}", PRUNED],
            "recipe.pruning_options.batch: unknown option; allowed: examples",
        ),
        (
            ["recipe.pruning_method=erk", "recipe.pruning_options={within: best}", PRUNED],
            "recipe.pruning_options.within",
        ),
        (["recipe.pruning_method=snip", IMP], "scores W_k before training; write pruned"),
        (
            ["subnetworks=[{strategy: imp, levels: [1]}, {strategy: pruned, levels: [1]}]"],
            "imp and pruned are the same with pruning_method magnitude",
        ),
        (["recipe.pruning_when=start"], "it follows from the pruning method"),
        (["recipe.pruning_version=x"], "it follows from the pruning method"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(overrides: list[str], said: str) -> None:
    with pytest.raises(UserError) as error:
        sweep(*overrides)
    assert said in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", ["magnitude", "magnitude-per-layer", "snip"])
@pytest.mark.parametrize(("scope", "last"), [(True, 39), (False, 38)])
def test_levels_that_are_impossible_depend_on_the_scope(name: str, scope: bool, last: int) -> None:
    """Counted by hand: from 15,072 weights, and from 12,000 without the first layer's."""
    left, level = 15_072 if scope else 12_000, 0
    while round(left * 2 / 10) > 0:
        left, level = left - round(left * 2 / 10), level + 1
    given = [f"recipe.prune_first={str(scope).lower()}", f"recipe.pruning_method={name}"]
    assert level in range(last - 8, last + 8)
    sweep(*given, f"subnetworks=[{{strategy: pruned, levels: [{level}]}}]")
    with pytest.raises(UserError, match=f"level {level + 1} is impossible"):
        sweep(*given, f"subnetworks=[{{strategy: pruned, levels: [{level + 1}]}}]")


def test_synflow_costs_its_steps() -> None:
    def cost(steps: int) -> float:
        options = f"recipe.pruning_options={{iterations: {steps}}}"
        return seconds(masks(sweep("recipe.pruning_method=synflow", options, PRUNED))[0])

    assert cost(400) - cost(200) == pytest.approx(2 * (cost(200) - cost(100)))


@pytest.mark.parametrize(
    ("signature", "options", "said"),
    [
        ("weights, mask, context, power=1", "powr=2", "it has no argument 'powr'"),
        ("weights, mask", "power=2", "too many positional arguments"),
        ("weights, mask, context, power", "other=2", "missing a required argument: 'power'"),
    ],
)
def test_options_that_a_function_of_ones_own_does_not_take(
    tmp_path: Path, signature: str, options: str, said: str
) -> None:
    """Told before anything is trained."""
    (tmp_path / "mine.py").write_text(f"def score({signature}):\n    return weights\n")
    plugins.use(tmp_path)
    try:
        with pytest.raises(UserError) as raised:
            sweep("recipe.pruning_method=mine:score", f"recipe.pruning_options.{options}", IMP)
        sweep("recipe.pruning_method=snip", PRUNED)
    finally:
        plugins.use(None)
    (line,) = str(raised.value).splitlines()
    assert said in line
    assert "it takes (weights, mask" in line
    assert "(mine.py:1)" in line


def test_a_stored_spec_needs_no_code_of_ones_own(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        "def score(weights, mask, context):\n    return weights\n\n\nscore.when = 'start'\n"
    )
    plugins.use(tmp_path)
    try:
        spec = sweep("recipe.pruning_method=mine:score", PRUNED)
        keys = expand(spec).jobs.keys()
        stored = resolved(spec)
    finally:
        plugins.use(None)
    (tmp_path / "mine.py").unlink()
    again = from_resolved(stored)
    assert pruning.when(again.recipe) == "start"
    assert expand(again).jobs.keys() == keys


def test_trials_of_a_method_can_be_asked_for() -> None:
    parse("strategy = snip")
    parse("strategy = mine:score")
    with pytest.raises(UserError, match="no strategy is 'snop'"):
        parse("strategy = snop")
