"""What the schema found wrong, in words: expected, found, did you mean."""

from collections.abc import Callable, Iterator

from scenarios.durations import parse_duration
from scenarios.faults import Fault, names, table
from scenarios.problems import Complaint, did_you_mean, listed, quoted
from scenarios.scalars import Surprise, resolve
from scenarios.tree import Leaf, Node, find

_TYPE_WORDS = {
    "string": "text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "null": "null",
    "array": "a list",
    "object": "a mapping",
}
_LIMITS = {
    "minLength": "not empty",
    "minItems": "with at least one entry",
    "minProperties": "with at least one key",
    "maxLength": "of at most {} characters",
    "maxItems": "of at most {} entries",
    "maxProperties": "of at most {} keys",
    "minimum": "not below {}",
    "maximum": "not above {}",
}


def complaints(fault: Fault, root: Node) -> Iterator[Complaint]:
    """Yield what one fault means to the user; several keys may share one."""
    if fault.is_key:
        key = str(fault.found)
        message = f"expected {_expected(fault)} as key, found {quoted(key)}"
        yield Complaint(path=(*fault.path, key), message=message, at_key=True)
    elif fault.keyword in _OF_KEYS:
        yield from _OF_KEYS[fault.keyword](fault)
    else:
        yield _mismatch(fault, root)


_UDP = "UDP cannot be asked, no port-forward carries it: ask with exec in a pod, or with a job"
_NO_WAY = {"udp": _UDP, "dns": _UDP}
"""Kinds of probes that people look for, and why there are none."""


def _unknown_keys(fault: Fault) -> Iterator[Complaint]:
    for key in fault.unknown_keys:
        meant = fault.meant(key)
        hint = f"did you mean {meant!r}?" if meant else f"known keys: {', '.join(fault.known_keys)}"
        if fault.path[:2] == ("spec", "probes") and key in _NO_WAY:
            hint = _NO_WAY[key]
        message = f"unknown key {quoted(key)}"
        yield Complaint(path=(*fault.path, key), message=message, hint=hint, at_key=True)


def _missing_keys(fault: Fault) -> Iterator[Complaint]:
    for key in names(fault.wanted):
        if key not in table(fault.found) and not fault.misspells((key,)):
            path, hint = (*fault.path, key), _example(fault, key)
            yield Complaint(path=path, message="this key is missing", hint=hint)


def _key_choice(fault: Fault) -> Iterator[Complaint]:
    branches = fault.wanted if isinstance(fault.wanted, list) else []
    choices = [name for branch in branches for name in names(table(branch).get("required"))]
    present = [name for name in choices if name in table(fault.found)]
    if not present and fault.misspells(choices):
        return
    found = listed(present, "and") if present else "none of them"
    message = f"expected exactly one of {listed(choices)}, found {found}"
    yield Complaint(path=fault.path, message=message)


def _lonely_keys(fault: Fault) -> Iterator[Complaint]:
    for key, needed in table(fault.wanted).items():
        missing = [name for name in names(needed) if name not in table(fault.found)]
        if key in table(fault.found) and missing and not fault.misspells(missing):
            message = f"{quoted(key)} needs {quoted(missing[0])} beside it"
            yield Complaint(path=(*fault.path, key), message=message, at_key=True)


_OF_KEYS: dict[str, Callable[[Fault], Iterator[Complaint]]] = {
    "additionalProperties": _unknown_keys,
    "required": _missing_keys,
    "oneOf": _key_choice,
    "dependentRequired": _lonely_keys,
}


def _mismatch(fault: Fault, root: Node) -> Complaint:
    leaf = find(root, fault.path)
    found, hint = quoted(fault.found), ""
    if isinstance(leaf, Leaf) and leaf.filled:
        # The value may be a secret: only its reference is shown.
        found = f"something else once {quoted(leaf.text)} was filled in"
    elif isinstance(leaf, Leaf):
        hint = _hint_for_text(fault, leaf) if isinstance(leaf.value, str) else _hint(fault, leaf)
    if fault.keyword == "not":
        found += f", {table(fault.wanted).get('title', 'which is refused')}"
    message = f"expected {_expected(fault)}, found {found}"
    return Complaint(path=fault.path, message=message, hint=hint)


def _expected(fault: Fault) -> str:
    title = fault.schema.get("title")
    noun = title if isinstance(title, str) else _type_words(fault.schema.get("type", "string"))
    if fault.keyword in _LIMITS:
        limit = _LIMITS[fault.keyword].format(fault.wanted)
        return noun if " at most " in noun or " from " in noun else f"{noun}, {limit}"
    if not isinstance(title, str) and fault.keyword in ("enum", "const"):
        return listed(_words(fault)) or quoted(fault.wanted)
    return noun


def _words(fault: Fault) -> list[str]:
    return list(names(fault.wanted)) if fault.keyword in ("enum", "const") else []


def _type_words(types: object) -> str:
    return listed([_TYPE_WORDS.get(name, name) for name in names(types)])


def _hint_for_text(fault: Fault, leaf: Leaf) -> str:
    text = leaf.text
    if _expected(fault).startswith("a duration") and _is_duration(text):
        return "it must be more than zero"
    bare = resolve(text)
    if leaf.quoted and not isinstance(bare, Surprise) and fault.would_take(bare):
        return f"write {text} without quotes"
    return did_you_mean(text, _words(fault))


def _is_duration(text: str) -> bool:
    try:
        parse_duration(text)
    except ValueError:
        return False
    return True


def _hint(fault: Fault, leaf: Leaf) -> str:
    if leaf.value is None:
        return ""
    if _expected(fault).startswith("a duration") and not isinstance(leaf.value, bool):
        return f"add its unit, such as {leaf.text}m"
    types = names(fault.schema.get("type"))
    takes_text = fault.keyword == "type" and "string" in types and "integer" not in types
    return f'quote it: "{leaf.text}"' if takes_text else ""


def _example(fault: Fault, key: str) -> str:
    examples = table(table(fault.schema.get("properties")).get(key)).get("examples")
    first = examples[0] if isinstance(examples, list) and examples else None
    return f"for example {key}: {first}" if isinstance(first, str | int) else ""
