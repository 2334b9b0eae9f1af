"""The names of everything a sweep writes to MLflow, and the reading of it back into frames.

This module is the only place that spells an MLflow tag, param or metric. The writer
(`sweeps.running.recorder`) and every reader take their names from here.

All errors, accuracies and instabilities are percentages (0 to 100), as in the papers;
losses are mean cross-entropies in nats.

In MLflow a sweep is an experiment of the same name. Each submission of a spec is a run
(`KIND` = "sweep"); below it lies one run per trial (`KIND` = "trial"), and per training of which
there is a learning curve (`KIND` = "training"). MLflow shows a trial below
the latest submission whose spec contains it; `TRIALS_FILE` lists every trial of a submission.

Records of earlier versions stay readable. They keep path curves as stepped metrics rather than in
`PATH_FILE`, and lack `END_METRICS`, `TRIALS_FILE` and `SWEEP_FILE`.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    import pandas as pd
    from mlflow import MlflowClient
    from mlflow.entities import Experiment, Run
    from mlflow.store.entities import PagedList

T = TypeVar("T")

# --- tags -----------------------------------------------------------------------------
KIND = "kind"  # "sweep", "trial" or "training"
TRIAL_KEY = "trial_key"  # content key of the trial; each experiment has a trial once
CURVE_KEY = "curve_key"  # content key of a training's learning curve
TITLE = "title"  # what a training is, in a few words
SWEEP_KEY = "sweep_key"  # content key of the spec; each spec has one submission
SUBMITTED_AT = "submitted_at"  # ISO 8601, UTC: when this spec was last submitted
VERSION = "version."  # + package: its version when the spec was submitted
PLUGIN = "plugin."  # + module:object: identity of the user's own code in a submission
DRIVER = "driver"  # host and process id of the driver that writes, or wrote, a submission
UNMEASURED = "unmeasured"  # number of trials that need weights of a diverged training
OUTCOME = "outcome"  # trained, untrained or diverged: the worse of a trial's two networks
ARTIFACT = "artifact."  # + arm_1, arm_2, mask, mask_2 (of arm 2), a measure: places in the store
MEASURED = "measured."  # + measure: key of the measurement that is recorded
DESCRIPTION = "mlflow.note.content"  # MLflow's own name: shown as the run's description
PARENT = "mlflow.parentRunId"  # MLflow's own name: nests trials below their submission
# --- params: what a trial is ----------------------------------------------------------
RECIPE = "recipe"  # name of the recipe
STRATEGY = "strategy"  # dense, imp, random-pruning, ...; a pruning method's name; files:A,B
LEVEL = "level"  # pruning level; 0 for dense
REWIND = "rewind"  # k, in iterations
INIT_SEED = "init_seed"  # seed of the initial weights
ORDER_SEEDS = "order_seeds"  # the two order seeds, "1,2": arm 1 and arm 2; "1" of one arm alone
LEVEL_2 = "level_2"  # level of the second network; absent where both have one level
RESTART = "restart"  # reset: trained from iteration 0 on after copying; absent or keep: from k on
KEEP, RESET = "keep", "reset"
TRIAL_PARAMS = (RECIPE, STRATEGY, LEVEL, REWIND, INIT_SEED, ORDER_SEEDS)

# --- params of a training, beside recipe, strategy, level and init_seed -----------------
BEGIN, END = "begin", "end"  # the iterations at which it begins (k of a copy) and ends
ORDER_SEED = "order_seed"  # seed of its data order
PHASE = "phase"  # "pretrain" for a training up to W_k, "train" for a copy up to the end

# --- params of a submission -----------------------------------------------------------
HYPERPARAMETER = "recipe."  # + field: of the recipe
MATCHING = "matching"  # "one-std", "bands-overlap" or a number of percentage points
STABLE_BELOW = "stable_below"  # percentage points
PATH_POINTS = "path_points"  # points of a path, ends included
TRAIN_EXAMPLES = "train_examples"  # number that errors on the train split are of, or "all"
BATCHNORM = "batchnorm"  # along a path: "interpolate", or "recalibrate (32 batches)"
MEASURES = "measures"  # what is measured: names, with the options that tell them apart
LEVEL_MEASURES = "measures_of_levels"  # the same for trials of two levels
PRETRAIN_ORDER = "pretrain_order"  # order seed of the training from W_0 to W_k
IMP_ORDER = "imp_order"  # order seed of the trainings that IMP prunes after
ADAPTIVE = "imp_adaptive"  # how adaptive pruning measures losses; absent where there is none
PERTURBED = "perturbed"  # "rewound" or "trained": whose norm; absent where there is none
VARY = "vary"  # names of what varies; absent where the spec has one recipe

# --- files of a submission ------------------------------------------------------------
SPEC_FILE = "spec.yaml"  # as the user wrote it, with the overrides noted
SWEEP_FILE = "sweep.json"  # every field of the spec, as it was resolved
PLAN_FILE = "plan.json"  # numbers of jobs, and estimates of time and storage
TRIALS_FILE = "trials.json"  # the keys of all trials of the spec
RECIPES_FILE = "recipes.json"  # where something varies: params, values and trials of each recipe
COLUMNS_FILE = "columns.json"  # name, measure, unit, axis and meaning of what is measured

# --- metrics and file of a training, at the step of each iteration --------------------
LEARNING_FILE = "learning.csv"  # its whole learning curve, a row per point
LEARNING_METRICS = ("error_test", "error_train", "loss_test", "loss_train")
LEARNING_RATE = "learning_rate"  # at that iteration

# --- files of a trial -----------------------------------------------------------------
PATH_FILE = "path.csv"  # errors and losses along the path

# --- metrics of a trial ---------------------------------------------------------------
WEIGHTS_LEFT = "weights_left"  # % of the prunable weights that the mask keeps
WEIGHTS_LEFT_2 = "weights_left_2"  # the same for the second network, in trials of two levels
SPLITS = ("test", "train")
INSTABILITY = "instability"  # + _test, _train: highest error on the path minus mean of its ends
ACCURACY = "accuracy"  # + _test, _train: mean of the two arms; + _1, _2: each arm
PATH_ERROR = "path_error"  # + _test, _train: one value per path point
PATH_LOSS = "path_loss"  # + _test, _train: the same for the mean cross-entropy


def split_metric(name: str, split: str, arm: int | None = None) -> str:
    """The metric `name` on a split, of one arm if given: `accuracy_test`, `accuracy_test_1`."""
    return f"{name}_{split}" if arm is None else f"{name}_{split}_{arm}"


SCALAR_METRICS = (
    WEIGHTS_LEFT,
    WEIGHTS_LEFT_2,
    *(split_metric(INSTABILITY, split) for split in SPLITS),
    *(split_metric(ACCURACY, split) for split in SPLITS),
    *(split_metric(ACCURACY, split, arm) for split in SPLITS for arm in (1, 2)),
)
CURVE_METRICS = tuple(
    split_metric(name, split) for name in (PATH_ERROR, PATH_LOSS) for split in SPLITS
)
DIVERGED = "diverged"  # + _1, _2: 1 if weights or loss of an arm's end are not finite, else 0
TEST_EXAMPLES = "test_examples"  # examples of the test split
MAJORITY_TEST = "majority_test"  # % of the test examples that are of the most frequent class
END_METRICS = (TEST_EXAMPLES, MAJORITY_TEST, f"{DIVERGED}_1", f"{DIVERGED}_2")


# --- reading ----------------------------------------------------------------------------
IS_SUBMISSION = f"tags.{KIND} = 'sweep'"
IS_TRIAL = f"tags.{KIND} = 'trial'"
IS_TRAINING = f"tags.{KIND} = 'training'"
"""MLflow's filters of runs."""


class UnknownSweep(LookupError):
    """No submission of that name is recorded; `.known` lists the names that are."""

    def __init__(self, name: str, known: list[str], deleted: bool = False):
        why = " (its experiment was deleted in MLflow: running it again restores it)"
        super().__init__(f"no results are recorded for the sweep {name!r}{why if deleted else ''}")
        self.known = known


def submissions(client: MlflowClient, sweep: str) -> list[Run]:
    """The submissions of a sweep, the latest first. Raises `UnknownSweep` if there are none."""
    experiment = client.get_experiment_by_name(sweep)
    runs = _submissions(client, experiment.experiment_id) if experiment is not None else []
    if not runs:
        deleted = experiment is not None and experiment.lifecycle_stage == "deleted"
        raise UnknownSweep(sweep, sorted(sweeps(client)), deleted)
    return runs


def sweeps(client: MlflowClient) -> dict[str, list[Run]]:
    """The submissions of every sweep that has any, by the sweep's name, the latest first."""
    found = {e.name: _submissions(client, e.experiment_id) for e in _experiments(client)}
    return {name: runs for name, runs in found.items() if runs}


def _experiments(client: MlflowClient) -> list[Experiment]:
    return list(_pages(lambda token: client.search_experiments(page_token=token)))


def _submissions(client: MlflowClient, experiment: str) -> list[Run]:
    found = search(client, experiment, IS_SUBMISSION)
    return sorted(found, key=lambda run: run.data.tags.get(SUBMITTED_AT, ""), reverse=True)


def trial_runs(client: MlflowClient, experiment: str) -> list[Run]:
    """The runs of all finished trials of an experiment, by its id: those with all written."""
    return search(client, experiment, f"{IS_TRIAL} and attributes.status = 'FINISHED'")


def trials(runs: Iterable[Run]) -> pd.DataFrame:
    """The trials of some runs, one row each, sorted by what they are.

    Columns: `TRIAL_COLUMNS`, `SCALAR_METRICS` (NaN where a run lacks one), `TEST_EXAMPLES`,
    `MAJORITY_TEST` (NaN where unknown), and `diverged_1`, `diverged_2` (bool); then whatever other
    measures have recorded (NaN where a run lacks it), sorted by name. `submission` is the id of
    the run below which MLflow shows the trial. `level_2` is `level` but in trials of two levels. Of
    a trial of one network both order seeds are the same (`ends.alone`), its accuracy is that of
    arm 1, and what is of arm 2 is NaN. A diverged arm has no accuracy, its trial no instability.
    """
    import pandas as pd

    # A trial is there twice if its run was deleted, recorded again, and then restored by hand.
    once = {run.data.tags[TRIAL_KEY]: run for run in runs}
    rows = [_trial_row(run) for run in once.values()]
    usual = [*TRIAL_COLUMNS, *SCALAR_METRICS, *END_METRICS]
    others = sorted({name for row in rows for name in row}.difference(usual))
    frame = pd.DataFrame(rows, columns=[*usual, *others])
    frame = frame.astype({f"{DIVERGED}_1": bool, f"{DIVERGED}_2": bool})
    frame = frame.astype(dict.fromkeys(others, "float64"))
    return frame.sort_values([*IDENTIFYING, "trial"], ignore_index=True)


def search(client: MlflowClient, experiment: str, filter_string: str) -> list[Run]:
    """All runs of an experiment, by its id, that MLflow's filter chooses."""
    return list(
        _pages(
            lambda token: client.search_runs(
                [experiment], filter_string, max_results=1000, page_token=token
            )
        )
    )


def _pages(page_after: Callable[[str | None], PagedList[T]]) -> Iterator[T]:
    token = None
    while True:
        page = page_after(token)
        yield from page
        token = page.token
        if not token:
            return


IDENTIFYING = (STRATEGY, LEVEL, LEVEL_2, REWIND, RESTART, INIT_SEED, "order_seed_1", "order_seed_2")
"""What a trial is among those of its recipe."""

TRIAL_COLUMNS = ("trial", "run_id", "submission", RECIPE, *IDENTIFYING)


def _trial_row(run: Run) -> dict[str, object]:
    params = run.data.params
    metrics = {name: _finite_or_not(value) for name, value in run.data.metrics.items()}
    first, *others = (int(seed) for seed in params[ORDER_SEEDS].split(","))
    second = others[0] if others else first
    row: dict[str, object] = {
        "trial": run.data.tags[TRIAL_KEY],
        "run_id": run.info.run_id,
        "submission": run.data.tags.get(PARENT, ""),
        RECIPE: params[RECIPE],
        STRATEGY: params[STRATEGY],
        LEVEL: int(params[LEVEL]),
        LEVEL_2: int(params.get(LEVEL_2, params[LEVEL])),
        REWIND: int(params[REWIND]),
        RESTART: params.get(RESTART, KEEP),
        INIT_SEED: int(params[INIT_SEED]),
        "order_seed_1": first,
        "order_seed_2": second,
        **{name: metrics.get(name, math.nan) for name in (*SCALAR_METRICS, *END_METRICS)},
        **{name: value for name, value in metrics.items() if name not in CURVE_METRICS},
    }
    row[WEIGHTS_LEFT_2] = metrics.get(WEIGHTS_LEFT_2, row[WEIGHTS_LEFT])
    if not others:
        row |= {split_metric(ACCURACY, s): row[split_metric(ACCURACY, s, 1)] for s in SPLITS}
    diverged = {f"{DIVERGED}_{arm}": _diverged(metrics, arm) for arm in (1, 2)}
    for split in SPLITS if any(diverged.values()) else ():
        row |= {split_metric(name, split): math.nan for name in (INSTABILITY, ACCURACY)}
        row |= {
            split_metric(ACCURACY, split, arm): math.nan
            for arm in (1, 2)
            if diverged[f"{DIVERGED}_{arm}"]
        }
    return row | diverged


def _finite_or_not(value: float) -> float:
    """Return a metric as it was logged: MLflow's databases hold the largest float for infinity."""
    return math.copysign(math.inf, value) if abs(value) >= sys.float_info.max else value


def _diverged(metrics: Mapping[str, float], arm: int) -> bool:
    """Whether an arm's end is not finite.

    Earlier versions did not record it. All of such a network's answers count as wrong, on both
    splits, which those of a network that computes anything never are.
    """
    if f"{DIVERGED}_{arm}" in metrics:
        return metrics[f"{DIVERGED}_{arm}"] != 0
    return all(metrics.get(split_metric(ACCURACY, split, arm)) == 0 for split in SPLITS)


def measured(run: Run) -> dict[str, str]:
    """Label -> key of each measurement that a finished trial's run holds.

    Earlier versions measured instability alone, whose key is the trial's, and had no tag for it.
    """
    tags = run.data.tags
    found = {n.removeprefix(MEASURED): key for n, key in tags.items() if n.startswith(MEASURED)}
    if split_metric(ACCURACY, "test") in run.data.metrics:
        found.setdefault(INSTABILITY, tags[TRIAL_KEY])
    return found


def holds(run: Run, submission: Run) -> bool:
    """Whether a finished trial's run has all that a submission measures.

    A measure of one network is there of each, as NAME_1 and NAME_2.
    """
    labels = measured(run).keys()
    networks = range(1, 1 + len(run.data.params[ORDER_SEEDS].split(",")))
    measures = LEVEL_MEASURES if LEVEL_2 in run.data.params else MEASURES
    for wanted in filter(None, submission.data.params.get(measures, INSTABILITY).split(",")):
        name, slash, options = wanted.partition("/")
        each = {f"{name}_{network}{slash}{options}" for network in networks}
        if wanted not in labels and not each <= labels:
            return False
    return True
