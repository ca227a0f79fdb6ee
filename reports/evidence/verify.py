"""Checking an evidence archive that may come from anyone.

In: the path of a zip, and the public key of who should have signed it. Out: every problem found;
none means that all hashes hold and, where a key was given, that its owner signed the manifest.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from reports.evidence import signing
from reports.evidence.archive import Problem, unpack
from reports.evidence.export import MANIFEST, SIGNATURE, SUMS, sums
from reports.evidence.manifest import entry, summary
from reports.loading import ReportUnreadable, parse_object, parse_report, schema_problems
from reports.reading import Document, part, rows, word

Files = Mapping[str, bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What an archive says of itself, unchecked; for showing beside the result of `verify`."""

    period: tuple[str, str]
    drills: tuple[Document, ...]
    gaps: tuple[Document, ...]
    signed: bool
    key_ids: tuple[str, ...]
    """Whom the envelope names; a hint, not a proof."""


def verify(path: Path, *, public_key: bytes | None = None) -> tuple[Problem, ...]:
    """Return everything wrong with the archive, nothing where it holds.

    Args:
        path: the zip.
        public_key: Ed25519 public key in PEM that must have signed it. Without one a signature is
            not looked at, because it would prove nothing.

    Raises:
        Misconfigured: `public_key` is no such key.
    """
    files, problems = unpack(path)
    if problems:
        return problems
    if MANIFEST not in files:
        return (Problem(path=MANIFEST, message="it is missing"),)
    signature = tuple(_signature(files, public_key))
    try:
        manifest = parse_object(files[MANIFEST], where=MANIFEST)
    except ReportUnreadable as error:
        return (*signature, Problem(path=MANIFEST, message="; ".join(error.problems)))
    wrong = schema_problems(manifest, "evidence")
    if wrong:
        return (*signature, *(Problem(path=MANIFEST, message=message) for message in wrong))
    return (*signature, *_hashes(files, manifest), *_sums(files), *_drills(files, manifest))


def contents(path: Path) -> Contents | None:
    """Return what the archive says of itself, None where it has no readable manifest."""
    files, problems = unpack(path)
    if problems or MANIFEST not in files:
        return None
    try:
        manifest = parse_object(files[MANIFEST], where=MANIFEST)
    except ReportUnreadable:
        return None
    period = part(manifest, "period")
    return Contents(
        period=(word(period, "from"), word(period, "to")),
        drills=rows(manifest, "drills"),
        gaps=rows(manifest, "gaps"),
        signed=SIGNATURE in files,
        key_ids=signing.signed_by(files.get(SIGNATURE, b"")),
    )


def _signature(files: Files, public_key: bytes | None) -> Iterable[Problem]:
    if public_key is None:
        return
    if SIGNATURE not in files:
        yield Problem(path=SIGNATURE, message="it is missing: the archive is not signed")
        return
    wrong = signing.check(files[SIGNATURE], files[MANIFEST], public_key)
    if wrong:
        yield Problem(path=SIGNATURE, message=wrong)


def _hashes(files: Files, manifest: Document) -> Iterable[Problem]:
    listed = {word(line, "path"): line for line in rows(manifest, "files")}
    if len(listed) != len(rows(manifest, "files")):
        yield Problem(path=MANIFEST, message="it lists a file twice")
    for path in sorted(set(files) - set(listed) - {MANIFEST, SUMS, SIGNATURE}):
        yield Problem(path=path, message="it is not in the manifest")
    for path, line in sorted(listed.items()):
        if path not in files:
            yield Problem(path=path, message="it is missing")
        elif entry(path, files[path]) != {key: line[key] for key in ("path", "bytes", "sha256")}:
            yield Problem(path=path, message="it is not the file that the manifest describes")


def _sums(files: Files) -> Iterable[Problem]:
    rest = {path: data for path, data in files.items() if path not in {SUMS, SIGNATURE}}
    if SUMS not in files:
        yield Problem(path=SUMS, message="it is missing")
    elif files[SUMS] != sums(rest):
        yield Problem(path=SUMS, message="it does not list these files with these hashes")


def _drills(files: Files, manifest: Document) -> Iterable[Problem]:
    """Compare what the manifest says of each drill with its report."""
    listed = {f"drills/{word(d, 'drillId')}/report.json": d for d in rows(manifest, "drills")}
    reports = {path for path in files if path.startswith("drills/") and path.endswith(".json")}
    for path in sorted(reports - set(listed)):
        yield Problem(path=path, message="the manifest's list of drills leaves it out")
    for path, said in sorted(listed.items()):
        if path not in files:
            yield Problem(path=path, message="the manifest tells of this drill; it is missing")
            continue
        try:
            found = summary(parse_report(files[path], where=path))
        except ReportUnreadable as error:
            yield Problem(path=path, message="; ".join(error.problems))
            continue
        if found != {key: said.get(key) for key in found}:
            yield Problem(path=path, message="the manifest says something else of this drill")
