"""What was recorded against what came back: the decision, by kind of value. Pure.

In: a word of `expect`, the value found in the restored data, the values recorded before and after
the backup. Out: a Judgement: right, wrong, or unknown, with the expectation in words. The truth
lies between the two records, so a number must too; any other value must equal one of them. Where
they differ and neither fits, it changed meanwhile, and nothing is known.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum

from drills.alike import number
from drills.expectations import Mismatch, show

NUMBERS = frozenset({"count", "rows", "value"})
"""Words that are compared as numbers, where they hold any."""
MOST_NAMED = 5


class Fit(Enum):
    """How a value fits what was recorded."""

    RIGHT = 1
    WRONG = 2
    UNKNOWN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """One word's values, None where no record fits; labels say when: `12m before the backup`."""

    before: object = None
    after: object = None
    before_label: str = ""
    after_label: str = ""
    simulated: bool = False
    """Whether a stand-in gave one of the values."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerance:
    """How far outside of what was recorded a number may lie: so many, or a share of it."""

    amount: Decimal = Decimal(0)
    share: Decimal = Decimal(0)

    def of(self, bound: Decimal) -> Decimal:
        """Return the room beside `bound`."""
        return self.amount + abs(bound) * self.share


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """How one word fits. `why` is one clause for the report where it is wrong or unknown."""

    fit: Fit
    mismatch: Mismatch | None = None
    why: str = ""


RIGHT = Judgement(fit=Fit.RIGHT)
_AFTER_ONLY = "only a record from after the backup fits, and it may have changed in between"
_CHANGED = "it changed between the records, and the backup was taken in between"


def judge(word: str, found: object, recorded: Recorded, tolerance: Tolerance) -> Judgement:
    """Return how `found` fits what was recorded of `word`."""
    if word == "files":
        return _files(found, recorded)
    numbers = [number(value) for value in (recorded.before, recorded.after) if value is not None]
    if word in NUMBERS and numbers and None not in numbers:
        return _number(word, found, recorded, tolerance)
    return _equal(word, found, recorded)


def in_words(word: str, recorded: Recorded) -> str:
    """Return what was recorded, and when."""
    said = (
        f"{_brief(value)} ({label})"
        for value, label in (
            (recorded.before, recorded.before_label),
            (recorded.after, recorded.after_label),
        )
        if value is not None
    )
    return f"{word} recorded as {' and '.join(said)}"


def _number(word: str, found: object, recorded: Recorded, tolerance: Tolerance) -> Judgement:
    value = number(found)
    ends = [number(each) for each in (recorded.before, recorded.after) if each is not None]
    known = [each for each in ends if each is not None]
    low, high = min(known), max(known)
    wrong = Mismatch(in_words(word, recorded), f"{word} {show(found)}")
    if value is None:
        return Judgement(fit=Fit.WRONG, mismatch=wrong, why="it is no number")
    if value == 0 and low > 0:
        return Judgement(fit=Fit.WRONG, mismatch=wrong, why="nothing of it came back")
    if value < low - tolerance.of(low):
        if recorded.before is None:
            return Judgement(fit=Fit.UNKNOWN, mismatch=wrong, why=_AFTER_ONLY)
        return Judgement(fit=Fit.WRONG, mismatch=wrong, why="fewer came back than were there")
    # With no record from after the backup, what was added since the one before is unknown.
    if recorded.after is not None and value > high + tolerance.of(high):
        why = (
            "more than there were; where the restored application has written since, say tolerance"
        )
        return Judgement(fit=Fit.WRONG, mismatch=wrong, why=why)
    return RIGHT


def _equal(word: str, found: object, recorded: Recorded) -> Judgement:
    known = [each for each in (recorded.before, recorded.after) if each is not None]
    # A place that holds many ids, of which one is looked for.
    choices = found if isinstance(found, tuple | list) else (found,)
    if any(each in choices for each in known):
        return RIGHT
    seen = choices[0] if choices else None
    wrong = Mismatch(in_words(word, recorded), f"{word} {show(seen)}")
    if recorded.before is None:
        return Judgement(fit=Fit.UNKNOWN, mismatch=wrong, why=_AFTER_ONLY)
    if recorded.after is not None and recorded.after != recorded.before:
        return Judgement(fit=Fit.UNKNOWN, mismatch=wrong, why=_CHANGED)
    return Judgement(fit=Fit.WRONG, mismatch=wrong, why=_alone(recorded))


def _alone(recorded: Recorded) -> str:
    if recorded.after is None and recorded.before_label:
        return "a record after the backup too would tell a change from a loss"
    return ""


def _files(found: object, recorded: Recorded) -> Judgement:
    """Judge file by file: one that stayed the same between the records must be as it was."""
    now, before, after = _table(found), _table(recorded.before), _table(recorded.after)
    both = recorded.before is not None and recorded.after is not None
    if any(known and known.items() <= now.items() for known in (before, after)):
        return RIGHT
    if recorded.before is None:
        return Judgement(
            fit=Fit.UNKNOWN, mismatch=_named(_differing(now, after), recorded), why=_AFTER_ONLY
        )
    steady = {
        path: digest for path, digest in before.items() if not both or after.get(path) == digest
    }
    if spoilt := _differing(now, steady):
        return Judgement(fit=Fit.WRONG, mismatch=_named(spoilt, recorded), why=_alone(recorded))
    lively = list(_neither(now, before, after))
    if lively or not steady:
        return Judgement(
            fit=Fit.UNKNOWN, mismatch=_named(lively or sorted(before), recorded), why=_CHANGED
        )
    return RIGHT


def _differing(now: Mapping[str, object], wanted: Mapping[str, object]) -> list[str]:
    return sorted(path for path, digest in wanted.items() if now.get(path) != digest)


def _neither(
    now: Mapping[str, object], before: Mapping[str, object], after: Mapping[str, object]
) -> Iterator[str]:
    """Yield files that fit neither record; one that came or went in between may be absent."""
    for path in sorted(before.keys() | after.keys()):
        known = (before.get(path), after.get(path))
        if now.get(path) not in known:
            yield path


def _named(paths: list[str], recorded: Recorded) -> Mismatch:
    shown = ", ".join(path[:100] for path in paths[:MOST_NAMED])
    more = ", …" if len(paths) > MOST_NAMED else ""
    return Mismatch(
        in_words("files", recorded), f"{len(paths)} that differ or are missing: {shown}{more}"
    )


def _table(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _brief(value: object) -> str:
    return f"{len(value)} files" if isinstance(value, Mapping) else show(value)
