"""Which jobs a batch holds, and how many."""

from __future__ import annotations

from typing import Any

from schedules import DIGITS, STACKED

from sweeps.plan import cost
from sweeps.running.schedule import Schedule


def test_no_worker_starts_without_work() -> None:
    """The first batches go to different inits rather than all roots to the first worker."""
    schedule = Schedule(DIGITS, workers=2)
    first, second = schedule.next_batch("a"), schedule.next_batch("b")
    assert first
    assert second
    for batch in (first, second):
        assert sum(cost.seconds(job) for job in batch) > 1
        assert _inits(batch) == _inits(batch[:1])


def test_stacked_chains_are_dealt_out_evenly() -> None:
    """Each worker's first batch holds as many IMP chains as another's, side by side."""
    later = {k: job for k, job in STACKED.items() if job.task != "pretrain: W_k"}
    schedule = Schedule(later, workers=2)
    batches = [schedule.next_batch(name) or [] for name in ("a", "b")]
    chains = [
        {(job.of.start.key, job.of.begin) for job in batch if job.task == "prune: magnitude"}
        for batch in batches
    ]
    assert [len(heads) for heads in chains] == [3, 3]
    assert not chains[0] & chains[1]
    seconds = [sum(cost.seconds(job) for job in batch) for batch in batches]
    assert max(seconds) < 1.3 * min(seconds)


def _inits(jobs: list[Any]) -> set[str]:
    return {job.title.split("init ")[1].split()[0] for job in jobs}


def test_batches_are_as_long_as_asked_and_shorter_at_the_end() -> None:
    schedule = Schedule(DIGITS, workers=2, batch_seconds=5)
    lengths = []
    turn = 0
    while not schedule.finished:
        turn += 1
        jobs = schedule.next_batch(str(turn)) or []
        lengths.append(sum(cost.seconds(job) for job in jobs))
        for job in jobs:
            schedule.job_done(job.key)
        schedule.batch_ended(str(turn))
    assert max(lengths) <= 5
    assert sorted(lengths[:5])[2] > 3  # median of the first ones
    assert lengths[-1] < 1
    longest = max(cost.seconds(job) for job in DIGITS.values())
    assert len(lengths) < 2.5 * sum(lengths) / 5 + 2 * 5 / longest


def test_a_pair_is_measured_at_most_two_batches_after_its_arms() -> None:
    schedule = Schedule(DIGITS, workers=1, batch_seconds=5)
    done_in: dict[str, int] = {}
    turn = 0
    while not schedule.finished:
        turn += 1
        for job in schedule.next_batch(str(turn)) or []:
            schedule.job_done(job.key)
            done_in[job.key] = turn
        schedule.batch_ended(str(turn))
    for key, job in DIGITS.items():
        if job.kind == "instability":
            assert done_in[key] <= max(done_in[needed.key] for needed in job.inputs) + 2
