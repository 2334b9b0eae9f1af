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


def test_a_mask_leaves_its_share_of_weights() -> None:
    [left] = {one.weights_left for one in [SUBJECTS["lenet-sparse"]] if isinstance(one, Training)}
    mask = timing._mask(SUBJECTS["lenet"].recipe, left)  # type: ignore[union-attr]
    kept = sum(int(keep.sum()) for keep in mask.values()) / sum(k.numel() for k in mask.values())
    assert kept == pytest.approx(left, rel=0.02)


def test_the_jpeg_is_about_as_large_as_one_of_imagenet() -> None:
    content = timing._jpeg(Images())
    assert Image.open(io.BytesIO(content)).size == (500, 375)
    assert 60_000 < len(content) < 160_000
