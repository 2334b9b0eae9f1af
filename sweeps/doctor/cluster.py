"""A cluster, by its job API: what a client sees of it, and what its head says of itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from sweeps.cluster import config
from sweeps.doctor import clock, records, token
from sweeps.doctor.finding import Finding, fine, stop
from sweeps.errors import ClusterError, UserError

if TYPE_CHECKING:
    from sweeps.cluster.jobs import Jobs

SUBJECT = "cluster"
COMMAND = ("sweeps", "doctor", "--quick", "--json")
"""What the head is asked to do."""
SECONDS = 120.0
"""For that; a head that does nothing else takes some 10."""


def check(address: str | None) -> Iterator[Finding]:
    """Yield what a cluster comes to. Raises UserError where none is named so."""
    cluster = config.find(address)
    answer = token.asked_for(cluster.address)
    yield answer
    if answer.state == "stop":
        return
    yield clock.of_server(cluster.address)
    if cluster.tracking:
        yield records.server(cluster.tracking)
        yield clock.of_server(cluster.tracking)
    from sweeps.cluster.jobs import Jobs

    try:
        jobs = Jobs(cluster)
        jobs.check_versions()
        yield machines(jobs)
        yield from head(jobs)
    except (ClusterError, UserError) as error:
        yield stop(SUBJECT, str(error))


def machines(jobs: Jobs) -> Finding:
    """Tell how many machines a cluster has, and what Ray shares out of them."""
    nodes = jobs.nodes()
    alive = [node for node in nodes if node.state == "ALIVE"]
    sums = {
        name: sum(float((node.resources_total or {}).get(name, 0)) for node in alive)
        for name in ("CPU", "GPU")
    }
    said = ", ".join(f"{amount:g} {name}" for name, amount in sums.items() if amount)
    count = f"{len(alive)} machine{'' if len(alive) == 1 else 's'}"
    return fine(SUBJECT, f"{jobs.cluster.name} answers: {count}, {said or 'no CPU yet'}")


def head(jobs: Jobs) -> list[Finding]:
    """Have the head of a cluster check itself. Raises ClusterError if it cannot."""
    text = jobs.run_on_head(COMMAND, SECONDS)
    for line in reversed(text.splitlines()):
        if line.startswith('[{"subject"'):
            return [
                Finding(f"head: {one['subject']}", one["state"], one["words"])
                for one in json.loads(line)
            ]
    last = (text.strip().splitlines() or ["it says nothing"])[-1]
    raise ClusterError(f"the head of {jobs.cluster.name} cannot check itself: {last[:200]}")
