"""The one small language in which a scenario says what it expects.

In: what the scenario expects and what a probe observed. Out: a Mismatch, or None where it holds.
A plain value means equals; a mapping holds one or several of `min`, `max`, `contains`, `matches`,
`oneOf`, `not`. Nothing (None) meets no expectation but a plain null: absence never passes. What
equal means for which kinds of values says `drills.alike`.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from drills import patterns
from drills.alike import alike, any_alike, number
from drills.errors import CannotAsk
from drills.findings import Cause

LONGEST_SHOWN = 200
_QUANTITY = re.compile(r"([+-]?\d{1,30}(?:\.\d{1,30})?)(Ki|Mi|Gi|Ti|Pi|Ei|m|k|M|G|T|P)")
_SUFFIXES: Mapping[str, Decimal] = {
    **{f"{letter}i": Decimal(1024) ** power for power, letter in enumerate("KMGTPE", start=1)},
    **{letter: Decimal(1000) ** power for power, letter in enumerate("kMGTP", start=1)},
    "m": Decimal("0.001"),
}


@dataclass(frozen=True, slots=True)
class Mismatch:
    """What was expected and what was there instead, in words ready for a report."""

    expected: str
    observed: str

    def __str__(self) -> str:
        """Return one sentence."""
        return f"expected {self.expected}, found {self.observed}"


def check(expected: object, observed: object) -> Mismatch | None:
    """Return what is wrong with `observed`, or None where it meets `expected`.

    Raises CannotAsk (configuration) where the expectation itself makes no sense.
    """
    if not isinstance(expected, Mapping):
        if _equal(expected, observed):
            return None
        return Mismatch(describe(expected), show(observed))
    for word, operand in _tests(expected):
        if observed is None or not _TESTS[word](operand, observed):
            return Mismatch(describe({word: operand}), show(observed))
    return None


def describe(expected: object) -> str:
    """Return an expectation in words: `at least 3 and at most 5`."""
    if not isinstance(expected, Mapping):
        return show(expected)
    return " and ".join(_in_words(word, operand) for word, operand in expected.items())


def show(value: object) -> str:
    """Return a value for a report: one line, trimmed; `nothing` for None."""
    if value is None:
        return "nothing"
    if isinstance(value, str):
        line = value.strip() or value
        text = json.dumps(line[: LONGEST_SHOWN + 1], ensure_ascii=False)
    else:
        text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= LONGEST_SHOWN else f"{text[: LONGEST_SHOWN - 1]}…"


def _tests(expected: Mapping[object, object]) -> list[tuple[str, object]]:
    found = [(str(word), operand) for word, operand in expected.items()]
    unknown = [word for word, _ in found if word not in _TESTS]
    if unknown or not found:
        raise CannotAsk(
            f"an expectation knows {', '.join(_TESTS)}; found {', '.join(unknown) or 'none'}",
            cause=Cause.CONFIGURATION,
        )
    return found


def _in_words(word: str, operand: object) -> str:
    if word == "not":
        return f"not {describe(operand)}"
    if word == "oneOf" and isinstance(operand, list | tuple):
        return f"one of {', '.join(show(choice) for choice in operand)}"
    names = {"min": "at least", "max": "at most", "contains": "containing", "matches": "matching"}
    return f"{names.get(word, word)} {show(operand)}"


def _equal(expected: object, observed: object) -> bool:
    return _known(alike(expected, observed), expected, observed)


def _known(same: bool | None, expected: object, observed: object) -> bool:
    """Return what is known; raises CannotAsk where a text spells the same number otherwise."""
    if same is None:
        raise CannotAsk(
            f"{show(expected)} and the text {show(observed)} are one number spelled differently",
            hint=f"quote what the text must be (as {show(observed)}) where a version or any text is"
            " meant; say min and max where a number is",
            cause=Cause.CONFIGURATION,
        )
    return same


def _size(value: object) -> Decimal | None:
    """Read a number, or a Kubernetes quantity such as `1Gi`."""
    quantity = _QUANTITY.fullmatch(value.strip()) if isinstance(value, str) else None
    if quantity is None:
        return number(value)
    return Decimal(quantity.group(1)) * _SUFFIXES[quantity.group(2)]


def _at_least(operand: object, observed: object) -> bool:
    low, value = _size(operand), _size(observed)
    return low is not None and value is not None and value >= low


def _at_most(operand: object, observed: object) -> bool:
    high, value = _size(operand), _size(observed)
    return high is not None and value is not None and value <= high


def _contains(operand: object, observed: object) -> bool:
    if isinstance(operand, list | tuple):
        return bool(operand) and all(_contains(each, observed) for each in operand)
    if isinstance(observed, Mapping):
        return operand in observed
    if isinstance(observed, list | tuple):
        same = any_alike(observed, lambda each: alike(operand, each))
        return _known(same, operand, observed)
    return _as_text(operand) in _as_text(observed)


def _matches(operand: object, observed: object) -> bool:
    return patterns.found(_as_text(operand), _as_text(observed))


def _one_of(operand: object, observed: object) -> bool:
    if not isinstance(operand, list | tuple):
        return False
    same = any_alike(operand, lambda each: alike(each, observed))
    return _known(same, operand, observed)


def _not(operand: object, observed: object) -> bool:
    return check(operand, observed) is not None


def _as_text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


_TESTS: Mapping[str, Callable[[object, object], bool]] = {
    "min": _at_least,
    "max": _at_most,
    "contains": _contains,
    "matches": _matches,
    "oneOf": _one_of,
    "not": _not,
}
