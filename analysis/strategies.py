"""How each subnetwork strategy is named and drawn, in tables, sentences and figures alike.

The order of `STRATEGIES` is the order of every table and legend.
"""

from __future__ import annotations

from dataclasses import dataclass

DENSE = "dense"
IMP = "imp"
IMP_ADAPTIVE = "imp-adaptive"
PERTURBED = "perturbed"
RANDOM_PRUNING = "random-pruning"
RANDOM_REINIT = "random-reinit"
CONTROLS = (RANDOM_PRUNING, RANDOM_REINIT)
"""Of IMP: subnetworks of the same sparsity."""
FILES = "files"
"""Of networks from files: a pair of them has the strategy `files:FIRST,SECOND`."""


@dataclass(frozen=True)
class Strategy:
    label: str
    """In tables and legends."""

    adjective: str
    """In a sentence, before "networks" (dense) or "subnetworks"."""

    color: str
    """Okabe and Ito's palette, which readers with any colour vision can tell apart; IMP is
    blue as in LMC."""

    marker: str
    """matplotlib's code of a shape that is still told apart when printed in grey."""


STRATEGIES: dict[str, Strategy] = {
    DENSE: Strategy("Dense", "dense", "#595959", "o"),
    IMP: Strategy("IMP", "IMP", "#0072B2", "s"),
    IMP_ADAPTIVE: Strategy("Adaptive IMP", "adaptively pruned", "#44AA99", "d"),
    "magnitude": Strategy("Magnitude", "magnitude-pruned", "#332288", "p"),
    "magnitude-per-layer": Strategy("Magnitude per layer", "per-layer pruned", "#56B4E9", "P"),
    "erk": Strategy("ERK", "ERK-pruned", "#B8860B", "X"),
    "random-global": Strategy("Random global", "globally randomly pruned", "#A6761D", "<"),
    "snip": Strategy("SNIP", "SNIP-pruned", "#E69F00", ">"),
    "grasp": Strategy("GraSP", "GraSP-pruned", "#882255", "*"),
    "synflow": Strategy("SynFlow", "SynFlow-pruned", "#117733", "h"),
    "random-pruning": Strategy("Random pruning", "randomly pruned", "#D55E00", "^"),
    "random-reinit": Strategy("Random reinit", "randomly reinitialised", "#009E73", "D"),
    PERTURBED: Strategy("Perturbed", "perturbed", "#AA4499", "H"),
}


def of_files(first: str, second: str) -> str:
    """The strategy of a pair of networks from files, by their names."""
    return f"{FILES}:{first},{second}"


def is_of_files(name: str) -> bool:
    """Whether a strategy is that of a pair of networks from files."""
    return name.startswith(f"{FILES}:")


def files_in(name: str) -> tuple[str, str]:
    """The names of the two networks of such a strategy."""
    first, _, second = name.removeprefix(f"{FILES}:").partition(",")
    return first, second


def strategy(name: str) -> Strategy:
    """The strategy's entry; one that has none goes by its own name, in purple.

    A pair of files goes by the names of both.
    """
    if is_of_files(name):
        label = " – ".join(files_in(name))
        return Strategy(label, label, "#CC79A7", "v")
    return STRATEGIES.get(name, Strategy(name, name, "#CC79A7", "v"))


def rank(name: str) -> tuple[int, str]:
    """Sort key: the order of `STRATEGIES`, unknown names after it by alphabet."""
    order = list(STRATEGIES)
    return (order.index(name) if name in STRATEGIES else len(order), name)
