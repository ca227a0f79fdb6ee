r"""What a cell of a database's answer is, compared as people mean it. Pure.

| the cell is                          | and expected is             | it is read as              |
|--------------------------------------|-----------------------------|----------------------------|
| NULL                                 | null                        | equal; no other test holds |
| 0 or 1: TINYINT(1), BIT(1)           | true or false               | false, true                |
| bytes: bytea, BLOB, BINARY           | `\x6f6b` or `0x6f6b`       | these bytes                |
|                                      | anything else               | text where it is UTF-8     |
| json, or text that is a JSON object  | a text that is JSON         | JSON: spaces and the order |
| or list                              |                             | of keys do not count       |
|                                      | contains, matches           | the text                   |
| Infinity, NaN                        | min, max                    | no number: cannot be asked |
| an instant                           |                             | as ISO 8601 writes it      |
"""

import json
import re
from collections.abc import Mapping
from datetime import datetime

from drills.errors import CannotAsk
from drills.expectations import Mismatch, check, describe, show
from drills.probes.databases import Json

NOT_FINITE = frozenset({"NaN", "Infinity", "-Infinity"})
_HEX = re.compile(r"(?:\\x|0[xX])((?:[0-9a-fA-F]{2})*)")
_NOTHING = object()


def check_cell(expected: object, cell: object) -> Mismatch | None:
    """Return what is wrong with the cell, None where it is as expected; raises CannotAsk."""
    tests = expected if isinstance(expected, Mapping) else None
    if tests is None:
        return None if _same(expected, cell) else Mismatch(describe(expected), show(shown(cell)))
    if not tests:
        return check(expected, shown(cell))
    for word, operand in tests.items():
        if not _holds(str(word), operand, cell):
            return Mismatch(describe({word: operand}), show(shown(cell)))
    return None


def shown(cell: object) -> object:
    """Return the cell as reports show it: bytes as text, or as PostgreSQL writes them."""
    if isinstance(cell, datetime):
        return cell.isoformat()
    if isinstance(cell, bytes):
        return _text(cell)
    if isinstance(cell, list):
        return [shown(each) for each in cell]
    return str(cell) if isinstance(cell, Json) else cell


def _holds(word: str, operand: object, cell: object) -> bool:
    if cell is None:
        return False
    if word == "not":
        return check_cell(operand, cell) is not None
    if word == "oneOf":
        return isinstance(operand, list | tuple) and any(_same(each, cell) for each in operand)
    if word in {"min", "max"} and cell in NOT_FINITE:
        raise CannotAsk(
            f"the value is {cell}, which is no number to compare",
            hint=f"expect it as text, value: {cell}, or select what leaves it out",
        )
    return check({word: operand}, _as_written(cell, operand)) is None


def _same(expected: object, cell: object) -> bool:
    if expected is None or cell is None:
        return expected is None and (cell is None or _document(cell) is None)
    if isinstance(expected, bool) and isinstance(cell, int):
        return cell in {0, 1} and bool(cell) is expected
    if isinstance(cell, str):
        document = _document(cell)
        wanted = _document(expected) if isinstance(expected, str) else expected
        if document is not _NOTHING and (_equal(wanted, document) or _equal(expected, document)):
            return True
    return check(expected, _as_written(cell, expected)) is None


def _document(cell: object) -> object:
    """Return the JSON that the cell holds; `_NOTHING` for text that is no object and no list."""
    if not isinstance(cell, str) or not (isinstance(cell, Json) or cell.lstrip()[:1] in {"{", "["}):
        return _NOTHING
    try:
        found: object = json.loads(cell)
    except (ValueError, RecursionError):
        return _NOTHING
    return found


def _equal(left: object, right: object) -> bool:
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(_equal(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        pairs = zip(left, right, strict=False)
        return len(left) == len(right) and all(_equal(*pair) for pair in pairs)
    return isinstance(left, bool) is isinstance(right, bool) and left == right


def _as_written(cell: object, operand: object) -> object:
    """Return the cell; bytes in hexadecimal digits where the operand is written so."""
    if isinstance(cell, bytes) and isinstance(operand, str) and _HEX.fullmatch(operand):
        digits = cell.hex()
        return operand[:2] + (digits.upper() if operand[2:].upper() == operand[2:] else digits)
    return shown(cell)


def _text(cell: bytes) -> str:
    try:
        text = cell.decode()
    except UnicodeDecodeError:
        return f"\\x{cell.hex()}"
    return text if text.isprintable() or not _has_controls(text) else f"\\x{cell.hex()}"


def _has_controls(text: str) -> bool:
    return any(ord(char) < ord(" ") and char not in "\t\n\r" for char in text)
