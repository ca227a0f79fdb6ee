"""The small JSON files beside an archive, read whole and with a limit.

In: an open file, gzip or plain. Out: the parsed document; damage raises BackupUnreadable.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import BinaryIO

from drills.errors import BackupUnreadable
from drills.integrity.inflate import inflate

MOST_BYTES = 256 * 1024 * 1024
"""Largest unpacked document; a million objects' resource list takes about 50 MiB."""
CHUNK = 1 << 18


def read_json(source: BinaryIO, what: str) -> object:
    """Return the document; raises BackupUnreadable where it is damaged."""
    try:
        return parsed(bounded(inflate(_chunks(source)), MOST_BYTES))
    except BackupUnreadable as error:
        raise BackupUnreadable(f"{what} is damaged: {error}") from error


def bounded(pieces: Iterable[bytes], most: int) -> bytes:
    """Return the pieces as one; raises BackupUnreadable where they are more than `most` bytes."""
    body = bytearray()
    for piece in pieces:
        body += piece
        if len(body) > most:
            raise BackupUnreadable(f"it is larger than {most} bytes")
    return bytes(body)


def parsed(body: bytes) -> object:
    """Return the document in `body`; raises BackupUnreadable."""
    try:
        document: object = json.loads(body)
    except RecursionError as error:
        raise BackupUnreadable("it is nested too deeply") from error
    except ValueError as error:
        raise BackupUnreadable(f"it is no JSON: {error}") from error
    return document


def rows(document: object) -> tuple[Mapping[str, object], ...]:
    """Return the objects of a list document; Go writes an empty list as null."""
    found = document if isinstance(document, list) else []
    return tuple(row for row in found if isinstance(row, Mapping))


def _chunks(source: BinaryIO) -> Iterator[bytes]:
    while chunk := source.read(CHUNK):
        yield chunk
