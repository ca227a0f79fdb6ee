"""Durations as Go writes them (`time.ParseDuration`): 90s, 1h30m, 1.5h, 250ms.

In: a text. Out: seconds, or None where Go would refuse it.
"""

import re

_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60, "h": 3600}
_PART = r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:ns|us|µs|μs|ms|s|m|h)"
_WHOLE = re.compile(rf"([+-]?)((?:{_PART})+|0)")
_PIECE = re.compile(r"([0-9.]+)([a-zµμ]+)")


def go_seconds(text: str) -> float | None:
    """Return the duration in seconds."""
    found = _WHOLE.fullmatch(text)
    if found is None:
        return None
    length = sum(float(number) * _UNITS[unit] for number, unit in _PIECE.findall(found[2]))
    return -length if found[1] == "-" else length
