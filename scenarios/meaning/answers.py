"""Expected answers: patterns that compile, paths that parse, ranges that hold a value."""

import warnings
from collections.abc import Iterator, Mapping

from scenarios.document import Document
from scenarios.jsonpath import JsonPathError, parse_jsonpath
from scenarios.meaning.schedule import is_time_zone
from scenarios.patterns import PatternError, compile_pattern
from scenarios.problems import Complaint, Path, quoted
from scenarios.timeformats import TimeFormatError, parse_time_format


def check_answers(document: Document) -> Iterator[Complaint]:
    """Yield what is wrong with the probes' `expect`."""
    has_rpo = "rpo" in document.table("spec", "objectives")
    for path, probe in document.probes():
        yield from _walk((*path, "expect"), probe.at("expect"))
        for word in ("timestamp", "newest"):
            if probe.text("expect", word, "within") == "rpo" and not has_rpo:
                message = "the scenario sets no RPO target to compare with"
                hint = "add spec.objectives.rpo, or say a duration here"
                where = (*path, "expect", word, "within")
                yield Complaint(path=where, message=message, hint=hint)
            yield from _check_reading((*path, "expect", word), probe.part("expect", word))


def _check_reading(path: Path, said: Document) -> Iterator[Complaint]:
    """Yield what is wrong with how instants are to be read."""
    zone, form = said.text("timeZone"), said.text("format")
    if zone and not is_time_zone(zone):
        message = f"no time zone is called {quoted(zone)}"
        hint = "for example UTC or Europe/Berlin"
        yield Complaint(path=(*path, "timeZone"), message=message, hint=hint)
    if form and said.has("unit"):
        message = "instants are written in a format, or counted in a unit"
        yield Complaint(path=(*path, "unit"), message=message, hint="keep one of both", at_key=True)
    try:
        parse_time_format(form or "%F")
    except TimeFormatError as error:
        hint = "for example %d.%m.%Y %H:%M:%S"
        yield Complaint(path=(*path, "format"), message=str(error), hint=hint)


def _walk(path: Path, found: object) -> Iterator[Complaint]:
    if not isinstance(found, Mapping):
        return
    yield from _check_range(path, found)
    for key, below in found.items():
        here = (*path, key)
        # In `headers` the keys are names of headers, whatever they look like.
        if isinstance(below, str) and path[-1] != "headers":
            yield from _check_text(here, key, below)
        yield from _walk(here, below)


def _check_text(path: Path, key: str, text: str) -> Iterator[Complaint]:
    trouble = ""
    if key == "matches":
        trouble = _regex_trouble(text)
    elif key == "jsonPath" or (key == "path" and path[-2] == "jsonPath"):
        trouble = _jsonpath_trouble(text)
    if trouble:
        yield Complaint(path=path, message=trouble)


def _check_range(path: Path, found: Mapping[str, object]) -> Iterator[Complaint]:
    low, high = found.get("min"), found.get("max")
    if isinstance(low, int | float) and isinstance(high, int | float) and low > high:
        message = f"no number is at least {low} and at most {high}"
        yield Complaint(path=(*path, "min"), message=message)


def _regex_trouble(pattern: str) -> str:
    try:
        with warnings.catch_warnings():
            # What a later Python may read differently is fine in this one.
            warnings.simplefilter("ignore")
            compile_pattern(pattern)
    except PatternError as error:
        return str(error)
    return ""


def _jsonpath_trouble(text: str) -> str:
    try:
        parse_jsonpath(text)
    except JsonPathError as error:
        return str(error)
    return ""
