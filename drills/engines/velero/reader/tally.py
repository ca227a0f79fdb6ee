"""Complaints of one kind become one finding, however many there are.

In: code, subject and sentence. Out: findings with a count and a few examples, in bounded memory.
"""

from drills.engines.velero.remarks import damage
from drills.findings import Finding

MOST_EXAMPLES = 5
MOST_LENGTH = 160


class Tally:
    """Counts complaints by code."""

    def __init__(self, subject: str) -> None:
        self._subject = subject
        self._examples: dict[str, list[str]] = {}
        self._counts: dict[str, int] = {}

    def add(self, code: str, example: str, count: int = 1) -> None:
        """Note one complaint, or several of which only one is shown."""
        self._counts[code] = self._counts.get(code, 0) + count
        examples = self._examples.setdefault(code, [])
        if len(examples) < MOST_EXAMPLES:
            examples.append(plain(example))

    def count(self, code: str) -> int:
        """Return how often `code` was noted."""
        return self._counts.get(code, 0)

    def finding(self, code: str, sentence: str, remedy: str) -> tuple[Finding, ...]:
        """Return the critical finding for `code`, if there is one; `{n}` is the count."""
        count = self._counts.get(code, 0)
        if not count:
            return ()
        more = " …" if count > len(self._examples[code]) else ""
        said = sentence.replace("{n}", str(count))
        examples = "; ".join(self._examples[code])
        return (damage(code, self._subject, f"{said}: {examples}{more}.", remedy),)


def plain(text: str) -> str:
    """Return text from a bucket so that no terminal obeys it."""
    shown = "".join(c if c.isprintable() else "?" for c in text[:MOST_LENGTH])
    return shown + ("…" if len(text) > MOST_LENGTH else "")
