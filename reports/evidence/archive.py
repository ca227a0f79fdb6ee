"""The zip itself: the same files always give the same bytes, and reading one is bounded.

In: files by path, or an archive that may come from anyone. Out: bytes, or the files with what is
wrong with the archive. Sizes are counted while reading, because a header can say anything.
"""

import io
import re
import stat
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

FILE_LIMIT = 128 * 1024 * 1024
TOTAL_LIMIT = 1024 * 1024 * 1024
ENTRY_LIMIT = 20_000
_CHUNK = 1024 * 1024
_EPOCH = (1980, 1, 1, 0, 0, 0)
_REGULAR = (stat.S_IFREG | 0o644) << 16
_UNIX = 3
_ENCRYPTED = 0x1
_SAFE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*")
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing wrong with an archive: where, and what."""

    path: str
    """File in the archive; empty for the archive as a whole."""
    message: str


def pack(files: Mapping[str, bytes]) -> bytes:
    """Return a zip of the files, sorted, with fixed times and modes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path in sorted(files):
            entry = zipfile.ZipInfo(path, date_time=_EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = _REGULAR
            entry.create_system = _UNIX
            archive.writestr(entry, files[path], compresslevel=9)
    return buffer.getvalue()


def unpack(path: Path) -> tuple[Mapping[str, bytes], tuple[Problem, ...]]:
    """Return the files in the archive and what is wrong with it as a zip.

    Only files under safe names and within the limits are returned; nothing is written to disk.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            odd = tuple(_oddities(archive, path))
            return ({}, odd) if odd else _read(archive)
    except (OSError, zipfile.BadZipFile, zlib.error, EOFError, ValueError) as error:
        return {}, (Problem(path="", message=f"it cannot be read as a zip: {error}"),)


def _oddities(archive: zipfile.ZipFile, path: Path) -> Iterable[Problem]:
    entries = archive.infolist()
    if len(entries) > ENTRY_LIMIT:
        yield Problem(path="", message=f"it holds more than {ENTRY_LIMIT} files")
        return
    if archive.comment:
        yield Problem(path="", message="it carries a comment, which no export writes")
    if entries and min(entry.header_offset for entry in entries) != 0:
        yield Problem(path="", message="there is something in front of the first file")
    if path.stat().st_size != archive.start_dir + _directory_size(entries):
        yield Problem(path="", message="there is something behind the last file")
    seen: set[str] = set()
    for entry in entries:
        if entry.filename in seen:
            yield Problem(path=entry.filename, message="it is in the archive twice")
        seen.add(entry.filename)
        yield from _oddities_of(entry)


def _directory_size(entries: list[zipfile.ZipInfo]) -> int:
    """Return the bytes of the central directory and its end, for entries without extras."""
    fixed, end = 46, 22
    return end + sum(fixed + len(e.filename.encode()) + len(e.extra) for e in entries)


def _oddities_of(entry: zipfile.ZipInfo) -> Iterable[Problem]:
    where = entry.filename[:200]
    # A NUL cuts a name short in some readers: `orig_filename` keeps what the archive says.
    if not _SAFE_NAME.fullmatch(entry.filename) or entry.filename != entry.orig_filename:
        yield Problem(path=where, message="its name is not a plain relative path")
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in {0, stat.S_IFREG} or entry.is_dir():
        yield Problem(path=where, message="it is a link or a folder, not a file")
    if entry.flag_bits & _ENCRYPTED or entry.compress_type not in _METHODS:
        yield Problem(path=where, message="it is encrypted or packed in an unusual way")
    if entry.file_size > FILE_LIMIT:
        yield Problem(path=where, message=f"it is larger than {FILE_LIMIT} bytes")


def _read(archive: zipfile.ZipFile) -> tuple[Mapping[str, bytes], tuple[Problem, ...]]:
    files: dict[str, bytes] = {}
    problems: list[Problem] = []
    left = TOTAL_LIMIT
    for entry in archive.infolist():
        data, problem = _read_one(archive, entry, min(FILE_LIMIT, left))
        left -= len(data)
        if problem is None:
            files[entry.filename] = data
        else:
            problems.append(Problem(path=entry.filename, message=problem))
    return files, tuple(problems)


def _read_one(
    archive: zipfile.ZipFile, entry: zipfile.ZipInfo, limit: int
) -> tuple[bytes, str | None]:
    data = bytearray()
    try:
        with archive.open(entry) as file:
            while chunk := file.read(_CHUNK):
                data += chunk
                if len(data) > limit:
                    return b"", "unpacked it is larger than allowed"
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError) as error:
        return b"", f"it is damaged: {error}"
    return bytes(data), None
