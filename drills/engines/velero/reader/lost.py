"""What a backup's own list names and its archive lacks, counted by kind in bounded memory.

In: names. Out: one sentence for what a restore would miss, one for the rest.
"""

from dataclasses import dataclass, field

from drills.engines.velero.reader.listed_index import Named
from drills.engines.velero.reader.tally import plain

MOST_NAMES = 5
MOST_KINDS = 12


@dataclass(slots=True)
class _Kind:
    count: int = 0
    names: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        more = " …" if self.count > len(self.names) else ""
        return f"{', '.join(self.names)}{more}"


class Lost:
    """Objects by kind: those in scope and those outside of it."""

    def __init__(self) -> None:
        self._kinds: tuple[dict[str, _Kind], dict[str, _Kind]] = ({}, {})

    def add(self, one: Named, *, kept: bool) -> None:
        """Note an object; `kept` where what is asked for would miss it."""
        group, kind, namespace, name = one
        word = f"{kind}.{group}" if group else kind
        found = self._kinds[0 if kept else 1].setdefault(word, _Kind())
        found.count += 1
        if len(found.names) < MOST_NAMES:
            found.names.append(plain(f"{namespace}/{name}" if namespace else name))

    def told(self, *, kept: bool) -> str:
        """Return the objects in words, '' where there are none."""
        kinds = self._kinds[0 if kept else 1]
        told = [f"{found.count} {plain(word)} ({found})" for word, found in sorted(kinds.items())]
        return "; ".join(told[:MOST_KINDS]) + ("; …" if len(told) > MOST_KINDS else "")
