"""The form of a document: what the JSON Schema alone can say about it."""

from dataclasses import replace
from itertools import islice

from scenarios.checking import Checker
from scenarios.faults import Fault
from scenarios.problems import Complaint, Path
from scenarios.published import schema_for
from scenarios.scalars import Surprise, resolve
from scenarios.tree import Leaf, Node, find, to_data, with_leaves
from scenarios.wording import complaints

_MOST_FAULTS = 60


def check_form(root: Node) -> tuple[object, tuple[Complaint, ...]]:
    """Return the document as data, and what is wrong with its form.

    Text that the environment filled in becomes a number or a boolean where the schema asks for
    one, since the environment holds nothing but text.
    """
    data = to_data(root)
    checker = Checker(schema_for(data))
    faults = _faults(checker, data)
    converted = {fault.path: leaf for fault in faults if (leaf := _converted(fault, root))}
    if converted:
        data = to_data(with_leaves(root, converted))
        faults = _faults(checker, data)
    said: dict[tuple[Path, str], Complaint] = {}
    for fault in faults:
        for complaint in complaints(fault, root):
            said.setdefault((complaint.path, complaint.message), complaint)
    return data, tuple(said.values())


def _faults(checker: Checker, data: object) -> list[Fault]:
    return list(islice(checker.faults(data), _MOST_FAULTS))


def _converted(fault: Fault, root: Node) -> Leaf | None:
    leaf = find(root, fault.path)
    if fault.is_key or not isinstance(leaf, Leaf) or not leaf.filled:
        return None
    value = resolve(str(leaf.value))
    if isinstance(value, str | Surprise | None) or not fault.would_take(value):
        return None
    return replace(leaf, value=value)
