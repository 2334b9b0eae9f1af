"""The names of everything a sweep writes to MLflow, and the reading of it back into frames.

This module is the only place that spells an MLflow tag, param or metric. The writer
(`sweeps.run.recorder`) and every reader take their names from here.

All errors, accuracies and instabilities are percentages (0 to 100), as in the papers;
losses are mean cross-entropies in nats.

In MLflow a sweep is an experiment of the same name. Each submission of a spec is a run
(`KIND` = "sweep"); below it lies one run per trial (`KIND` = "trial"). A trial belongs to
the latest submission whose spec contains it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd
    from mlflow import MlflowClient
    from mlflow.entities import Run

# --- tags -----------------------------------------------------------------------------
KIND = "kind"  # "sweep" or "trial"
TRIAL_KEY = "trial_key"  # content key of the trial; a trial is written once an experiment
SWEEP_KEY = "sweep_key"  # content key of the spec; one submission run per spec
SUBMITTED_AT = "submitted_at"  # ISO 8601, UTC: the last time this spec was submitted
VERSION = "version."  # + package: what a submission was made with
DESCRIPTION = "mlflow.note.content"  # MLflow's own name: shown as the run's description
PARENT = "mlflow.parentRunId"  # MLflow's own name: nests trials below their submission

# --- params: what a trial is ----------------------------------------------------------
RECIPE = "recipe"  # name of the recipe
STRATEGY = "strategy"  # dense, imp, random-pruning, random-reinit
LEVEL = "level"  # pruning level; 0 for dense
REWIND = "rewind"  # k, in iterations
INIT_SEED = "init_seed"
ORDER_SEEDS = "order_seeds"  # the two order seeds, "1,2": arm 1 and arm 2
TRIAL_PARAMS = (RECIPE, STRATEGY, LEVEL, REWIND, INIT_SEED, ORDER_SEEDS)

# --- params of a submission -----------------------------------------------------------
HYPERPARAMETER = "recipe."  # + field: of the recipe
MATCHING = "matching"  # "one-std" or a number of percentage points
STABLE_BELOW = "stable_below"  # percentage points
PATH_POINTS = "path_points"
TRAIN_EXAMPLES = "train_examples"  # sampled for errors on the train split, or "all"

# --- files of a submission ------------------------------------------------------------
SPEC_FILE = "spec.yaml"
PLAN_FILE = "plan.json"

# --- metrics of a trial ---------------------------------------------------------------
WEIGHTS_LEFT = "weights_left"  # % of the prunable weights that the mask keeps
SPLITS = ("test", "train")
INSTABILITY = "instability"  # + _test, _train: highest error on the path - mean of its ends
ACCURACY = "accuracy"  # + _test, _train: mean of the two arms; + _1, _2: each arm
PATH_ERROR = "path_error"  # + _test, _train: one value a path point, step = point index
PATH_LOSS = "path_loss"  # + _test, _train: the same for the mean cross-entropy


def split_metric(name: str, split: str, arm: int | None = None) -> str:
    """The metric `name` on a split, of one arm if given: `accuracy_test`, `accuracy_test_1`."""
    return f"{name}_{split}" if arm is None else f"{name}_{split}_{arm}"


SCALAR_METRICS = (
    WEIGHTS_LEFT,
    *(split_metric(INSTABILITY, split) for split in SPLITS),
    *(split_metric(ACCURACY, split) for split in SPLITS),
    *(split_metric(ACCURACY, split, arm) for split in SPLITS for arm in (1, 2)),
)
CURVE_METRICS = tuple(
    split_metric(name, split) for name in (PATH_ERROR, PATH_LOSS) for split in SPLITS
)


# --- reading ----------------------------------------------------------------------------
class UnknownSweep(LookupError):
    """No submission of that name is recorded; `.known` lists the names that are."""

    def __init__(self, name: str, known: list[str]):
        super().__init__(f"no results are recorded for the sweep {name!r}")
        self.known = known


def latest_submission(client: MlflowClient, sweep: str) -> Run:
    """The newest submission run of a sweep. Raises `UnknownSweep`."""
    experiment = client.get_experiment_by_name(sweep)
    runs = (
        client.search_runs([experiment.experiment_id], f"tags.{KIND} = 'sweep'")
        if experiment is not None
        else []
    )
    if not runs:
        known = [
            e.name
            for e in client.search_experiments()
            if client.search_runs([e.experiment_id], f"tags.{KIND} = 'sweep'", max_results=1)
        ]
        raise UnknownSweep(sweep, sorted(known))
    return max(runs, key=lambda run: run.data.tags[SUBMITTED_AT])


def trials(client: MlflowClient, submission: Run) -> pd.DataFrame:
    """The finished trials of a submission, one row each, sorted by what they are.

    Columns: `trial` (key), `run_id`, `recipe`, `strategy`, `level`, `rewind`, `init_seed`,
    `order_seed_1`, `order_seed_2` (all but the first four integers) and `SCALAR_METRICS`.
    """
    import pandas as pd

    rows = []
    token = None
    while True:
        page = client.search_runs(
            [submission.info.experiment_id],
            # A trial is finished once all is written: one that a killed driver began is not.
            f"tags.{PARENT} = '{submission.info.run_id}' and tags.{KIND} = 'trial'"
            " and attributes.status = 'FINISHED'",
            max_results=1000,
            page_token=token,
        )
        rows += [_trial_row(run) for run in page]
        token = page.token
        if not token:
            break
    columns = [*TRIAL_COLUMNS, *SCALAR_METRICS]
    frame = pd.DataFrame(rows, columns=columns)
    return frame.sort_values(list(TRIAL_COLUMNS[2:]), ignore_index=True)


TRIAL_COLUMNS = (
    "trial",
    "run_id",
    RECIPE,
    STRATEGY,
    LEVEL,
    REWIND,
    INIT_SEED,
    "order_seed_1",
    "order_seed_2",
)


def _trial_row(run: Run) -> dict[str, object]:
    params, metrics = run.data.params, run.data.metrics
    first, second = (int(seed) for seed in params[ORDER_SEEDS].split(","))
    return {
        "trial": run.data.tags[TRIAL_KEY],
        "run_id": run.info.run_id,
        RECIPE: params[RECIPE],
        STRATEGY: params[STRATEGY],
        LEVEL: int(params[LEVEL]),
        REWIND: int(params[REWIND]),
        INIT_SEED: int(params[INIT_SEED]),
        "order_seed_1": first,
        "order_seed_2": second,
        **{name: metrics[name] for name in SCALAR_METRICS},
    }


def curves(client: MlflowClient, trials: pd.DataFrame) -> pd.DataFrame:
    """The path curves of some trials, long: one row a trial and path point.

    Columns: `trial`, `point` (0, 1, ...), `alpha` (0 is arm 2, 1 is arm 1, as in
    W(alpha) = alpha W_1 + (1 - alpha) W_2) and `CURVE_METRICS`.
    """
    import pandas as pd

    frames = []
    for trial, run_id in zip(trials["trial"], trials["run_id"], strict=True):
        histories = {name: client.get_metric_history(run_id, name) for name in CURVE_METRICS}
        curve = pd.DataFrame(
            {
                name: [metric.value for metric in sorted(history, key=lambda metric: metric.step)]
                for name, history in histories.items()
            }
        )
        curve.insert(0, "trial", trial)
        curve.insert(1, "point", range(len(curve)))
        curve.insert(2, "alpha", curve["point"] / (len(curve) - 1))
        frames.append(curve)
    if not frames:
        return pd.DataFrame(columns=["trial", "point", "alpha", *CURVE_METRICS])
    return pd.concat(frames, ignore_index=True)
