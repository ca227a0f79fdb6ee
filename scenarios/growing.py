"""YAML events to a tree with places, within a budget of nodes and depth."""

from collections.abc import Iterator, Mapping
from typing import NoReturn

from scenarios.problems import Complaint, Path, quoted
from scenarios.reading import Unreadable, decode, events
from scenarios.scalars import Surprise, Value, resolve
from scenarios.tree import Branch, Entry, Leaf, Node, Table

MOST_NODES = 20_000
"""What aliases stand for counts each time they are used."""
DEEPEST = 32

_CORE_TAGS = frozenset(f"tag:yaml.org,2002:{tag}" for tag in ("str", "map", "seq"))


def grow(data: bytes) -> tuple[Node, tuple[Complaint, ...]]:
    """Return the tree of the one document in `data`, and the complaints about its writing.

    Raises:
        Unreadable: there is no such document.
    """
    grower = _Grower(_Events(events(decode(data))))
    root = grower.document()
    return root, tuple(grower.complaints)


class _Events:
    """The parser's events by kind, with the place of the newest."""

    def __init__(self, source: Iterator[object]) -> None:
        self._source = source
        self.event: object = None
        self.kind = ""

    def advance(self) -> str:
        self.event = next(self._source, None)
        self.kind = type(self.event).__name__.removesuffix("Event")
        return self.kind

    @property
    def spot(self) -> tuple[int, int]:
        mark = getattr(self.event, "start_mark", None)
        return (mark.line + 1, mark.column + 1) if mark else (1, 1)

    def word(self, name: str) -> str:
        found = getattr(self.event, name, None)
        return found if isinstance(found, str) else ""


class _Grower:
    def __init__(self, source: _Events) -> None:
        self._events = source
        self._anchors: dict[str, tuple[Node, int]] = {}
        self._nodes = 0
        self.complaints: list[Complaint] = []

    def document(self) -> Node:
        self._events.advance()
        if self._events.advance() != "DocumentStart":
            self._refuse("the file is empty; expected a scenario")
        self._events.advance()
        root = self._node(())
        self._events.advance()
        if self._events.advance() == "DocumentStart":
            self._refuse("a second document begins here", "one file holds one scenario")
        return root

    def _node(self, path: Path) -> Node:
        self._spend(1)
        if len(path) > DEEPEST:
            self._refuse(f"nested more than {DEEPEST} deep; no scenario is")
        if self._events.kind == "Alias":
            return self._alias()
        anchor, before = self._events.word("anchor"), self._nodes
        self._check_tag(path)
        grown = self._grow(path)
        if anchor:
            self._anchors[anchor] = (grown, self._nodes - before)
        return grown

    def _grow(self, path: Path) -> Node:
        line, column = self._events.spot
        if self._events.kind == "Scalar":
            return self._leaf(path)
        if self._events.kind == "SequenceStart":
            return Branch(line=line, column=column, nodes=tuple(self._items(path)))
        return Table(line=line, column=column, entries=self._entries(path))

    def _items(self, path: Path) -> Iterator[Node]:
        index = 0
        while self._events.advance() != "SequenceEnd":
            yield self._node((*path, index))
            index += 1

    def _entries(self, path: Path) -> Mapping[str, Entry]:
        entries: dict[str, Entry] = {}
        while self._events.advance() != "MappingEnd":
            key, (line, column) = self._key(path), self._events.spot
            self._events.advance()
            node = self._node((*path, key))
            if key in entries:
                first = f"the key {quoted(key)} appears twice, first in line {entries[key].line}"
                self._complain((*path, key), first, "keep one of them", (line, column))
            else:
                entries[key] = Entry(line=line, column=column, node=node)
        return entries

    def _key(self, path: Path) -> str:
        if self._events.kind != "Scalar":
            self._refuse("expected a word as key, found a list, a mapping or an alias")
        key = self._events.word("value")
        if key == "<<" and not self._is_quoted():
            hint = "repeat the lines, or use an alias for the whole value"
            self._complain((*path, key), "merge keys are not supported", hint, self._events.spot)
        return key

    def _leaf(self, path: Path) -> Leaf:
        line, column = self._events.spot
        text = self._events.word("value")
        tagged_text = self._events.word("tag").endswith(":str")
        is_quoted = self._is_quoted() or tagged_text
        value: Value | Surprise = text if is_quoted else resolve(text)
        if isinstance(value, Surprise):
            self._complain(path, f"{quoted(text)} is {value.reason}", value.advice(text))
            value = text
        return Leaf(line=line, column=column, value=value, text=text, quoted=is_quoted)

    def _alias(self) -> Node:
        name = self._events.word("anchor")
        if name not in self._anchors:
            self._refuse(f"the alias *{name[:60]} refers to itself or to nothing before it")
        node, size = self._anchors[name]
        self._spend(size)
        return node

    def _is_quoted(self) -> bool:
        return getattr(self._events.event, "style", None) in ("'", '"', "|", ">")

    def _check_tag(self, path: Path) -> None:
        tag = self._events.word("tag")
        if tag and tag != "!" and tag not in _CORE_TAGS:
            shown = tag.replace("tag:yaml.org,2002:", "!!")
            message = f"the tag {quoted(shown)} is not supported"
            self._complain(path, message, "write plain YAML", self._events.spot)

    def _spend(self, nodes: int) -> None:
        self._nodes += nodes
        if self._nodes > MOST_NODES:
            self._refuse(f"more than {MOST_NODES} values, aliases counted; no scenario has so many")

    def _complain(
        self, path: Path, message: str, hint: str, spot: tuple[int, int] | None = None
    ) -> None:
        self.complaints.append(Complaint(path=path, message=message, hint=hint, spot=spot))

    def _refuse(self, message: str, hint: str = "") -> NoReturn:
        spot = self._events.spot
        raise Unreadable(Complaint(path=(), message=message, hint=hint, spot=spot))
