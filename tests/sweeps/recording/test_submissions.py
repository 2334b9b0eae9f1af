"""Specs kept in the store."""

from __future__ import annotations

from recording_samples import SMALL, Recorded

from sweeps.plan import expand
from sweeps.recording import submissions


def test_a_stored_spec_means_the_same_sweep(recorded: Recorded) -> None:
    plan, text = recorded.plan(*SMALL, "recipe.learning_rate=0.3")
    for _ in range(2):  # submitted twice, there once
        submissions.save(recorded.store, plan, text)
    (found,) = submissions.all_of(recorded.store)
    assert found.text == text
    assert found.key == submissions.sweep_key(plan)
    assert expand(found.sweep).jobs.keys() == plan.jobs.keys()


def test_specs_of_a_later_version_and_damaged_ones_are_passed_over(recorded: Recorded) -> None:
    plan, text = recorded.plan(*SMALL)
    submissions.save(recorded.store, plan, text)
    recorded.store.write(submissions.KIND, "0" * 32, b'{"spec": {"unheard": 1}}', "json")
    recorded.store.write(submissions.KIND, "1" * 32, b"{", "json")
    damaged = plan.spec.model_copy(update={"stable_below": 1.0})
    submissions.save(recorded.store, expand(damaged), text)
    for path in (recorded.home.folder / "store" / submissions.KIND).rglob("*.*.*.json"):
        if b'"stable_below": 1.0' in path.read_bytes():
            path.write_bytes(b"damaged")
    assert [one.sweep.stable_below for one in submissions.all_of(recorded.store)] == [2.0]
