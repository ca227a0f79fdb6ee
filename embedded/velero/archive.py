"""The tarball of a backup, as Velero unpacks it.

In: the bytes of `NAME.tar.gz`. Out: the catalogue of items by resource and namespace, each item's
JSON on demand. Follows velero v1.18 pkg/archive: entries of any other kind than files are passed
over, a path out of the folder is refused, and what comes after the end of the tar is never looked
at, so neither is the gzip checksum there.
"""

import gzip
import io
import json
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from embedded.json_objects import JsonObject
from embedded.velero.versions import PREFERRED

_PATH_PARTS_CLUSTER = 4
_PATH_PARTS_NAMESPACED = 5
_TRAILER = 8
"""Bytes of checksum and length behind a gzip member (RFC 1952)."""


class Damaged(Exception):
    """The archive cannot be unpacked; the message is Go's, as Velero would pass it on."""


class NothingInside(Exception):
    """The archive has no `resources` folder."""


@dataclass(slots=True)
class Archive:
    """An unpacked backup.

    Attributes:
        items: names by resource (`deployments.apps`) and namespace (empty: cluster-scoped), in the
            order of their file names.
        versions: the folder of each version in which a resource is held, by resource.
        chosen: the folder that items of a resource are read from, where not the plain tree.
    """

    items: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    versions: dict[str, dict[str, str]] = field(default_factory=dict)
    chosen: dict[str, str] = field(default_factory=dict)
    _files: dict[str, bytes] = field(default_factory=dict)

    def has(self, resource: str, namespace: str, name: str) -> bool:
        """Return whether the item is in the backup."""
        return _path(resource, namespace, name) in self._files

    def item(self, resource: str, namespace: str, name: str) -> JsonObject:
        """Return the item's own copy of its object; raises ValueError or TypeError."""
        plain = _path(resource, namespace, name)
        folder = self.chosen.get(resource, "")
        found = json.loads(self._files.get(_path(resource, namespace, name, folder), b"null"))
        found = found if found is not None else json.loads(self._files[plain])
        if not isinstance(found, dict):
            raise TypeError("json: cannot unmarshal into Go value of type map[string]interface {}")
        return found

    @staticmethod
    def path(resource: str, namespace: str, name: str) -> str:
        """Return where the item is inside the archive."""
        return _path(resource, namespace, name)


def unpack(content: bytes) -> Archive:
    """Return the archive's catalogue.

    Raises:
        Damaged: when gzip or tar cannot be read to the end of the tar.
        NothingInside: when there is no `resources` folder.
    """
    files = dict(_files(content))
    archive = Archive(_files=files)
    resources = [path.split("/") for path in files if path.startswith("resources/")]
    if not resources:
        raise NothingInside('directory "resources": does not exist')
    for parts in sorted(resources):
        scope = _scope(parts)
        if scope is not None:
            name = parts[-1].removesuffix(".json")
            archive.items.setdefault(parts[1], {}).setdefault(scope, []).append(name)
        elif len(parts) > _PATH_PARTS_CLUSTER:
            version = parts[2].removesuffix(PREFERRED)
            archive.versions.setdefault(parts[1], {})[version] = parts[2]
    return archive


def _scope(parts: list[str]) -> str | None:
    """Return the namespace of an item's path, None for what is no item of the plain tree."""
    if len(parts) == _PATH_PARTS_CLUSTER and parts[2] == "cluster":
        return ""
    if len(parts) == _PATH_PARTS_NAMESPACED and parts[2] == "namespaces":
        return parts[3]
    return None


def _path(resource: str, namespace: str, name: str, folder: str = "") -> str:
    place = f"namespaces/{namespace}" if namespace else "cluster"
    version = f"{folder}/" if folder else ""
    return f"resources/{resource}/{version}{place}/{name}.json"


def _files(content: bytes) -> Iterator[tuple[str, bytes]]:
    try:
        with tarfile.open(fileobj=io.BytesIO(_inflated(content)), mode="r:") as tar:
            for entry in tar:
                if not entry.isfile():
                    continue
                path = _safe(entry.name)
                data = tar.extractfile(entry)
                body = b"" if data is None else data.read()
                if len(body) < entry.size:
                    raise Damaged("unexpected EOF")
                yield path, body
    except tarfile.ReadError as problem:
        raise Damaged(_tar_words(problem)) from problem
    except tarfile.TarError as problem:
        raise Damaged("archive/tar: invalid tar header") from problem


def _safe(name: str) -> str:
    parts: list[str] = []
    for part in name.split("/"):
        if part == ".." and not parts:
            raise Damaged(f'invalid archive path "{name}": escapes target directory')
        if part == "..":
            parts.pop()
        elif part not in {"", "."}:
            parts.append(part)
    return "/".join(parts)


def _tar_words(problem: tarfile.ReadError) -> str:
    return (
        "unexpected EOF" if "unexpected end" in str(problem) else "archive/tar: invalid tar header"
    )


def _inflated(content: bytes) -> bytes:
    """Return the tar inside the gzip; a wrong checksum after its end goes unnoticed.

    A file may have several members, which Go's reader takes for one (`compress/gzip`, multistream).
    """
    if not content:
        raise Damaged("EOF")
    plain, rest = _member(content)
    parts = [plain]
    while len(rest) > _TRAILER and not _ends(plain[-2 * tarfile.BLOCKSIZE :]):
        plain, rest = _member(rest[_TRAILER:])
        parts.append(plain)
    return b"".join(parts)


def _member(content: bytes) -> tuple[bytes, bytes]:
    """Return what the first gzip member holds, and what follows its data."""
    if not content.startswith(b"\x1f\x8b\x08"):
        raise Damaged("gzip: invalid header" if len(content) > 9 else "unexpected EOF")  # noqa: PLR2004  # a gzip header has ten bytes
    machine = zlib.decompressobj(wbits=-zlib.MAX_WBITS)
    try:
        plain = machine.decompress(content[_header_length(content) :])
    except zlib.error as problem:
        raise Damaged("flate: corrupt input before offset") from problem
    if not machine.eof and not _ends(plain):
        raise Damaged("unexpected EOF")
    return plain, machine.unused_data


def _ends(plain: bytes) -> bool:
    """Return whether the tar inside is whole although the gzip around it is not."""
    return len(plain) >= 2 * tarfile.BLOCKSIZE and not any(plain[-2 * tarfile.BLOCKSIZE :])


def _header_length(content: bytes) -> int:
    """Return how long the gzip header is (RFC 1952)."""
    flags, place = content[3], 10
    if flags & 4:
        place += 2 + int.from_bytes(content[place : place + 2], "little")
    for flag in (8, 16):
        if flags & flag:
            place = content.find(b"\0", place) + 1
            if not place:
                raise Damaged("unexpected EOF")
    return place + (2 if flags & 2 else 0)


def gzipped(value: object) -> bytes:
    """Return the value as gzipped JSON, as Velero writes its files."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return gzip.compress(text.encode() + b"\n", 1, mtime=0)


def unzipped(content: bytes | None) -> object:
    """Return the JSON inside a gzipped file; None where there is no file.

    Raises:
        Damaged: when it cannot be read.
    """
    if content is None:
        return None
    try:
        return json.loads(gzip.decompress(content))
    except (OSError, EOFError, zlib.error, ValueError) as problem:
        raise Damaged(str(problem)) from problem


def objects_in(value: object) -> list[Mapping[str, object]]:
    """Return the JSON objects of a list file; Velero writes `null` for an empty list."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
