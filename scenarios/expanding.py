"""Probes that `use` a pack become the pack's probes. Pure.

In: the scenario as a tree. Out: the tree with each `use` in `spec.probes` replaced, what is wrong
with those that cannot be, and where each probe comes from. What stands in the pack's file takes the
place (line and column) of the `use`; what the scenario gave as a parameter keeps its own.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from scenarios.pack_files import NAMESPACE, Pack, Parameter, pack_called, pack_names
from scenarios.problems import Complaint, Path, did_you_mean, listed, quoted, render_path
from scenarios.proofs import BUILT_IN_KINDS
from scenarios.tree import Branch, Entry, Leaf, Node, Table, find, place, with_node

PROBES = ("spec", "probes")
PASSED_ON = ("required", "timeout", "interval", "retries", "initialDelay")
"""What a `use` may say for all probes of its pack."""
_REFERENCE = re.compile(r"@\{(\w+)\}")
_INDEX = re.compile(r"spec\.probes\[(\d+)\]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a probe comes from: the index in the file, and the pack's name and probe."""

    index: int
    pack: str = ""
    probe: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expanded:
    """The tree without any `use`."""

    root: Node
    complaints: tuple[Complaint, ...] = ()
    origins: tuple[Origin, ...] = ()

    def as_written(self, complaint: Complaint) -> Complaint:
        """Return the complaint about the file as its author sees it."""
        message = _INDEX.sub(lambda found: self._index(int(found[1])), complaint.message)
        path = complaint.path
        if path[:2] != PROBES or len(path) < 3 or not self.origins:  # noqa: PLR2004  no probe
            return replace(complaint, message=message)
        at = path[2]
        if not isinstance(at, int) or at >= len(self.origins):
            return complaint
        origin = self.origins[at]
        if origin.pack:
            where = f"pack {origin.pack}, probe {quoted(origin.probe)}, {render_path(path[3:])}"
            message, path = f"{where}: {message}", (*PROBES, origin.index, "use")
        else:
            path = (*PROBES, origin.index, *path[3:])
        return replace(complaint, path=path, message=message)

    def _index(self, at: int) -> str:
        index = self.origins[at].index if at < len(self.origins) else at
        return f"spec.probes[{index}]"


def uses_packs(root: Node) -> bool:
    """Return whether any probe uses a pack."""
    return any(find(node, ("use",)) is not None for node in _rows(root))


def expand(root: Node) -> Expanded:
    """Return the tree with its packs in place; one without any comes back as it is."""
    if not uses_packs(root):
        return Expanded(root=root)
    made: list[tuple[Node, Origin]] = []
    complaints: list[Complaint] = []
    names: dict[str, list[str]] = {}
    for index, node in enumerate(_rows(root)):
        use = find(node, ("use",))
        if not isinstance(node, Table) or not isinstance(use, Leaf):
            made.append((node, Origin(index=index)))
            continue
        using = _Using(path=(*PROBES, index), node=node, use=use)
        for name, probe in using.probes():
            origin = Origin(index=index, pack=str(use.value), probe=name)
            made.append((probe, origin))
            names.setdefault(using.prefix, []).append(f"{using.prefix}: {name}")
        complaints += using.complaints
    rows = tuple(_needs_in_full(node, names) for node, _ in made)
    branch = find(root, PROBES)
    new = replace(branch, nodes=rows) if isinstance(branch, Branch) else Branch(**_SPOT, nodes=rows)
    return Expanded(
        root=with_node(root, PROBES, new),
        complaints=tuple(complaints),
        origins=tuple(origin for _, origin in made),
    )


_SPOT: Mapping[str, int] = {"line": 1, "column": 1}


def _rows(root: Node) -> tuple[Node, ...]:
    branch = find(root, PROBES)
    return branch.nodes if isinstance(branch, Branch) else ()


def _needs_in_full(node: Node, names: Mapping[str, list[str]]) -> Node:
    """Return the probe; where it needs a pack, it needs each of the pack's probes."""
    needs = find(node, ("needs",))
    if not isinstance(needs, Branch):
        return node
    full = [
        replace(leaf, value=name) if isinstance(leaf, Leaf) else leaf
        for leaf in needs.nodes
        for name in (names.get(str(leaf.value), [leaf.value]) if isinstance(leaf, Leaf) else [""])
    ]
    return with_node(node, ("needs",), replace(needs, nodes=tuple(full)))


@dataclass(slots=True, kw_only=True)
class _Using:
    """One `use` on its way to probes."""

    path: Path
    node: Table
    use: Leaf
    complaints: list[Complaint] = field(default_factory=list)

    @property
    def prefix(self) -> str:
        name = find(self.node, ("name",))
        return str(name.value) if isinstance(name, Leaf) else ""

    def probes(self) -> Iterator[tuple[str, Node]]:
        """Yield the pack's probes with their names there, or complain."""
        pack = pack_called(str(self.use.value))
        if pack is None:
            hint = did_you_mean(str(self.use.value), pack_names())
            hint = hint or f"known packs: {', '.join(pack_names())}"
            self._complain(("use",), f"no pack is called {quoted(self.use.value)}", hint)
            return
        for key in ("expect", "proves"):
            if key in self.node.entries:
                self._complain((key,), f"the probes of a pack say their {quoted(key)} themselves")
        given = self._given(pack)
        if self.complaints:
            return
        for probe in pack.probes:
            when, name = find(probe, ("when",)), find(probe, ("name",))
            if isinstance(name, Leaf) and (not isinstance(when, Leaf) or str(when.value) in given):
                yield str(name.value), self._probe(probe, str(name.value), given)

    def _given(self, pack: Pack) -> Mapping[str, Node]:
        said = find(self.node, ("with",))
        entries = said.entries if isinstance(said, Table) else {}
        for key in entries.keys() - pack.parameters.keys():
            hint = did_you_mean(key, pack.parameters)
            hint = hint or f"known parameters: {', '.join(pack.parameters)}"
            message = f"pack {pack.name} has no parameter {quoted(key)}"
            self._complain(("with", key), message, hint, at_key=True)
        given: dict[str, Node] = {}
        for name, parameter in pack.parameters.items():
            if name in entries:
                given[name] = entries[name].node
            elif parameter.default is not None:
                given[name] = self._placed(parameter.default)
            elif parameter.needed:
                self._missing(pack, parameter)
        return given

    def _missing(self, pack: Pack, parameter: Parameter) -> None:
        message = f"pack {pack.name} needs the parameter {quoted(parameter.name)}"
        hint = f"for example {parameter.name}: {parameter.example}"
        self._complain(("with", parameter.name), message, hint)

    def _probe(self, probe: Table, name: str, given: Mapping[str, Node]) -> Node:
        entries: dict[str, Entry] = {}
        for key, entry in probe.entries.items():
            node = self._filled(entry.node, given) if key not in {"when", "name"} else None
            if node is not None:
                entries[key] = self._entry(node)
        entries["name"] = self._entry(self._text(f"{self.prefix}: {name}"))
        entries |= {key: self.node.entries[key] for key in PASSED_ON if key in self.node.entries}
        self._add_needs(entries)
        for kind in BUILT_IN_KINDS & entries.keys() if NAMESPACE in given else ():
            asked = entries[kind].node
            if isinstance(asked, Table):
                more = {**asked.entries, NAMESPACE: self._entry(given[NAMESPACE])}
                entries[kind] = self._entry(replace(asked, entries=more))
        return Table(line=self.use.line, column=self.use.column, entries=entries)

    def _add_needs(self, entries: dict[str, Entry]) -> None:
        """Prefix what the pack's probe needs, and add what the `use` needs."""
        own = find(entries["needs"].node, ()) if "needs" in entries else None
        inner = own.nodes if isinstance(own, Branch) else ()
        nodes: list[Node] = [
            self._text(f"{self.prefix}: {leaf.value}") for leaf in inner if isinstance(leaf, Leaf)
        ]
        outer = find(self.node, ("needs",))
        nodes += outer.nodes if isinstance(outer, Branch) else ()
        if nodes:
            branch = Branch(line=self.use.line, column=self.use.column, nodes=tuple(nodes))
            entries["needs"] = self._entry(branch)

    def _filled(self, node: Node, given: Mapping[str, Node]) -> Node | None:
        """Return a node of the pack with its parameters; None where it stands for nothing."""
        if isinstance(node, Leaf):
            return self._leaf(node, given)
        if isinstance(node, Branch):
            items = (self._filled(item, given) for item in node.nodes)
            kept = tuple(item for item in items if item is not None)
            return replace(node, line=self.use.line, column=self.use.column, nodes=kept)
        made = {key: self._filled(entry.node, given) for key, entry in node.entries.items()}
        entries = {key: self._entry(below) for key, below in made.items() if below is not None}
        return Table(line=self.use.line, column=self.use.column, entries=entries)

    def _leaf(self, leaf: Leaf, given: Mapping[str, Node]) -> Node | None:
        text = leaf.value
        if not isinstance(text, str) or "@{" not in text:
            return self._placed(leaf)
        if whole := _REFERENCE.fullmatch(text):
            return given.get(whole[1])
        used = {name: given.get(name) for name in _REFERENCE.findall(text)}
        for name, node in used.items():
            if node is not None and not isinstance(node, Leaf):
                self._complain(("with", name), f"expected text, found {_noun(node)}")
        leaves = {name: node for name, node in used.items() if isinstance(node, Leaf)}
        value = _REFERENCE.sub(lambda m: _as_text(leaves.get(m[1])), text)
        filled = any(node.filled for node in leaves.values())
        held = tuple(pair for node in leaves.values() for pair in node.given)
        return replace(self._placed(leaf), value=value, filled=filled, given=held)

    def _placed(self, leaf: Leaf) -> Leaf:
        return replace(leaf, line=self.use.line, column=self.use.column)

    def _entry(self, node: Node) -> Entry:
        return Entry(line=node.line, column=node.column, node=node)

    def _text(self, text: str) -> Leaf:
        return Leaf(line=self.use.line, column=self.use.column, value=text, text=text, quoted=True)

    def _complain(self, below: Path, message: str, hint: str = "", *, at_key: bool = False) -> None:
        path, spot = (*self.path, *below), place(self.node, below, at_key=at_key)
        self.complaints.append(Complaint(path=path, message=message, hint=hint, spot=spot))


def _as_text(leaf: Leaf | None) -> str:
    return "" if leaf is None or leaf.value is None else str(leaf.value)


def _noun(node: Node) -> str:
    return listed(["a list" if isinstance(node, Branch) else "a mapping"])
