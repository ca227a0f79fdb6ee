"""Problems: what is wrong with a scenario file, in words a user can act on.

In: complaints, which name a path in the document. Out: problems, which name file, line and column,
and one ScenarioError that carries all of them.
"""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

Path = tuple[str | int, ...]

MOST_PROBLEMS = 50
"""A hostile file could otherwise earn a million of them."""

_PLAIN_KEY = re.compile(r"[A-Za-z_][\w-]*", re.ASCII)
_LONGEST_QUOTE = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """What is wrong at `path`; where that is in the file, the document knows."""

    path: Path
    message: str
    hint: str = ""
    at_key: bool = False
    """Point at the key, not at its value."""
    spot: tuple[int, int] | None = None
    """Line and column, where the path alone does not tell (a key said twice)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing wrong in one file. Line and column count from 1; 0 where there is no line."""

    source: str
    line: int
    column: int
    path: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        """Return `file:line:col  path: message; hint`."""
        where = f"{self.source}:{self.line}:{self.column}" if self.line else self.source
        what = f"{self.path}: {self.message}" if self.path else self.message
        return f"{where}  {what}; {self.hint}" if self.hint else f"{where}  {what}"


class ScenarioError(Exception):
    """The scenario is wrong; nothing was touched. `problems` holds all that was found."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


def render_path(path: Path) -> str:
    """Return the path as a user would write it: `spec.probes[2].http.port`."""
    parts: list[str] = []
    for step in path:
        if isinstance(step, int):
            parts.append(f"[{step}]")
        elif _PLAIN_KEY.fullmatch(step):
            parts.append(f".{step}" if parts else step)
        else:
            parts.append(f"[{json.dumps(shorten(step))}]")
    return "".join(parts)


def shorten(text: str) -> str:
    """Return `text`, cut where it is too long for a message."""
    return text if len(text) <= _LONGEST_QUOTE else f"{text[:_LONGEST_QUOTE]}..."


def quoted(value: object) -> str:
    """Return a short phrase for a value found in the file, safe to print on a terminal."""
    if isinstance(value, str):
        return repr(shorten(value))
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return f"the number {value}"
    if value is None:
        return "nothing"
    noun = "list" if isinstance(value, list | tuple) else "mapping"
    return f"a {noun}" if value else f"an empty {noun}"


def listed(words: Sequence[str], last: str = "or") -> str:
    """Return `a, b or c`."""
    if len(words) < 2:  # noqa: PLR2004  a list of one needs no joining word
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that `word` was probably meant to be, or None."""
    from difflib import get_close_matches  # noqa: PLC0415  only a wrong file pays for it

    by_lower = {name.lower(): name for name in known}
    close = get_close_matches(word.lower()[:100], by_lower, n=1, cutoff=0.6)
    return by_lower[close[0]] if close else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return `did you mean 'x'?` for the known word nearest to `word`, or ''."""
    meant = nearest(word, known)
    return f"did you mean {meant!r}?" if meant else ""
