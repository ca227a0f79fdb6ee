"""Environment references in values: `${VAR}`, `${VAR:-default}`, and `$$` for a plain `$`.

They are filled in after the file was parsed, in values only: whatever the environment holds can
become text, and never structure.
"""

import re
from collections.abc import Mapping
from dataclasses import replace

from scenarios.problems import Complaint, Path, quoted
from scenarios.tree import Leaf, Node, leaves, with_leaves

MOST_TEXT = 1024 * 1024
"""Characters that one value may hold once filled in."""

_REFERENCE = re.compile(
    r"\$(?:(?P<dollar>\$)"
    r"|\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?P<or_default>:-(?P<default>[^{}]*))?\}"
    r"|(?P<broken>\{))"
)
_LITERAL = "write $${ where the text shall keep it"


def fill(root: Node, environ: Mapping[str, str]) -> tuple[Node, tuple[Complaint, ...]]:
    """Return the tree with its references filled in, and a complaint for each that cannot be."""
    filled: dict[Path, Leaf] = {}
    complaints: list[Complaint] = []
    for path, leaf in leaves(root):
        if isinstance(leaf.value, str) and "$" in leaf.value:
            filled[path] = _fill_leaf(path, leaf, leaf.value, environ, complaints)
    return (with_leaves(root, filled) if filled else root), tuple(complaints)


def _fill_leaf(
    path: Path, leaf: Leaf, value: str, environ: Mapping[str, str], complaints: list[Complaint]
) -> Leaf:
    parts: list[str] = []
    end = size = 0
    from_environment = False
    given: list[tuple[str, str]] = []
    for found in _REFERENCE.finditer(value):
        text, trouble = _look_up(found, environ)
        if trouble:
            hint = _advice(found["name"], environ)
            complaints.append(Complaint(path=path, message=trouble, hint=hint))
        from_environment |= found["name"] is not None
        if environ.get(found["name"] or ""):
            given.append((found["name"], text))
        parts += value[end : found.start()], text
        end, size = found.end(), size + len(text)
        if size > MOST_TEXT:
            message = f"filled in, this is longer than {MOST_TEXT} characters"
            complaints.append(Complaint(path=path, message=message))
            break
    filled = "".join([*parts, value[end:]])
    return replace(leaf, value=filled, filled=from_environment, given=tuple(given))


def _look_up(found: re.Match[str], environ: Mapping[str, str]) -> tuple[str, str]:
    if found["dollar"]:
        return "$", ""
    if found["broken"]:
        return "${", "expected ${NAME} or ${NAME:-default}"
    name, default = found["name"], found["default"]
    value = environ.get(name)
    if default is not None:
        return value or default, ""
    if value is None:
        return "", f"the environment variable {quoted(name)} is not set"
    return value, ""


def _advice(name: str | None, environ: Mapping[str, str]) -> str:
    if name is None:
        return _LITERAL
    near = next((known for known in environ if known.lower() == name.lower()), None)
    if near:
        return f"did you mean '${{{near}}}'?"
    return f"set it, give a default ${{{name}:-...}}, or {_LITERAL}"
