"""What became of the trained networks that trials compare: trained, untrained or diverged.

A network is *diverged* if its weights or its loss are not finite: nothing can be measured on it.
It is *untrained* if its test accuracy is no better than chance. Either makes instability
meaningless: a path between two networks that guess has the error of guessing everywhere, so
instability is 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import bdtrc

from analysis.evidence import Evidence, Finding, places
from analysis.formats import weights
from analysis.records import (
    ACCURACY,
    INIT_SEED,
    INSTABILITY,
    KEEP,
    LEVEL,
    LEVEL_2,
    RECIPE,
    RESTART,
    REWIND,
    SPLITS,
    STRATEGY,
    WEIGHTS_LEFT,
    WEIGHTS_LEFT_2,
    split_metric,
)
from analysis.strategies import DENSE, is_of_files, rank, strategy

LINE = [STRATEGY, LEVEL]  # a line of LMC Figure 6
CELL = [*LINE, REWIND]  # a point on it
ARM = [RECIPE, *CELL, RESTART, INIT_SEED, "order_seed"]

CHANCE_QUANTILE = 0.999

OUTCOMES = ("trained", "untrained", "diverged")


def no_better_than_chance(
    accuracy: pd.Series, examples: pd.Series, majority: pd.Series
) -> NDArray[np.bool_]:
    """Whether each network may as well guess the most frequent class.

    `accuracy` and `majority` (share of the most frequent class) in %, of so many test
    `examples`. True if the right answers are at most the 0.999 quantile of Binomial(examples,
    majority): a network that answers at random gets more than that once in 1000 times. False where
    something is NaN, which cannot be tested.
    """
    known = (accuracy.notna() & examples.notna() & majority.notna()).to_numpy(dtype=bool)
    number = examples.fillna(1).to_numpy().astype(np.int64)
    right = np.rint(accuracy.fillna(0.0).to_numpy(dtype=float) * number / 100)
    # P(X >= right) > 1 - q exactly where right <= the quantile q.
    at_least = bdtrc(right - 1, number, majority.fillna(0.0).to_numpy(dtype=float) / 100)
    return known & (at_least > 1 - CHANCE_QUANTILE)


def _ends(trials: pd.DataFrame) -> pd.DataFrame:
    """Both ends of each trial: first all of arm 1, then all of arm 2, in the order of `trials`."""
    names = [split_metric(ACCURACY, split) for split in SPLITS]
    stacked = []
    for arm in (1, 2):
        accuracies = [split_metric(ACCURACY, split, arm) for split in SPLITS]
        end = trials[[*ARM[:-1], f"order_seed_{arm}", *accuracies, WEIGHTS_LEFT]]
        end = end.set_axis([*ARM, *names, WEIGHTS_LEFT], axis="columns")
        if arm == 2:
            end[LEVEL], end[WEIGHTS_LEFT] = trials[LEVEL_2], trials[WEIGHTS_LEFT_2]
        test = end["accuracy_test"].astype("float64")
        untrained = no_better_than_chance(test, trials["test_examples"], trials["majority_test"])
        diverged = trials[f"diverged_{arm}"].astype("bool")
        stacked.append(end.assign(diverged=diverged, untrained=untrained))
    ends = pd.concat(stacked, ignore_index=True)
    # Trials recorded by an earlier version may not say what other trials of the same arm do.
    for flag in ("diverged", "untrained"):
        if ends[flag].any():
            ends[flag] = ends.groupby(ARM)[flag].transform("max").astype("bool")
    ends["untrained"] &= ~ends["diverged"]
    ends[names] = ends[names].astype("float64").mask(ends["diverged"])
    return ends


def arms(trials: pd.DataFrame) -> pd.DataFrame:
    """The trained networks behind the trials, each once though it stands in several pairs.

    Columns: `recipe`, `strategy`, `level`, `rewind`, `init_seed`, `order_seed`,
    `accuracy_test`, `accuracy_train` (%; NaN for a diverged network, whose accuracy is no
    measurement), `weights_left` (%), `diverged` and `untrained` (never both).
    """
    return _ends(trials).drop_duplicates(ARM).sort_values(ARM, ignore_index=True)


def usual(trials: pd.DataFrame) -> pd.Series[bool]:
    """Which trials are of cells: copies of W_k that are trained from k on.

    Not pairs of files, copies that start over at iteration 0 (LMC Figure 4), or two levels.
    """
    return ~from_files(trials) & (trials[RESTART] == KEEP) & ~of_levels(trials)


def of_levels(trials: pd.DataFrame) -> pd.Series[bool]:
    """Which trials are of networks of two levels."""
    return trials[LEVEL] != trials[LEVEL_2]


def from_files(frame: pd.DataFrame) -> pd.Series[bool]:
    """Which rows of a frame with a `strategy` are of networks from files."""
    return pd.Series([is_of_files(str(s)) for s in frame[STRATEGY]], index=frame.index, dtype=bool)


def alone(trials: pd.DataFrame) -> pd.Series:
    """Which trials are of one network, where there is one order seed."""
    return (trials["order_seed_1"] == trials["order_seed_2"]) & ~of_levels(trials)


def tested(trials: pd.DataFrame) -> pd.Series:
    """Which trials say what became of their networks: those of measured accuracies."""
    known = [
        trials[split_metric(ACCURACY, "test", arm)].notna()
        | trials[f"diverged_{arm}"].astype("bool")
        for arm in (1, 2)
    ]
    return known[0] & (known[1] | alone(trials))


def counting(trials: pd.DataFrame) -> pd.Series:
    """Which trials count: both ends are trained, and instability was measured; or the one is."""
    ends = _ends(trials)
    trained = ~(ends["diverged"] | ends["untrained"]).to_numpy(dtype=bool)
    first, second = trained[: len(trials)], trained[len(trials) :]
    measured = trials[split_metric(INSTABILITY, "test")].notna()
    return (measured | alone(trials)) & first & second & tested(trials)


def outcomes(trials: pd.DataFrame) -> pd.Series:
    """What became of the worse of each trial's two networks, one of `OUTCOMES`; None if unknown."""
    ends, number = _ends(trials), len(trials)
    diverged, untrained = (ends[flag].to_numpy(dtype=bool) for flag in ("diverged", "untrained"))
    worse = np.where(
        diverged[:number] | diverged[number:],
        "diverged",
        np.where(untrained[:number] | untrained[number:], "untrained", "trained"),
    )
    return pd.Series(worse, index=trials.index, dtype="object").where(tested(trials), None)


_SAID = {
    "diverged": ("diverged", "diverged"),
    "untrained": ("is no better than chance", "are no better than chance"),
}


def sentences(networks: pd.DataFrame) -> Iterator[Finding]:
    """Count the networks of a recipe that diverged, and those no better than chance, in sentences.

    None if all are trained. Each row counts `networks`, `diverged` and `untrained`, and has a
    `strategy`, a `level` and `weights_left` (%).
    """
    total = int(networks["networks"].sum())
    for flag, (one, more) in _SAID.items():
        count = int(networks[flag].sum())
        if count:
            where = "" if count == total else f": {', '.join(_by_line(networks, flag))}"
            says = f"{count} of {total} networks {one if count == 1 else more}{where}."
            affected = networks[networks[flag] > 0]
            yield Finding(says, Evidence("cells", places(affected, [RECIPE, *CELL])))


def _by_line(networks: pd.DataFrame, flag: str) -> Iterable[str]:
    """Where they are: "4 of 6 IMP, 8.6 % left"."""
    lines = [(str(name), level, line) for (name, level), line in networks.groupby(LINE)]
    for name, _, line in sorted(lines, key=lambda line: (rank(line[0]), line[1])):
        if line[flag].any():
            left = "" if name == DENSE else f" with {weights(line[WEIGHTS_LEFT].mean())} % left"
            count, total = int(line[flag].sum()), int(line["networks"].sum())
            yield f"{count} of {total} {strategy(name).label}{left}"
