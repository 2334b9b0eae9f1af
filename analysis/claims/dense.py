"""What LMC section 3 says of dense networks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from analysis.claims.claim import Claim, Shown, every, from_to, opposite, rows, stable
from analysis.claims.peaks import peak_error
from analysis.formats import number
from analysis.onsets import first_lasting, onsets
from analysis.records import LEVEL, REWIND, STRATEGY
from analysis.statistics import below
from analysis.strategies import DENSE

if TYPE_CHECKING:
    from analysis.study import Study


def dense_onset(study: Study) -> int | None:
    """The first k from which the dense networks are stable; None if there is none."""
    found = onsets(study.line(DENSE), "stable")["onset"]
    return None if found.empty or pd.isna(found.iloc[0]) else int(found.iloc[0])


def _guessing(study: Study) -> Shown | None:
    peak = peak_error(study, DENSE, 0)
    if peak is None:
        return None
    return Shown(
        f"error rises to {number(peak.mean)} % on the path at k = 0; guessing has "
        f"{number(peak.chance)} %",
        peak.reaches,
    )


def _becomes_stable(study: Study) -> Shown | None:
    line = study.line(DENSE)
    cells = rows(line)
    if len(cells) < 2 or cells[0].rewind != 0:
        return None
    return Shown(
        f"instability is {from_to(line)}",
        every([opposite(stable(cells[0])), stable(cells[-1])]),
    )


def _train_alike(study: Study) -> Shown | None:
    line = study.line(DENSE)
    line = line[line["stable"].notna() & line["instability_train"].notna()]
    if len(line) < 2:
        return None
    points = line[REWIND].to_numpy()
    on_train = [below(value, study.stable_below) for value in line["instability_train"]]
    test = first_lasting(points, line["stable"].to_numpy(bool))
    train = first_lasting(points, pd.Series(on_train).to_numpy(bool))
    said = ["never" if k == float("inf") else f"from k = {k:.0f} on" for k in (test, train)]
    sentence = f"stable on the test set {said[0]}, on the train set {said[1]}"
    # A line that straddles the threshold says nothing of where the onset is.
    sure = not line["stable_borderline"].any() or test == train
    return Shown(sentence, (test == train) if sure else None)


def _length(study: Study) -> Shown | None:
    over = study.restarted
    over = over[(over[STRATEGY] == DENSE) & (over[LEVEL] == 0) & (over[REWIND] > 0)]
    usual = study.line(DENSE)
    both = sorted(set(over[REWIND]) & set(usual[REWIND]))
    if not both:
        return None
    answers, parts = [], []
    for k in both:
        one, other = (next(iter(rows(frame[frame[REWIND] == k]))) for frame in (usual, over))
        same = stable(one) == stable(other) if None not in (stable(one), stable(other)) else None
        answers.append(same)
        pair = number(one.instability_test), number(other.instability_test)
        parts.append(f"{pair[0]} and {pair[1]} % at {k}")
    text = ", ".join(parts).replace(" at ", " at k = ", 1)
    return Shown(f"instability trained from k on and from 0 on: {text}", every(answers))


CLAIMS = (
    Claim(
        name="guessing",
        figure="fig2",
        source="Section 3, Figure 2",
        says="At k = 0 the error of dense networks rises to that of random guessing on the path.",
        check=_guessing,
    ),
    Claim(
        name="becomes-stable",
        figure="fig3",
        source="Section 3, Figure 3",
        says="Dense networks are unstable at k = 0 and become stable early in training.",
        check=_becomes_stable,
    ),
    Claim(
        name="train-alike",
        figure="fig3",
        source="Section 3, Figure 3",
        says="They become stable at the same iteration on the train set as on the test set.",
        check=_train_alike,
    ),
    Claim(
        name="length",
        figure="fig4",
        source="Section 3, Figure 4",
        says="Instability is the same where all copies are trained for T iterations.",
        check=_length,
    ),
)
