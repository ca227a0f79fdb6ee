r"""JSONPath as kubectl writes it, the small part a probe needs.

In: `{.status.conditions[?(@.type=="Ready")].status}` and a JSON document. Out: the values found,
in document order. Fields (`.a`, `['x.y']`, `.x\.y`), indexes (`[0]`, `[-1]`), `[*]`, `.*` and
filters with one comparison are known; slices, unions and `..` are refused rather than guessed.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

LONGEST = 500
_NAME = re.compile(r"(?:\\.|[^\s.\[\](){}'\"*?@,:=<>!\\])+")
_QUOTED = re.compile(r"'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"")
_INDEX = re.compile(r"-?\d{1,9}")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_OPERATOR = re.compile(r"\s*(==|!=|<=|>=|<|>)\s*")
_WORDS: Mapping[str, object] = {"true": True, "false": False, "null": None}


class JsonPathError(ValueError):
    """The path cannot be read; the message says where."""


@dataclass(frozen=True, slots=True)
class _Field:
    name: str

    def pick(self, value: object) -> Iterator[object]:
        if isinstance(value, Mapping) and self.name in value:
            yield value[self.name]


@dataclass(frozen=True, slots=True)
class _Index:
    at: int

    def pick(self, value: object) -> Iterator[object]:
        if isinstance(value, list | tuple) and -len(value) <= self.at < len(value):
            yield value[self.at]


@dataclass(frozen=True, slots=True)
class _Every:
    def pick(self, value: object) -> Iterator[object]:
        if isinstance(value, Mapping):
            yield from value.values()
        elif isinstance(value, list | tuple):
            yield from value


@dataclass(frozen=True, slots=True)
class _Filter:
    path: "tuple[_Step, ...]"
    compare: str
    literal: object

    def pick(self, value: object) -> Iterator[object]:
        for entry in _Every().pick(value):
            found = list(_walk(self.path, entry))
            if found and (not self.compare or _holds(self.compare, found[0], self.literal)):
                yield entry


_Step = _Field | _Index | _Every | _Filter


@dataclass(frozen=True, slots=True)
class JsonPath:
    """A path that was read; `text` is as the user wrote it."""

    text: str
    steps: tuple[_Step, ...]

    def find(self, document: object) -> tuple[object, ...]:
        """Return every value at the path, none where a step leads nowhere."""
        return tuple(_walk(self.steps, document))


def parse(text: str) -> JsonPath:
    """Read a path in braces; raises JsonPathError."""
    inner = text.strip()
    if len(inner) > LONGEST:
        raise JsonPathError(f"a JSONPath has at most {LONGEST} characters")
    if not (inner.startswith("{") and inner.endswith("}")):
        raise JsonPathError(f"{text!r} is not in braces, such as {{.status.phase}}")
    reader = _Reader(inner[1:-1].strip().removeprefix("$"))
    steps = reader.steps()
    if not reader.ended:
        raise reader.error("expected .name or [...]")
    return JsonPath(text, steps)


def _walk(steps: tuple[_Step, ...], value: object) -> Iterator[object]:
    found: list[object] = [value]
    for step in steps:
        found = [inner for outer in found for inner in step.pick(outer)]
    yield from found


def _holds(compare: str, left: object, right: object) -> bool:
    """Compare as JSON does: a text never equals a number, nor a truth a number."""
    same = left == right and isinstance(left, bool) is isinstance(right, bool)
    if compare in {"==", "!="}:
        return same is (compare == "==")
    if isinstance(left, str) and isinstance(right, str):
        return _ordered(compare, left < right, same=same)
    if isinstance(left, int | float) and isinstance(right, int | float):
        return _ordered(compare, left < right, same=same)
    return False


def _ordered(compare: str, less: bool, *, same: bool) -> bool:
    if compare.startswith("<"):
        return less or (same and compare == "<=")
    return (not less and not same) or (same and compare == ">=")


class _Reader:
    """Reads steps from left to right."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    @property
    def ended(self) -> bool:
        """Return whether everything was read."""
        return self._at >= len(self._text)

    def error(self, expected: str) -> JsonPathError:
        """Return the error that points at the present place."""
        rest = self._text[self._at : self._at + 20] or "the end"
        return JsonPathError(f"{expected}, found {rest!r} at character {self._at + 2}")

    def steps(self) -> tuple[_Step, ...]:
        """Read as many steps as there are."""
        found: list[_Step] = []
        while not self.ended:
            if self._take("."):
                found.extend(self._after_dot(first=not found))
            elif self._take("["):
                found.append(self._bracket())
            else:
                break
        return tuple(found)

    def _after_dot(self, *, first: bool) -> tuple[_Step, ...]:
        if self._take("*"):
            return (_Every(),)
        if self._peek("[") or (first and self.ended):
            return ()
        name = self._match(_NAME)
        if name is None:
            raise self.error("expected a field's name after the dot")
        return (_Field(re.sub(r"\\(.)", r"\1", name.group())),)

    def _bracket(self) -> _Step:
        step = self._inside()
        if not self._take("]"):
            raise self.error("expected ]")
        return step

    def _inside(self) -> _Step:
        if self._take("*"):
            return _Every()
        if self._take("?("):
            return self._filter()
        quoted = self._match(_QUOTED)
        if quoted is not None:
            return _Field(_unquoted(quoted))
        index = self._match(_INDEX)
        if index is not None:
            return _Index(int(index.group()))
        raise self.error("expected an index, a quoted name, * or ?( )")

    def _filter(self) -> _Filter:
        if not self._take("@"):
            raise self.error("expected @ in the filter")
        path = self.steps()
        compare = self._match(_OPERATOR)
        literal = self._literal() if compare else None
        if not self._take(")"):
            raise self.error("expected ) after the filter")
        return _Filter(path, compare.group(1) if compare else "", literal)

    def _literal(self) -> object:
        quoted = self._match(_QUOTED)
        if quoted is not None:
            return _unquoted(quoted)
        number = self._match(_NUMBER)
        if number is not None:
            text = number.group()
            return float(text) if "." in text else int(text)
        for word, value in _WORDS.items():
            if self._take(word):
                return value
        raise self.error("expected a quoted text, a number, true, false or null")

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


def _unquoted(match: re.Match[str]) -> str:
    inner = match.group(1) if match.group(1) is not None else match.group(2)
    return re.sub(r"\\(.)", r"\1", inner)
