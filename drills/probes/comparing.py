"""What the probes share in comparing an answer with `expect`."""

from collections.abc import Iterable, Mapping
from datetime import timedelta

from drills.errors import CannotAsk
from drills.expectations import Mismatch, check, describe
from drills.findings import Cause
from drills.jsonpath import find
from scenarios.durations import parse_duration
from scenarios.jsonpath import JsonPath, JsonPathError, parse_jsonpath


def compare(expect: Mapping[str, object], observed: Mapping[str, object]) -> tuple[Mismatch, ...]:
    """Compare word by word; a word that was not observed is a mismatch."""
    found = (about(word, check(expect[word], observed.get(word))) for word in expect)
    return tuple(mismatch for mismatch in found if mismatch is not None)


def about(subject: str, mismatch: Mismatch | None) -> Mismatch | None:
    """Return the mismatch with what it is about in front."""
    if mismatch is None:
        return None
    return Mismatch(f"{subject} {mismatch.expected}", f"{subject} {mismatch.observed}")


def kept(mismatches: Iterable[Mismatch | None]) -> tuple[Mismatch, ...]:
    """Return the mismatches there are."""
    return tuple(each for each in mismatches if each is not None)


def expect_words(expect: Mapping[str, object]) -> str:
    """Return the whole expectation for a report: `status 200; body containing "ok"`."""
    return "; ".join(f"{word} {_words(value)}" for word, value in expect.items())


def path(text: object) -> JsonPath:
    """Return the JSONPath; raises CannotAsk (configuration) where it cannot be read."""
    try:
        return parse_jsonpath(str(text))
    except JsonPathError as err:
        raise CannotAsk(f"jsonPath: {err}", cause=Cause.CONFIGURATION) from err


def at_path(where: JsonPath, value: object, document: object) -> Mismatch | None:
    """Compare every value at the path; none there is a mismatch."""
    found = find(where, document) or (None,)
    wrong = (about(where.text, check(value, each)) for each in found)
    return next((mismatch for mismatch in wrong if mismatch is not None), None)


def duration(value: object) -> timedelta:
    """Return the duration; raises CannotAsk (configuration)."""
    try:
        return parse_duration(str(value))
    except ValueError as err:
        raise CannotAsk(str(err), cause=Cause.CONFIGURATION) from err


def _words(value: object) -> str:
    plain = not isinstance(value, Mapping) or set(value) <= _TESTS
    if plain or not isinstance(value, Mapping):
        return describe(value)
    return ", ".join(f"{key} {_words(inner)}" for key, inner in value.items())


_TESTS = {"min", "max", "contains", "matches", "oneOf", "not"}
