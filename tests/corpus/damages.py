"""Ways of damaging a kept backup, each with the finding that it must bring.

In comes a kept backup's files as a mapping; out come functions that damage them. What a version
did not write yet cannot be damaged: `damages` leaves it out.
"""

import gzip
import io
import json
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from tests.corpus.kept import Kept, Method
from tests.fakes.store import FakeStore

Files = dict[str, bytes]
Edit = Callable[[Files], object]

SETTINGS = "resources/configmaps/namespaces/cellar/cask-settings.json"
SETTINGS_COPY = SETTINGS.replace("configmaps/", "configmaps/v1-preferredversion/")
FIRST_WITH_RESULTS = "1.10.3"
"""Its backups without their results cannot be told from those of 1.9, which wrote none."""
FIRST_WITH_OPERATIONS = "1.11.1"
"""Its backups without their item operations cannot be told from those of 1.10, which wrote none."""
LISTS = ("-volumeinfo.json.gz", "-podvolumebackups.json.gz", "-volumesnapshots.json.gz",
         "-itemoperations.json.gz")  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Damage:
    """One way of damaging a backup."""

    name: str
    edit: Edit
    code: str
    """Of the finding that it must bring."""


class Subject:
    """A kept backup, in memory."""

    def __init__(self, one: Kept) -> None:
        self.one = one
        self.files: Files = FakeStore.of(one.folder).files

    def key(self, suffix: str) -> str:
        """The key of one of its files; `velero-backup.json` stands for itself."""
        name = suffix if suffix.startswith("velero") else self.one.name + suffix
        return f"backups/{self.one.name}/{name}"

    @property
    def archive(self) -> str:
        """The key of its archive."""
        return self.key(".tar.gz")

    def has(self, suffix: str) -> bool:
        """Whether this version wrote the file."""
        return self.key(suffix) in self.files

    def vault(self, name: str = "") -> str:
        """The key of a file in the repository of `cellar`, or what all of them begin with."""
        return f"{self.one.bucket if self.one.method is Method.RESTIC else 'kopia'}/cellar/{name}"


def damages(subject: Subject) -> Iterator[Damage]:
    """Yields every damage that this backup can suffer."""
    yield from _to_any_file(subject)
    yield from _to_metadata(subject)
    yield from _to_the_archive(subject)
    yield from _to_what_was_said_of_objects(subject)
    if subject.one.method in {Method.KOPIA, Method.RESTIC}:
        yield from _to_what_was_said_of_volumes(subject)
        yield from _to_the_repository(subject)


def _gone(subject: Subject, suffix: str, sort: str) -> str:
    if suffix == "-itemoperations.json.gz" and subject.one.version == FIRST_WITH_OPERATIONS:
        return "file-perhaps-missing"
    return "log-missing" if suffix == "-logs.gz" else f"{sort}-missing"


def _to_any_file(subject: Subject) -> Iterator[Damage]:
    packed = (".tar.gz", "-resource-list.json.gz", "-results.gz", "-logs.gz", *LISTS)
    for suffix in ("velero-backup.json", *filter(subject.has, packed)):
        where = subject.key(suffix)
        sort = {"velero-backup.json": "metadata", ".tar.gz": "archive"}.get(suffix, "file")
        half = len(subject.files[where]) // 2
        yield Damage(name=f"{suffix} cut", edit=_cut(where, half), code=f"{sort}-damaged")
        yield Damage(name=f"{suffix} emptied", edit=_put(where, b""), code=f"{sort}-damaged")
        if suffix != "-results.gz" or subject.one.version != FIRST_WITH_RESULTS:
            gone = _gone(subject, suffix, sort)
            yield Damage(name=f"{suffix} removed", edit=_remove(where), code=gone)
        if sort != "metadata":
            flip = _flip(where, half)
            yield Damage(name=f"{suffix} flipped", edit=flip, code=f"{sort}-damaged")
        if sort == "file" and suffix != "-logs.gz":
            bare = _put(where, gzip.compress(b"[1, 2]"))
            yield Damage(name=f"{suffix} of numbers", edit=bare, code="file-damaged")


def _to_metadata(subject: Subject) -> Iterator[Damage]:
    def say(name: str, code: str, change: Callable[[dict[str, Any]], object]) -> Damage:
        return Damage(name=name, code=code, edit=_json(subject.key("velero-backup.json"), change))

    yield say("another kind", "metadata-damaged", lambda o: o.update(kind="Restore"))
    yield say("another's metadata", "backup-misnamed", lambda o: o["metadata"].update(name="other"))
    yield say("failed", "backup-failed", lambda o: o["status"].update(phase="Failed"))
    yield say("unknown phase", "phase-unknown", lambda o: o["status"].update(phase="Perfect"))
    yield say(
        "partly failed", "backup-partially-failed",
        lambda o: o["status"].update(phase="PartiallyFailed", errors=1),
    )  # fmt: skip
    yield say(
        "ended before it began", "backup-ends-before-it-began",
        lambda o: o["status"].update(completionTimestamp="2020-01-01T00:00:00Z"),
    )  # fmt: skip
    counts = {"totalItems": 9000, "itemsBackedUp": 9000}
    yield say("other counts", "counts-differ", lambda o: o["status"].update(progress=counts))


def _to_the_archive(subject: Subject) -> Iterator[Damage]:
    def say(name: str, code: str, change: Callable[[Files], object]) -> Damage:
        return Damage(name=name, code=code, edit=_entries(subject.archive, change))

    yield say("object removed", "archive-incomplete", lambda e: e.pop(SETTINGS))
    yield say(
        "object and copy removed", "archive-incomplete",
        lambda e: (e.pop(SETTINGS), e.pop(SETTINGS_COPY)),
    )  # fmt: skip
    yield say("copy removed", "version-copy-missing", lambda e: e.pop(SETTINGS_COPY))
    yield say(
        "copy changed", "version-copy-differs",
        lambda e: e.update({SETTINGS_COPY: e[SETTINGS_COPY] + b" "}),
    )  # fmt: skip
    yield say("object cut", "object-unreadable", lambda e: e.update({SETTINGS: e[SETTINGS][:-1]}))
    yield say(
        "object of another name", "object-misplaced",
        lambda e: e.update({SETTINGS: e[SETTINGS].replace(b"cask-settings", b"cask-sett1ngs")}),
    )  # fmt: skip
    yield say("foreign entry", "entry-unknown", lambda e: e.update({"readme.txt": b"x"}))
    yield say("path climbs", "path-escapes", lambda e: e.update({"resources/../../x": b"{}"}))
    yield say("no format", "format-unknown", lambda e: e.pop("metadata/version"))
    body = subject.files[subject.archive]
    yield Damage(name="more", edit=_put(subject.archive, body + b"more"), code="archive-damaged")
    yield Damage(
        name="archive without its end", code="archive-damaged",
        edit=_put(subject.archive, gzip.compress(gzip.decompress(body)[:-1024])),
    )  # fmt: skip


def _to_what_was_said_of_objects(subject: Subject) -> Iterator[Damage]:
    where = subject.key("-resource-list.json.gz")
    kind = "v1/ConfigMap"
    yield Damage(
        name="list shortened", code="object-unlisted",
        edit=_json(where, lambda found: found.update({kind: found[kind][1:]})),
    )  # fmt: skip
    yield Damage(
        name="list lengthened", code="archive-incomplete",
        edit=_json(where, lambda found: found[kind].append("cellar/gone")),
    )  # fmt: skip
    if subject.has("-results.gz"):
        errors = gzip.compress(b'{"errors": {"velero": ["x"]}}')
        yield Damage(
            name="errors in a completed backup", code="status-contradicts",
            edit=_put(subject.key("-results.gz"), errors),
        )  # fmt: skip


def _to_what_was_said_of_volumes(subject: Subject) -> Iterator[Damage]:
    saved, info = subject.key("-podvolumebackups.json.gz"), subject.key("-volumeinfo.json.gz")

    def casks(rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        return (row for row in rows if "casks-0" in json.dumps(row))

    def change(where: str, **status: object) -> Edit:
        return _json(where, lambda rows: [row["status"].update(status) for row in casks(rows)])

    yield Damage(
        name="saving failed", code="volume-not-in-backup", edit=change(saved, phase="Failed")
    )
    yield Damage(
        name="another's pod volume backups", code="file-of-other-backup",
        edit=_json(saved, lambda rows: [
            row["metadata"].update(labels={"velero.io/backup-name": "other"}) for row in rows
        ]),
    )  # fmt: skip
    if info in subject.files:
        yield Damage(
            name="volume skipped", code="volume-not-in-backup",
            edit=_json(info, lambda rows: [
                row.update(skipped=True, skippedReason="no snapshotter was found")
                for row in casks(rows)
            ]),
        )  # fmt: skip
        yield Damage(
            name="snapshot renamed", code="volume-records-differ",
            edit=_json(info, lambda rows: [
                row["pvbInfo"].update(snapshotHandle="0" * 32) for row in casks(rows)
            ]),
        )  # fmt: skip


def _to_the_repository(subject: Subject) -> Iterator[Damage]:
    vault = subject.vault()
    yield Damage(name="repository removed", edit=_remove(vault), code="volume-data-missing")
    if subject.one.method is Method.RESTIC:
        yield Damage(
            name="repository config removed", code="volume-data-missing",
            edit=_remove(vault + "config"),
        )  # fmt: skip
        yield Damage(name="keys removed", code="volume-data-missing", edit=_remove(vault + "keys/"))
        yield Damage(
            name="packs removed", code="volume-data-missing", edit=_remove(vault + "data/")
        )
        for folder in ("index/", "keys/", "snapshots/"):
            first = next(key for key in sorted(subject.files) if key.startswith(vault + folder))
            yield Damage(name=f"{folder} flipped", code="repository-damaged", edit=_flip(first, 20))
        return
    yield Damage(
        name="repository format removed", code="volume-data-missing",
        edit=_remove(vault + "kopia.repository"),
    )  # fmt: skip
    yield Damage(
        name="repository format damaged", code="repository-damaged",
        edit=_put(vault + "kopia.repository", b"{}"),
    )  # fmt: skip
    yield Damage(name="indexes removed", code="volume-data-missing", edit=_remove(vault + "x"))
    yield Damage(
        name="metadata packs removed", code="volume-data-missing", edit=_remove(vault + "q")
    )


def _put(where: str, body: bytes) -> Edit:
    return lambda files: files.__setitem__(where, body)


def _cut(where: str, size: int) -> Edit:
    return lambda files: files.__setitem__(where, files[where][:size])


def _remove(prefix: str) -> Edit:
    return lambda files: [files.pop(key) for key in sorted(files) if key.startswith(prefix)]


def _flip(where: str, place: int) -> Edit:
    def edit(files: Files) -> None:
        body = bytearray(files[where])
        body[place] ^= 4
        files[where] = bytes(body)

    return edit


def _json(where: str, change: Callable[..., object]) -> Edit:
    """Change a document in place, packed or not."""

    def edit(files: Files) -> None:
        packed = where.endswith(".gz")
        document = json.loads(gzip.decompress(files[where]) if packed else files[where])
        change(document)
        body = json.dumps(document).encode()
        files[where] = gzip.compress(body) if packed else body

    return edit


def _entries(where: str, change: Callable[[Files], object]) -> Edit:
    """Change the entries of an archive, given as a mapping in their order."""

    def edit(files: Files) -> None:
        with tarfile.open(fileobj=io.BytesIO(files[where])) as tar:
            entries = {m.name: tar.extractfile(m).read() for m in tar}  # type: ignore[union-attr]
        change(entries)
        raw = io.BytesIO()
        with tarfile.open(fileobj=raw, mode="w:gz", format=tarfile.PAX_FORMAT) as tar:
            for name, body in entries.items():
                info = tarfile.TarInfo(name)
                info.size, info.mode = len(body), 0o755
                tar.addfile(info, io.BytesIO(body))
        files[where] = raw.getvalue()

    return edit
