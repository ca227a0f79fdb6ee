"""The log of a backup: whole, and of this backup.

In: the unpacked log as a stream. Out: the backup's name that its lines carry. Both of Velero's
log formats write `namespace/name` into the field `backup` of every line.
"""

import re
from collections.abc import Iterator

NAMED = re.compile(rb'\bbackup"?[=:] ?"?[a-z0-9.-]+/([a-z0-9.-]+)')
KEPT = 512
"""Bytes of one piece that may belong to a line of the next."""


def backup_named(pieces: Iterator[bytes]) -> str | None:
    """Return the first backup that the log names, None where it names none; reads to the end."""
    name: str | None = None
    rest = b""
    for piece in pieces:
        if name is None:
            text = rest + piece
            if match := NAMED.search(text):
                name = match[1].decode()
            rest = text[-KEPT:]
    return name
