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
        shape = engine.shape(recipe_of("digits-mlp", f"threads={threads}"))
        assert shape == {"CPU": threads}
        assert engine.this_machine().workers(shape) == workers
    monkeypatch.setattr(engine, "gpus", lambda: 4)
    shape = engine.shape(recipe_of("lenet-mnist"))
    assert shape == {"CPU": 1, "GPU": 1}
    assert engine.this_machine().workers(shape) == 4


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ({"CPU": 8}, "a worker needs 8 CPU; no machine of the cluster has more than 4 CPU"),
        (
            {"CPU": 1, "GPU": 2},
            "a worker needs 2 GPU; no machine of the cluster has more than 1",
        ),
        (
            {"CPU": 1, "TPU": 1},
            "a worker needs 1 TPU; no machine of the cluster has more than 0",
        ),
        ({"CPU": 3, "GPU": 1}, "a worker needs 3 CPU, 1 GPU; no machine of the cluster has"),
    ],
)
def test_what_can_never_be_placed_says_what_is_missing(
    shape: dict[str, float], message: str
) -> None:
    cluster = engine.Machines([{"CPU": 4}, {"CPU": 2, "GPU": 1}])
    with pytest.raises(UserError) as error:
        cluster.workers(shape)
    assert str(error.value).startswith(message)


def test_workers_share_a_gpu_where_the_spec_says_so() -> None:
    cluster = engine.Machines([{"CPU": 16, "GPU": 2}, {"CPU": 3, "GPU": 1}, {"CPU": 64}])
    sweep, _ = load("lenet-mnist", ["recipe.device=cuda", "resources.gpus=0.1"])
    assert sweep.demand.worker == {"CPU": 1, "GPU": 0.1}
    assert cluster.workers(sweep.demand.worker) == 16 + 3
    sweep, _ = load("lenet-mnist", ["recipe.device=cuda", "resources={cpus: 0, gpus: 0.1}"])
    assert cluster.workers(sweep.demand.worker) == 20 + 10
    with pytest.raises(UserError, match="neither a share of one nor whole ones"):
        load("lenet-mnist", ["resources.gpus=1.5"])
    with pytest.raises(UserError, match=r"resources\.gpu: unknown key; did you mean 'gpus'"):
        load("lenet-mnist", ["resources.gpu=1"])


def test_a_recipe_is_chosen_for_the_machines_it_will_run_on() -> None:
    cluster = engine.Machines([{"CPU": 4}, {"CPU": 8, "GPU": 1}])
    assert load("lenet-mnist", machines=cluster)[0].recipe.device == "cuda"
    cluster = engine.Machines([{"CPU": 4}])
    assert load("lenet-mnist", machines=cluster)[0].recipe.device == "cpu"
