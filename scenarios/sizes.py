"""Sizes as scenarios write them, `500Gi`, to bytes."""

import re

_UNITS = {"": 1, "Ki": 1 << 10, "Mi": 1 << 20, "Gi": 1 << 30, "Ti": 1 << 40, "Pi": 1 << 50}
_SIZE = re.compile(r"([1-9][0-9]{0,14})(Ki|Mi|Gi|Ti|Pi)?")


def parse_size(text: str) -> int:
    """Return the bytes that `text` spells.

    Raises:
        ValueError: `text` is not such a size.
    """
    found = _SIZE.fullmatch(text)
    if found is None:
        raise ValueError(f"expected a size such as 500Gi, found {text[:60]!r}")
    return int(found[1]) * _UNITS[found[2] or ""]
