"""What each worker of a Ray Train group does: one batch after another, together with the others."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import ray

from trainables.jobs.reports import Report
from trainables.jobs.trainable import Batch, refusal
from trainables.jobs.turn import Turn
from trainables.store import StoreError

if TYPE_CHECKING:  # torch, which the driver need not import
    from trainables.training.team import Team

WAIT_SECONDS = 60.0
"""How long a worker waits for the next batch at a time; the others wait for it meanwhile."""


def serve(config: dict[str, Any]) -> None:
    """Do batch after batch until the mailbox says that there will be no more."""
    from trainables.training.team import TeamLost, Workers

    try:
        _serve(config["mailbox"], Workers())
    except TeamLost as lost:
        raise RuntimeError(str(lost)) from None


def _serve(mailbox: Any, team: Team) -> None:
    nodes = tuple(sorted(set(team.gather(ray.get_runtime_context().get_node_id()))))
    number = 0
    while True:
        if team.rank == 0:
            message = ray.get(mailbox.next.remote(number, WAIT_SECONDS))
        number, batch = team.decide(message if team.rank == 0 else (0, None))
        if number < 0:
            return
        if batch is not None:
            _do(batch, team, mailbox, nodes)


def _do(batch: Batch, team: Team, mailbox: Any, nodes: tuple[str, ...]) -> None:
    from trainables.jobs.executors import executor
    from trainables.jobs.report import advance

    differences = team.gather(batch.take_code())
    if refused := next(filter(None, differences), None):
        if team.rank == 0:
            ray.get(mailbox.report.remote(refusal(refused)))
        return
    try:
        held = executor(batch, team)
    except StoreError as error:
        if team.rank == 0:
            ray.get(mailbox.report.remote(Report(done=True, store_error=str(error), nodes=nodes)))
        return
    events = held.run_batch(batch.jobs)
    turn = Turn(batch.turn, held.trained_iterations)
    while True:
        report = replace(advance(held, events, turn, lambda: False), nodes=nodes)
        if report.failed:
            # Others may be in the midst of a sum that this one will never join.
            ray.get(mailbox.report.remote(replace(report, done=True)))
            raise RuntimeError(report.failed[0].reason)
        close = team.decide(team.rank == 0 and ray.get(mailbox.report.remote(report)))
        if report.done:
            return
        if close:
            events.close()
            if team.rank == 0:
                ray.get(mailbox.closed.remote())
            return
