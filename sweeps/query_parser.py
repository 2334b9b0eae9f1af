"""The text of `--where`, parsed.

    condition  = all {"or" all}
    all        = one {"and" one}
    one        = "not" one | "(" condition ")" | comparison
    comparison = COLUMN ("=" | "==" | "!=" | "<" | "<=" | ">" | ">=") VALUE
               | COLUMN ["not"] "in" "(" VALUE {"," VALUE} ")"

A value is a number, a word, or anything in quotes; a backslash escapes a quote in them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from sweeps.errors import UserError

EQUALITIES = ("=", "==", "!=")
ORDERS = ("<", "<=", ">", ">=")
KEYWORDS = ("and", "or", "not", "in")

DEEPEST = 100
"""Parentheses and `not` inside one another."""


@dataclass(frozen=True)
class Comparison:
    """A column against one value, or several of which one must be equal (`in`)."""

    column: str
    comparison: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Not:
    inner: Condition


@dataclass(frozen=True)
class Joined:
    """Conditions of which all hold (`and`), or any (`or`)."""

    word: str
    parts: tuple[Condition, ...]


Condition = Comparison | Not | Joined


def read(where: str) -> Condition:
    """Return the condition that a text spells, whatever its columns. Raises UserError."""
    return _Parser(where).condition()


_TOKEN = re.compile(
    r"""(?P<quoted>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
      | (?P<comparison>==|!=|<=|>=|=|<|>)
      | (?P<mark>[(),])
      | (?P<word>[^\s()=!<>,"']+)""",
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True)
class _Token:
    kind: str
    """quoted, comparison, mark, word, keyword or end."""
    text: str
    """Without quotes and escapes; keywords in lower case."""
    position: int
    """Of its first character, from 1."""


def _tokens(where: str) -> Iterator[_Token]:
    position = 0
    while True:
        position += len(where[position:]) - len(where[position:].lstrip())
        if position == len(where):
            yield _Token("end", "", position + 1)
            return
        match = _TOKEN.match(where, position)
        if match is None:
            character = where[position]
            wrong = "a quote that nothing closes" if character in "\"'" else repr(character)
            raise _error(position + 1, wrong)
        kind, text = str(match.lastgroup), match[0]
        if kind == "quoted":
            text = re.sub(r"\\(.)", r"\1", text[1:-1], flags=re.DOTALL)
        elif kind == "word" and text.lower() in KEYWORDS:
            kind, text = "keyword", text.lower()
        yield _Token(kind, text, position + 1)
        position = match.end()


class _Parser:
    """Recursive descent, a method per rule of the grammar above."""

    def __init__(self, where: str):
        self._tokens = _tokens(where)
        self._next = next(self._tokens)
        self._depth = 0

    def condition(self) -> Condition:
        found = self._joined("or")
        if self._next.kind != "end":
            quotes = "" if self._next.kind != "word" else "; a value with spaces needs quotes"
            raise self._expected(f"'and', 'or' or the end{quotes}")
        return found

    def _joined(self, word: str) -> Condition:
        parts = []
        while True:
            parts.append(self._joined("and") if word == "or" else self._one())
            if not self._take("keyword", word):
                return parts[0] if len(parts) == 1 else Joined(word, tuple(parts))

    def _one(self) -> Condition:
        start = self._next.position
        self._depth += 1
        if self._depth > DEEPEST:
            raise _error(start, f"more than {DEEPEST} conditions inside one another")
        found: Condition
        if self._take("keyword", "not"):
            found = Not(self._one())
        elif self._take("mark", "("):
            found = self._joined("or")
            self._need("mark", ")", "'and', 'or' or ')'")
        else:
            found = self._comparison()
        self._depth -= 1
        return found

    def _comparison(self) -> Condition:
        column = self._need("word", None, "a column, 'not' or '('")
        if self._take("keyword", "not"):
            self._need("keyword", "in", "'in' (COLUMN not in (...))")
            return Not(Comparison(column, "in", self._listed()))
        if self._take("keyword", "in"):
            return Comparison(column, "in", self._listed())
        comparison = self._need(
            "comparison", None, f"{', '.join((*EQUALITIES, *ORDERS))} or in after a column"
        )
        return Comparison(column, comparison, (self._value(),))

    def _listed(self) -> tuple[str, ...]:
        self._need("mark", "(", "'(' and values")
        values = [self._value()]
        while self._take("mark", ","):
            values.append(self._value())
        self._need("mark", ")", "',' or ')'")
        return tuple(values)

    def _value(self) -> str:
        if self._next.kind == "quoted":
            return self._need("quoted", None, "")
        return self._need("word", None, "a number, a word or something in quotes")

    def _take(self, kind: str, text: str) -> bool:
        if (self._next.kind, self._next.text) != (kind, text):
            return False
        self._next = next(self._tokens)
        return True

    def _need(self, kind: str, text: str | None, expected: str) -> str:
        found = self._next
        if found.kind != kind or text not in (None, found.text):
            raise self._expected(expected)
        self._next = next(self._tokens)
        return found.text

    def _expected(self, expected: str) -> UserError:
        found = "the text ends" if self._next.kind == "end" else repr(self._next.text)
        return _error(self._next.position, f"{found}; expected {expected}")


def _error(position: int, problem: str) -> UserError:
    return UserError(f"--where: at character {position}: {problem}")
