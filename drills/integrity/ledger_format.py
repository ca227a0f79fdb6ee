"""Memories as lines of JSON. Pure.

In: a Memory, or a line. Out: the other. Each line carries the SHA-256 of the one before it, so a
line that was changed or taken out shows.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime

from drills import objects
from drills.integrity.memory import Memory, Recalled
from drills.integrity.result import Facts, FileFact

SCHEMA = 1


def line_of(memory: Memory, previous: bytes) -> bytes:
    """Return the line for `memory` behind the line `previous` (empty for the first)."""
    document = {"schema": SCHEMA, "previous": digest(previous), **asdict(memory)}
    return json.dumps(document, default=_instant, separators=(",", ":")).encode() + b"\n"


def digest(line: bytes) -> str:
    """Return what the next line says of this one; empty before the first."""
    return hashlib.sha256(line).hexdigest() if line else ""


def recalled(lines: Iterable[bytes], location: str) -> Recalled:
    """Return the memories of one location; a broken chain is told, never passed over."""
    memories: list[Memory] = []
    previous, trouble = b"", ""
    for number, line in enumerate(lines, 1):
        try:
            document = json.loads(line)
            memory = _memory(document)
        except (ValueError, KeyError, TypeError, RecursionError):
            trouble = trouble or f"Line {number} of the ledger cannot be read."
            previous = line
            continue
        if objects.text(document, "previous") != digest(previous):
            trouble = trouble or f"Line {number} of the ledger does not follow the one before it."
        previous = line
        if memory.location == location:
            memories.append(memory)
    return Recalled(memories=tuple(memories), trouble=trouble)


def _memory(document: Mapping[str, object]) -> Memory:
    if objects.number(document, "schema") != SCHEMA:
        raise ValueError("not a schema we know")
    recorded = objects.instant(document, "recorded_at")
    if recorded is None:
        raise ValueError("no instant")
    return Memory(
        location=str(document["location"]),
        name=str(document["name"]),
        uid=str(document["uid"]),
        recorded_at=recorded,
        started_at=objects.instant(document, "started_at"),
        expires_at=objects.instant(document, "expires_at"),
        schedule=objects.text(document, "schedule") or None,
        files=tuple(_file(one) for one in objects.items(document, "files")),
        facts=Facts(**objects.mapping(document, "facts")),  # type: ignore[arg-type]
    )


def _file(one: object) -> FileFact:
    return FileFact(**objects.mapping(one))  # type: ignore[arg-type]


def _instant(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(type(value).__name__)
