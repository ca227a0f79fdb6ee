"""Every way of damaging a real backup, each with the finding that it must bring."""

import gzip
import json
import tarfile

import pytest

from drills.integrity.result import State
from tests.drills.integrity.buckets import (
    ARCHIVE,
    BULK,
    INFO,
    LIST,
    LOG,
    METADATA,
    OPERATIONS,
    PACKED,
    PVBS,
    REAL,
    RESULTS,
    SNAPSHOTS,
    VAULT,
    Edit,
    Files,
    archive,
    check,
    codes,
    documents,
    flipped,
    key,
    members,
    metadata,
    put,
    rewritten,
)
from tests.fakes.velero import PRODUCTION

SHOP = "resources/configmaps/namespaces/production/shop-config.json"
SHOP_COPY = SHOP.replace("configmaps/", "configmaps/v1-preferredversion/")


def short(where: str) -> str:
    return where.rpartition("/")[2].removeprefix(PRODUCTION) or where


def word(where: str, what: str) -> str:
    return {METADATA: "metadata", ARCHIVE: "archive"}.get(where, "file") + f"-{what}"


def assign(where: str, body: bytes) -> Edit:
    return lambda files: files.__setitem__(where, body)


def document(where: str, value: object) -> Edit:
    return lambda files: put(files, where, value)


def cut(where: str) -> Edit:
    return lambda files: files.__setitem__(where, files[where][: len(files[where]) // 2])


def remove(prefix: str) -> Edit:
    def edit(files: Files) -> None:
        for name in [name for name in files if name.startswith(prefix)]:
            del files[name]

    return edit


def emptied(prefix: str) -> Edit:
    def edit(files: Files) -> None:
        for name in [name for name in files if name.startswith(prefix)]:
            files[name] = b""

    return edit


def swap(suffix: str) -> Edit:
    return lambda files: files.__setitem__(key(suffix), files[key(suffix, BULK)])


def edit_rows(where: str, **changes: object) -> Edit:
    """Change the first row of a list document; a dotted name reaches inside."""

    def edit(files: Files) -> None:
        found = documents(files, where)
        assert isinstance(found, list)
        for path, value in changes.items():
            *steps, last = path.split("__")
            row = found[0]
            for step in steps:
                row = row[step]
            row[last] = value
        put(files, where, found)

    return edit


def status(**changes: object) -> Edit:
    return metadata(lambda found: found["status"].update(changes))  # type: ignore[attr-defined]


def twice(files: Files) -> None:
    entries = list(members(files).items())
    files[ARCHIVE] = archive([*entries, (SHOP, dict(entries)[SHOP])])


def linked(kind: bytes) -> Edit:
    def edit(files: Files) -> None:
        link = tarfile.TarInfo("resources/x.json")
        link.type, link.linkname = kind, "/etc/passwd"
        files[ARCHIVE] = archive(list(members(files).items()), link)

    return edit


def bomb(files: Files) -> None:
    packed = gzip.compress(bytes(1 << 24), mtime=0)
    files[ARCHIVE] = gzip.compress(gzip.decompress(files[ARCHIVE]) + gzip.decompress(packed))


def renamed(found: dict[str, bytes]) -> None:
    found[SHOP.replace("shop-config", "shop-other")] = found.pop(SHOP)


def only_names(files: Files) -> None:
    found = documents(files, LIST)
    assert isinstance(found, dict)
    found["v1/ConfigMap"] = found["v1/ConfigMap"][1:]
    put(files, LIST, found)


def more_names(files: Files) -> None:
    found = documents(files, LIST)
    assert isinstance(found, dict)
    found["v1/Secret"].append("production/gone")
    put(files, LIST, found)


def tail(sort: str) -> str:
    return next(name for name in sorted(REAL) if name.startswith(f"{VAULT}{sort}"))


def drop_session(files: Files) -> None:
    session = tail("xn0").rpartition("-c")[0].rpartition("-s")[2]
    for name in [n for n in files if n.startswith((f"{VAULT}p", f"{VAULT}q")) and session in n]:
        del files[name]


CASES: dict[str, tuple[Edit, str]] = {
    **{f"{short(w)} truncated": (cut(w), word(w, "damaged")) for w in (*PACKED, METADATA)},
    **{f"{short(w)} emptied": (assign(w, b""), word(w, "damaged")) for w in (*PACKED, METADATA)},
    **{f"{short(w)} removed": (remove(w), word(w, "missing")) for w in (*PACKED[:-1], METADATA)},
    **{
        f"{short(w)} flipped at {share}": (flipped(w, share), word(w, "damaged"))
        for w in (ARCHIVE, LIST, INFO, PVBS, RESULTS, LOG)
        for share in (0.0, 0.5)
    },
    **{
        f"{short(w)} checksum flipped": (
            lambda files, w=w: flipped(w, 1 - 6 / len(files[w]))(files),  # type: ignore[misc]
            word(w, "damaged"),
        )
        for w in (ARCHIVE, LIST, OPERATIONS)
    },
    **{
        f"{short(w)} not JSON": (assign(w, gzip.compress(b"{]")), "file-damaged")
        for w in (LIST, INFO, PVBS, OPERATIONS, SNAPSHOTS, RESULTS)
    },
    **{
        f"{short(w)} of another shape": (document(w, {"a": [1]}), "file-damaged")
        for w in (INFO, PVBS, OPERATIONS, SNAPSHOTS)
    },
    **{
        f"{short(w)} of bare numbers": (document(w, [1, 2]), "file-damaged")
        for w in (LIST, INFO, PVBS, OPERATIONS, SNAPSHOTS, RESULTS)
    },
    "results null": (document(RESULTS, None), "file-damaged"),
    "list null": (document(LIST, None), "object-unlisted"),
    "volumeinfo null": (document(INFO, None), "volume-records-differ"),
    "pod volume backups null": (document(PVBS, None), "volume-records-differ"),
    "metadata null": (document(METADATA, None), "metadata-damaged"),
    "metadata a list": (document(METADATA, []), "metadata-damaged"),
    "metadata of another kind": (
        metadata(lambda found: found.update(kind="Restore")),
        "metadata-damaged",
    ),
    "something behind the archive": (
        lambda files: files.__setitem__(ARCHIVE, files[ARCHIVE] + b"more"),
        "archive-damaged",
    ),
    "archive without its end": (
        lambda files: files.__setitem__(
            ARCHIVE, gzip.compress(gzip.decompress(files[ARCHIVE])[:-1024])
        ),
        "archive-damaged",
    ),
    "archive of zeros": (assign(ARCHIVE, gzip.compress(bytes(10240))), "archive-empty"),
    "archive swapped": (swap(".tar.gz"), "archive-incomplete"),
    "list swapped": (swap("-resource-list.json.gz"), "object-unlisted"),
    "volumeinfo swapped": (swap("-volumeinfo.json.gz"), "volume-records-differ"),
    "pod volume backups swapped": (swap("-podvolumebackups.json.gz"), "volume-records-differ"),
    "log swapped": (swap("-logs.gz"), "file-of-other-backup"),
    "metadata swapped": (swap("velero-backup.json"), "backup-misnamed"),
    "object removed": (rewritten(lambda e: e.pop(SHOP)), "archive-incomplete"),
    "object and copy removed": (
        rewritten(lambda e: (e.pop(SHOP), e.pop(SHOP_COPY))),
        "archive-incomplete",
    ),
    "copy removed": (rewritten(lambda e: e.pop(SHOP_COPY)), "version-copy-missing"),
    "copy changed": (
        rewritten(lambda e: e.update({SHOP_COPY: e[SHOP_COPY] + b" "})),
        "version-copy-differs",
    ),
    "object renamed": (rewritten(renamed), "object-misplaced"),
    "object twice": (twice, "object-twice"),
    "object null": (rewritten(lambda e: e.update({SHOP: b"null"})), "object-unreadable"),
    "object cut": (rewritten(lambda e: e.update({SHOP: e[SHOP][:-1]})), "object-unreadable"),
    "object not UTF-8": (
        rewritten(lambda e: e.update({SHOP: e[SHOP].replace(b"{", b'{"x":"\xff",', 1)})),
        "object-unreadable",
    ),
    "object of another": (
        rewritten(lambda e: e.update({SHOP: e[SHOP].replace(b"shop-config", b"shop-c0nfig")})),
        "object-misplaced",
    ),
    "object nested without end": (
        rewritten(lambda e: e.update({SHOP: b"[" * 100_000})),
        "object-unreadable",
    ),
    "path climbs": (rewritten(lambda e: e.update({"resources/../../x": b"{}"})), "path-escapes"),
    "path absolute": (rewritten(lambda e: e.update({"/etc/passwd": b"{}"})), "path-escapes"),
    "symbolic link": (linked(tarfile.SYMTYPE), "entry-not-a-file"),
    "hard link": (linked(tarfile.LNKTYPE), "entry-not-a-file"),
    "device": (linked(tarfile.CHRTYPE), "entry-not-a-file"),
    "foreign entry": (rewritten(lambda e: e.update({"readme.txt": b"x"})), "entry-unknown"),
    "format removed": (rewritten(lambda e: e.pop("metadata/version")), "format-unknown"),
    "format of the future": (
        rewritten(lambda e: e.update({"metadata/version": b"9.9"})),
        "format-unknown",
    ),
    "format of the future in the status": (status(formatVersion="9.9"), "format-unknown"),
    "zeros without end": (bomb, "archive-damaged"),
    "list shortened": (only_names, "object-unlisted"),
    "list lengthened": (more_names, "archive-incomplete"),
    "counts changed": (status(progress={"totalItems": 60, "itemsBackedUp": 60}), "counts-differ"),
    "snapshot counts changed": (status(volumeSnapshotsAttempted=1), "counts-differ"),
    "phase failed": (status(phase="Failed"), "backup-failed"),
    "phase refused": (status(phase="FailedValidation"), "backup-failed"),
    "phase never ended": (
        status(phase="InProgress", startTimestamp="2020-01-01T00:00:00Z"),
        "backup-stuck",
    ),
    "hooks failed": (
        status(hookStatus={"hooksAttempted": 2, "hooksFailed": 1}),
        "backup-hooks-failed",
    ),
    "phase unknown": (status(phase="Perfect"), "phase-unknown"),
    "phase partly failed": (status(phase="PartiallyFailed", errors=1), "backup-partially-failed"),
    "ended before it began": (
        status(completionTimestamp="2020-01-01T00:00:00Z"),
        "backup-ends-before-it-began",
    ),
    "errors in a completed backup": (
        document(RESULTS, {"errors": {"velero": ["x"]}}),
        "status-contradicts",
    ),
    "operation still running": (
        document(OPERATIONS, [{"spec": {"operationID": "o"}, "status": {"phase": "InProgress"}}]),
        "status-contradicts",
    ),
    "another's snapshots": (
        document(SNAPSHOTS, [{"spec": {"backupName": "other"}, "status": {}}]),
        "file-of-other-backup",
    ),
    "another's pod volume backups": (
        edit_rows(PVBS, metadata__labels={"velero.io/backup-name": "other"}),
        "file-of-other-backup",
    ),
    "snapshot renamed": (
        edit_rows(INFO, pvbInfo__snapshotHandle="0" * 32),
        "volume-records-differ",
    ),
    "volume failed": (edit_rows(INFO, pvbInfo__Phase="Failed"), "volume-not-in-backup"),
    "volume skipped": (
        edit_rows(INFO, skipped=True, skippedReason="no snapshotter was found"),
        "volume-not-in-backup",
    ),
    "saved claim failed": (edit_rows(PVBS, status__phase="Failed"), "volume-not-in-backup"),
    "claim renamed in volumeinfo": (edit_rows(INFO, pvcName="other"), "volume-records-differ"),
    "data movement unrecorded": (
        edit_rows(INFO, snapshotDataMovementInfo={"operationID": "o"}),
        "operation-unrecorded",
    ),
    "native snapshot unrecorded": (
        edit_rows(INFO, nativeSnapshotInfo={"snapshotHandle": "s"}),
        "volume-records-differ",
    ),
    "repository removed": (remove(VAULT), "volume-data-missing"),
    "repository format removed": (remove(VAULT + "kopia.repository"), "volume-data-missing"),
    "repository format damaged": (
        assign(VAULT + "kopia.repository", b"{}"),
        "repository-damaged",
    ),
    "repository format no JSON": (assign(VAULT + "kopia.repository", b"\0"), "repository-damaged"),
    "repository of another": (
        assign(VAULT + "udmrepo.Repository", b'{"uniqueID":"AAAA"}'),
        "repository-unclear",
    ),
    "repository config cut": (assign(VAULT + "kopia.blobcfg", b"x"), "repository-damaged"),
    "index blob cut": (lambda files: files.__setitem__(tail("xn0"), b"x"), "repository-unclear"),
    "index blob emptied": (
        lambda files: files.__setitem__(tail("xn0"), b""),
        "repository-unclear",
    ),
    "index blobs removed": (remove(VAULT + "xn0"), "volume-data-missing"),
    "an index blob removed": (remove(tail("xn0")), "repository-unclear"),
    "a session's packs removed": (drop_session, "repository-unclear"),
    "metadata packs removed": (remove(VAULT + "q"), "volume-data-missing"),
    "a pack emptied": (lambda files: files.__setitem__(tail("p"), b""), "repository-unclear"),
    "every data pack emptied": (emptied(VAULT + "p"), "volume-data-missing"),
    "every index blob emptied": (emptied(VAULT + "xn"), "volume-data-missing"),
    "foreign file": (assign(key("-notes.txt"), b"x"), "file-unknown"),
    "log removed": (remove(LOG), "log-missing"),
}

HARMLESS = {
    "data movement unrecorded",
    "ended before it began",
    "counts changed",
    "hooks failed",
    "snapshot counts changed",
    "phase partly failed",
    "foreign file",
    "log removed",
}
"""What no restore suffers from: a warning, and the backup is still good."""


@pytest.mark.parametrize("name", CASES)
def test_each_damage_brings_its_finding(name: str) -> None:
    edit, code = CASES[name]
    files = dict(REAL)
    edit(files)
    found = check(files)
    assert code in codes(found), [f"{f.code}: {f.message}" for f in found.findings]
    assert (found.state is State.GOOD) == (name in HARMLESS)
    assert all(finding.remedy and finding.message for finding in found.findings)


def test_there_are_enough_of_them() -> None:
    assert len(CASES) >= 40


def test_a_zip_bomb_is_left_before_it_fills_anything() -> None:
    """A gigabyte of zeros inside one entry: refused by its header, unread."""
    member = tarfile.TarInfo("resources/x.json")
    member.size = 1 << 30
    files = dict(REAL)
    files[ARCHIVE] = gzip.compress(member.tobuf() + bytes(1 << 20))
    assert "archive-damaged" in codes(check(files))


def test_the_finding_says_which_restore_would_suffer() -> None:
    files = dict(REAL)
    del files[INFO]
    (message,) = [f.message for f in check(files).findings if f.code == "file-missing"]
    assert "come back empty" in message


def test_metadata_keeps_no_terminal_control_characters() -> None:
    files = dict(REAL)
    found = json.loads(files[METADATA])
    found["status"]["phase"] = "\x1b[2Jgood"
    put(files, METADATA, found)
    assert all("\x1b" not in f.message for f in check(files).findings)
