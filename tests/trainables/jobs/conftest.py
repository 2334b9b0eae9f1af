from dataclasses import replace

import pytest
import samples
from job_samples import NEVER, family, payload

from trainables.jobs.execute import Executor
from trainables.recipes import RECIPES
from trainables.store import Store
from trainables.training import loop


@pytest.fixture
def store(tmp_path):
    return Store(str(tmp_path / "store"))


@pytest.fixture
def every_iteration(monkeypatch):
    monkeypatch.setattr(loop, "PULSE_SECONDS", -1.0)


@pytest.fixture
def jobs(short):
    return family(short())


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """Payloads of every job done once, in order, in one process."""
    store = Store(str(tmp_path_factory.mktemp("undisturbed")))
    made = family(replace(RECIPES["digits-mlp"], iterations=60, milestones=(30, 45)))
    executor = Executor(store, samples.FOLDER, NEVER)
    for job in made.values():
        list(executor.run(job))
    return {name: payload(store, job) for name, job in made.items()}
