"""What `velero-backup.json` says of a backup, and whether it can be so.

In: the parsed file. Out: Metadata and findings. Pure.
"""

from dataclasses import dataclass
from datetime import datetime

from drills import objects
from drills.clocks import instants_clocks
from drills.engines.velero.kinds import SCHEDULE_LABEL, V1
from drills.engines.velero.phases import UNFINISHED, UNUSABLE_BACKUP_PHASES, USABLE_BACKUP_PHASES
from drills.engines.velero.reader.contents import KNOWN_FORMATS
from drills.engines.velero.reader.tally import plain
from drills.engines.velero.remarks import damage, note, unasked, warned
from drills.errors import BackupUnreadable
from drills.findings import Finding
from drills.objects import KubeObject

STUCK_SECONDS = 24 * 3600.0
"""Velero gives plugins 4 hours by default; a day later nothing is coming any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """A Backup as the bucket holds it."""

    obj: KubeObject
    name: str
    uid: str
    phase: str
    schedule: str | None
    started: datetime | None
    completed: datetime | None
    expires: datetime | None

    @property
    def usable(self) -> bool:
        """Return whether Velero says that the backup ended, wholly or in part."""
        return self.phase in USABLE_BACKUP_PHASES

    @property
    def seconds(self) -> float | None:
        """Return how long the backup took."""
        if self.started is None or self.completed is None:
            return None
        return (self.completed - self.started).total_seconds()

    def count(self, *path: str) -> int:
        """Return a count of the status; Velero leaves zeros out."""
        return objects.number(self.obj, "status", *path)


def metadata_of(document: object) -> Metadata:
    """Return what the file says; raises BackupUnreadable where it is no Backup."""
    kind = (objects.text(document, "apiVersion"), objects.text(document, "kind"))
    if not isinstance(document, dict) or kind != (V1, "Backup") or not objects.name(document):
        raise BackupUnreadable("it is no Backup")
    return Metadata(
        obj=document,
        name=objects.name(document),
        uid=objects.uid(document),
        phase=objects.text(document, "status", "phase") or "New",
        schedule=objects.labels(document).get(SCHEDULE_LABEL),
        started=objects.instant(document, "status", "startTimestamp"),
        completed=objects.instant(document, "status", "completionTimestamp"),
        expires=objects.instant(document, "status", "expiration"),
    )


def metadata_findings(found: Metadata, folder: str, now: datetime) -> tuple[Finding, ...]:
    """Return what speaks against the backup by its own words."""
    return (
        *_name(found, folder),
        *_phase(found, now),
        *(_times(found, now) if found.usable else ()),
        *(_hooks(found) if found.usable else ()),
        *(_format(found) if found.usable else ()),
    )


def _name(found: Metadata, folder: str) -> tuple[Finding, ...]:
    if found.name == folder:
        return ()
    return (
        damage(
            "backup-misnamed",
            f"backup {folder}",
            f"Its folder holds the metadata of backup {plain(found.name)}: Velero would restore "
            "one backup under the name of another.",
            "Copy the folder's right velero-backup.json back from the bucket's versions.",
        ),
    )


def _phase(found: Metadata, now: datetime) -> tuple[Finding, ...]:
    subject, phase = f"backup {found.name}", plain(found.phase)
    if found.phase == "Completed":
        return ()
    if found.phase == "PartiallyFailed":
        errors = found.count("errors")
        why = f"The backup failed in part, with {errors} errors: a restore brings back less."
        return (warned("backup-partially-failed", subject, why, "Mend what its results name."),)
    if UNUSABLE_BACKUP_PHASES.get(found.phase) == UNFINISHED:
        return (_unfinished(found, now),)
    if found.phase == "Deleting":
        why = "The backup is being deleted."
        return (unasked("backup-unfinished", subject, why, "Check it again when it is gone."),)
    if found.phase in UNUSABLE_BACKUP_PHASES:
        reason = plain(objects.text(found.obj, "status", "failureReason")) or "no reason is given"
        why = f"{UNUSABLE_BACKUP_PHASES[found.phase].capitalize()} ({phase}): {reason}."
        return (damage("backup-failed", subject, why, "Take a new backup."),)
    why = f"Its phase {phase} is not known, so nobody can say whether it is whole."
    return (unasked("phase-unknown", subject, why, "Use a version of this tool that knows it."),)


def _unfinished(found: Metadata, now: datetime) -> Finding:
    subject = f"backup {found.name}"
    if found.started is not None and (now - found.started).total_seconds() > STUCK_SECONDS:
        return damage(
            "backup-stuck",
            subject,
            f"It has been {plain(found.phase)} since {found.started:%Y-%m-%d %H:%M} UTC; "
            "Velero does not sync or restore it.",
            "See the Velero server's log for it, then take a new backup.",
        )
    why = f"The backup is not finished ({plain(found.phase)})."
    return unasked("backup-unfinished", subject, why, "Check it again when it has ended.")


def _times(found: Metadata, now: datetime) -> tuple[Finding, ...]:
    subject = f"backup {found.name}"
    findings: list[Finding] = []
    if found.started is None or found.completed is None:
        why = "It says that it ended, but not when it began and ended."
        findings.append(damage("status-contradicts", subject, why))
    findings += instants_clocks(plain(found.name), found.started, found.completed, now)
    if found.expires is not None and found.expires <= now:
        why = f"It expired at {found.expires:%Y-%m-%d %H:%M} UTC: Velero will delete it."
        findings.append(note("backup-expired", subject, why))
    return tuple(findings)


def _hooks(found: Metadata) -> tuple[Finding, ...]:
    """Return the warning that hooks failed; only one with `onError: Fail` fails the backup.

    Velero counts them since 1.13 (v1.18 `pkg/backup/backup.go`, HookStatus).
    """
    failed = found.count("hookStatus", "hooksFailed")
    if failed <= 0:
        return ()
    why = (
        f"{failed} of its {found.count('hookStatus', 'hooksAttempted')} hooks failed: what they "
        "were to do around the reading of the data (flush a database, freeze a file system) may "
        "not have been done, and the data may not be consistent."
    )
    remedy = (
        "See the backup's log for the hook's error and mend it; drill with a probe that reads "
        "the data. `onError: Fail` makes such a backup PartiallyFailed."
    )
    return (warned("backup-hooks-failed", f"backup {found.name}", why, remedy),)


def _format(found: Metadata) -> tuple[Finding, ...]:
    version = objects.text(found.obj, "status", "formatVersion")
    if version in KNOWN_FORMATS:
        return ()
    return (
        damage(
            "format-unknown",
            f"backup {found.name}",
            f"Its format version {plain(version) or 'is missing'!r} is not known.",
            "Use a version of this tool that knows the format.",
        ),
    )
