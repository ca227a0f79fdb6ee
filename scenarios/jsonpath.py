r"""JSONPath as kubectl writes it, the small part that a probe needs: text to steps.

In: `{.status.conditions[?(@.type=="Ready")].status}`. Out: the steps that lead to the values, or
JsonPathError. Fields (`.a`, `['x.y']`, `.x\.y`), indexes (`[0]`, `[-1]`), `[*]`, `.*` and filters
with one comparison are known; slices, unions, `..` and filters within filters are refused rather
than guessed. Validation and drills read paths here and nowhere else; drills walk the steps.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

LONGEST = 500
_NAME = re.compile(r"(?:\\.|[^\s.\[\](){}'\"*?@,:=<>!\\])+")
_QUOTED = re.compile(r"'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"")
_INDEX = re.compile(r"-?\d{1,9}", re.ASCII)
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?", re.ASCII)
_OPERATOR = re.compile(r"\s*(==|!=|<=|>=|<|>)\s*")
_BLANK = re.compile(r"\s*")
_LITERALS: Mapping[str, bool | None] = {"true": True, "false": False, "null": None}


class JsonPathError(ValueError):
    """The path cannot be read; the message says where, and quotes nothing of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """The value under a name."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """One entry of a list, counted from the end where negative."""

    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Every:
    """All values of a mapping or a list."""


Plain = Field | Index | Every
Literal = str | float | bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """The entries whose first value at `path` holds; without `compare`, those that have one."""

    path: tuple[Plain, ...]
    compare: str
    literal: Literal


Step = Plain | Filter


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonPath:
    """A path that was read; `text` is as the user wrote it."""

    text: str
    steps: tuple[Step, ...]


def parse_jsonpath(text: str) -> JsonPath:
    """Return the path; `{.}` is the whole document.

    Raises:
        JsonPathError: it is no path, or more than this small part of JSONPath.
    """
    if len(text) > LONGEST:
        raise JsonPathError(f"expected a JSONPath of at most {LONGEST} characters")
    if not (text.startswith("{") and text.endswith("}")):
        raise JsonPathError("expected a JSONPath in braces, such as {.status.phase}")
    return JsonPath(text=text, steps=_Reader(text[:-1]).whole())


class _Reader:
    """Reads steps from left to right."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 1

    def whole(self) -> tuple[Step, ...]:
        """Read all there is."""
        self._blank()
        rooted = self._take("$")
        if not rooted and not (self._peek(".") or self._peek("[")):
            raise self._error("expected a JSONPath that begins with a dot or a bracket")
        steps: list[Step] = []
        while self._peek(".") or self._peek("["):
            steps.extend(self._filter() if self._take("[?(") else self._plain(first=not steps))
        self._blank()
        if self._at < len(self._text):
            raise self._error("expected .name, [...] or the end of the JSONPath")
        return tuple(steps)

    def _error(self, expected: str) -> JsonPathError:
        return JsonPathError(f"{expected} at character {self._at + 1}")

    def _plain(self, *, first: bool = False) -> tuple[Plain, ...]:
        if self._take("["):
            step = self._inside()
            self._need("]", "expected ]")
            return (step,)
        self._need(".", "expected a dot")
        if self._take("*"):
            return (Every(),)
        if first and (self._peek("[") or self._at == len(self._text.rstrip())):
            return ()
        name = self._match(_NAME)
        if name is None:
            raise self._error("expected a field's name after the dot")
        return (Field(name=_unescaped(name.group())),)

    def _inside(self) -> Plain:
        if self._take("*"):
            return Every()
        quoted = self._match(_QUOTED)
        if quoted is not None:
            return Field(name=_unescaped(quoted.group(quoted.lastindex or 1)))
        index = self._match(_INDEX)
        if index is not None:
            return Index(at=int(index.group()))
        raise self._error("expected an index, a quoted name, * or ?(@...)")

    def _filter(self) -> tuple[Filter]:
        self._blank()
        self._need("@", "expected @ in the filter")
        path: list[Plain] = []
        while self._peek(".") or self._peek("["):
            path.extend(self._plain())
        compare = self._match(_OPERATOR)
        literal = self._literal() if compare else None
        self._blank()
        self._need(")]", "expected )] after the filter")
        return (
            Filter(path=tuple(path), compare=compare.group(1) if compare else "", literal=literal),
        )

    def _literal(self) -> Literal:
        quoted = self._match(_QUOTED)
        if quoted is not None:
            return _unescaped(quoted.group(quoted.lastindex or 1))
        number = self._match(_NUMBER)
        if number is not None:
            text = number.group()
            return float(text) if "." in text else int(text)
        for word, value in _LITERALS.items():
            if self._take(word):
                return value
        raise self._error("expected a quoted text, a number, true, false or null")

    def _need(self, token: str, expected: str) -> None:
        if not self._take(token):
            raise self._error(expected)

    def _blank(self) -> None:
        self._match(_BLANK)

    def _peek(self, token: str) -> bool:
        return self._text.startswith(token, self._at)

    def _take(self, token: str) -> bool:
        if not self._peek(token):
            return False
        self._at += len(token)
        return True

    def _match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        found = pattern.match(self._text, self._at)
        if found is not None:
            self._at = found.end()
        return found


def _unescaped(text: str) -> str:
    return re.sub(r"(?s)\\(.)", r"\1", text)
