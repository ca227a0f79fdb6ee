"""Regular expressions from a scenario, kept from running for ever.

In: a pattern and a text. Out: whether it is found. Python's matcher holds the interpreter lock
while it runs, so one pattern that backtracks without end would stop the deadline, Ctrl-C and the
cleanup of every drill in the process. Hence patterns of that shape are refused, and long texts.
"""

import functools
import re
from dataclasses import dataclass

from drills.errors import CannotAsk
from drills.findings import Cause

LONGEST_TEXT = 64 * 1024
_CLASS = re.compile(r"\[\^?\]?(?:\\.|[^\]\\])*\]", re.DOTALL)
_REPEATED = re.compile(r"[*+]|\{\d*(?:,\d*)?\}")
_WIDE_ESCAPES = "sSwWdD"


def found(pattern: str, text: str) -> bool:
    """Return whether `pattern` occurs anywhere in `text`.

    Raises CannotAsk (configuration) where it does not compile, could backtrack without end, or
    the text is too long to search.
    """
    if len(text) > LONGEST_TEXT:
        raise CannotAsk(
            f"the text has {len(text)} characters; a pattern is looked for in at most "
            f"{LONGEST_TEXT}",
            hint="ask for less: fewer lines, or one field through jsonPath",
            cause=Cause.CONFIGURATION,
        )
    return compiled(pattern).search(text) is not None


@functools.lru_cache(maxsize=256)
def compiled(pattern: str) -> re.Pattern[str]:
    """Return the compiled pattern; raises CannotAsk (configuration)."""
    try:
        ready = re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as err:
        raise CannotAsk(
            f"the pattern {pattern!r} is not a regular expression: {err}",
            cause=Cause.CONFIGURATION,
        ) from err
    if _Scan(pattern).explosive():
        raise CannotAsk(
            f"the pattern {pattern!r} repeats a group that itself repeats or offers wide "
            "alternatives; it could run for ever",
            hint="write it without a repetition inside a repetition: a+ for (a+)+",
            cause=Cause.CONFIGURATION,
        )
    return ready


@dataclass(slots=True)
class _Group:
    repeats: bool = False
    alternatives: bool = False
    wide: bool = False

    @property
    def dangerous(self) -> bool:
        return self.repeats or (self.alternatives and self.wide)

    def absorb(self, inner: "_Group") -> None:
        self.repeats |= inner.repeats
        self.alternatives |= inner.alternatives
        self.wide |= inner.wide


class _Scan:
    """Walks over a pattern that is known to compile."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._open = [_Group()]

    def explosive(self) -> bool:
        """Return whether a repetition holds an unbounded one, or wide alternatives."""
        at = 0
        while at < len(self._pattern):
            at, closed = self._atom(at)
            repetition = _REPEATED.match(self._pattern, at)
            if repetition:
                if closed is not None and closed.dangerous:
                    return True
                self._open[-1].repeats |= _is_unbounded(repetition.group())
                at = repetition.end()
        return False

    def _atom(self, at: int) -> tuple[int, _Group | None]:
        """Step over one atom; return where the next begins, and the group it closed."""
        here, char = self._open[-1], self._pattern[at]
        if char == "(":
            self._open.append(_Group())
        elif char == ")" and len(self._open) > 1:
            closed = self._open.pop()
            self._open[-1].absorb(closed)
            return at + 1, closed
        elif char == "\\":
            here.wide |= self._pattern[at + 1 : at + 2] in _WIDE_ESCAPES
            return at + 2, None
        elif char == "[":
            here.wide = True
            match = _CLASS.match(self._pattern, at)
            return (match.end() if match else at + 1), None
        here.alternatives |= char == "|"
        here.wide |= char == "."
        return at + 1, None


def _is_unbounded(repetition: str) -> bool:
    return repetition in {"*", "+"} or repetition.endswith(",}")
