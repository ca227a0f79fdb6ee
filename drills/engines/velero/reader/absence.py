"""Files that are not there: lost, or never written by the Velero that took the backup. Pure.

In: what was read. Out: findings. What its writer wrote for certain is damage; what it never wrote,
and what nobody can know, is a note: no restore needs the file that this holds of (results, item
operations), and without volumeinfo PodVolumeBackups, snapshots and annotations tell which claims
have data, as they do in Velero's own restore (v1.18 `pkg/restore/restore.go`).
"""

from collections.abc import Iterator

from drills.engines.velero.reader.files import called
from drills.engines.velero.reader.layout import PASSING, SUFFERS, Part
from drills.engines.velero.reader.material import Material
from drills.engines.velero.reader.sources import Presence
from drills.engines.velero.reader.versions import Wrote
from drills.engines.velero.remarks import damage, note, warned
from drills.findings import Finding


def absent_files(read: Material) -> Iterator[Finding]:
    """Yield what the absence of each file means."""
    absent = [part for part in read.files.with_presence(Presence.ABSENT) if part not in PASSING]
    for part in absent:
        if part is Part.LOG:
            yield _log(read)
        elif read.writers.wrote(part) is Wrote.YES:
            yield _lost(read, part)
    yield from _never(read, [part for part in absent if read.writers.wrote(part) is Wrote.NO])
    yield from _perhaps(read, [p for p in absent if read.writers.wrote(p) is Wrote.PERHAPS])


def _log(read: Material) -> Finding:
    name = called(read.name, Part.LOG)
    why = f"{name} is not there; Velero writes it best effort, so it may never have been."
    return warned("log-missing", f"backup {read.name}", why, "Nothing, if it is the only.")


def _lost(read: Material, part: Part) -> Finding:
    word = {Part.METADATA: "metadata", Part.ARCHIVE: "archive"}.get(part, "file")
    return damage(
        f"{word}-missing",
        f"backup {read.name}",
        f"{called(read.name, part)} is not there: {SUFFERS[part]}.",
        "Bring it back from the bucket's versions or a second copy; else take a new backup.",
    )


def _never(read: Material, parts: list[Part]) -> Iterator[Finding]:
    if parts:
        how = (
            " Which claims have data is told by PodVolumeBackups, snapshots and annotations."
            if Part.VOLUME_INFO in parts
            else ""
        )
        why = f"Velero {read.writers} took it, which wrote no {_names(parts)}.{how}"
        yield note("file-of-newer-velero", f"backup {read.name}", why)


def _perhaps(read: Material, parts: list[Part]) -> Iterator[Finding]:
    if parts:
        harmless = "" if Part.VOLUME_INFO in parts else " No restore needs it."
        why = (
            f"It has no {_names(parts)}; whether Velero {read.writers}, which took it, wrote one "
            f"cannot be known.{harmless}"
        )
        yield note("file-perhaps-missing", f"backup {read.name}", why)


def _names(parts: list[Part]) -> str:
    return " and no ".join(part.strip("-").partition(".")[0] for part in parts)
