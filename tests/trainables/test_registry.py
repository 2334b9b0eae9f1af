"""Things by name: built in, of a folder of one's own, and of installed packages."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from own_code import write

from trainables import plugins
from trainables.registry import Door, PluginError

DOOR = Door("network", {"counter": "collections:Counter"}, "stability_sweeps.networks")

NETS = """\
def net(width, depth=2):
    return [width] * depth

class Net:
    def __init__(self, width):
        self.width = width
    made = staticmethod(net)

number = 3
"""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """An empty folder in which own code is looked for."""
    place = tmp_path / "own"
    place.mkdir()
    plugins.use(place)
    yield place
    plugins.use(None)


def wrong(name: str, *given: object, **named: object) -> str:
    """What is said of a call, in one line."""
    with pytest.raises(PluginError) as error:
        DOOR.call(name, *given, **named)
    said = str(error.value)
    assert "\n" not in said
    assert said.startswith(f"network {name}: ")
    return said.removeprefix(f"network {name}: ")


def test_built_in_things_have_no_identity() -> None:
    assert DOOR.find("counter")("aab")["a"] == 2
    assert DOOR.identity("counter") == ""
    with pytest.raises(KeyError):
        DOOR.find("count")
    with pytest.raises(KeyError):
        DOOR.identity("count")


def test_own_things_by_dotted_names(folder: Path) -> None:
    write(folder, {"nets": NETS, "lab/nets": NETS})
    assert DOOR.call("nets:net", 3) == [3, 3]
    assert DOOR.call("nets:Net", width=4).width == 4
    assert DOOR.call("nets:Net.made", 1, depth=1) == [1]
    assert DOOR.call("lab.nets:net", 5, 1) == [5]
    assert DOOR.identity("nets:net") == DOOR.identity("nets:Net")
    assert DOOR.identity("nets:net") != DOOR.identity("lab.nets:net")


def test_modules_import_each_other(folder: Path) -> None:
    write(
        folder,
        {"lab/__init__": "", "shared": "WIDTH = 7", "lab/widths": "from shared import WIDTH"},
    )
    write(folder, {"lab/nets": "from . import widths\ndef net(): return widths.WIDTH, __file__"})
    assert DOOR.call("lab.nets:net") == (7, str(folder / "lab" / "nets.py"))
    before = DOOR.identity("lab.nets:net")
    write(folder, {"shared": "WIDTH = 8"})
    assert DOOR.call("lab.nets:net")[0] == 7
    assert DOOR.identity("lab.nets:net") == before
    plugins.use(folder)
    assert DOOR.call("lab.nets:net")[0] == 8
    assert DOOR.identity("lab.nets:net") != before


def test_modules_find_their_files(folder: Path) -> None:
    write(
        folder,
        {
            "lab/__init__": "",
            "lab/nets": """
from importlib.resources import files
from pathlib import Path
def net():
    return files("lab").joinpath("table.txt").read_text(), Path(__file__).parent.name
""",
        },
    )
    (folder / "lab" / "table.txt").write_text("seven")
    assert DOOR.call("lab.nets:net") == ("seven", "lab")


@pytest.mark.parametrize(
    ("source", "identity"),
    [
        ("def net(): pass\nnet.sweeps_version = 2", "@2"),
        ("sweeps_version = '2026.1'\ndef net(): pass", "@2026.1"),
        ("sweeps_version = 1\nclass net: sweeps_version = 2", "@2"),
    ],
)
def test_a_version_of_ones_own(folder: Path, source: str, identity: str) -> None:
    write(folder, {"nets": source})
    assert DOOR.identity("nets:net") == identity


@pytest.mark.parametrize("version", ["True", "1.5", "'two words'", "''"])
def test_a_version_that_is_none(folder: Path, version: str) -> None:
    write(folder, {"nets": f"sweeps_version = {version}\ndef net(): pass"})
    with pytest.raises(PluginError, match="network nets:net: its sweeps_version"):
        DOOR.identity("nets:net")


def test_what_is_wrong_is_one_line_with_its_place(folder: Path) -> None:
    write(
        folder,
        {
            "nets": NETS,
            "broken": "import nets\n\nx = 1 / 0",
            "lacking": "import math\nimport nothing_like_it",
            "unfinished": "def f(:",
            "late": "def f():\n  pass\nreturn 3",
            "leaving": "import sys\nsys.exit('done')",
            "raising": "def f(x): g(x)\n\n\n\ndef g(x): raise ValueError('two\\nlines')",
            "torchy": "import torch\n\ndef f():\n    return torch.zeros(2) @ torch.zeros(3)",
        },
    )
    assert wrong("nets:nett") == "nets.py has no 'nett'; did you mean 'net'?"
    assert wrong("nest:net") == f"there is no module nest in {folder}, and none is installed"
    said = "there is no module nets.under"
    assert wrong("nets.under:net").startswith(said)
    assert wrong("nets:number") == "it is a int, not a function or class"
    said = "missing a required argument: 'width'; it takes (width, depth=2) (nets.py:1)"
    assert wrong("nets:net") == said
    said = "it has no argument 'wide'; did you mean 'width'? it takes (width) (nets.py:5)"
    assert wrong("nets:Net", 1, wide=2) == said
    assert wrong("broken:f") == "ZeroDivisionError: division by zero (broken.py:3)"
    said = "ModuleNotFoundError: No module named 'nothing_like_it' (lacking.py:2)"
    assert wrong("lacking:f") == said
    assert wrong("unfinished:f") == "SyntaxError: invalid syntax (unfinished.py:1)"
    assert wrong("late:f") == "SyntaxError: 'return' outside function (late.py, line 3) (late.py:3)"
    assert wrong("leaving:f") == "SystemExit: done (leaving.py:2)"
    assert wrong("raising:f", 1) == "ValueError: two (raising.py:5)"
    assert wrong("torchy:f").endswith("(torchy.py:4)")


@pytest.mark.parametrize("name", [":f", "nets:", "a:b:c", "nets.py:f()", "../nets:f", "a b:c"])
def test_what_is_no_name_of_own_code(name: str) -> None:
    assert "own code is named as module:object" in wrong(name)


def test_an_installed_module_is_never_shadowed(folder: Path) -> None:
    """Neither by what a spec names, nor by what that imports; packages likewise."""
    write(
        folder,
        {"torch": "def net(): return 'mine'", "random": "", "nets": "import random\ndef net(): 0"},
    )
    write(folder, {"numpy/__init__": "def net(): return 'mine'"})
    for name, top in (("torch:net", "torch"), ("nets:net", "random"), ("numpy:net", "numpy")):
        said = wrong(name)
        assert f"has the name of an installed module, {top} in " in said
        assert str(folder / top) in said
        assert said.endswith(": rename it")
    import random

    import torch

    assert random.random() < 1
    assert torch.zeros(1) == 0


def test_files_that_nothing_imports_may_have_any_name(folder: Path) -> None:
    write(folder, {"torch": "1 / 0", "nets": "import random\ndef net(): return random.__name__"})
    assert DOOR.call("nets:net") == "random"


def test_a_module_that_no_statement_imports_would_not_travel(folder: Path) -> None:
    write(
        folder,
        {
            "lab/__init__": "",
            "lab/nets": """
from importlib import import_module
def net(): import_module("lab.hidden")
""",
            "lab/hidden": "",
        },
    )
    assert "lab.hidden is imported by no import statement" in wrong("lab.nets:net")


def test_own_code_is_read_from_memory_elsewhere(folder: Path) -> None:
    """As in a worker on a machine that has no such folder."""
    write(folder, {"lab/__init__": "", "lab/nets": "from .width import w\ndef net(): return w"})
    write(folder, {"lab/width": "w = 1"})
    DOOR.find("lab.nets:net")
    own = plugins.here()
    identity = DOOR.identity("lab.nets:net")
    for path in (folder / "lab").iterdir():
        path.unlink()
    plugins.use(None)
    assert plugins.adopt(own) is None
    assert plugins.here() == own
    assert DOOR.call("lab.nets:net") == 1
    assert DOOR.identity("lab.nets:net") == identity


def test_a_worker_forgets_the_code_of_another_sweep(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    owns = []
    for place, value in ((folder, 1), (other, 2)):
        write(
            place, {"nets": "import values\ndef net(): return values.v", "values": f"v = {value}"}
        )
        plugins.use(place)
        DOOR.find("nets:net")
        owns.append(plugins.here())
    for own, value in ((owns[0], 1), (owns[1], 2), (owns[0], 1)):
        assert plugins.adopt(own) is None
        assert DOOR.call("nets:net") == value
    assert plugins.adopt(plugins.OwnCode()) is None
    assert "nets" not in sys.modules
    assert wrong("nets:net").startswith("there is no module nets")


def test_a_worker_where_an_installed_module_has_the_name(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(folder, {"nets": NETS})
    DOOR.find("nets:net")
    own = plugins.here()
    write(tmp_path / "installed", {"nets": NETS})
    monkeypatch.syspath_prepend(tmp_path / "installed")
    plugins.use(None)
    assert plugins.adopt(own) is None, "it is the same"
    write(tmp_path / "installed", {"nets": ""})
    plugins.use(None)
    refused = plugins.adopt(own)
    assert refused is not None
    assert "cannot use the own code of this sweep: " in refused
    assert f"nets in {tmp_path / 'installed' / 'nets.py'}: rename it" in refused


def test_the_folder_may_be_on_the_path_too(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the current folder is with `python -m sweeps`; there under another name of it."""
    write(folder, {"lab/nets": NETS, "nets": NETS})
    (tmp_path / "link").symlink_to(folder)
    for place in (folder, tmp_path / "link"):
        monkeypatch.syspath_prepend(place)
        plugins.use(folder)
        assert DOOR.call("lab.nets:net", 3) == DOOR.call("nets:net", 3) == [3, 3]
        assert len(plugins.here().sources) == 2


def install(place: Path, name: str, version: str, points: str = "") -> None:
    """Write what pip leaves of a distribution, but for its modules."""
    info = place / f"{name}-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    (info / "top_level.txt").write_text(f"{name}_code\n")
    if points:
        (info / "entry_points.txt").write_text(f"[{DOOR.group}]\n{points}\n")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of installed packages."""
    place = tmp_path / "site"
    place.mkdir()
    monkeypatch.syspath_prepend(place)
    yield place
    for name in [name for name in sys.modules if name.startswith(("lab_code", "other_code"))]:
        del sys.modules[name]
    plugins.use(None)


def test_installed_packages_offer_things(site: Path, tmp_path: Path) -> None:
    plugins.use(None)
    install(site, "lab", "1.2", "wide = lab_code.nets:net\nfun = lab_code.nets:Net.made [extra]")
    write(site, {"lab_code/__init__": "", "lab_code/nets": NETS})
    assert DOOR.names() == ["counter", "fun", "wide"]
    assert DOOR.call("wide", 1) == [1, 1]
    assert DOOR.call("fun", 2, depth=1) == [2]
    assert DOOR.identity("wide") == DOOR.identity("lab_code.nets:net") == "lab==1.2"
    assert plugins.here().installed == (("lab_code.nets", "lab==1.2"),)
    assert not plugins.here().sources
    said = "missing a required argument: 'width'; it takes (width, depth=2)"
    assert wrong("wide").startswith(said)
    install(site, "other", "1.0", "wide = other_code:net\nthin = other_code:net")
    said = "several installed packages have one of this name; write "
    assert wrong("wide") == f"{said}lab_code.nets:net or other_code:net"
    assert (
        wrong("thin") == "there is no module other_code (--plugins FOLDER), and none is installed"
    )


def test_a_package_of_another_place_is_known_by_its_sources(
    site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As one is that was installed to be edited, or lies on PYTHONPATH."""
    install(site, "lab", "1.2", "wide = lab_code.nets:net")
    elsewhere = tmp_path / "elsewhere"
    write(elsewhere, {"lab_code/__init__": "", "lab_code/nets": NETS})
    monkeypatch.syspath_prepend(elsewhere)
    plugins.use(None)
    identity = DOOR.identity("wide")
    assert len(identity) == 12
    own = plugins.here()
    write(elsewhere, {"lab_code/nets": f"{NETS}\nmore = 1"})
    assert DOOR.identity("wide") == identity, "of what was imported"
    plugins.use(None)
    refused = plugins.adopt(own)
    assert refused is not None
    assert "as lab_code.nets, the driver" in refused


def test_a_worker_without_the_package(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plugins.use(None)
    install(site, "lab", "1.2", "wide = lab_code:net")
    write(site, {"lab_code": NETS})
    DOOR.find("wide")
    own = plugins.here()
    plugins.use(None)
    monkeypatch.setattr(sys, "path", [one for one in sys.path if one != str(site)])
    refused = plugins.adopt(own)
    assert refused is not None
    assert "has nothing as lab_code, the driver lab==1.2: install the same on both" in refused


def test_modules_without_source(folder: Path) -> None:
    assert DOOR.find("math:sqrt")(9) == 3
    with pytest.raises(PluginError, match="the module math has no Python source"):
        DOOR.identity("math:sqrt")
    assert len(DOOR.identity("collections:Counter")) == 12


def test_our_own_packages_are_not_the_users(folder: Path) -> None:
    """A spec may lie beside them, in a checkout."""
    root = Path(plugins.__file__).parents[1]
    plugins.use(root)
    assert DOOR.find("trainables.registry:Door") is Door
    assert not plugins.here().sources
