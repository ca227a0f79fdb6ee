"""What a backup's own order leaves out. Pure: an object's kind and labels in, a reason out."""

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from drills.cluster import ServedKind
from scenarios.kinds import known_as


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupScope:
    """Which objects the backup was asked to hold, in the namespaces that it covers."""

    included: tuple[str, ...] = ()
    """Kinds as `plural.group`, `plural` or a pattern; empty means all."""
    excluded: tuple[str, ...] = ()
    verbs: frozenset[str] = frozenset({"list"})
    """What a kind's API must be able to do for the engine to back it up at all."""
    filtered: str = ""
    """What else decides, object by object (`its label selector`); '' where nothing does."""
    exclusion: tuple[str, str] = ("", "")
    """The label, with its value, that keeps an object out of every backup of this engine."""

    def left_out(self, served: ServedKind, labels: Mapping[str, str]) -> str:
        """Return why the order leaves such an object out, '' where it asks for it."""
        key, value = self.exclusion
        if key and labels.get(key) == value:
            return f"labelled {key}={value}"
        whole = self.kind_left_out(served)
        return whole or (f"not taken by {self.filtered}" if self.filtered else "")

    def kind_left_out(self, served: ServedKind) -> str:
        """Return why the order leaves out every object of the kind, '' where it asks for some."""
        if any(_means(word, served) for word in self.excluded):
            return "excluded by kind"
        if self.included and not any(_means(word, served) for word in self.included):
            return "not among the kinds that it includes"
        return ""


def _means(word: str, served: ServedKind) -> bool:
    if known := known_as(word):
        return known == served.resource
    named = word.lower()
    names = (served.resource, served.plural, served.kind.lower())
    return named in names or any(fnmatchcase(name, named) for name in names[:2])
