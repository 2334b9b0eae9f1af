"""The text of a spec: YAML to a mapping, with the lines that its parts stand on.

Whatever a file holds, reading it takes little time and memory: size, depth and number of values
are bounded before anything is built.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml
from yaml.events import AliasEvent

from sweeps.errors import UserError, one_line, shown

MAX_CHARACTERS = 1_000_000
"""Of a file. The longest built-in spec has 2,000."""

MAX_VALUES = 10_000
"""Of a file or an override, each alias counted as what it repeats. That many take 0.4 s."""

MAX_DEPTH = 20
"""Lists and mappings within another. A spec has four."""

TAG = "tag:yaml.org,2002:"

WORDS = ("yes", "no", "true", "false", "on", "off")
"""Of truth, in YAML 1.1."""


class NotASpec(ValueError):
    """What is wrong with a text, and on which line."""

    def __init__(self, words: str, line: int = 1):
        super().__init__(words)
        self.line = line


class _Loader(yaml.SafeLoader):
    """YAML 1.1's words for true and false, numbers as people write them, and nothing else.

    YAML 1.1 reads 010 as 8, 1:30 as 90 and 2024-01-01 as a date. Here these are text, of which an
    error says that a number is wanted. `1e-4` is a number.
    """

    def __init__(self, stream: str):
        super().__init__(stream)
        self.values = self.depth = 0
        self.sizes: dict[str, int] = {}
        """Values below each anchor that is complete."""

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        event = self.peek_event()
        before = self.values
        self.values += 1
        if isinstance(event, AliasEvent):
            if event.anchor in self.anchors and event.anchor not in self.sizes:
                raise _refusal(f"*{event.anchor} refers to itself", event)
            self.values += self.sizes.get(event.anchor or "", 0)
        self.depth += 1
        if self.values > MAX_VALUES:
            raise _refusal(f"more than {MAX_VALUES:,} values are too many for a spec", event)
        if self.depth > MAX_DEPTH:
            raise _refusal(f"lists and mappings are nested more than {MAX_DEPTH} deep", event)
        node = super().compose_node(parent, index)
        self.depth -= 1
        anchor = getattr(event, "anchor", None)
        if anchor and not isinstance(event, AliasEvent):
            self.sizes[anchor] = self.values - before
        self._check(node, event)
        return node

    def _check(self, node: yaml.Node | None, event: yaml.Event) -> None:
        """Refuse what `construct_document` would not know, and keys that are no words."""
        if isinstance(node, yaml.MappingNode):
            known = node.tag == TAG + "map"
            for key, _ in node.value:
                if not isinstance(key, yaml.ScalarNode):
                    raise _refusal("a key is a word, not a list or a mapping", event)
                if key.tag != TAG + "merge":
                    key.tag = TAG + "str"  # `on` and `3`, too, are shown as they are written
        elif isinstance(node, yaml.ScalarNode):
            plain = self.resolve(yaml.ScalarNode, node.value, (True, False))
            known = node.tag in (TAG + "str", plain)
        else:
            known = node is None or node.tag == TAG + "seq"
        if node is not None and not known:
            name = node.tag.replace(TAG, "!!")
            raise _refusal(f"the tag {shown(name)} is not for a spec", event)


_Loader.yaml_implicit_resolvers = {}
for _name, _pattern, _first in (
    ("bool", "|".join(f"{w}|{w.title()}|{w.upper()}" for w in WORDS), "yYnNtTfFoO"),
    ("null", "~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("int", r"[-+]?(?:0|[1-9]\d{0,29})", "-+0123456789"),
    (
        "float",
        r"[-+]?(?:\d+\.\d*|\.\d+)(?:[eE][-+]?\d+)?|[-+]?\d+[eE][-+]?\d+"
        r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)",
        "-+0123456789.",
    ),
    ("merge", "<<", "<"),
):
    _Loader.add_implicit_resolver(TAG + _name, re.compile(rf"(?:{_pattern})\Z"), list(_first))


def _refusal(words: str, at: yaml.Event | yaml.Node) -> NotASpec:
    return NotASpec(words, at.start_mark.line + 1 if at.start_mark else 1)


def read_file(path: Path) -> str:
    """Return the text of a spec's file, which ends with a line's end. Raises UserError."""
    name = one_line(str(path), 150)
    try:
        with path.open(encoding="utf-8-sig") as file:
            text = file.read(MAX_CHARACTERS + 1)
    except UnicodeDecodeError as error:
        raise UserError(
            f"cannot read {name}: it is not UTF-8 text (byte {error.start + 1})"
        ) from None
    except OSError as error:
        raise UserError(f"cannot read {name}: {error.strerror or error}") from None
    if len(text) > MAX_CHARACTERS:
        raise UserError(
            f"cannot read {name}: it has more than {MAX_CHARACTERS:,} characters, too many for a "
            "spec"
        )
    return text if text.endswith("\n") else text + "\n"


def parse(text: str) -> tuple[dict[str, Any], yaml.Node]:
    """Return a spec's mapping, and the YAML nodes that tell its lines. Raises NotASpec."""
    value, node = parse_value(text)
    if node is None:
        raise NotASpec("it is empty; a spec is a mapping of keys such as name, recipe and rewind")
    if not isinstance(value, dict):
        raise _refusal(
            f"a spec is a mapping of keys such as name, recipe and rewind, not {shown(value)}", node
        )
    return value, node


def parse_value(text: str) -> tuple[Any, yaml.Node | None]:
    """Return what some YAML means, and its node. Raises NotASpec."""
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        _reject_repeated_keys(node, set())
        return (None if node is None else loader.construct_document(node)), node
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        character = shown(chr(error.character))
        raise NotASpec(f"this is not text: it has the character {character}", line) from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        raise NotASpec(_words(error.problem or ""), mark.line + 1 if mark else 1) from None


NOT_YAML = "this is not YAML: "

PHRASES = {
    "found another document": "a second document begins here (after ---); a spec is one",
    r"'\t'": NOT_YAML + "there is a tab; write spaces",
    "<block end>": NOT_YAML + "this line is indented otherwise than those it follows",
    "codec can't decode": NOT_YAML + "a tag has an escape that is not UTF-8",
}
"""What the parser says of common mistakes, in part -> what is said here."""


def _words(problem: str) -> str:
    for phrase, words in PHRASES.items():
        if phrase in problem:
            return words
    return NOT_YAML + one_line(problem, 180)


def _reject_repeated_keys(node: yaml.Node | None, seen: set[int]) -> None:
    if node is None or id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        keys = set()
        for key, value in node.value:
            if key.value in keys:
                raise _refusal(f"the key {shown(key.value)} is listed twice", key)
            keys.add(key.value)
            _reject_repeated_keys(value, seen)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _reject_repeated_keys(item, seen)


def follow(node: yaml.Node | None, location: Sequence[str | int]) -> tuple[int, yaml.Node | None]:
    """Return the line that a location leads to as far as the text has it, and its node or None."""
    line = node.start_mark.line + 1 if node else 1
    for step in location:
        inner: yaml.Node | None = None
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                if key.value == step:
                    line, inner = key.start_mark.line + 1, value
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int):
            inner = node.value[step] if step < len(node.value) else None
            line = inner.start_mark.line + 1 if inner else line
        if inner is None:
            return line, None
        node = inner
    return line, node
