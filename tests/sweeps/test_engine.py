"""How a recipe is computed where its spec leaves that open."""

from __future__ import annotations

import pytest

from sweeps import engine
from sweeps.errors import UserError
from sweeps.loading import builtin_specs, load


def recipe_of(spec: str, *overrides: str):
    return load(spec, [f"recipe.{override}" for override in overrides])[0].recipe


def test_on_a_cpu_only_tiny_networks_are_stacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "gpus", lambda: 0)
    chosen = {name: recipe_of(name) for name in builtin_specs()}
    assert {recipe.device for recipe in chosen.values()} == {"cpu"}
    assert [n for n, recipe in chosen.items() if recipe.backend == "stacked"] == ["digits-mlp"]
    assert recipe_of("digits-mlp", "batch_size=500").backend == "loop"


def test_a_gpu_stacks_what_is_small_enough_to_share_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "gpus", lambda: 1)
    chosen = {name: recipe_of(name) for name in builtin_specs()}
    assert {recipe.device for recipe in chosen.values()} == {"cuda"}
    for name, recipe in chosen.items():
        assert recipe.backend == ("loop" if "imagenet" in name else "stacked"), name


def test_what_a_spec_says_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "gpus", lambda: 1)
    recipe = recipe_of("digits-mlp", "device=cpu", "backend=loop")
    assert (recipe.device, recipe.backend) == ("cpu", "loop")
    assert recipe.name == "digits-mlp with backend=loop, device=cpu"
    assert recipe_of("digits-mlp", "device=cpu").backend == "stacked"
    assert recipe_of("digits-mlp", "device=auto").device == "cuda"


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("backend=fast", "recipe.backend: must be 'loop' or 'stacked', not 'fast'"),
        ("device=tpu", "recipe.device: must be 'cpu' or 'cuda', not 'tpu'"),
        ("precision=fp16", "recipe.precision: must be 'fp32', 'tf32' or 'bf16', not 'fp16'"),
        ("precision=tf32", "precision tf32 goes with the device cuda; allowed on cpu: fp32, bf16"),
        ("threads=0", "threads must be at least 1, not 0"),
    ],
)
def test_what_cannot_be_is_one_line(
    monkeypatch: pytest.MonkeyPatch, override: str, message: str
) -> None:
    monkeypatch.setattr(engine, "gpus", lambda: 0)
    with pytest.raises(UserError) as error:
        recipe_of("digits-mlp", override)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_a_network_that_cannot_be_stacked_says_so() -> None:
    with pytest.raises(UserError, match="stacked is not for inception-v3"):
        recipe_of("inceptionv3-imagenet", "backend=stacked")


def test_workers_have_the_cores_and_gpus_that_a_recipe_asks_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(engine, "gpus", lambda: 0)
    monkeypatch.setattr(engine, "cores", lambda: 7)
    for threads, workers in ((1, 7), (2, 3), (7, 1)):
        recipe = recipe_of("digits-mlp", f"threads={threads}")
        assert engine.workers(recipe) == workers
        assert engine.resources(recipe) == {"cpu": threads}
    with pytest.raises(UserError, match="threads 8 is above the 7 cores of this machine"):
        engine.workers(recipe_of("digits-mlp", "threads=8"))
    with pytest.raises(UserError, match="device cuda: this machine has no GPU"):
        engine.workers(recipe_of("digits-mlp", "device=cuda"))
    monkeypatch.setattr(engine, "gpus", lambda: 4)
    recipe = recipe_of("lenet-mnist")
    assert (engine.workers(recipe), engine.resources(recipe)) == (4, {"cpu": 1, "gpu": 1})
