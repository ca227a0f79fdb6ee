r"""Whether what was observed is what was expected: values as people mean them. Pure.

In: an expected value, as YAML has it, and an observed one. Out: True, False, or None where both
are the same number spelled differently, so that what is meant cannot be known. The first row that
fits decides; none leaves False, so that what is unlike in kind never passes.

| expected    | observed                                    | alike                           |
|-------------|---------------------------------------------|---------------------------------|
| true, false | true, false; 1, 0 (TINYINT)                 | of the same truth               |
| true, false | text true, false, t, f, 1, 0; byte 01, 00   | of the same truth, in any case  |
| number      | a number, also as a database's own digits   | of the same value               |
| 0, 1        | byte 01, 00 (BIT)                           | of the same value               |
| number      | text that spells it as the expectation does | always                          |
| number      | text that spells it otherwise (1.2, `1.20`) | None                            |
| text        | a number                                    | of the same value               |
| text        | a database's digits                         | equal; of the same value: None  |
| text        | true, false                                 | true, false, t, f, in any case  |
| text        | bytes                                       | as text, or in hex after \x, 0x  |
| mapping     | mapping                                     | all keys, each value alike      |
| list        | list                                        | of one length, each value alike |
| anything    | anything                                    | equal                           |
"""

import re
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal

_NUMBER = re.compile(r"[+-]?\d{1,64}(?:\.\d{1,64})?(?:[eE][+-]?\d{1,3})?")
_TRUTHS = {"true": True, "t": True, "false": False, "f": False}
_BITS = {"\x01": 1, "\x00": 0, b"\x01": 1, b"\x00": 0}
_DIGITS = {"1": True, "0": False}


class Amount(str):
    """A number in the digits that a database gave it: `1.50` of a NUMERIC column."""

    __slots__ = ()


def alike(expected: object, observed: object) -> bool | None:
    """Return whether both are the same; None where nobody can tell; see the table."""
    if isinstance(expected, bool) or isinstance(observed, bool):
        return _same_truth(expected, observed)
    if _is_number(expected) or _is_number(observed):
        return _same_number(expected, observed)
    if isinstance(observed, bytes) and isinstance(expected, str):
        return _same_bytes(expected, observed)
    if isinstance(expected, Mapping) and isinstance(observed, Mapping):
        same = expected.keys() == observed.keys()
        return same and _all(alike(value, observed[key]) for key, value in expected.items())
    if isinstance(expected, list | tuple) and isinstance(observed, list | tuple):
        same = len(expected) == len(observed)
        return same and _all(map(alike, expected, observed))
    return expected == observed


def any_alike(choices: Iterable[object], same: Callable[[object], bool | None]) -> bool | None:
    """Return whether one of `choices` is alike, None where none is and one might be."""
    said = [same(each) for each in choices]
    if True in said:
        return True
    return None if None in said else False


def number(value: object) -> Decimal | None:
    """Return a number, or a text that is one, as Decimal; None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float | Decimal):
        found = Decimal(str(value))
        return None if found.is_nan() else found
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        return Decimal(value.strip())
    return None


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | Decimal | Amount)


def _all(said: Iterable[bool | None]) -> bool | None:
    found = list(said)
    if False in found:
        return False
    return None if None in found else True


def _same_truth(expected: object, observed: object) -> bool:
    if isinstance(expected, bool):
        return _truth(observed) is expected
    return isinstance(expected, str) and _TRUTHS.get(expected.strip().lower()) is observed


def _truth(value: object) -> bool | None:
    """Read a truth as Kubernetes (`"True"`), PostgreSQL (`t`) and MySQL (1, BIT) write it."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return {1: True, 0: False}.get(value)
    if isinstance(value, str | bytes) and value in _BITS:
        return bool(_BITS[value])
    if not isinstance(value, str):
        return None
    word = value.strip().lower()
    return _TRUTHS.get(word, _DIGITS.get(word))


def _same_number(expected: object, observed: object) -> bool | None:
    if isinstance(observed, str | bytes) and observed in _BITS and not isinstance(observed, Amount):
        return expected == _BITS[observed]
    left, right = number(expected), number(observed)
    if left is None or left != right:
        return False
    counted = isinstance(observed, Amount) and not isinstance(expected, str)
    if counted or not isinstance(observed, str) or str(expected) == observed.strip():
        return True
    return None


def _same_bytes(expected: str, observed: bytes) -> bool:
    spelled = expected.lower()
    if spelled.startswith(("\\x", "0x")) and spelled[2:] == observed.hex():
        return True
    try:
        return observed.decode() == expected
    except UnicodeDecodeError:
        return False
