"""The little of JSONPath that scenarios use, in kubectl's braces: does it parse?

Fields, indexes, `[*]` and filters; slices, unions and `..` are refused, as the probes refuse them.
"""

import re

_QUOTED = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"")
_PAIRS = {"]": "[", ")": "("}


def jsonpath_trouble(text: str) -> str:
    """Return what keeps `text` from being one JSONPath such as `{.status.phase}`, or ''."""
    if not (text.startswith("{") and text.endswith("}")):
        return "expected a JSONPath in braces, such as {.status.phase}"
    inside = text[1:-1].strip().removeprefix("$")
    if not inside.startswith((".", "[")):
        return "expected a JSONPath that begins with a dot or a bracket, such as {.status.phase}"
    trouble = _unbalanced(inside)
    if trouble:
        return trouble
    bare = _QUOTED.sub("''", inside)
    if ".." in bare or ":" in bare or "," in bare:
        return "expected a JSONPath of names, indexes and filters; no '..', slice or union"
    if inside.rstrip("]").endswith(".") or inside.endswith("[]"):
        return "expected a JSONPath that ends with a name, an index or a filter"
    return ""


def _unbalanced(inside: str) -> str:
    quote = ""
    opened: list[str] = []
    for character in inside:
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character in "[(":
            opened.append(character)
        elif character in "])" and (not opened or opened.pop() != _PAIRS[character]):
            return f"expected a JSONPath; its {character!r} closes nothing"
        elif character in "{}":
            return "expected one JSONPath in one pair of braces"
    if quote:
        return f"expected a JSONPath; a {quote} is never closed"
    return f"expected a JSONPath; a {opened[-1]!r} is never closed" if opened else ""
