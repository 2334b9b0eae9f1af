"""What LMC section 3 says of dense networks."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pandas as pd

from analysis.claims.claim import Claim, Shown
from analysis.claims.evidence import Evidence, alike, all_of, compared
from analysis.claims.peaks import peak_error
from analysis.claims.quoting import at_each_k, quoted, sampled
from analysis.claims.verdicts import rows, stability
from analysis.onsets import first_lasting, onsets
from analysis.records import LEVEL, RESET, RESTART, REWIND, SPLITS, STRATEGY
from analysis.statistics import below
from analysis.strategies import DENSE

if TYPE_CHECKING:
    from analysis.study import Study


def dense_onset(study: Study) -> int | None:
    """The first k from which the dense networks are stable; None if there is none."""
    found = onsets(study.line(DENSE), "stable")["onset"]
    return None if found.empty or pd.isna(found.iloc[0]) else int(found.iloc[0])


def _guessing(study: Study) -> Shown | None:
    peak = peak_error(study, DENSE, 0, "highest error on the path")
    if peak is None:
        return None
    return Shown(
        f"error rises to {peak.quoted} on the path at k = 0; {peak.guessing}", peak.reaches
    )


def _becomes_stable(study: Study) -> Shown | None:
    cells = rows(study.line(DENSE))
    if len(cells) < 2 or cells[0].rewind != 0:
        return None
    values = {
        cell.rewind: quoted(sampled(study.usual, "instability_test", DENSE, 0, cell.rewind))
        for cell in cells
    }
    parts = [stability(study, cells[0], claimed=False), stability(study, cells[-1])]
    return Shown(f"instability is {at_each_k(values)}", all_of(parts))


def _train_alike(study: Study) -> Shown | None:
    """Whether the mean passes the threshold on both splits, or neither, at each k."""
    line = study.line(DENSE)
    line = line[line["stable"].notna() & line["instability_train"].notna()]
    if len(line) < 2:
        return None
    points = line[REWIND].to_numpy()
    found = {}
    for split in SPLITS:
        holds = [below(value, study.stable_below) for value in line[f"instability_{split}"]]
        found[split] = first_lasting(points, pd.Series(holds).to_numpy(bool))
    said = {
        split: "at no measured k" if math.isinf(k) else f"from k = {k:.0f} on"
        for split, k in found.items()
    }
    sentence = f"mean stable on the test set {said['test']}, on the train set {said['train']}"
    return Shown(sentence, all_of([_alike_at(study, cell) for cell in rows(line)]))


def _alike_at(study: Study, cell: Any) -> Evidence:
    """Whether a cell is on the same side of the threshold on both splits."""
    sides = []
    for split in SPLITS:
        name = f"instability_{split}"
        found = tuple(getattr(cell, f"{name}{end}") for end in ("", "_low", "_high"))
        where = f"{split} set at k = {cell.rewind}"
        sides.append(compared(where, found, study.stable_below, "below"))
    return alike(*sides)


def _length(study: Study) -> Shown | None:
    over = study.restarted
    over = over[(over[STRATEGY] == DENSE) & (over[LEVEL] == 0) & (over[REWIND] > 0)]
    usual = study.line(DENSE)
    both = sorted(set(over[REWIND]) & set(usual[REWIND]))
    if not both:
        return None
    started_over = study.trials[study.trials[RESTART] == RESET]
    parts, values = [], {}
    for k in both:
        one, other = (next(iter(rows(frame[frame[REWIND] == k]))) for frame in (usual, over))
        parts.append(
            alike(
                stability(study, one, of="usual copies"),
                stability(study, other, of="copies trained from 0 on"),
            )
        )
        pair = [
            quoted(sampled(trials, "instability_test", DENSE, 0, k))
            for trials in (study.usual, started_over)
        ]
        values[k] = " and ".join(pair)
    text = ", ".join(f"{value} at {k}" for k, value in values.items())
    text = text.replace(" at ", " at k = ", 1)
    return Shown(f"instability trained from k on and from 0 on: {text}", all_of(parts))


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
