"""The central findings in sentences that claim no more than was measured."""

from __future__ import annotations

import pandas as pd

from analysis import ends
from analysis.clauses import clause, reserve
from analysis.ends import CELL, LINE
from analysis.evidence import Evidence, Finding, places
from analysis.formats import listed, weights
from analysis.published import VERDICTS, Verdict, beside
from analysis.records import LEVEL, RECIPE, REWIND, STRATEGY, WEIGHTS_LEFT
from analysis.statistics import ON_THRESHOLD
from analysis.strategies import DENSE, IMP, rank, strategy


def partial(
    trials: pd.DataFrame, planned: int | None, unmeasurable: int = 0, lacking: int = 0
) -> str | None:
    """Say that a report lacks trials, and which it has; None if all `planned` are recorded.

    `planned` is None where it is not known how many there will be. `unmeasurable` of them can
    never be measured, since the training that their pruning starts from diverged. `lacking` are
    recorded without some of what is to be measured of them.
    """
    missing = 0 if planned is None else planned - len(trials)
    sentences = []
    if missing > 0:
        counts = trials[STRATEGY].value_counts()
        names = sorted(map(str, counts.index), key=rank)
        there = ", ".join(f"{strategy(name).label} {counts[name]}" for name in names)
        to_come = missing - unmeasurable
        kind = "Partial" if to_come > 0 else "Incomplete"
        rest = f", {to_come} still to come" if to_come > 0 and unmeasurable else ""
        sentences.append(
            f"{kind}: {len(trials)} of {planned} trials{f' ({there})' if there else ''}{rest}; "
            "every number is of these alone."
        )
    if lacking:
        who = "1 recorded trial lacks" if lacking == 1 else f"{lacking} recorded trials lack"
        sentences.append(f"{who} some of what is to be measured.")
    if unmeasurable:
        one = unmeasurable == 1
        sentences.append(
            f"{unmeasurable} trial{'' if one else 's'} cannot be measured: pruning needs trained "
            f"weights, and {'that training' if one else 'those trainings'} diverged."
        )
    return " ".join(sentences) or None


def findings(cells: pd.DataFrame) -> list[Finding]:
    """The central findings, one plain sentence each; none for an empty frame.

    How many networks diverged or are no better than chance; when the dense network is stable (LMC
    section 3); when IMP subnetworks are stable and matching at the extreme sparsity, the
    sparsest level that matches at any rewind point (LMC section 4.3 and appendix B); the same
    for the other strategies at that level, or at their own sparsest where they lack it; how often
    stable and matching agree; and how many published accuracies ours agree with. With several
    recipes, each finding names its own.
    """
    several = cells[RECIPE].nunique() > 1
    return [
        sentence.after(f"{recipe}: " if several else "")
        for recipe, of_recipe in cells.groupby(RECIPE, sort=False)
        for sentence in _findings(of_recipe)
    ]


def _verdict_evidence(cells: pd.DataFrame, verdict: Verdict) -> list[Evidence]:
    """Return where a verdict on some cells is told: onsets, each cell, and the figure."""
    rows = places(cells, [RECIPE, *CELL])
    found = [Evidence("onsets", places(cells, [RECIPE, *LINE])), Evidence("cells", rows)]
    if verdict == "matching":  # the interval of the drop
        found.append(Evidence("details", rows))
    figure = "instability" if verdict == "stable" else "accuracy"
    return [*found, Evidence(figure, places(cells, [RECIPE]))]


def _findings(cells: pd.DataFrame) -> list[Finding]:
    dense, sparse = cells[cells[STRATEGY] == DENSE], cells[cells[STRATEGY] != DENSE]
    sentences = [*ends.sentences(cells)]
    if says := clause(dense, "stable"):
        told = " ".join([f"Dense networks {says}.", *reserve(dense, "stable")])
        sentences.append(Finding(told, *_verdict_evidence(dense, "stable")))
    sentences += _of_subnetworks(sparse)
    sentences += _agreement(sparse)
    deviations = beside(cells)["deviation"].dropna()
    if not deviations.empty:
        agree = int((deviations <= 1 + ON_THRESHOLD).sum())
        sentences.append(
            Finding(
                "Published accuracies that ours agree with, within one standard deviation of ours "
                f"plus theirs: {agree} of {len(deviations)}.",
                Evidence("cells", places(cells.loc[deviations.index], [RECIPE, *CELL])),
            )
        )
    return [*sentences, *_reservations(cells, dense, sparse)]


def _of_subnetworks(sparse: pd.DataFrame) -> list[Finding]:
    if sparse.empty:
        return []
    level, choice = _focus(sparse)
    at_level = sparse[sparse[LEVEL] == level]
    known = sparse[sparse["stable"].notna()]
    nowhere = set(sparse[STRATEGY]) - set(known[STRATEGY])
    told = {*known.loc[known[LEVEL] == level, STRATEGY], *nowhere}
    sentences = _at_level(at_level[at_level[STRATEGY].isin(told)], choice)
    elsewhere = sparse[~sparse[STRATEGY].isin(told)]
    own = [
        (_judged(line)[WEIGHTS_LEFT].idxmin(), name in set(at_level[STRATEGY]))
        for name, line in elsewhere.groupby(STRATEGY, sort=False)
    ]
    chosen = elsewhere.loc[[row for row, _ in own], [STRATEGY, LEVEL]]
    chosen["there"] = [there for _, there in own]
    for (_, there), cells in elsewhere.merge(chosen).groupby([LEVEL, "there"]):
        why = "judged" if there else "measured"
        left = weights(sparse.loc[sparse[LEVEL] == level, WEIGHTS_LEFT].mean())
        sentences += _at_level(cells, f" ({left} % is not {why})")
    return sentences


def _judged(cells: pd.DataFrame) -> pd.DataFrame:
    """Of `cells` those with a verdict of more than one sample, or else with any; or all."""
    known = cells[cells["stable"].notna()]
    several = known[known["n"] > 1]
    return next((found for found in (several, known) if not found.empty), cells)


def _at_level(cells: pd.DataFrame, choice: str) -> list[Finding]:
    """What becomes of each strategy at one level; the first says why this level (`choice`)."""
    found = []
    for group in _alike(cells):
        clauses = {verdict: says for verdict in VERDICTS if (says := clause(group, verdict))}
        if not clauses:
            continue
        names = listed([strategy(name).adjective for name in group[STRATEGY].unique()])
        left = weights(group[WEIGHTS_LEFT].mean())
        subject = f"{names[0].upper()}{names[1:]} subnetworks with {left} % of weights left{choice}"
        sentences: list[str] = []
        evidence: list[Evidence] = []
        for verdict, says in clauses.items():
            sentences += [f"{subject} {says}.", *reserve(group, verdict)]
            evidence += _verdict_evidence(group, verdict)
            subject = "They"
        found.append(Finding(" ".join(sentences), *evidence))
        choice = ""  # said once
    return found


def _agreement(sparse: pd.DataFrame) -> list[Finding]:
    judged = sparse[sparse["matching"].notna() & sparse["stable"].notna() & (sparse["n"] > 1)]
    if len(judged) < 2:
        return []
    total, agree = len(judged), int((judged["stable"] == judged["matching"]).sum())
    unstable = int((judged["matching"] & ~judged["stable"]).sum())
    borderline = int((judged["stable_borderline"] | judged["matching_borderline"]).sum())
    unsure = ""
    if borderline:
        unsure = f", {borderline} of which {'is' if borderline == 1 else 'are'} borderline in one"
    return [
        Finding(
            f"Subnetworks are stable and matching, or neither, in {agree} of {total} cells "
            f"(strategy, sparsity, rewind point){unsure}. {unstable} of {total} "
            f"{'is' if unstable == 1 else 'are'} matching but not stable.",
            Evidence("cells", places(judged, [RECIPE, *CELL])),
        )
    ]


def _reservations(cells: pd.DataFrame, dense: pd.DataFrame, sparse: pd.DataFrame) -> list[Finding]:
    """What the other sentences cannot say, and why."""
    found = []
    first = dense[dense[REWIND] == dense[REWIND].min()]
    evidence = Evidence("cells", places(first, [RECIPE, *CELL]))
    if not sparse.empty and dense.empty:
        found.append(Finding("No dense network was measured, so matching cannot be judged."))
    elif not sparse.empty and not dense["reference"].any():
        found.append(
            Finding(
                "No dense network at the smallest rewind point is trained, so matching cannot be "
                "judged.",
                evidence,
            )
        )
    elif (sparse["matching"].isna() & sparse["stable"].notna()).any():
        found.append(
            Finding(
                "Only one init of the dense networks at the smallest rewind point is trained, so "
                "there is no deviation over inits and matching cannot be judged.",
                evidence,
            )
        )
    return [*found, *_without_interval(cells)]


def _without_interval(cells: pd.DataFrame) -> list[Finding]:
    """Say which lines have samples of one init only in each cell."""
    inits = cells["inits"].where(cells["n"] > 1).groupby([cells[STRATEGY], cells[LEVEL]])
    alone = inits.transform("max") == 1
    lone = cells[alone]
    if lone.empty:
        return []
    names = []
    for name, line in lone.groupby(STRATEGY, sort=False):
        networks = f"{strategy(str(name)).adjective} networks"
        if len(line) == (cells[STRATEGY] == name).sum():
            names.append(networks)
        else:
            percent = line[WEIGHTS_LEFT].drop_duplicates()
            names.append(f"{networks} with {listed([*map(weights, percent)])} % of weights left")
    of = "" if alone.all() else f" of {listed(names)}"
    evidence = Evidence("cells", places(lone, [RECIPE, *CELL]))
    if (lone["n"] == lone["pairs"]).all():
        says = f"Each cell{of} has networks of one init only, so there is no interval."
    else:
        says = (
            f"No cell{of} has samples that count of more than one init, so there is no interval of "
            "the instability."
        )
    return [Finding(says, evidence)]


def _focus(sparse: pd.DataFrame) -> tuple[int, str]:
    """The level that findings are about, and why that one (in brackets, if it is a choice)."""
    lead = sparse[sparse[STRATEGY] == IMP]
    name = "IMP level" if not lead.empty else "level"
    lead = lead if not lead.empty else sparse
    judged = _judged(lead)
    # Cells of one sample are told without a verdict: none is chosen for it.
    matching = judged[judged["matching"].fillna(False) & (judged["n"] > 1)]
    sparsest = (matching if not matching.empty else judged).sort_values(WEIGHTS_LEFT)
    level = int(sparsest[LEVEL].iloc[0])
    total, count = lead[LEVEL].nunique(), judged[LEVEL].nunique()
    if total == 1:
        return level, ""
    if count == 1:
        return level, f" (the only one of {total} {name}s that is judged)"
    which = f" (the sparsest of {count} {'' if count == total else 'judged '}{name}s"
    if not matching.empty:
        return level, f"{which} to match at some rewind point)"
    if judged["matching"].isna().all() or (judged["n"] <= 1).all():
        return level, f"{which})"
    return level, f"{which}, none of which is matching)"


def _alike(cells: pd.DataFrame) -> list[pd.DataFrame]:
    """Cells by strategy; those of all strategies but IMP together if their verdicts agree."""
    others = cells[cells[STRATEGY] != IMP]
    alike = (others["n"] > 1).all() and all(
        others[verdict].nunique(dropna=False) <= 1 for verdict in VERDICTS
    )
    together = [others] if alike else [group for _, group in others.groupby(STRATEGY, sort=False)]
    return [group for group in (cells[cells[STRATEGY] == IMP], *together) if not group.empty]
