"""Plans that grow: expanded again when outcomes arrive on which it depends what else is done.

Nothing of this is stored. The outcomes are in the artifact store, so that a plan that is made anew
is as far as the one before; whatever the order in which outcomes arrived.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from sweeps.plan import facts
from sweeps.plan.expand import expand
from sweeps.plan.graph import Plan
from sweeps.plan.known import Facts, Question
from sweeps.spec import Sweep
from trainables.store import Store

Answers = Callable[[Iterable[Question]], Mapping[str, Facts]]
"""Facts by keys of jobs, of those questions that can be answered."""


def grown(
    spec: Sweep, answers: Answers, known: Mapping[str, Facts]
) -> tuple[Plan, dict[str, Facts]]:
    """Return a plan that has grown until no question that is open can be answered, and all facts.

    `known` are facts to begin with.
    """
    found = dict(known)
    while True:
        plan = expand(spec, found)
        new = answers(plan.open.values()) if plan.open else {}
        if not new:
            return plan, found
        found.update(new)


def from_store(
    spec: Sweep, store: Store, known: Mapping[str, Facts] = {}
) -> tuple[Plan, dict[str, Facts]]:
    """Return a spec's plan, as far as a store's artifacts let it grow. Raises StoreError."""
    return grown(spec, lambda asked: facts.read(store, (one.job for one in asked)), known)


def least(spec: Sweep, known: Mapping[str, Facts]) -> Plan:
    """Return what a plan will be if every open question turns out so that least is to do."""
    return grown(spec, lambda asked: {one.job.key: one.least for one in asked}, known)[0]


def most(spec: Sweep, known: Mapping[str, Facts]) -> Plan:
    """Return what a plan will be if every open question turns out so that most is to do."""
    return grown(spec, lambda asked: {one.job.key: one.most for one in asked}, known)[0]
