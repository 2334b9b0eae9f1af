"""How a recipe is computed where its spec leaves that open."""

from __future__ import annotations

from pathlib import Path

import pytest

from sweeps import placement
from sweeps.errors import UserError
from sweeps.loading import builtin_specs, load
from trainables.completing import devices


def recipe_of(spec: str, *overrides: str):
    return load(spec, [f"recipe.{override}" for override in overrides])[0].recipe


def test_on_a_cpu_only_tiny_networks_are_stacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(placement, "gpus", lambda: 0)
    chosen = {name: recipe_of(name) for name in builtin_specs()}
    assert {recipe.device for recipe in chosen.values()} == {"cpu"}
    stacked = {recipe.network for recipe in chosen.values() if recipe.backend == "stacked"}
    assert stacked == {"digits-mlp"}
    assert all(r.backend == "stacked" for r in chosen.values() if r.network == "digits-mlp")
    assert recipe_of("digits-mlp", "batch_size=500").backend == "loop"


def test_a_gpu_stacks_networks_without_convolutions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(placement, "gpus", lambda: 1)
    chosen = {name: recipe_of(name) for name in builtin_specs()}
    assert {recipe.device for recipe in chosen.values()} == {"cuda"}
    for name, recipe in chosen.items():
        stacks = recipe.network in ("digits-mlp", "lenet-300-100")
        assert recipe.backend == ("stacked" if stacks else "loop"), name
    assert recipe_of("resnet20-cifar10", "backend=stacked").backend == "stacked"


def test_what_a_spec_says_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(placement, "gpus", lambda: 1)
    recipe = recipe_of("digits-mlp", "device=cpu", "backend=loop")
    assert (recipe.device, recipe.backend) == ("cpu", "loop")
    assert recipe.name == "digits-mlp with backend=loop, device=cpu"
    assert recipe_of("digits-mlp", "device=cpu").backend == "stacked"
    assert recipe_of("digits-mlp", "device=auto").device == "cuda"


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("backend=fast", "recipe.backend: there is no 'fast'; allowed: auto, loop, stacked"),
        ("device=tpu", "recipe.device: there is no 'tpu'; did you mean 'cpu'?"),
        ("precision=fp16", "allowed: bf16, fp32, tf32"),
        ("precision=tf32", "precision tf32 goes with the device cuda; allowed on cpu: fp32, bf16"),
        ("threads=0", "threads must be at least 1, not 0"),
    ],
)
def test_what_cannot_be_is_one_line(
    monkeypatch: pytest.MonkeyPatch, override: str, message: str
) -> None:
    monkeypatch.setattr(placement, "gpus", lambda: 0)
    with pytest.raises(UserError) as error:
        recipe_of("digits-mlp", override)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_a_network_that_cannot_be_stacked_says_so() -> None:
    with pytest.raises(UserError, match="stacked is not for inception-v3"):
        recipe_of("inceptionv3-imagenet", "backend=stacked", "slices=1", "workers=1")


def test_workers_have_the_cores_and_gpus_that_a_recipe_asks_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(placement, "gpus", lambda: 0)
    monkeypatch.setattr(placement, "cores", lambda: 7)
    for threads, workers in ((1, 7), (2, 3), (7, 1)):
        shape = devices.shape(recipe_of("digits-mlp", f"threads={threads}"))
        assert shape == {"CPU": threads}
        assert placement.this_machine().workers(shape) == workers
    monkeypatch.setattr(placement, "gpus", lambda: 4)
    shape = devices.shape(recipe_of("lenet-mnist"))
    assert shape == {"CPU": 1, "GPU": 1}
    assert placement.this_machine().workers(shape) == 4


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
    cluster = placement.Machines([{"CPU": 4}, {"CPU": 2, "GPU": 1}])
    with pytest.raises(UserError) as error:
        cluster.workers(shape)
    assert str(error.value).startswith(message)


def test_workers_share_a_gpu_where_the_spec_says_so() -> None:
    cluster = placement.Machines([{"CPU": 16, "GPU": 2}, {"CPU": 3, "GPU": 1}, {"CPU": 64}])
    sweep, _ = load("lenet-mnist", ["recipe.device=cuda", "resources.gpus=0.1"])
    assert sweep.demand.worker == {"CPU": 1, "GPU": 0.1}
    assert cluster.workers(sweep.demand.worker) == 16 + 3
    sweep, _ = load("lenet-mnist", ["recipe.device=cuda", "resources={cpus: 0, gpus: 0.1}"])
    assert cluster.workers(sweep.demand.worker) == 20 + 10
    with pytest.raises(UserError, match="neither a share of one nor whole ones"):
        load("lenet-mnist", ["resources.gpus=1.5"])
    with pytest.raises(UserError, match=r"resources\.gpu: unknown key; did you mean 'gpus'"):
        load("lenet-mnist", ["resources.gpu=1"])


def team_of(workers: int, *overrides: str) -> placement.Demand:
    changes = [f"recipe.workers={workers}", "recipe.slices=8", "recipe.backend=loop"]
    return load("lenet-mnist", ["recipe.batch_size=64", *changes, *overrides])[0].demand


def test_trainings_with_workers_fit_where_all_of_them_do() -> None:
    cluster = placement.Machines([{"CPU": 7, "trial_driver": 16}, {"CPU": 6}, {"GPU": 1}])
    for workers, trainings in ((1, 13), (2, 6), (4, 3), (8, 1)):
        assert cluster.trainings(team_of(workers)) == trainings
    # Their trial itself holds none of what the workers need.
    assert team_of(2).trial == {"trial_driver": 1}
    assert team_of(1).trial == {"CPU": 1}
    few = placement.Machines([{"CPU": 100, "trial_driver": 3}])
    assert few.trainings(team_of(2)) == 3


def test_workers_that_can_never_be_placed_say_what_is_missing() -> None:
    small = placement.Machines([{"CPU": 4, "trial_driver": 16}, {"CPU": 2}])
    with pytest.raises(UserError) as error:
        small.trainings(team_of(8))
    assert str(error.value) == (
        "a training needs 8 workers with 1 CPU each; the cluster has room for 6: set "
        "recipe.workers, which changes no result"
    )
    with pytest.raises(UserError, match="a worker needs 1 GPU; no machine of the cluster"):
        small.trainings(team_of(2, "recipe.device=cuda"))
    bare = placement.Machines([{"CPU": 8}])
    with pytest.raises(UserError, match="needs 1 trial_driver; the cluster has none: start its"):
        bare.trainings(team_of(2))
    assert bare.trainings(team_of(1)) == 8


def test_images_from_files_are_decoded_beside_a_gpu() -> None:
    on_gpus, _ = load("resnet50-imagenet", ["recipe.device=cuda"])
    assert on_gpus.demand == placement.Demand({"CPU": 8, "GPU": 1}, 8)
    assert devices.decoders(on_gpus.recipe, on_gpus.demand.worker) == 7
    on_cpus, _ = load("resnet50-imagenet", ["recipe.device=cpu"])
    assert on_cpus.demand == placement.Demand({"CPU": 1}, 8)
    assert devices.decoders(on_cpus.recipe, on_cpus.demand.worker) == 0
    asked, _ = load("resnet50-imagenet", ["recipe.device=cpu", "resources.cpus=3"])
    assert devices.decoders(asked.recipe, asked.demand.worker) == 2
    in_memory, _ = load("lenet-mnist", ["resources.cpus=3"])
    assert devices.decoders(in_memory.recipe, in_memory.demand.worker) == 0


def test_a_recipe_is_chosen_for_the_machines_it_will_run_on() -> None:
    cluster = placement.Machines([{"CPU": 4}, {"CPU": 8, "GPU": 1}])
    assert load("lenet-mnist", machines=cluster)[0].recipe.device == "cuda"
    cluster = placement.Machines([{"CPU": 4}])
    assert load("lenet-mnist", machines=cluster)[0].recipe.device == "cpu"


@pytest.mark.parametrize(
    ("setting", "number"),
    [
        (None, 4),
        ("", 0),
        ("-1", 0),
        ("NoDevFiles", 0),
        ("2", 1),
        ("0,1", 2),
        (" 3 , 1 ", 2),
        ("0,-1,1", 1),
        ("0,4,1", 1),
        ("0,0", 0),
        ("GPU-1a2b,GPU-3c4d", 2),
        ("MIG-1a2b", 1),
        ("0,1,2,3,4,5", 4),
    ],
)
def test_gpus_are_those_that_cuda_leaves(
    setting: str | None, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CUDA's own rules (the programming guide's section on environment variables)."""
    monkeypatch.setattr(placement, "_driver_gpus", lambda: 4)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", setting or "")
    if setting is None:
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    assert placement.gpus() == number


def test_a_device_file_without_a_driver_is_no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    def lacking(name: str) -> None:
        raise OSError(f"{name}: cannot open shared object file")

    monkeypatch.setattr(placement.ctypes, "CDLL", lacking)
    assert placement._driver_gpus.__wrapped__() == 0


@pytest.mark.parametrize(
    ("files", "share"),
    [
        ({"cpu.max": "max 100000\n"}, 99),
        ({"cpu.max": "150000 100000\n"}, 1),
        ({"cpu.max": "50000 100000\n"}, 1),
        ({"cpu.max": "300000 100000\n"}, 3),
        ({"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, 99),
        ({"cpu/cpu.cfs_quota_us": "400000\n", "cpu/cpu.cfs_period_us": "100000\n"}, 4),
        ({}, 99),
    ],
)
def test_cores_are_no_more_than_a_containers_share(
    files: dict[str, str], share: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content)
    monkeypatch.setattr(placement, "CGROUP", tmp_path)
    monkeypatch.setattr(placement.os, "sched_getaffinity", lambda pid: set(range(99)))
    assert placement.cores() == share


def test_more_threads_than_cores_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(placement, "cores", lambda: 2)
    placement.check_threads(recipe_of("digits-mlp", "threads=2"))
    with pytest.raises(UserError, match=r"recipe\.threads: 64 threads; this machine has 2 CPU"):
        placement.check_threads(recipe_of("digits-mlp", "threads=64"))
