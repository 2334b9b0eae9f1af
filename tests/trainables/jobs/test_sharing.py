"""Several that work on one store: each job is done once, and nothing is lost."""

from __future__ import annotations

import threading
from collections import Counter

import pytest
import samples
from job_samples import NEVER, checkpoint_of, payload

from trainables.jobs import sharing
from trainables.jobs.execute import Executor
from trainables.jobs.kinds import Job
from trainables.jobs.sharing import SharedWork, Waiting
from trainables.store import Leases, Store


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(sharing, "LOOK_SECONDS", 0.02)


def work_of(store, owner, *wanted):
    """The work of a process of its own; its leases are renewed by nobody."""
    own = Store(store.url)
    return SharedWork(Executor(own, samples.FOLDER, NEVER), Leases(own, owner), wanted)


def done(events):
    return [event.key for event in events if isinstance(event, Job)]


def test_what_is_wanted_is_done_with_all_it_needs_and_then_costs_nothing(store, jobs, undisturbed):
    wanted = [jobs["instability"], jobs["sparse instability"]]
    first = done(work_of(store, "a", *wanted).events())
    needed = {"w0", "wk", "arm", "second arm", "mask", "masked", "second masked"}
    assert Counter(first) == Counter(jobs[n].key for n in (*needed, "instability")) + Counter(
        [jobs["sparse instability"].key]
    )
    assert payload(store, jobs["instability"]) == undisturbed["instability"]
    assert not list(work_of(store, "b", *wanted).events())


def test_two_at_once_do_each_job_once(store, jobs):
    """One wants the dense pair, one the sparse pair, whose mask needs an arm of the first."""
    does = {}

    def work(owner, wanted):
        does[owner] = done(work_of(store, owner, wanted).events())

    threads = [
        threading.Thread(target=work, args=(name, jobs[name]))
        for name in ("instability", "sparse instability")
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    together = Counter(does["instability"] + does["sparse instability"])
    assert set(together.values()) == {1}
    assert {jobs["instability"].key, jobs["sparse instability"].key} <= together.keys()


def test_what_another_does_is_waited_for_and_what_it_gives_up_is_taken_over(store, jobs):
    other = Leases(store, "other")
    assert other.claim([jobs["w0"].key]) == {jobs["w0"].key}
    events = work_of(store, "mine", jobs["wk"]).events()
    assert isinstance(next(events), Waiting)
    assert isinstance(next(events), Waiting)
    other.release([jobs["w0"].key])
    assert done(events) == [jobs["w0"].key, jobs["wk"].key]


def test_closed_work_leaves_a_checkpoint_and_no_lease(store, jobs, every_iteration, undisturbed):
    work = work_of(store, "mine", jobs["arm"])
    events = work.events()
    for event in events:
        if getattr(event, "job", None) == jobs["arm"] and event.iteration > 25:
            break
    events.close()
    assert checkpoint_of(store, jobs["arm"]) > 25
    assert Leases(store, "another").claim([jobs["arm"].key])
    Leases(store, "another").release([jobs["arm"].key])
    again = list(work_of(store, "mine", jobs["arm"]).events())
    assert payload(store, jobs["arm"]) == undisturbed["arm"]
    assert next(e for e in again if hasattr(e, "iteration")).iteration > 25


def test_an_error_of_a_job_is_raised_and_its_leases_are_given_back(store, jobs, monkeypatch):
    work = work_of(store, "mine", jobs["mask"])
    monkeypatch.setattr("trainables.jobs.masking.pruned", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        list(work.events())
    assert Leases(store, "another").claim([jobs["mask"].key])
