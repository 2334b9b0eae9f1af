"""Ray Tune's searches and schedulers on `InstabilityTrial`, as docs/how-to/ray-tune.md has them."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import ray
from harness import PATIENCE, Sweep
from optuna.trial import FrozenTrial, TrialState
from ray import tune
from ray.cluster_utils import Cluster
from ray.tune.schedulers import ASHAScheduler, PopulationBasedTraining
from ray.tune.search.optuna import OptunaSearch

from trainables import InstabilityTrial

RECIPE = {"base": "digits-mlp", "length": 60, "backend": "loop"}


@pytest.fixture(scope="module")
def one_core() -> Iterator[None]:
    """A Ray of its own, on which one trial runs at a time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("RAY_ADDRESS", raising=False)
        ray.init(
            address="local",
            num_cpus=1,
            include_dashboard=False,
            log_to_driver=False,
            logging_level="error",
        )
        yield
        ray.shutdown()


def fit(folder: Path, space: dict[str, Any], **config: Any) -> tune.ResultGrid:
    """Search a space in one process, with the store in a home as `sweeps` has it."""
    return tune.Tuner(
        InstabilityTrial,
        param_space={"store": str(folder / "home" / "store"), **space},
        tune_config=tune.TuneConfig(reuse_actors=True, **config),
        run_config=tune.RunConfig(storage_path=str(folder / "tune"), verbose=0),
    ).fit()


def test_optuna_asha_and_a_sweep_on_one_store(one_core: None, tmp_path: Path) -> None:
    """Optuna hears the worst of what diverged or was stopped; nothing is trained twice."""
    recipe = {**RECIPE, "learning_rate": tune.loguniform(1e-6, 1e30), "warmup": tune.randint(0, 11)}
    space = {
        "recipe": recipe,
        "rewind": tune.qrandint(0, 20, 10),
        "evaluate": {"every": 10, "examples": "all"},
    }
    good = {"recipe/learning_rate": 0.1, "recipe/warmup": 10, "rewind": 0}
    diverges, lags = ({**good, "recipe/learning_rate": rate} for rate in (1e30, 1e-6))
    sweep = Sweep(tmp_path / "home")

    search = OptunaSearch(seed=1, points_to_evaluate=[good, diverges])
    grid = fit(tmp_path, space, search_alg=search, metric="objective", mode="min", num_samples=3)
    assert [one.state for one in told(search)] == [TrialState.COMPLETE] * 3
    assert told(search)[1].value == 100
    first, diverged, sampled = (by_rate(grid)[one.params[RATE]] for one in told(search))
    assert diverged.metrics["diverged"]
    assert diverged.metrics["objective"] == 100
    assert {type(sampled.config["rewind"]), type(sampled.config["recipe"]["warmup"])} == {int}
    best = grid.get_best_result()
    assert best.metrics["objective"] == search._ot_study.best_value < 100
    trained = sweep.artifacts()

    search = OptunaSearch(metric="objective", mode="min", points_to_evaluate=[good, lags])
    asha = ASHAScheduler("iteration", "error_test", "min", max_t=60, grace_period=20)
    grid = fit(tmp_path, space, search_alg=search, scheduler=asha, num_samples=2)
    again, stopped = (by_rate(grid)[one.params[RATE]] for one in told(search))
    assert again.metrics["objective"] == first.metrics["objective"] == told(search)[0].value
    assert again.metrics["training_iteration"] == 1  # it was in the store
    assert stopped.metrics["iteration"] == 20
    assert told(search)[1].state == TrialState.COMPLETE
    assert told(search)[1].value == 100
    # What was stopped left its W_0 and the list of what it needs, and gave back what it had
    # reserved.
    assert {one.partition("/")[0] for one in sweep.artifacts() - trained} <= {"state", "tune"}
    assert not list((sweep.home / "store" / "leases").rglob("*.json"))

    trained = sweep.artifacts()
    fields = {name: value for name, value in best.config["recipe"].items() if name != "base"}
    overrides = [f"recipe.{name}={value}" for name, value in fields.items()]
    overrides += [f"rewind=[{best.config['rewind']}]", "inits=1", "orders=2", "subnetworks=[dense]"]
    sweep.arguments = ("digits-mlp", *[part for one in overrides for part in ("--set", one)])
    status, output = sweep.run()
    assert status == 0, output
    assert "nothing to do" in output
    assert sweep.artifacts() == trained


RATE = "recipe/learning_rate"


def told(search: OptunaSearch) -> list[FrozenTrial]:
    """Return Optuna's trials, in the order in which it chose them."""
    trials: list[FrozenTrial] = search._ot_study.trials
    return trials


def by_rate(grid: tune.ResultGrid) -> dict[float, tune.Result]:
    assert not grid.errors
    return {one.config["recipe"]["learning_rate"]: one for one in grid}


@pytest.mark.slow
def test_population_based_training_is_refused_with_its_reason(
    one_core: None, tmp_path: Path
) -> None:
    scheduler = PopulationBasedTraining(
        time_attr="iteration",
        perturbation_interval=20,
        hyperparam_mutations={"recipe": {"learning_rate": tune.loguniform(0.01, 0.5)}},
        quantile_fraction=0.5,
    )
    space = {
        "recipe": {**RECIPE, "learning_rate": tune.grid_search([1e-6, 0.1])},
        "evaluate": {"every": 10, "examples": "all"},
    }
    grid = fit(tmp_path, space, scheduler=scheduler, metric="error_test", mode="min")
    (error,) = grid.errors
    last = str(error).strip().splitlines()[-1]
    assert last.startswith("ValueError: InstabilityTrial: this is another trial's checkpoint. ")
    assert "Population-based training changes hyperparameters in the midst of training" in last
    assert sorted(one.metrics["iteration"] for one in grid)[-1] == 60


SEARCH = """
import sys
from pathlib import Path
import ray
from ray import tune
from ray.tune.search.optuna import OptunaSearch
from trainables import InstabilityTrial

address, store, storage = sys.argv[1:]
raylets = set()

class Parents(tune.Callback):
    def on_trial_result(self, iteration, trials, trial, result, **_):
        status = Path(f"/proc/{result['pid']}/stat").read_text()
        raylets.add(int(status.rpartition(")")[2].split()[1]))

ray.init(address=address, log_to_driver=False, logging_level="error")
space = {
    "recipe": {
        "base": "digits-mlp",
        "length": 600,
        "backend": "loop",
        "learning_rate": tune.loguniform(0.01, 1.0),
        "warmup": tune.randint(0, 61),
    },
    "rewind": tune.choice([0, 30, "10 %"]),
    "store": store,
}
search = OptunaSearch(metric="objective", mode="min", seed=1)
found = tune.Tuner(
    InstabilityTrial,
    param_space=space,
    tune_config=tune.TuneConfig(
        search_alg=search, num_samples=8, max_concurrent_trials=2, reuse_actors=True
    ),
    run_config=tune.RunConfig(storage_path=storage, verbose=0, callbacks=[Parents()]),
).fit()
assert not found.errors, found.errors
assert sorted(one.metrics["objective"] for one in found) == sorted(
    one.value for one in search._ot_study.trials
)
assert len(raylets) == 2, raylets
print("COMPLETE")
"""


@pytest.mark.slow
def test_optuna_on_two_machines(tmp_path: Path) -> None:
    """Both raylets train, into one store."""
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    try:
        cluster.add_node(num_cpus=1)
        home = tmp_path / "home"
        script = [sys.executable, "-c", SEARCH, cluster.address, str(home / "store"), str(tmp_path)]
        done = subprocess.run(script, capture_output=True, text=True, timeout=PATIENCE)
    finally:
        cluster.shutdown()
    assert done.stdout.strip().endswith("COMPLETE"), done.stdout[-2000:] + done.stderr[-2000:]
    kinds = Counter(one.partition("/")[0] for one in Sweep(home).artifacts())
    assert kinds["arm"] == 2 * kinds["instability"] == 16
    assert not Sweep(home).checkpoints()
    assert not list((home / "store" / "leases").rglob("*.json"))
