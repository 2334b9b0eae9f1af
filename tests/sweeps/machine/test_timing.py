"""Subjects can be timed: what they take says nothing here."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from sweeps.machine import timing
from sweeps.machine.subjects import SUBJECTS, Training
from sweeps.machine.subjects import Image as Images
from trainables.training import loop

LIGHT = [name for name in SUBJECTS if not name.startswith(("resnet", "wide"))]


@pytest.mark.parametrize("name", LIGHT)
def test_a_subject_can_be_timed_again_and_again(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "PULSE_SECONDS", timing.PULSE_SECONDS)
    work = timing.work_of(SUBJECTS[name])
    assert all(work() > 0 for _ in range(2))


def test_what_takes_long_is_timed_less_often(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = {"light": 0.02, "heavy": 0.5, "long": 8.0}
    clock, calls = [0.0], dict.fromkeys(seconds, 0)

    def work_of(name: str) -> timing.Work:
        def work() -> int:
            calls[name] += 1
            clock[0] += seconds[name]
            return 2

        return work

    # What it sets is for a process of its own.
    monkeypatch.setattr(loop, "PULSE_SECONDS", loop.PULSE_SECONDS)
    monkeypatch.setattr(timing.torch, "set_num_threads", lambda number: None)
    monkeypatch.setattr(timing.torch, "set_flush_denormal", lambda on: None)
    monkeypatch.setattr(timing, "SUBJECTS", {name: name for name in seconds})
    monkeypatch.setattr(timing, "work_of", work_of)
    monkeypatch.setattr(timing.time, "process_time", lambda: clock[0])
    assert timing.measure() == pytest.approx({"light": 0.01, "heavy": 0.25, "long": 4.0})
    assert calls == {"light": 6, "heavy": 3, "long": 1}


def test_a_mask_leaves_its_share_of_weights() -> None:
    [left] = {one.weights_left for one in [SUBJECTS["lenet-sparse"]] if isinstance(one, Training)}
    mask = timing._mask(SUBJECTS["lenet"].recipe, left)  # type: ignore[union-attr]
    kept = sum(int(keep.sum()) for keep in mask.values()) / sum(k.numel() for k in mask.values())
    assert kept == pytest.approx(left, rel=0.02)


def test_the_jpeg_is_about_as_large_as_one_of_imagenet() -> None:
    content = timing._jpeg(Images())
    assert Image.open(io.BytesIO(content)).size == (500, 375)
    assert 60_000 < len(content) < 160_000
