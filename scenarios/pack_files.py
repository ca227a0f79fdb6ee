"""The packs that come with the package: `scenarios/packs/NAME.yaml`, read once.

A pack says `description`, what it was `proven` with (left out: with nothing), its `parameters`
(`description`, and one of `default`, `optional`, or neither for one that must be given) and its
`probes`, in the words of a scenario. `@{parameter}` in a value stands for the parameter; a key
whose whole value is an optional one that was not given goes; a probe with `when: PARAMETER` is
asked only where that was given. `namespace` every pack takes.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from scenarios.growing import grow
from scenarios.tree import Branch, Leaf, Node, Table, find

NAMESPACE = "namespace"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """What a pack wants to know."""

    name: str
    description: str
    example: str
    default: Leaf | None
    optional: bool

    @property
    def needed(self) -> bool:
        """Return whether it must be given."""
        return self.default is None and not self.optional


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """A named set of probes."""

    name: str
    description: str
    proven: str
    parameters: Mapping[str, Parameter]
    probes: tuple[Table, ...]


def pack_names() -> tuple[str, ...]:
    """Return the names of all packs."""
    found = (file.name for file in files("scenarios").joinpath("packs").iterdir())
    return tuple(sorted(name[:-5] for name in found if name.endswith(".yaml")))


@lru_cache(maxsize=64)
def pack_called(name: str) -> Pack | None:
    """Return the pack, or None where there is none of the name."""
    if name not in pack_names():
        return None
    root, complaints = grow(files("scenarios").joinpath("packs", f"{name}.yaml").read_bytes())
    if complaints:
        raise ValueError(f"pack {name}: {complaints[0].message}")
    rows = find(root, ("probes",))
    nodes = rows.nodes if isinstance(rows, Branch) else ()
    return Pack(
        name=name,
        description=_text(root, "description"),
        proven=_text(root, "proven"),
        parameters={one.name: one for one in _parameters(root)},
        probes=tuple(node for node in nodes if isinstance(node, Table)),
    )


def _parameters(root: Node) -> Iterator[Parameter]:
    said = find(root, ("parameters",))
    for name, entry in (said.entries if isinstance(said, Table) else {}).items():
        default = find(entry.node, ("default",))
        yield Parameter(
            name=name,
            description=_text(entry.node, "description"),
            example=_text(entry.node, "example"),
            default=default if isinstance(default, Leaf) else None,
            optional=find(entry.node, ("optional",)) is not None,
        )
    yield Parameter(
        name=NAMESPACE,
        description="Source namespace, where several are restored.",
        example="production",
        default=None,
        optional=True,
    )


def _text(node: Node, key: str) -> str:
    leaf = find(node, (key,))
    return str(leaf.value) if isinstance(leaf, Leaf) else ""
