"""Plain YAML scalars: which value an unquoted word stands for.

YAML 1.1 (PyYAML, kubectl) and YAML 1.2 (most editors) disagree about some words: `no`, `017`,
`12:30`. Such a word is refused rather than guessed at.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

Value = str | int | float | bool | None

_READINGS: tuple[tuple[re.Pattern[str], Callable[[str], Value]], ...] = (
    (re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})"), int),
    (re.compile(r"~|null|Null|NULL|"), lambda _: None),
    (re.compile(r"true|True|TRUE|false|False|FALSE"), lambda word: word.lower() == "true"),
    (re.compile(r"0x[0-9a-fA-F]{1,15}"), lambda word: int(word, 16)),
    (
        re.compile(r"[-+]?(?:[0-9]{1,20}\.[0-9]{0,20}|\.[0-9]{1,20})(?:[eE][-+][0-9]{1,2})?"),
        float,
    ),
)
_SURPRISES = (
    (re.compile(r"(?i:yes|no|on|off)"), "true or false to some YAML readers, text to others"),
    (re.compile(r"[-+]?0o?[0-9]+"), "a number with base 8 to some YAML readers only"),
    (re.compile(r"[-+]?0b[01_]+"), "a number with base 2 to some YAML readers only"),
    (
        re.compile(r"[-+]?[0-9]+(?::[0-5]?[0-9])+(?:\.[0-9_]*)?"),
        "a number with base 60 to some YAML readers only",
    ),
    (re.compile(r"[-+]?[0-9][0-9_]*(?:\.[0-9_]*)?"), "a number to some YAML readers only"),
    (re.compile(r"[-+]?[0-9][0-9_.]*[eE][-+]?[0-9]+"), "a number to some YAML readers only"),
    (re.compile(r"0x[0-9a-fA-F_]+"), "a number to some YAML readers only"),
    (re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"), "no finite number"),
)


@dataclass(frozen=True, slots=True)
class Surprise:
    """A word that not every YAML reader reads alike, and how."""

    reason: str

    def advice(self, word: str) -> str:
        """Return what to write instead of `word`."""
        quote = f'quote it: "{word[:60]}"'
        return f"write true or false, or {quote}" if "true or false" in self.reason else quote


def resolve(word: str) -> Value | Surprise:
    """Return what the unquoted `word` stands for, or why nobody can say."""
    for pattern, read in _READINGS:
        if pattern.fullmatch(word):
            return read(word)
    for pattern, reason in _SURPRISES:
        if pattern.fullmatch(word):
            return Surprise(reason)
    return word
