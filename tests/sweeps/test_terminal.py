"""Output in encodings other than UTF-8, and its width."""

from __future__ import annotations

import io
import sys

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sweeps import display, terminal

SAID = "• dense – stable ± 0.1 · −2 ≤ α → … ━│┏ é [x] \udcff 漢"


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-8"])
def test_any_text_can_be_printed(monkeypatch: pytest.MonkeyPatch, encoding: str) -> None:
    for name in ("stdout", "stderr"):
        raw = io.BytesIO()
        monkeypatch.setattr(sys, name, io.TextIOWrapper(raw, encoding=encoding))
        terminal.prepare()
        stream = getattr(sys, name)
        print(SAID, file=stream, flush=True)
        shown = raw.getvalue().decode(encoding)
        kept = "•" in shown, "±" in shown, "é" in shown
        assert (
            kept
            == {
                "ascii": (False, False, False),
                "latin-1": (False, True, True),
                "cp1252": (True, True, True),
                "utf-8": (True, True, True),
            }[encoding]
        )


def test_what_ascii_lacks_has_a_readable_stand_in() -> None:
    shown = SAID.encode("ascii", terminal.ERRORS).decode("ascii")
    assert shown == "* dense - stable +- 0.1 | -2 <= alpha -> ... -|+ e [x] ? ?"


@given(st.text(alphabet=st.characters(exclude_categories=())))
def test_no_text_is_unprintable(text: str) -> None:
    assert text.encode("ascii", terminal.ERRORS).isascii()


def test_decoding_is_not_what_the_handler_is_for() -> None:
    with pytest.raises(UnicodeDecodeError):
        b"\xff".decode("ascii", terminal.ERRORS)


def test_columns_stay_aligned_where_a_character_becomes_two(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
    monkeypatch.setenv("COLUMNS", "80")
    terminal.prepare()
    frame = pd.DataFrame(
        {"rewind k": ["0", "20"], "instability %": ["64.3 ± 16.4", "0.7"], "stable": ["no", "yes"]}
    )
    display.print_frame(terminal.console(), frame, keys=["rewind k"], core=[])
    sys.stdout.flush()
    header, first, second, _ = raw.getvalue().decode("ascii").splitlines()
    assert "64.3 +- 16.4" in first
    assert header.index("stable") == first.index("no") == second.index("yes")


def test_the_width_is_that_of_columns_or_wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "61")
    assert terminal.console().width == 61
    monkeypatch.delenv("COLUMNS")
    assert terminal.console().width == terminal.WIDE
    monkeypatch.setenv("COLUMNS", "many")
    assert terminal.console().width == terminal.WIDE
