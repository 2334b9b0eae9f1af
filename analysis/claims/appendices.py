"""What LMC's appendices C, D, G and H say."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.claims.claim import Answer, Claim, Shown, every
from analysis.claims.dense import dense_onset
from analysis.figures.lmc.means import line_of
from analysis.figures.lmc.throughout import progress_of
from analysis.formats import number
from analysis.onsets import onsets
from analysis.records import REWIND
from analysis.statistics import below
from analysis.strategies import CONTROLS, DENSE, IMP, strategy

if TYPE_CHECKING:
    from analysis.study import Study

ALIKE = 2.0
"""Points between test and train instability that count as nearly identical."""

SUBSTANTIAL = 0.25
"""Share of the distance that training covers: the smallest that appendix C calls substantial."""

LINEAR = -0.9
"""Correlation of distance and log k from which on the decrease counts as linear."""


def _at(study: Study, column: str, name: str, k: int) -> float:
    """The mean of a column at one k; NaN where it was not measured."""
    line = line_of(study, column, name, 0 if name == DENSE else study.level)
    found = line.loc[line[REWIND] == k, "mean"]
    return float(found.iloc[0]) if len(found) else math.nan


def _measured(study: Study, column: str, name: str) -> pd.DataFrame:
    return line_of(study, column, name, 0 if name == DENSE else study.level)


def _not_converged(study: Study) -> Shown | None:
    onset = dense_onset(study)
    if onset is None or not onset:
        return None
    error = _at(study, "rewinding_error_test", DENSE, onset)
    line = study.line(DENSE)
    if math.isnan(error):
        return None
    final = 100 - float(line.loc[line[REWIND] == onset, "accuracy_test"].iloc[0])
    chance = 100 - float(study.samples["majority_test"].iloc[0])
    return Shown(
        f"error of W_k is {number(error)} % at the onset, k = {onset}; {number(final)} % at the "
        f"end, {number(chance)} % by guessing",
        bool(final < error and error - final < chance - error),
    )


def _nearer_to_init(study: Study) -> Shown | None:
    onset = dense_onset(study)
    if onset is None or not onset:
        return None
    back = _at(study, "rewinding_l2_from_init", DENSE, onset)
    ahead = _at(study, "rewinding_l2_to_end", DENSE, onset)
    if math.isnan(back) or math.isnan(ahead):
        return None
    return Shown(
        f"at k = {onset} the L2 distance to W_0 is {number(back)}, to the end {number(ahead)}",
        back < ahead,
    )


def _copies_apart(study: Study) -> Shown | None:
    onset = dense_onset(study)
    if onset is None or not onset:
        return None
    between = _at(study, "rewinding_l2_between", DENSE, onset)
    whole = _at(study, "rewinding_l2_to_end", DENSE, 0)
    if math.isnan(between) or math.isnan(whole):
        return None
    return Shown(
        f"copies of k = {onset} end {number(between)} apart, {100 * between / whole:.0f} % of the "
        f"{number(whole)} that training covers from k = 0",
        between >= SUBSTANTIAL * whole,
    )


def _stable_throughout(study: Study, name: str) -> Shown | None:
    """Of every k that is stable at the end: whether its mean is below the threshold all the way.

    It is not where an interval lies above the threshold; where one only holds it, none can tell.
    """
    found = progress_of(study, name)
    if found.empty:
        return None
    line = study.line(name, study.level)
    stable = set(line.loc[line["stable"].fillna(False).astype(bool), REWIND])
    parts: list[str] = []
    answers: list[Answer] = []
    for k, along in found.groupby(REWIND):
        if k not in stable:
            continue
        parts.append(f"{number(float(along['test'].max()))} % at {k}")
        above = along[[not below(one, study.stable_below) for one in along["test"]]]
        surely = [not below(low, study.stable_below) for low in above["test_low"].dropna()]
        answers.append(True if above.empty else False if any(surely) else None)
    if not parts:
        return None
    text = ", ".join(parts).replace(" at ", " at k = ", 1)
    return Shown(
        f"highest instability on the way of those stable at the end: {text}", every(answers)
    )


def _rises_at_once(study: Study) -> Shown | None:
    found = progress_of(study, DENSE)
    if found.empty or 0 not in set(found[REWIND]):
        return None
    along = found[found[REWIND] == 0].sort_values("iteration")
    first, last = along.iloc[0], along.iloc[-1]
    return Shown(
        f"at k = 0 instability is {number(first['test'])} % at iteration {first['iteration']:.0f}, "
        f"{number(last['test'])} % at the end",
        bool(first["test"] >= study.stable_below and first["test"] >= last["test"] / 4),
    )


def _train_like_test(study: Study) -> Shown | None:
    line = study.line(IMP, study.level)
    line = line[line["instability_test"].notna() & line["instability_train"].notna()]
    if len(line) < 2:
        return None
    apart = (line["instability_test"] - line["instability_train"]).abs()
    return Shown(
        f"test and train instability of IMP differ by {number(apart.min())} to "
        f"{number(apart.max())} points",
        bool((apart <= ALIKE).all()),
    )


def _train_error(study: Study) -> Shown | None:
    line = study.line(IMP, study.level)
    known = line[line["stable"].notna() & line["accuracy_train"].notna()]
    at_rest, moving = known[known["stable"].astype(bool)], known[~known["stable"].astype(bool)]
    if at_rest.empty or moving.empty:
        return None
    least = 100 - float(moving["accuracy_train"].max())
    most = 100 - float(at_rest["accuracy_train"].max())
    return Shown(
        f"lowest train error of IMP where unstable {least:.2f} %, where stable {most:.2f} %",
        bool(most < least),
    )


def _falls_in_log_k(study: Study) -> Shown | None:
    line = _measured(study, "distance_l2", DENSE)
    later = line[line[REWIND] > 0]
    if len(later) < 3:
        return None
    r = float(
        np.corrcoef(np.log(later[REWIND].to_numpy(float)), later["mean"].to_numpy(float))[0, 1]
    )
    first, last = line.iloc[0], line.iloc[-1]
    return Shown(
        f"L2 distance of dense copies falls from {number(first['mean'])} at k = "
        f"{first[REWIND]:.0f} to {number(last['mean'])} at {last[REWIND]:.0f}; its correlation "
        f"with log k is {r:.2f}".replace("-", "−"),
        bool(r <= LINEAR and last["mean"] > 0),
    )


def _drops(column: str, what: str, unit: str) -> Callable[[Study], Shown | None]:
    """Whether a distance of IMP copies drops where they become stable, below the controls'."""

    def check(study: Study) -> Shown | None:
        line = _measured(study, column, IMP)
        found = onsets(study.line(IMP, study.level), "stable")["onset"]
        if len(line) < 2 or found.empty or pd.isna(found.iloc[0]) or not found.iloc[0]:
            return None
        onset = int(found.iloc[0])
        first, then = _at(study, column, IMP, 0), _at(study, column, IMP, onset)
        controls = {name: _at(study, column, name, onset) for name in CONTROLS}
        known = {name: value for name, value in controls.items() if not math.isnan(value)}
        if math.isnan(first) or math.isnan(then) or not known:
            return None
        said = ", ".join(f"{strategy(n).label.lower()} {number(v)}{unit}" for n, v in known.items())
        answers: list[Answer] = [then < first, *(then < value for value in known.values())]
        return Shown(
            f"{what} of IMP: {number(first)}{unit} at k = 0, {number(then)}{unit} at its onset, "
            f"k = {onset}; there {said}",
            every(answers),
        )

    return check


CLAIMS = (
    Claim(
        name="not-converged",
        figure="app-c",
        source="Appendix C, Figure 10",
        says="When dense networks become stable, they have not converged, but are nearer to their "
        "final error than to random guessing.",
        check=_not_converged,
    ),
    Claim(
        name="nearer-to-init",
        figure="app-c",
        source="Appendix C, Figure 11",
        says="When they become stable, they are nearer to their initial weights than to their "
        "final ones (ResNet-20 and VGG-16).",
        check=_nearer_to_init,
    ),
    Claim(
        name="copies-apart",
        figure="app-c",
        source="Appendix C, Figure 11",
        says="Even then copies end far apart: at least a quarter of the distance that training "
        "covers.",
        check=_copies_apart,
    ),
    Claim(
        name="rises-at-once",
        figure="app-d",
        source="Appendix D, Figure 13",
        says="At k = 0 instability increases rapidly.",
        check=_rises_at_once,
    ),
    Claim(
        name="dense-throughout",
        figure="app-d",
        source="Appendix D, Figure 13",
        says="Dense networks that are stable at the end are stable throughout training.",
        check=lambda study: _stable_throughout(study, DENSE),
    ),
    Claim(
        name="imp-throughout",
        figure="app-d",
        source="Appendix D, Figure 13",
        says="So are IMP subnetworks (ResNet-20).",
        check=lambda study: _stable_throughout(study, IMP),
    ),
    Claim(
        name="train-like-test",
        figure="app-g",
        source="Appendix G, Figure 22",
        says="Train set and test set instability of IMP are nearly identical.",
        check=_train_like_test,
    ),
    Claim(
        name="train-error",
        figure="app-g",
        source="Appendix G, Figure 23",
        says="Unstable IMP subnetworks do not reach the train error of stable ones.",
        check=_train_error,
    ),
    Claim(
        name="falls-in-log-k",
        figure="app-h",
        source="Appendix H, Figure 24",
        says="The L2 distance of dense copies falls linearly in log k and stays far from 0.",
        check=_falls_in_log_k,
    ),
    Claim(
        name="imp-l2-drops",
        figure="app-h",
        source="Appendix H, Figure 25",
        says="The L2 distance of IMP copies drops where they become stable, below the controls’.",
        check=_drops("distance_l2", "L2 distance", ""),
    ),
    Claim(
        name="imp-answers-drop",
        figure="app-h",
        source="Appendix H, Figure 28",
        says="So does the number of test examples that they classify differently.",
        check=_drops("disagreement_test", "different answers", " %"),
    ),
)
