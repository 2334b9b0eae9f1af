"""Trainings that are closed or killed, and go on: the artifacts have the same bits."""

from pathlib import Path

import pytest
import samples
from job_samples import NEVER, checkpoint_of, do, payload

from trainables.jobs import execute
from trainables.jobs.execute import CHECKPOINT, Executor
from trainables.jobs.kinds import pretrained
from trainables.jobs.report import advance
from trainables.jobs.turn import Turn, TurnLength
from trainables.store import Store


@pytest.mark.parametrize("name", ["wk", "arm", "masked", "reinit arm"])
@pytest.mark.parametrize("seen", [1, 13])
def test_a_closed_training_goes_on_from_its_checkpoint(
    store, jobs, undisturbed, every_iteration, name, seen
):
    job = jobs[name]
    do(store, *job.inputs)
    running = Executor(store, samples.FOLDER, NEVER).run(job)
    for _ in range(seen):
        progress = next(running)
    assert checkpoint_of(store, job) is None
    running.close()
    assert checkpoint_of(store, job) == progress.iteration
    assert not store.complete([(job.kind, job.key)])

    executor = Executor(store, samples.FOLDER, NEVER)
    assert next(iter(list(executor.run(job)))).begin == progress.begin
    assert executor.trained_iterations == progress.until - progress.iteration
    assert payload(store, job) == undisturbed[name]
    assert checkpoint_of(store, job) is None


def test_a_training_may_be_closed_again_and_again(store, jobs, undisturbed, every_iteration):
    job, trained = jobs["masked"], 0
    do(store, *job.inputs)
    for _ in range(5):
        executor = Executor(store, samples.FOLDER, NEVER)
        running = executor.run(job)
        for _ in range(4):
            next(running)
        running.close()
        trained += executor.trained_iterations
    assert checkpoint_of(store, job) == 20 + trained == 40
    do(store, job)
    assert payload(store, job) == undisturbed["masked"]


@pytest.mark.parametrize("name", ["wk", "arm", "masked"])
def test_a_killed_training_goes_on_from_its_last_checkpoint(
    store, jobs, undisturbed, every_iteration, name
):
    job = jobs[name]
    do(store, *job.inputs)
    killed = Executor(store, samples.FOLDER, checkpoint_seconds=-1).run(job)
    for _ in range(10):
        progress = next(killed)
    assert checkpoint_of(store, job) == progress.iteration

    executor = Executor(store, samples.FOLDER, NEVER)
    list(executor.run(job))
    assert executor.trained_iterations == progress.until - progress.iteration
    assert payload(store, job) == undisturbed[name]
    assert checkpoint_of(store, job) is None

    # Were it not dead but slow, its leftovers would harm nothing.
    killed.close()
    assert list(Executor(store, samples.FOLDER, NEVER).run(job)) == []
    assert payload(store, job) == undisturbed[name]


def test_two_processes_may_do_the_same_job(store, jobs, undisturbed, every_iteration):
    """As where a worker that was given up for dead goes on."""
    job = jobs["masked"]
    do(store, *job.inputs)
    first, second = (
        Executor(store, samples.FOLDER, checkpoint_seconds=-1).run(job) for _ in range(2)
    )
    for _ in range(7):
        next(first)
    for _ in second:  # it goes on from the first's checkpoint, and ends before it
        next(first, None)
    assert payload(store, job) == undisturbed["masked"]
    list(first)
    assert payload(store, job) == undisturbed["masked"]
    assert checkpoint_of(store, job) is None


def test_an_adam_training_goes_on(tmp_path, short, every_iteration):
    recipe = short(optimizer="adam", momentum=0.0, learning_rate=0.01, warmup=40)
    job = pretrained(recipe, 1, 0, 40)
    whole, parts = (Store(str(tmp_path / name)) for name in ("whole", "parts"))
    do(whole, job)
    running = Executor(parts, samples.FOLDER, NEVER).run(job)
    for _ in range(15):
        next(running)
    running.close()
    do(parts, job)
    assert payload(parts, job) == payload(whole, job)


def test_checkpoints_come_as_often_as_asked(store, jobs, every_iteration, monkeypatch):
    """None before its time has passed; and each replaces the one before."""
    clock = [0.0]
    monkeypatch.setattr(execute.time, "monotonic", lambda: clock[0])
    job = jobs["wk"]
    do(store, jobs["w0"])
    seen = []
    for _ in Executor(store, samples.FOLDER, 5.0).run(job):
        clock[0] += 1
        seen.append(checkpoint_of(store, job))
        folder = Path(store.url) / CHECKPOINT / job.key[:2]
        assert len(list(folder.glob("*.safetensors"))) == (seen[-1] is not None)
    assert seen[:14] == [None] * 6 + [7] * 6 + [13] * 2


def test_a_damaged_checkpoint_begins_anew(store, jobs, undisturbed, every_iteration):
    job = jobs["arm"]
    do(store, *job.inputs)
    running = Executor(store, samples.FOLDER, NEVER).run(job)
    for _ in range(5):
        next(running)
    running.close()
    [file] = (Path(store.url) / CHECKPOINT / job.key[:2]).glob("*.safetensors")
    file.write_bytes(file.read_bytes()[:-1])
    executor = Executor(store, samples.FOLDER, NEVER)
    list(executor.run(job))
    assert executor.trained_iterations == 40
    assert payload(store, job) == undisturbed["arm"]
    assert checkpoint_of(store, job) is None


def test_closing_while_an_input_is_made_saves_the_input(store, jobs, undisturbed, every_iteration):
    running = Executor(store, samples.FOLDER, NEVER).run(jobs["masked"])
    progress = next(running)
    while progress.job != jobs["arm"]:
        progress = next(running)
    running.close()
    assert checkpoint_of(store, jobs["arm"]) == progress.iteration
    assert checkpoint_of(store, jobs["masked"]) is None
    do(store, jobs["masked"])
    for name in ("arm", "masked"):
        assert payload(store, jobs[name]) == undisturbed[name]
        assert checkpoint_of(store, jobs[name]) is None


def test_a_batch_ends_when_its_turn_is_over(store, jobs, undisturbed, every_iteration, monkeypatch):
    """What is under way stores a checkpoint, and goes on from it when its turn comes again."""
    clock = [0.0]

    def tick():
        clock[0] += 0.1
        return clock[0]

    monkeypatch.setattr(execute.time, "monotonic", tick)
    job, reports = jobs["masked"], []
    do(store, *job.inputs)
    while not store.complete([(job.kind, job.key)]):
        executor = Executor(store, samples.FOLDER, NEVER)
        events, turn = executor.run_batch([job]), Turn(TurnLength(3.5, 1), 0)
        begun, of_this_turn = clock[0], []
        while not of_this_turn or not of_this_turn[-1].done:
            of_this_turn.append(advance(executor, events, turn, lambda: False))
        assert clock[0] - begun < 4.3, "not at the next report, but when it is over"
        reports += of_this_turn
        if not any(report.finished for report in of_this_turn):
            moved = [report.running for report in of_this_turn if report.running]
            (one,) = moved[-1]
            assert (one.key, one.begin, one.until) == (job.key, 20, 60)
            assert checkpoint_of(store, job) == one.iteration < one.until
    assert len([report for report in reports if report.done]) > 2
    assert sum(report.trained for report in reports) == 40
    assert payload(store, job) == undisturbed["masked"]


def test_manifests_count_what_led_to_a_checkpoint_too(store, jobs, every_iteration):
    job = jobs["arm"]
    do(store, *job.inputs)
    spent = 0.0
    for _ in range(3):
        running = Executor(store, samples.FOLDER, NEVER).run(job)
        for _ in range(7):
            next(running)
        running.close()
        before, spent = spent, store.read(CHECKPOINT, job.key).facts["seconds"]
        assert spent > before
    do(store, job)
    facts = store.facts(job.kind, job.key)
    assert facts["iterations"] == job.iterations == 40
    assert facts["seconds"] > spent
