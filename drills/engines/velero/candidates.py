"""Backup objects become `drills.backups.Backup`, the unusable ones with their reason. Pure."""

from collections.abc import Mapping
from datetime import datetime

from drills import objects
from drills.backups import Backup
from drills.clocks import in_future
from drills.engines.velero.kinds import SCHEDULE_LABEL
from drills.engines.velero.namespace_patterns import EVERY, matches
from drills.engines.velero.phases import UNFINISHED, UNUSABLE_BACKUP_PHASES, why_unusable
from drills.engines.velero.waiting import phase
from drills.objects import KubeObject

Locations = Mapping[str, KubeObject]
"""BackupStorageLocations by name."""


def backup_of(obj: KubeObject, locations: Locations, now: datetime) -> Backup:
    """Return what a drill needs to know of one Backup object.

    The recovery point is status.startTimestamp: reading begins there, while the completion
    includes uploads that can take hours.
    """
    started = objects.instant(obj, "status", "startTimestamp")
    included = _names(obj, "includedNamespaces")
    inside, outside = _speaks_against(obj, now), _location_trouble(obj, locations)
    return Backup(
        name=objects.name(obj),
        engine="velero",
        phase=phase(obj),
        recovery_point=started,
        schedule=objects.labels(obj).get(SCHEDULE_LABEL),
        location=objects.text(obj, "spec", "storageLocation") or None,
        started_at=started,
        completed_at=objects.instant(obj, "status", "completionTimestamp"),
        expires_at=objects.instant(obj, "status", "expiration"),
        labels=objects.labels(obj),
        included_namespaces=() if EVERY in included else included,
        excluded_namespaces=_names(obj, "excludedNamespaces"),
        means=matches,
        partially_failed=phase(obj) == "PartiallyFailed",
        in_progress=UNUSABLE_BACKUP_PHASES.get(phase(obj)) == UNFINISHED,
        unusable=inside or outside,
        unusable_is_environment=inside is None and outside is not None,
        made_here=_made_here(obj, now),
    )


def _speaks_against(obj: KubeObject, now: datetime) -> str | None:
    if objects.text(obj, "metadata", "deletionTimestamp"):
        return "the backup is being deleted"
    if reason := why_unusable(phase(obj)):
        return f"{reason}: {why}" if (why := _own_words(obj)) else reason
    expires = objects.instant(obj, "status", "expiration")
    if expires is not None and expires <= now:
        return f"the backup expired at {expires:%Y-%m-%d %H:%M} UTC"
    if objects.instant(obj, "status", "startTimestamp") is None:
        return "the backup does not say when it started"
    return None


def _own_words(obj: KubeObject) -> str:
    reasons = [str(error) for error in objects.items(obj, "status", "validationErrors")]
    return "; ".join([*reasons, objects.text(obj, "status", "failureReason")][:3]).strip("; ")


def _location_trouble(obj: KubeObject, locations: Locations) -> str | None:
    name = objects.text(obj, "spec", "storageLocation")
    if not name:
        return "the backup names no storage location"
    if name not in locations:
        return f"its storage location {name} does not exist"
    state = objects.text(locations[name], "status", "phase") or "not validated yet"
    if state == "Available":
        return None
    message = objects.text(locations[name], "status", "message")
    return f"its storage location {name} is {state}" + (f": {message}" if message else "")


def _names(obj: KubeObject, key: str) -> tuple[str, ...]:
    return tuple(str(name) for name in objects.items(obj, "spec", key))


def _made_here(obj: KubeObject, now: datetime) -> bool:
    """Return whether the object is older than the backup's start, and so asked for it.

    One that was read in from a store is made anew when the backup has long ended
    (`pkg/controller/backup_sync_controller.go`, v1.18). A start that is yet to come tells nothing.
    """
    created = objects.instant(obj, "metadata", "creationTimestamp")
    started = objects.instant(obj, "status", "startTimestamp")
    if created is None or started is None or in_future(started, now):
        return False
    return created <= started
