"""A repository of volume data, as far as it can be checked without its password.

In: the repository's folder. Out: what is wrong with it, and its files in short. Contents are
encrypted; format files, names and hashes that names carry are not. For kopia `kopia_blobs` says
which blob is what; restic names a file by its SHA-256.
"""

import base64
import binascii
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from drills import objects
from drills.engines.velero.kopia_blobs import (
    CONFIG,
    DATA_PACK,
    FORMAT,
    MARK,
    METADATA_PACK,
    SEALED_BYTES,
    is_index,
    session_of,
    shows_maintenance,
    unmatched,
)
from drills.engines.velero.repository import KOPIA
from drills.errors import BackupUnreadable, DrillError
from drills.integrity.contract import Heard
from drills.integrity.reading import Read, read_file
from drills.ports import ObjectStore, StoredObject

MOST_FORMAT = 1 << 20
MOST_KEPT = 100_000
NAMED_BY_HASH = ("index/", "snapshots/", "keys/")


@dataclass(slots=True)
class Vault:
    """One repository."""

    files: dict[str, int] = field(default_factory=dict)
    """Names and sizes; of packs only one of each sort, and the empty ones."""
    damage: list[str] = field(default_factory=list)
    """Why nobody can open it."""
    unclear: list[str] = field(default_factory=list)
    """What looks wrong, and may be what maintenance left or what no snapshot needs."""
    altered: list[str] = field(default_factory=list)
    """Files of restic whose contents do not match the hash in their name."""
    refusal: DrillError | None = None
    """What kept us from looking."""


def look(store: ObjectStore, uploader: str, namespace: str, heard: Heard) -> Vault:
    """Return what the repository of `namespace` is; only Interrupted is raised."""
    vault, folder = Vault(), f"{uploader}/{namespace}/"
    try:
        if uploader == KOPIA:
            _kopia(store, folder, vault, heard)
        else:
            _restic(store, folder, vault, heard)
    except DrillError as error:
        vault.refusal = error
    return vault


def _kopia(store: ObjectStore, folder: str, vault: Vault, heard: Heard) -> None:
    sessions = _Sessions()
    read: list[StoredObject] = []
    for name, stored in _files(store, folder, vault, heard):
        sessions.add(name)
        if name in {FORMAT, CONFIG, MARK} or is_index(name):
            read.append(stored)
    texts: dict[str, bytes] = {}
    for stored in read:
        name = stored.key.removeprefix(folder)
        found = read_file(store, stored, _first, heard, packed=False)
        _raise(found)
        texts[name] = found.value or b""
        if is_index(name) and stored.bytes < SEALED_BYTES:
            vault.unclear.append(f"its index blob {name} is too short")
    if FORMAT in texts:
        vault.damage += _format_trouble(texts)
    if CONFIG in texts and len(texts[CONFIG]) < SEALED_BYTES:
        vault.damage.append(f"its {CONFIG} is too short")
    if _belongs_elsewhere(texts):
        vault.unclear.append(f"{FORMAT} and {MARK} belong to different repositories")
    vault.unclear += sessions.guesses()


def _format_trouble(texts: Mapping[str, bytes]) -> Iterator[str]:
    """Yield why kopia could not open the repository; layout of kopia's `repo/format`."""
    found = _json(texts[FORMAT])
    if not objects.text(found, "keyAlgo") or not objects.text(found, "encryption"):
        yield f"its {FORMAT} is no format file of kopia"
    for word in ("uniqueID", "encryptedBlockFormat"):
        if not _base64(objects.text(found, word)):
            yield f"its {FORMAT} has no readable {word}"


def _belongs_elsewhere(texts: Mapping[str, bytes]) -> bool:
    """Return whether Velero's mark is that of another repository."""
    marked, own = (objects.text(_json(texts.get(n, b"")), "uniqueID") for n in (MARK, FORMAT))
    return bool(marked and own) and marked != own


class _Sessions:
    """Each writing session leaves packs and an index that names them, until maintenance runs."""

    def __init__(self) -> None:
        self._packs: dict[str, str] = {}
        self._indexes: set[str] = set()
        self._maintained = False

    def add(self, name: str) -> None:
        self._maintained = self._maintained or shows_maintenance(name)
        if name[:1] in {DATA_PACK, METADATA_PACK} and len(self._packs) < MOST_KEPT:
            self._packs.setdefault(session_of(name), name)
        elif is_index(name) and len(self._indexes) < MOST_KEPT:
            self._indexes.add(name)

    def guesses(self) -> Iterator[str]:
        if self._maintained:
            return
        alone, without = unmatched(self._packs.values(), self._indexes)
        for name in alone:
            yield f"the packs that its index blob {name} names are gone"
        if without:
            yield (
                f"{without} writing session(s) left packs but no index blob: it is lost, or the "
                "session was broken off"
            )


def _restic(store: ObjectStore, folder: str, vault: Vault, heard: Heard) -> None:
    hashed = [
        (name, stored)
        for name, stored in _files(store, folder, vault, heard)
        if name.startswith(NAMED_BY_HASH)
    ]
    for name, stored in hashed:
        found = read_file(store, stored, _first, heard, packed=False)
        _raise(found)
        if found.fact is not None and found.fact.sha256 != name.rpartition("/")[2]:
            vault.altered.append(name)


def _files(
    store: ObjectStore, folder: str, vault: Vault, heard: Heard
) -> Iterator[tuple[str, StoredObject]]:
    packs: set[str] = set()
    for stored in store.list(folder):
        heard(0)
        name = stored.key.removeprefix(folder)
        sort = name[:1] if name[:1] in {DATA_PACK, METADATA_PACK} else ""
        if not sort or sort not in packs or not stored.bytes:
            packs |= {sort} if stored.bytes else set()
            if len(vault.files) < MOST_KEPT:
                vault.files[name] = stored.bytes
        yield name, stored


def _first(raw: Iterator[bytes]) -> bytes:
    """Return the beginning of a small file; the rest is read all the same."""
    body = next(raw, b"")[:MOST_FORMAT]
    for _ in raw:
        pass
    return body


def _raise(read: Read[bytes]) -> None:
    if read.error is not None and not isinstance(read.error, BackupUnreadable):
        raise read.error


def _json(body: bytes) -> object:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _base64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
