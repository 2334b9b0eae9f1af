"""The central findings in sentences that claim no more than was measured."""

from __future__ import annotations

import pandas as pd

from analysis import ends
from analysis.clauses import clause, reserve
from analysis.formats import listed, weights
from analysis.published import VERDICTS, beside
from analysis.records import LEVEL, RECIPE, STRATEGY, WEIGHTS_LEFT
from analysis.statistics import ON_THRESHOLD
from analysis.strategies import DENSE, IMP, rank, strategy


def partial(trials: pd.DataFrame, planned: int | None, unmeasurable: int = 0) -> str | None:
    """Say that a report lacks trials, and which it has; None if all `planned` are recorded.

    `planned` is None where it is not known how many there will be. `unmeasurable` of them can
    never be measured, since the training that their pruning starts from diverged.
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
    if unmeasurable:
        one = unmeasurable == 1
        sentences.append(
            f"{unmeasurable} trial{'' if one else 's'} cannot be measured: pruning needs trained "
            f"weights, and {'that training' if one else 'those trainings'} diverged."
        )
    return " ".join(sentences) or None


def findings(cells: pd.DataFrame) -> list[str]:
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
        (f"{recipe}: " if several else "") + sentence
        for recipe, of_recipe in cells.groupby(RECIPE, sort=False)
        for sentence in _findings(of_recipe)
    ]


def _findings(cells: pd.DataFrame) -> list[str]:
    dense, sparse = cells[cells[STRATEGY] == DENSE], cells[cells[STRATEGY] != DENSE]
    sentences = [*ends.sentences(cells)]
    if says := clause(dense, "stable"):
        sentences.append(" ".join([f"Dense networks {says}.", *reserve(dense, "stable")]))
    sentences += _of_subnetworks(sparse)
    sentences += _agreement(sparse)
    deviations = beside(cells)["deviation"].dropna()
    if not deviations.empty:
        agree = int((deviations <= 1 + ON_THRESHOLD).sum())
        sentences.append(
            "Published accuracies that ours agree with, within one standard deviation of ours plus "
            f"theirs: {agree} of {len(deviations)}."
        )
    return [*sentences, *_reservations(cells, dense, sparse)]


def _of_subnetworks(sparse: pd.DataFrame) -> list[str]:
    if sparse.empty:
        return []
    level, choice = _focus(sparse)
    focus = sparse[sparse[LEVEL] == level]
    sentences = _at_level(focus, choice)
    elsewhere = sparse[~sparse[STRATEGY].isin(focus[STRATEGY])]
    if elsewhere.empty:
        return sentences
    sparsest = elsewhere.loc[elsewhere.groupby(STRATEGY)[WEIGHTS_LEFT].idxmin()]
    own = elsewhere.merge(sparsest[[STRATEGY, LEVEL]])  # keeps the order of the strategies
    lacking = f" ({weights(focus[WEIGHTS_LEFT].mean())} % is not measured)"
    for _, cells in own.groupby(LEVEL):
        sentences += _at_level(cells, lacking)
    return sentences


def _at_level(cells: pd.DataFrame, choice: str) -> list[str]:
    """What becomes of each strategy at one level; the first says why this level (`choice`)."""
    found = []
    for group in _alike(cells):
        clauses = {verdict: says for verdict in VERDICTS if (says := clause(group, verdict))}
        if not clauses:
            continue
        names = listed([strategy(name).adjective for name in group[STRATEGY].unique()])
        left = weights(group[WEIGHTS_LEFT].mean())
        subject = f"{names[0].upper()}{names[1:]} subnetworks with {left} % of weights left{choice}"
        sentences = []
        for verdict, says in clauses.items():
            sentences += [f"{subject} {says}.", *reserve(group, verdict)]
            subject = "They"
        found.append(" ".join(sentences))
        choice = ""  # said once
    return found


def _agreement(sparse: pd.DataFrame) -> list[str]:
    judged = sparse[sparse["matching"].notna() & sparse["stable"].notna() & (sparse["n"] > 1)]
    if len(judged) < 2:
        return []
    total, agree = len(judged), int((judged["stable"] == judged["matching"]).sum())
    unstable = int((judged["matching"] & ~judged["stable"]).sum())
    borderline = int((judged["stable_borderline"] | judged["matching_borderline"]).sum())
    says = f"{unstable} {'is' if unstable == 1 else 'are'} matching but unstable"
    if borderline:
        says += f", and {borderline} {'is' if borderline == 1 else 'are'} borderline in either"
    return [
        f"Stability and matching agree in {agree} of {total} cells (strategy, sparsity, rewind "
        f"point); of all {total}, {says}."
    ]


def _reservations(cells: pd.DataFrame, dense: pd.DataFrame, sparse: pd.DataFrame) -> list[str]:
    """What the other sentences cannot say, and why."""
    found = []
    if not sparse.empty and dense.empty:
        found.append("No dense network was measured, so matching cannot be judged.")
    elif not sparse.empty and not dense["reference"].any():
        found.append(
            "No dense network at the smallest rewind point is trained, so matching cannot be "
            "judged."
        )
    elif not sparse.empty and sparse["matching"].isna().all() and (sparse["n"] > 0).any():
        found.append(
            "The dense networks have one init and so no deviation over inits, so matching cannot "
            "be judged."
        )
    if (cells["n"] > 1).any() and cells["inits"].max() == 1:
        found.append(
            "All networks have the same init: there is no interval, and what other inits would "
            "give is not known."
        )
    return found


def _focus(sparse: pd.DataFrame) -> tuple[int, str]:
    """The level that findings are about, and why that one (in brackets, if it is a choice)."""
    lead = sparse[sparse[STRATEGY] == IMP]
    name = "IMP level" if not lead.empty else "level"
    lead = lead if not lead.empty else sparse
    matching = lead[lead["matching"].fillna(False)]
    sparsest = (matching if not matching.empty else lead).sort_values(WEIGHTS_LEFT)
    level, count = int(sparsest[LEVEL].iloc[0]), lead[LEVEL].nunique()
    if count == 1:
        return level, ""
    if not matching.empty:
        return level, f" (the sparsest of {count} {name}s to match at some rewind point)"
    if lead["matching"].isna().all():
        return level, f" (the sparsest of {count} {name}s)"
    return level, f" (the sparsest of {count} {name}s, none of which is matching)"


def _alike(cells: pd.DataFrame) -> list[pd.DataFrame]:
    """Cells by strategy; those of all strategies but IMP together if their verdicts agree."""
    others = cells[cells[STRATEGY] != IMP]
    alike = (others["n"] > 1).all() and all(
        others[verdict].nunique(dropna=False) <= 1 for verdict in VERDICTS
    )
    together = [others] if alike else [group for _, group in others.groupby(STRATEGY, sort=False)]
    return [group for group in (cells[cells[STRATEGY] == IMP], *together) if not group.empty]
