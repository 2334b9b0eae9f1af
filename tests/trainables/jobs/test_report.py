"""What a report tells of a batch."""

import pytest
import samples
from job_samples import NEVER, do

from trainables.jobs.execute import Executor
from trainables.jobs.report import Turn, advance


@pytest.mark.parametrize("name", ["instability", "arm"])
def test_what_is_under_way_is_told_until_it_is_done(store, jobs, every_iteration, name):
    job = jobs[name]
    do(store, *job.inputs)
    executor = Executor(store, samples.FOLDER, NEVER)
    events = executor.run_batch([job])
    leaves = iter([False, True])
    first = advance(executor, events, Turn(None), lambda: next(leaves))
    last = advance(executor, events, Turn(None), lambda: False)
    if name == "arm":
        assert first["running"] == [(job.key, job.title, 20, 21, 60)]
        assert first["measuring"] == []
    else:
        ((key, title, share),) = first["measuring"]
        assert (key, title) == (job.key, job.title)
        assert 0 < share < 1
        assert first["running"] == []
    assert not first["done"]
    assert last["done"]
    assert last["finished"] == [job.key]
    assert last["running"] == last["measuring"] == []
