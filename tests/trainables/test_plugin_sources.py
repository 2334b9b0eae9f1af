"""Which sources belong to a module of one's own, and when their hash changes."""

from __future__ import annotations

import ast
import hashlib
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from own_code import write

from trainables import plugin_sources
from trainables.plugin_sources import Folder, UnusableError, digest, normalized

MODULE = '''"""Says what it is.

# in a string
"""

import math  # why

def net(width):
    text = f"{width} # no comment"  # a comment

    # A line of its own.
    return """
  
# kept
""", text, math.pi
'''  # noqa: W293


def written(folder: Path, modules: Mapping[str, str]) -> Folder:
    """Write modules, and return the folder as it is now."""
    write(folder, modules)
    return Folder(folder)


def names(folder: Folder, module: str) -> list[str]:
    return [one.module for one in folder.closure(module)]


def test_normalized_source_means_the_same() -> None:
    found = normalized(MODULE)
    assert ast.dump(ast.parse(found)) == ast.dump(ast.parse(MODULE))
    assert "why" not in found
    assert "a comment" not in found
    assert "of its own" not in found
    assert "# no comment" in found
    assert "\n  \n# kept\n" in found
    assert normalized(found) == found


LINES = st.sampled_from(["x = 1", "if x:\n    y = '''a\n\n b # c\n'''", "f(\n\n  1,  # one\n)", ""])


@given(st.lists(LINES), st.lists(st.sampled_from(["", "  ", "# comment", "\t# other"])))
def test_comments_and_blank_lines_do_not_count(lines: list[str], extra: list[str]) -> None:
    plain = "\n".join(lines)
    assert normalized("\n".join([*lines, *extra])) == normalized(plain)
    assert normalized("\n".join([*extra, *lines])) == normalized(plain)
    for text in lines:
        if "'''" not in text:
            assert normalized(f"{text}  # end\n") == normalized(text)


def test_hash_sees_what_is_said_and_nothing_else(tmp_path: Path) -> None:
    def of(text: bytes) -> str:
        (tmp_path / "net.py").write_bytes(text)
        return digest(Folder(tmp_path).closure("net"))

    plain = of(b"x = 1\ny = 2\n")
    assert of(b"x = 1\r\ny = 2\r\n") == plain
    assert of(b"\xef\xbb\xbfx = 1  # one\n\n# two\ny = 2") == plain
    assert of(b"x = 1\ny = 3\n") != plain
    assert of("# coding: latin-1\nx = 'é'".encode("latin-1")) == of("x = 'é'".encode())


def test_hash_stays_as_it_is(tmp_path: Path) -> None:
    """It is part of the keys of stored results."""
    (tmp_path / "net.py").write_text("# mine\n\nx = 1  # one\n")
    said = hashlib.sha256(b"net\x005\x00x = 1").hexdigest()
    assert digest(Folder(tmp_path).closure("net")) == said[:12]


def test_closure_is_what_import_statements_reach(tmp_path: Path) -> None:
    folder = written(
        tmp_path,
        {
            "net": "import helpers\nimport torch\ndef f():\n    from lab import deep\n",
            "helpers": "import net",
            "lab/__init__": "",
            "lab/deep": "from . import other\nfrom .under import leaf\nfrom ..above import x",
            "lab/other": "",
            "lab/under/__init__": "from ..last import *",
            "lab/under/leaf": "",
            "lab/last": "",
            "lab/unused": "",
            "unused": "",
            "torch": "",
        },
    )
    inside = ["lab", "lab.deep", "lab.last", "lab.other", "lab.under", "lab.under.leaf"]
    assert names(folder, "net") == ["helpers", *inside, "net", "torch"]
    assert names(folder, "lab.other") == ["lab", "lab.other"]
    assert names(folder, "lab.under.leaf") == ["lab", "lab.last", "lab.under", "lab.under.leaf"]
    assert names(folder, "nothing") == []


def test_a_folder_is_read_once(tmp_path: Path) -> None:
    folder = written(tmp_path, {"net": "x = 1"})
    before = folder.closure("net")
    write(tmp_path, {"net": "x = 2"})
    assert folder.closure("net") == before
    assert digest(Folder(tmp_path).closure("net")) != digest(before)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"x = 1\ndef f(:\n", "SyntaxError: .* \\(net.py:2\\)"),
        (b"x = '\xff'", "net.py"),
        (b"# coding: nonsense\n", "SyntaxError: .*nonsense.* \\(net.py\\)"),
        (b"x = 1\0", "null bytes"),
        (b"(" * 5000, "net.py"),
    ],
)
def test_what_is_no_python_is_one_line(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "net.py").write_bytes(content)
    with pytest.raises(UnusableError, match=said) as error:
        Folder(tmp_path).closure("net")
    assert "\n" not in str(error.value)


def test_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = written(tmp_path, {"net": "import a, b", "a": "", "b": ""})
    monkeypatch.setattr(plugin_sources, "MAX_MODULES", 2)
    with pytest.raises(UnusableError, match=r"imports too much from .*: at most 2 modules"):
        folder.closure("net")
    assert names(folder, "a") == ["a"]
    monkeypatch.setattr(plugin_sources, "MAX_BYTES", 5)
    with pytest.raises(UnusableError, match=r"net\.py is too large: at most 5 bytes"):
        Folder(tmp_path).closure("net")


def test_a_huge_folder_is_not_searched(tmp_path: Path) -> None:
    """Only files that could be an imported module are looked at, so pipes and locks do no harm."""
    folder = written(tmp_path, {"net": "import pipe, locked"})
    subprocess.run(["mkfifo", tmp_path / "pipe.py"], check=True)
    (tmp_path / "locked.py").symlink_to(tmp_path / "nowhere")
    assert names(folder, "net") == ["net"]
