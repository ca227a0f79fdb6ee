"""Names that are one slip of the keyboard apart. Pure.

`namespace production-db is not there` may be a lost namespace or a wrong scenario. Only a name that
can hardly be meant on purpose counts as misspelt, since the other mistake would excuse a backup:

| said        | known       | a slip? | why                                                   |
|-------------|-------------|---------|-------------------------------------------------------|
| prodution   | production  | yes     | at most two letters lost, added, wrong or swapped     |
| Production  | production  | yes     | only the case differs                                 |
| web_shop    | web-shop    | yes     | another separator                                     |
| team-a      | team-b      | no      | parts of up to three letters differ on purpose        |
| shop1       | shop2       | no      | digits differ on purpose                              |
| shop        | shop-db     | no      | one more part                                         |
"""

import re
from collections.abc import Iterable, Sequence

from scenarios.problems import did_you_mean

MOST_SLIPS = 2
SHORT = 3
"""Parts of a name up to this long are never taken for misspelt."""
SHOWN = 8
_PARTS = re.compile(r"[-_./ ]+")


def misspelt(word: str, known: Iterable[str]) -> str | None:
    """Return the known name that `word` was surely meant to be, None where none is."""
    return next((name for name in sorted(set(known)) if name != word and _slip(word, name)), None)


def what_there_is(word: str, known: Iterable[str]) -> str:
    """Return `Did you mean 'x'? There are: x, y.` for a message, or ''."""
    names = sorted(set(known))
    if not names:
        return ""
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    meant = did_you_mean(word, names).replace("did", "Did", 1)
    verb = "is" if len(names) == 1 else "are"
    return f"{meant} There {verb}: {', '.join(names[:SHOWN])}{more}.".strip()


def _slip(word: str, name: str) -> bool:
    said, meant = _PARTS.split(word.lower()), _PARTS.split(name.lower())
    return len(said) == len(meant) and all(map(_same_part, said, meant))


def _same_part(said: str, meant: str) -> bool:
    if said == meant:
        return True
    digits = re.findall(r"\d", said), re.findall(r"\d", meant)
    short = min(len(said), len(meant)) <= SHORT
    return not short and digits[0] == digits[1] and _distance(said, meant) <= MOST_SLIPS


def _distance(one: Sequence[str], other: Sequence[str]) -> int:
    """Return how many letters are lost, added, wrong or swapped with their neighbour."""
    if abs(len(one) - len(other)) > MOST_SLIPS:
        return MOST_SLIPS + 1
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        earlier, before, row = before, row, [i]
        for j, b in enumerate(other, 1):
            cost = min(row[j - 1] + 1, before[j] + 1, before[j - 1] + (a != b))
            if earlier and j > 1 and a == other[j - 2] and one[i - 2] == b:
                cost = min(cost, earlier[j - 2] + 1)
            row.append(cost)
    return row[-1]
