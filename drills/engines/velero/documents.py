"""The small JSON files beside an archive, read whole and with a limit.

In: an open file, gzip or plain. Out: the parsed document; damage raises BackupUnreadable.
"""

import gzip
import json
import zlib
from collections.abc import Mapping
from typing import BinaryIO

from drills.engines.velero.archive import Counted
from drills.errors import BackupUnreadable

MOST_BYTES = 256 * 1024 * 1024
"""Largest unpacked document; a million objects' resource list takes about 50 MiB."""


def read_json(source: BinaryIO, what: str) -> object:
    """Return the document; raises BackupUnreadable where it is damaged."""
    try:
        with gzip.GzipFile(fileobj=Counted(source), mode="rb") as unpacked:  # type: ignore[call-overload]
            body = unpacked.read(MOST_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise BackupUnreadable(f"{what} is damaged: {error}") from error
    if len(body) > MOST_BYTES:
        raise BackupUnreadable(f"{what} is larger than {MOST_BYTES} bytes")
    try:
        parsed: object = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BackupUnreadable(f"{what} is damaged: {error}") from error
    return parsed


def rows(document: object) -> tuple[Mapping[str, object], ...]:
    """Return the objects of a list document; Go writes an empty list as null."""
    found = document if isinstance(document, list) else []
    return tuple(row for row in found if isinstance(row, Mapping))
