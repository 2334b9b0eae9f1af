"""The text that comes with Python, as characters and the characters that follow them."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from trainables import data
from trainables.data import python_topics
from trainables.data.errors import DataError
from trainables.recipes import RECIPES

RECIPE = RECIPES["tiny-gpt"]


@pytest.fixture(scope="module")
def dataset():
    return data.load(RECIPE, Path("nowhere"))


def test_labels_are_the_next_characters_of_the_text(dataset) -> None:
    text = python_topics.text()
    letters = sorted(set(text))
    pieces = []
    for split in (dataset.train, dataset.test):
        assert torch.equal(split.images[:, 1:], split.labels[:, :-1])
        whole = torch.cat([split.images, split.labels[:, -1:]], 1)
        pieces += ["".join(letters[token] for token in piece) for piece in whole.tolist()]
    cut = [text[begin : begin + 33] for begin in range(0, len(text) - 32, 33)]
    assert sorted(pieces) == sorted(cut), "every piece is in one of the splits"


def test_its_facts_are_what_is_read(dataset) -> None:
    facts = data.facts("python-topics")
    assert (len(dataset.train), len(dataset.test)) == (facts.train, 500)
    labels = dataset.test.labels
    assert facts.label_shape == facts.shape == tuple(labels.shape[1:]) == (32,)
    assert facts.test_labels == labels.numel() == 16_000
    assert facts.most_frequent == int(labels.flatten().bincount().max())
    assert facts.majority == facts.most_frequent / 16_000
    highest = max(int(split.images.max()) for split in (dataset.train, dataset.test))
    assert facts.classes == highest + 1
    assert facts.kind == "tokens"


def test_its_content_is_part_of_keys(monkeypatch) -> None:
    version = RECIPE.data_version
    assert version.startswith(f"python{sys.version_info[0]}.{sys.version_info[1]}-")
    assert RECIPE.identity("training")["data_version"] == version
    assert "data_version" not in RECIPES["digits-mlp"].identity("training")
    monkeypatch.setattr(python_topics, "text", lambda: "other")
    python_topics.version.cache_clear()
    assert python_topics.version() != version
    monkeypatch.undo()
    python_topics.version.cache_clear()
    assert replace(RECIPE, data="digits").data_version == "", "digits are always the same"
    assert replace(RECIPES["digits-mlp"], data="python-topics").data_version == version


def test_another_pythons_text_is_refused() -> None:
    other = replace(RECIPE, data_version="python3.9-0123456789ab")
    words = "python-topics is python3.9-0123456789ab in this recipe, but python3"
    with pytest.raises(DataError, match=words):
        data.load(other, Path("nowhere"))
    with pytest.raises(DataError, match=words):
        data.prepare(other, Path("nowhere"))


def test_planning_it_needs_no_torch() -> None:
    code = (
        "import sys\nfrom trainables import data, sizes\nfrom trainables.recipes import RECIPES\n"
        "sizes.facts(RECIPES['tiny-gpt']), data.facts('python-topics').majority\n"
        "sys.exit('torch' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
