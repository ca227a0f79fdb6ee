"""The document as a tree whose every node knows its line and column, and the way back to data."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from scenarios.problems import Path
from scenarios.scalars import Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """A scalar. `text` is as written, so that a message never shows a filled-in secret."""

    line: int
    column: int
    value: Value
    text: str
    quoted: bool = False
    filled: bool = False
    """True where the environment supplied (part of) the value."""
    given: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """Variables that supplied something, each with what it held."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """A list."""

    line: int
    column: int
    nodes: tuple["Node", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A key's place, and its value."""

    line: int
    column: int
    node: "Node"


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A mapping; of a key said twice the first stands."""

    line: int
    column: int
    entries: Mapping[str, Entry]


Node: TypeAlias = Leaf | Branch | Table


def to_data(node: Node) -> object:
    """Return the tree as dicts, lists and scalars, nothing in it shared."""
    if isinstance(node, Leaf):
        return node.value
    if isinstance(node, Branch):
        return [to_data(item) for item in node.nodes]
    return {key: to_data(entry.node) for key, entry in node.entries.items()}


def child(node: Node, step: str | int) -> Entry | Node | None:
    """Return what lies one step below, or None."""
    if isinstance(node, Table) and isinstance(step, str):
        return node.entries.get(step)
    if isinstance(node, Branch) and isinstance(step, int) and 0 <= step < len(node.nodes):
        return node.nodes[step]
    return None


def find(root: Node, path: Path) -> Node | None:
    """Return the node at `path`, or None."""
    node: Node | None = root
    for step in path:
        below = child(node, step) if node else None
        node = below.node if isinstance(below, Entry) else below
    return node


def place(root: Node, path: Path, *, at_key: bool = False) -> tuple[int, int]:
    """Return line and column of what `path` names, or of the nearest thing above that exists.

    A key that is missing is reported at the key it is missing from.
    """
    node, spot = root, (root.line, root.column)
    for depth, step in enumerate(path, start=1):
        below = child(node, step)
        if below is None:
            break
        node = below.node if isinstance(below, Entry) else below
        wants_key = isinstance(below, Entry) and (at_key or depth < len(path))
        spot = (below.line, below.column) if wants_key else (node.line, node.column)
    return spot


def leaves(node: Node, path: Path = ()) -> Iterator[tuple[Path, Leaf]]:
    """Yield every scalar with its path."""
    if isinstance(node, Leaf):
        yield path, node
    elif isinstance(node, Branch):
        for index, item in enumerate(node.nodes):
            yield from leaves(item, (*path, index))
    else:
        for key, entry in node.entries.items():
            yield from leaves(entry.node, (*path, key))


def with_leaves(node: Node, new: Mapping[Path, Leaf], path: Path = ()) -> Node:
    """Return the tree with the scalars at the given paths replaced."""
    if isinstance(node, Leaf):
        return new.get(path, node)
    if isinstance(node, Branch):
        below = (with_leaves(item, new, (*path, i)) for i, item in enumerate(node.nodes))
        return replace(node, nodes=tuple(below))
    entries = {
        key: replace(entry, node=with_leaves(entry.node, new, (*path, key)))
        for key, entry in node.entries.items()
    }
    return replace(node, entries=entries)


def with_node(node: Node, path: Path, new: Node) -> Node:
    """Return the tree with the node at `path`, which must be there, replaced."""
    if not path:
        return new
    step = path[0]
    if isinstance(node, Table) and isinstance(step, str):
        entry = node.entries[step]
        changed = replace(entry, node=with_node(entry.node, path[1:], new))
        return replace(node, entries={**node.entries, step: changed})
    if isinstance(node, Branch) and isinstance(step, int):
        nodes = (with_node(n, path[1:], new) if i == step else n for i, n in enumerate(node.nodes))
        return replace(node, nodes=tuple(nodes))
    return node
