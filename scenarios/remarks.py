"""Remarks: what a scenario may say and its author may not have meant. Nothing is refused for them.

In: a scenario's file. Out: a Problem for each number that stands, without quotes, where a text is
compared: `stdout: 1.20` reads as the number 1.2, which is neither the version 1.20 nor its text.
"""

import re
from collections.abc import Iterator
from pathlib import Path as FilePath

from scenarios.growing import grow
from scenarios.problems import Path, Problem, render_path
from scenarios.reading import MOST_BYTES, Unreadable
from scenarios.tree import Leaf, Node, leaves

TEXTS = frozenset({"stdout", "stderr", "output", "body", "reply", "headers", "contains"})
"""Words of `expect` that are compared with what was written, not counted."""
COMPARED = frozenset({"oneOf", "not", "contains", "value"})
"""Words that an expectation may stand under and still be compared for being equal."""
_LOSES_DIGITS = re.compile(r"[-+]?\d*\.\d*0|[-+]?\d+\.")


def scenario_remarks(path: FilePath | str) -> tuple[Problem, ...]:
    """Return the remarks on a scenario that `load_scenario` takes; none on what it would refuse."""
    try:
        root, _ = grow(FilePath(path).read_bytes()[: MOST_BYTES + 1])
    except (OSError, Unreadable):
        return ()
    return tuple(_remarks(str(path), root))


def _remarks(source: str, root: Node) -> Iterator[Problem]:
    for path, leaf in leaves(root):
        if "expect" in path and isinstance(leaf.value, float) and not leaf.quoted:
            below = path[len(path) - path[::-1].index("expect") :]
            if message := _doubt(below, leaf):
                yield Problem(
                    source=source,
                    line=leaf.line,
                    column=leaf.column,
                    path=render_path(path),
                    message=message,
                    hint=f'quote it where a version or another text is meant: "{leaf.text}"',
                )


def _doubt(below: Path, leaf: Leaf) -> str:
    """Return why the number at `below` in `expect` may not be what is meant, '' where it is."""
    words = {step for step in below if isinstance(step, str)}
    if words & {"min", "max"} or not below:
        return ""
    if words & TEXTS:
        return f"{leaf.text} is a number, and what it is compared with is text"
    if words & COMPARED and _LOSES_DIGITS.fullmatch(leaf.text):
        return f"{leaf.text} is read as the number {leaf.value}"
    return ""
