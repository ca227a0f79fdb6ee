r"""Groups of a regular expression: can a text be cut into the rounds of one in one way only?

In: the atoms of a group, each of which matches one character. Out: yes, or perhaps not. Where it
is yes, repeating the group leaves the matcher nothing to try twice.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations

_LONGEST = 64
"""Atoms in a branch that are looked at; more, and the answer is perhaps not."""
_PLAIN = re.compile(r"[^\\.\[]|\\[^0-9A-Za-z]", re.DOTALL)
_APART = frozenset(
    frozenset(pair)
    for pair in ((r"\s", r"\w"), (r"\s", r"\d"), (r"\s", r"\S"), (r"\w", r"\W"), (r"\d", r"\D"))
) | {frozenset((r"\d", r"\W"))}


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantifier:
    """How often something occurs; `most` is None where there is no limit."""

    least: int
    most: int | None

    @property
    def varies(self) -> bool:
        """Return whether the number of rounds is the matcher's choice."""
        return self.least != self.most

    @property
    def repeats(self) -> bool:
        """Return whether there can be more than one round."""
        return self.most is None or self.most > 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Atom:
    """What matches one character, as written; `fixed` where it is not repeated by choice."""

    text: str
    fixed: bool


@dataclass(slots=True, kw_only=True)
class Group:
    """The inside of a pair of parentheses, filled in from left to right."""

    start: int = 0
    opaque: bool = False
    """It holds more than atoms: what matches no character, or an unknown number of them."""
    branches: list[list[Atom]] = field(default_factory=lambda: [[]])

    def choose(self) -> None:
        """Begin another branch."""
        self.branches.append([])

    def add(self, atom: Atom, quantifier: Quantifier) -> None:
        """Append an atom, as often as it is sure to occur."""
        branch = self.branches[-1]
        times = 1 if quantifier.varies else quantifier.least
        if len(branch) + times > _LONGEST:
            self.opaque = True
        else:
            branch.extend([atom] * times)

    def absorb(self, inner: "Group", quantifier: Quantifier) -> None:
        """Append a group: its atoms, where it has one branch and occurs once."""
        once = quantifier.least == quantifier.most == 1
        longer = [*self.branches[-1], *inner.branches[0]]
        if inner.opaque or not once or len(inner.branches) > 1 or len(longer) > _LONGEST:
            self.opaque = True
        else:
            self.branches[-1] = longer

    def cuts_one_way(self, flags: int) -> bool:
        """Return whether a text can be cut into rounds of this group in one way only.

        That is sure in two cases. All rounds are of fixed length and no two branches match the
        same text. Or there is one branch with one repetition in it, and it begins or ends with a
        character that nothing else in it matches, which marks where rounds begin or end.
        """
        if self.opaque:
            return False
        if all(atom.fixed for branch in self.branches for atom in branch):
            return self.is_decided(flags)
        return len(self.branches) == 1 and _is_marked(self.branches[0], flags)

    def is_decided(self, flags: int) -> bool:
        """Return whether at most one branch matches at any place."""
        pairs = combinations(self.branches, 2)
        return all(not self.opaque and _differ(one, other, flags) for one, other in pairs)


def _differ(one: Sequence[Atom], other: Sequence[Atom], flags: int) -> bool:
    """Return whether two branches disagree at a place that all before leave no choice about."""
    for left, right in zip(one, other, strict=False):
        if not (left.fixed and right.fixed):
            return False
        if _apart(left.text, right.text, flags):
            return True
    return False


def _is_marked(branch: Sequence[Atom], flags: int) -> bool:
    if sum(not atom.fixed for atom in branch) > 1:
        return False
    return any(
        mark.fixed and all(_apart(mark.text, atom.text, flags) for atom in rest)
        for mark, rest in ((branch[0], branch[1:]), (branch[-1], branch[:-1]))
    )


def _apart(one: str, other: str, flags: int) -> bool:
    """Return whether no character is sure to match both atoms."""
    if frozenset((one, other)) in _APART:
        return True
    if not _PLAIN.fullmatch(one):
        one, other = other, one
    if not _PLAIN.fullmatch(one):
        return False
    plain = one[-1]
    if _PLAIN.fullmatch(other) and not flags & re.IGNORECASE:
        return plain != other[-1]
    cases = {plain, plain.lower(), plain.upper(), plain.casefold()}
    return not any(re.fullmatch(other, case, flags) for case in cases)
