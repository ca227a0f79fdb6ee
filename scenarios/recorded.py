"""The word `recorded`: an expectation that a record of the live source fills in.

In: a probe's kind, question and expect. Out: which of its words say `recorded`. To mean the text
itself, a scenario says `{oneOf: [recorded]}`.
"""

from collections.abc import Mapping
from datetime import timedelta

RECORDED = "recorded"
WORDS: Mapping[str, tuple[str, ...]] = {
    "sql": ("rows", "value", "count"),
    "checksum": ("files", "tree", "count"),
    "exec": ("value",),
    "canary": ("id",),
}
"""By kind, the words that may say `recorded`; a canary's `id` stands in its question."""
IN_THE_DATA: Mapping[str, tuple[str, ...]] = {"sql": ("value", "count"), "checksum": ("files",)}
"""By kind, the words that `recordedBy` can fill in."""
MAX_DISTANCE = timedelta(minutes=30)
"""How far from the backup a record may be where the scenario does not say."""


def recorded_words(
    kind: str, question: Mapping[str, object], expect: Mapping[str, object]
) -> tuple[str, ...]:
    """Return the words of this probe that say `recorded`."""
    said = question if kind == "canary" else expect
    return tuple(word for word in WORDS.get(kind, ()) if said.get(word) == RECORDED)
