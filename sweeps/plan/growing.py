"""Plans that grow: expanded again when outcomes arrive on which it depends what else is done.

Nothing of this is stored. The outcomes are in the artifact store, so that a plan that is made anew
is as far as the one before; whatever the order in which outcomes arrived.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from sweeps.plan import facts
from sweeps.plan.expand import expand
from sweeps.plan.graph import Plan
from sweeps.plan.known import Facts, Question
from sweeps.spec import Sweep
from sweeps.spec.search import FindLevel, FindRewind
from sweeps.spec.searches import levels_of, points_of, search_of
from sweeps.spec.subnetworks import Dense, Files, ImpAdaptive
from trainables.jobs.kinds import Job
from trainables.store import Store

NOTHING_PRUNED: Facts = {"weights_left": 100.0}
"""Of a mask, after which adaptive pruning goes on."""

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


def most(spec: Sweep, known: Mapping[str, Facts], plan: Plan) -> list[list[Job]]:
    """Return what may come to a `plan` if every open question turns out so that most is to do.

    It is a list of jobs for each line of networks. Each is taken to go its own way, so a job that
    two lines happen to share is in both: together they are a bound. `known` are the facts from
    which the plan has grown.
    """
    found = []
    for line in [spec] if spec.proposed else [one for of in spec.each for one in _lines(of)]:
        whole = grown(line, lambda asked: {one.job.key: one.most for one in asked}, known)[0]
        found.append([job for key, job in whole.jobs.items() if key not in plan.jobs])
    return found


def possible(spec: Sweep) -> dict[str, Job]:
    """Return every job that a spec may come to, whatever comes out, by key.

    What a search over hyperparameters may propose cannot be listed: of such a spec these are the
    jobs with which it begins.
    """
    found: dict[str, Job] = {}
    for one in spec.each:
        # Of adaptive pruning, every level that there may be.
        plan, _ = grown(_listed(one), lambda asked: {q.job.key: NOTHING_PRUNED for q in asked}, {})
        found |= plan.jobs
    return found


def _listed(spec: Sweep) -> Sweep:
    """Return a spec of one recipe with all points in place of its searches."""
    subnetworks = []
    for one in spec.subnetworks:
        changed: dict[str, Any] = {}
        if not isinstance(one, Files):
            changed["rewind"] = spec.rewind_of(one)
            if isinstance(one.levels, FindLevel):
                changed["levels"] = levels_of(one)
        subnetworks.append(one.model_copy(update=changed))
    return spec.model_copy(update={"subnetworks": subnetworks})


def _lines(spec: Sweep) -> Iterator[Sweep]:
    """Yield a sweep for each search of a spec, with the dense networks that it may need."""
    dense = [one for one in spec.subnetworks if isinstance(one, Dense)]
    for one in spec.subnetworks:
        if isinstance(one, Files):
            continue
        search = search_of(spec, one)
        if isinstance(search, FindRewind):
            parts = [{"levels": [level]} for level in levels_of(one)] if one not in dense else [{}]
        elif search is not None or isinstance(one, ImpAdaptive):
            parts = [{"rewind": [k]} for k in points_of(spec, one)]
        else:
            continue
        others = [other for other in dense if other is not one]
        for part in parts:
            changed = one.model_copy(update=part)
            yield spec.model_copy(update={"subnetworks": [*others, changed]})
