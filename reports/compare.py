"""Two reports side by side: what became better, what worse, what merely different.

In: two report documents, the earlier first. Out: a Comparison. Pure.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from reports import words
from reports.reading import Document, count, names, number, part, rows, word


class Direction(StrEnum):
    """Which way a value went."""

    BETTER = "better"
    WORSE = "worse"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One value that differs; `before` and `after` are in words."""

    what: str
    before: str
    after: str
    direction: Direction


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What differs between two drills; no changes means that none of what is compared does."""

    before: str
    after: str
    same_scenario: bool
    changes: tuple[Change, ...]


_VERDICTS = ("failed", "inconclusive", "warned", "passed")
_PROOF = ("none", "objects", "service", "data")
_OUTCOMES = ("failed", "inconclusive", "skipped", "passed")
_CLEANUP = ("leftovers", "kept", "clean")


def compare(before: Document, after: Document) -> Comparison:
    """Return what changed from `before` to `after`; times to the tenth of a second."""
    return Comparison(
        before=word(before, "drillId"),
        after=word(after, "drillId"),
        same_scenario=part(before, "scenario").get("name") == part(after, "scenario").get("name"),
        changes=tuple(
            change
            for change in [
                *_answers(before, after),
                *_durations(before, after),
                *_counts(before, after),
                *_probes(before, after),
            ]
            if change is not None
        ),
    )


def comparison_lines(comparison: Comparison) -> list[str]:
    """Return the comparison for a terminal, one line per change."""
    lines = [f"from {comparison.before}", f"to   {comparison.after}"]
    if not comparison.same_scenario:
        lines.append("the two are drills of different scenarios")
    if not comparison.changes:
        return [*lines, "no difference in verdict, times, counts or probes"]
    return [
        *lines,
        *(f"{c.direction:<8} {c.what}: {c.before} -> {c.after}" for c in comparison.changes),
    ]


def _answers(before: Document, after: Document) -> Iterable[Change | None]:
    yield _ranked("verdict", word(before, "verdict"), word(after, "verdict"), _VERDICTS)
    yield _ranked("proof level", word(before, "proofLevel"), word(after, "proofLevel"), _PROOF)
    old, new = (word(part(d, "cleanup"), "outcome") for d in (before, after))
    yield _ranked("cleanup", old, new, _CLEANUP)
    yield _plain("environment", word(before, "environment"), word(after, "environment"))
    yield _plain("backup", *(word(part(d, "backup"), "name") or "none" for d in (before, after)))
    old_file, new_file = (word(part(d, "scenario"), "sha256")[:12] for d in (before, after))
    yield _plain("scenario file", old_file, new_file)


def _ranked(what: str, old: str, new: str, scale: tuple[str, ...]) -> Change | None:
    """Return the change on a scale from worst to best."""
    if old == new:
        return None
    if old not in scale or new not in scale:
        return _plain(what, old, new)
    better = scale.index(new) > scale.index(old)
    return Change(what=what, before=old, after=new, direction=_direction(better=better))


def _plain(what: str, old: str, new: str) -> Change | None:
    if old == new:
        return None
    return Change(what=what, before=old, after=new, direction=Direction.CHANGED)


def _direction(*, better: bool) -> Direction:
    return Direction.BETTER if better else Direction.WORSE


def _durations(before: Document, after: Document) -> Iterable[Change | None]:
    for what, objective, key in (
        ("RTO", "rto", "achievedSeconds"),
        ("RPO", "rpo", "achievedSeconds"),
        ("data RPO", "rpo", "dataSeconds"),
        ("worst-case RPO", "rpo", "worstCaseSeconds"),
    ):
        old, new = (number(part(d, "objectives", objective), key) for d in (before, after))
        yield _duration(what, old, new)


def _duration(what: str, old: float | None, new: float | None) -> Change | None:
    before, after = words.duration(old), words.duration(new)
    if before == after:
        return None
    if old is None or new is None:
        return Change(what=what, before=before, after=after, direction=Direction.CHANGED)
    return Change(what=what, before=before, after=after, direction=_direction(better=new < old))


def _counts(before: Document, after: Document) -> Iterable[Change | None]:
    old, new = part(before, "completeness"), part(after, "completeness")
    if not old or not new:
        if bool(old) != bool(new):
            states = ("compared" if found else "not compared" for found in (old, new))
            yield _plain("completeness", *states)
        return
    for key, what in (
        ("restored", "restored"),
        ("leftOut", "left out"),
        ("explained", "explained"),
    ):
        yield _plain(f"objects {what}", str(count(old, key)), str(count(new, key)))
    lost, found = len(names(old, "missing")), len(names(new, "missing"))
    if lost != found:
        direction = _direction(better=found < lost)
        yield Change(
            what="objects missing", before=str(lost), after=str(found), direction=direction
        )


def _probes(before: Document, after: Document) -> Iterable[Change | None]:
    old, new = _outcomes(before), _outcomes(after)
    for name in [*old, *(name for name in new if name not in old)]:
        was, now = old.get(name, "not asked"), new.get(name, "not asked")
        yield _ranked(f"probe {name!r}", was, now, _OUTCOMES)


def _outcomes(document: Document) -> Mapping[str, str]:
    return {word(probe, "name"): word(probe, "outcome") for probe in rows(document, "probes")}
