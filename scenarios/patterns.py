r"""Regular expressions from a scenario, kept from running for ever.

In: a pattern. Out: it compiled, or PatternError. Python's matcher holds the interpreter lock while
it runs, so one pattern that tries ever more ways to match the same text would stop the deadline,
Ctrl-C and the cleanup of every drill in the process. Hence a group may be repeated only where a
text can be cut into its rounds in one way: `(ok|ready)+`, `(\w+\.)+`, never `(a+)+` or `(a|aa)+`.
What is let through takes at worst a power of the text's length, so drills limit the text too.
"""

import functools
import re
from collections.abc import Iterator

from scenarios.rounds import Atom, Group, Quantifier

MOST_CHOICES = 12
"""In one pattern: twelve `a?` or `(a|aa)` in a row are 4096 ways to match the same text."""

_TOKEN = re.compile(
    r"""
      (?P<comment> \(\?\#[^)]*\) )
    | (?P<unfit> \(\?\( | \(\?[aiLmsu]*x | \(\?[aiLmsu]*-[a-z]+: | \(\?[aiLmsu]+: )
    | (?P<nothing> \(\?[aiLmsu]+\) | [\^$] | \\[AbBZ] )
    | (?P<again> \(\?P=\w+\) | \\(?![0-3][0-7]{2})[1-9]\d? )
    | (?P<around> \(\?<?[=!] )
    | (?P<open> \( (?: \?: | \?> | \?P<\w+> )? )
    | (?P<close> \) )
    | (?P<choice> \| )
    | (?P<atom>
        \\ (?: x[0-9a-fA-F]{2} | u[0-9a-fA-F]{4} | U[0-9a-fA-F]{8} | N\{[^}]*\} | [0-7]{1,3} | . )
      | \[ \^? \]? (?: \\. | [^\]\\] )* \]
      | . )
    """,
    re.VERBOSE | re.DOTALL,
)
_QUANTIFIER = re.compile(r"(?:([*+?])|\{(?:(\d+)(,?)(\d*)|,(\d*))\})[?+]?", re.ASCII)


class PatternError(ValueError):
    """No regular expression, or one that could run for ever; the message says what to do."""


@functools.lru_cache(maxsize=256)
def compile_pattern(pattern: str) -> re.Pattern[str]:
    """Return the compiled pattern.

    Raises:
        PatternError: it does not compile, or could run for ever.
    """
    try:
        ready = re.compile(pattern)
    except re.error as err:
        where = f" at character {err.pos + 1}" if err.pos is not None else ""
        raise PatternError(f"expected a regular expression: {err.msg}{where}") from err
    except (RecursionError, OverflowError) as err:
        raise PatternError("expected a regular expression: too deep or too big") from err
    _Scan(pattern, ready.flags).check()
    return ready


class _Scan:
    """Walks over a pattern that is known to compile."""

    def __init__(self, pattern: str, flags: int) -> None:
        self._pattern = pattern
        self._flags = flags
        self._open = [Group()]
        self._choices = 0

    def check(self) -> None:
        """Raise PatternError where a repetition could be tried in ever more ways."""
        if self._flags & re.VERBOSE:
            raise PatternError("expected a regular expression without verbose mode")
        for at, kind, text, quantifier in self._parts():
            self._count(at, int(quantifier.varies))
            self._step(at, kind, text, quantifier)

    def _count(self, at: int, choices: int) -> None:
        self._choices += choices
        if self._choices > MOST_CHOICES:
            raise PatternError(
                f"expected at most {MOST_CHOICES} repetitions and alternatives of varying length "
                f"in one pattern, found one more at character {at + 1}"
            )

    def _parts(self) -> Iterator[tuple[int, str, str, Quantifier]]:
        at = 0
        while at < len(self._pattern):
            token = _TOKEN.match(self._pattern, at)
            if token is None or token.lastgroup in {None, "unfit"}:
                raise PatternError(
                    "expected a regular expression without conditions and flags inside groups, "
                    f"found one at character {at + 1}"
                )
            kind = token.lastgroup or ""
            takes = kind not in {"comment", "open", "around", "choice"}
            quantifier = _QUANTIFIER.match(self._pattern, token.end()) if takes else None
            yield at, kind, token.group(), _read(quantifier)
            at = quantifier.end() if quantifier else token.end()

    def _step(self, at: int, kind: str, text: str, quantifier: Quantifier) -> None:
        here = self._open[-1]
        if kind == "open":
            self._open.append(Group(start=at))
        elif kind == "around":
            self._open.append(Group(start=at, opaque=True))
        elif kind == "close":
            self._close(quantifier)
        elif kind == "choice":
            here.choose()
        elif kind == "atom":
            here.add(Atom(text=text, fixed=not quantifier.varies), quantifier)
        elif kind != "comment":
            here.opaque = True

    def _close(self, quantifier: Quantifier) -> None:
        closed = self._open.pop()
        if quantifier.repeats and not closed.cuts_one_way(self._flags):
            raise PatternError(
                "expected a regular expression that cannot run for ever: the group at character "
                f"{closed.start + 1} is repeated, and one text fits its rounds in several ways; "
                "repeat something simpler, or begin or end the group with a character that "
                r"nothing else in it matches, as (\w+,)+ does"
            )
        if not closed.is_decided(self._flags):
            self._count(closed.start, len(closed.branches) - 1)
        self._open[-1].absorb(closed, quantifier)


def _read(match: re.Match[str] | None) -> Quantifier:
    if match is None:
        return Quantifier(least=1, most=1)
    sign, least, comma, most, only_most = match.groups()
    if sign:
        return Quantifier(least=int(sign == "+"), most=1 if sign == "?" else None)
    if least is None:
        return Quantifier(least=0, most=int(only_most) if only_most else None)
    if not comma:
        return Quantifier(least=int(least), most=int(least))
    return Quantifier(least=int(least), most=int(most) if most else None)
