"""A repository of volume data, as far as it can be checked without its password.

In: the repository's folder. Out: what is wrong with it, and its files in short. Contents are
encrypted; format files, names and hashes that names carry are not. Kopia: index blobs
`xn<epoch>_<hash>-s<session>-c<n>`, packs `p...-s<session>` and `q...-s<session>` (repo/blob,
internal/epoch); restic names a file by its SHA-256.
"""

import base64
import binascii
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from drills import objects
from drills.engines.velero.repository import KOPIA
from drills.errors import BackupUnreadable, DrillError
from drills.integrity.contract import Heard
from drills.integrity.reading import Read, read_file
from drills.ports import ObjectStore, StoredObject

FORMAT, CONFIG, MARK = "kopia.repository", "kopia.blobcfg", "udmrepo.Repository"
SEALED_BYTES = 28
"""Nonce and tag of AES-GCM: no encrypted blob is smaller."""
MOST_FORMAT = 1 << 20
MOST_KEPT = 100_000
NAMED_BY_HASH = ("index/", "snapshots/", "keys/")
_SESSION = re.compile(r"-s([0-9a-f]+)")
_MERGED = ("xs", "xr")
"""Indexes merged from others, after which sessions no longer match."""


@dataclass(slots=True)
class Vault:
    """One repository."""

    files: dict[str, int] = field(default_factory=dict)
    """Names and sizes; of packs only one of each sort, and the empty ones."""
    damage: list[str] = field(default_factory=list)
    unclear: list[str] = field(default_factory=list)
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
        if name in {FORMAT, CONFIG, MARK} or name[0] in "xn":
            read.append(stored)
    texts: dict[str, bytes] = {}
    for stored in read:
        name = stored.key.removeprefix(folder)
        found = read_file(store, stored, _first, heard, packed=False)
        _raise(found)
        texts[name] = found.value or b""
        if name[0] in "xn" and stored.bytes < SEALED_BYTES:
            vault.damage.append(f"its index blob {name} is too short")
    if FORMAT in texts:
        vault.damage += _format_trouble(texts)
    if CONFIG in texts and len(texts[CONFIG]) < SEALED_BYTES:
        vault.damage.append(f"its {CONFIG} is too short")
    sessions.judge(vault)


def _format_trouble(texts: Mapping[str, bytes]) -> Iterator[str]:
    """Yield why kopia could not open the repository; layout of kopia's `repo/format`."""
    found = _json(texts[FORMAT])
    if not objects.text(found, "keyAlgo") or not objects.text(found, "encryption"):
        yield f"its {FORMAT} is no format file of kopia"
    for word in ("uniqueID", "encryptedBlockFormat"):
        if not _base64(objects.text(found, word)):
            yield f"its {FORMAT} has no readable {word}"
    if MARK in texts and objects.text(_json(texts[MARK]), "uniqueID") != objects.text(
        found, "uniqueID"
    ):
        yield f"{FORMAT} and {MARK} belong to different repositories"


class _Sessions:
    """Each writing session leaves packs and an index that names them."""

    def __init__(self) -> None:
        self._packs: set[str] = set()
        self._indexes: dict[str, str] = {}
        self._merged = False

    def add(self, name: str) -> None:
        match = _SESSION.search(name)
        if name.startswith(_MERGED):
            self._merged = True
        elif match and name[0] in "pq" and len(self._packs) < MOST_KEPT:
            self._packs.add(match[1])
        elif match and name.startswith("xn"):
            self._indexes[match[1]] = name

    def judge(self, vault: Vault) -> None:
        if self._merged or not self._indexes:
            return
        for session, name in self._indexes.items():
            if session not in self._packs:
                vault.damage.append(f"the packs that its index blob {name} names are gone")
        if without := sorted(self._packs - set(self._indexes)):
            vault.unclear.append(
                f"{len(without)} writing session(s) left packs but no index blob: it is lost, or "
                "the session was broken off"
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
            vault.damage.append(f"its file {name} does not match the hash in its name")


def _files(
    store: ObjectStore, folder: str, vault: Vault, heard: Heard
) -> Iterator[tuple[str, StoredObject]]:
    packs: set[str] = set()
    for stored in store.list(folder):
        heard(0)
        name = stored.key.removeprefix(folder)
        sort = name[:1] if name[:1] in {"p", "q"} else ""
        if not sort or sort not in packs or not stored.bytes:
            packs.add(sort)
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
