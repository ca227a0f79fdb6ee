"""Looks at Velero before anything is restored: locations, server, others' restores, schedules.

In: the Site. Out: EngineStatus. A status request to the server is the one thing created here, and
it is removed again.
"""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

from drills import objects
from drills.engine import EngineStatus
from drills.engines.velero.candidates import Locations
from drills.engines.velero.kinds import LOCATION, RESTORE, SCHEDULE
from drills.engines.velero.namespace_patterns import is_pattern
from drills.engines.velero.phases import Standing, restore_standing
from drills.engines.velero.remarks import note, unasked
from drills.engines.velero.server import ask_server
from drills.engines.velero.site import Site
from drills.engines.velero.turns import somebody_elses
from drills.engines.velero.waiting import phase
from drills.errors import DrillError, Forbidden, Misconfigured, NotServed
from drills.findings import Cause, Finding, warning
from drills.objects import KubeObject
from drills.ports import Kind

AVAILABLE = "Available"
SYNC_STALE = timedelta(hours=1)
"""Velero syncs each minute by default; a list of backups older than this may miss the newest."""


def locations_of(site: Site) -> Locations:
    """Return the BackupStorageLocations by name.

    Raises Misconfigured where the cluster does not know Velero's kinds.
    """
    try:
        found = site.ports.cluster.list(LOCATION, site.namespace)
    except NotServed as error:
        raise Misconfigured(
            f"this cluster has no Velero: {error}",
            hint="Choose the cluster Velero is installed in, or another engine.",
        ) from error
    return {objects.name(location): location for location in found}


def survey(site: Site) -> EngineStatus:
    """Return how this Velero is; raises what the listing of locations raises."""
    locations = locations_of(site)
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="velero-status") as pool:
        # The server takes its time; meanwhile the rest is looked at.
        asked = pool.submit(ask_server, site, locations)
        others, schedules = tuple(_others(site)), _schedules(site)
        answer = asked.result()
    findings = (
        *_locations(site, locations),
        *((answer.finding,) if answer.finding else ()),
        *others,
        *schedules.findings,
    )
    return EngineStatus(
        versions=answer.versions(),
        findings=findings,
        restores=not site.health.away,
        schedules=schedules.names,
        locations=tuple(sorted(locations)),
        clocks=answer.clocks,
        writable={
            name: f"backupstoragelocation {name}"
            for name, location in sorted(locations.items())
            if not _read_only(location)
        },
    )


def _locations(site: Site, locations: Locations) -> Iterator[Finding]:
    if not locations:
        yield unasked(
            "no-storage-location",
            f"namespace {site.namespace}",
            f"Namespace {site.namespace} has no BackupStorageLocation.",
            "Name the namespace Velero lives in (spec.backup.namespace), or configure Velero.",
        )
    none_left = all(phase(location) != AVAILABLE for location in locations.values())
    for name, location in sorted(locations.items()):
        if phase(location) == AVAILABLE:
            yield from _stale(name, location, site.ports.clock.now())
        else:
            yield _unavailable(name, location, none_left=none_left)
        if _read_only(location):
            yield note(
                "location-read-only",
                f"backupstoragelocation {name}",
                "The location is read-only; Velero still writes the restore's results to it.",
                "Give Velero write access to restores/ there, or its results cannot be read.",
            )


def _read_only(location: KubeObject) -> bool:
    """Return whether Velero deletes and maintains nothing there; ReadWrite is the default."""
    return objects.text(location, "spec", "accessMode") == "ReadOnly"


def _unavailable(name: str, location: KubeObject, *, none_left: bool) -> Finding:
    """Backups in an unavailable location are passed over; with no other one left, all are."""
    state, why = phase(location), objects.text(location, "status", "message")
    subject = f"backupstoragelocation {name}"
    message = f"Storage location {name} is {state}{f': {why}' if why else ''}."
    remedy = "Mend its credentials, bucket or network; Velero validates it again each minute."
    if none_left:
        return unasked("location-unavailable", subject, message, remedy)
    return warning("location-unavailable", subject, message, remedy, cause=Cause.ENVIRONMENT)


def _stale(name: str, location: KubeObject, now: datetime) -> Iterator[Finding]:
    synced = objects.instant(location, "status", "lastSyncedTime")
    if synced is not None and now - synced > SYNC_STALE:
        yield warning(
            "location-sync-stale",
            f"backupstoragelocation {name}",
            f"Velero last synced {name} at {synced:%Y-%m-%d %H:%M} UTC; newer backups may exist.",
            "See whether the Velero server runs and its backup-sync controller is on.",
            cause=Cause.ENVIRONMENT,
        )


def _others(site: Site) -> Iterator[Finding]:
    """Restores run one at a time, so one under way keeps ours waiting."""
    try:
        restores = site.ports.cluster.list(RESTORE, site.namespace)
    except (Forbidden, NotServed) as error:
        yield _not_looked_at(RESTORE, error)
        return
    for restore in restores:
        if restore_standing(phase(restore)) is not Standing.ENDED:
            yield _under_way(site, restore)


def _under_way(site: Site, restore: KubeObject) -> Finding:
    subject = f"restore {site.namespace}/{objects.name(restore)}"
    message = f"This restore is in phase {phase(restore)}; Velero runs them one at a time."
    if not somebody_elses(restore):
        return note("drill-under-way", subject, message, "Another drill's restore; ours queues.")
    remedy = "A drill waits for its end before it asks for its own, unless restore.yield is false."
    return note("restore-under-way", subject, message, remedy)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Schedules:
    names: tuple[str, ...] | None
    """None where they could not be listed."""
    findings: tuple[Finding, ...]


def _schedules(site: Site) -> _Schedules:
    try:
        schedules = site.ports.cluster.list(SCHEDULE, site.namespace)
    except (Forbidden, NotServed) as error:
        return _Schedules(names=None, findings=(_not_looked_at(SCHEDULE, error),))
    names = tuple(sorted(map(objects.name, schedules)))
    return _Schedules(names=names, findings=tuple(_wide(schedules)))


def _wide(schedules: Iterable[KubeObject]) -> Iterator[Finding]:
    wide = [
        objects.name(schedule)
        for schedule in schedules
        if _takes_sandboxes(objects.items(schedule, "spec", "template", "includedNamespaces"))
    ]
    if wide:
        yield note(
            "schedule-takes-every-namespace",
            f"schedule {', '.join(sorted(wide)[:5])}",
            "These schedules take every namespace, or those that fit a pattern; sandboxes carry "
            "the label that excludes them.",
        )


def _not_looked_at(kind: Kind, error: DrillError) -> Finding:
    return note(
        "not-looked-at",
        f"{kind.kind} objects",
        f"They could not be listed: {error}.",
        error.hint or f"Give the drill's service account the right to list {kind.kind} objects.",
    )


def _takes_sandboxes(included: Iterable[object]) -> bool:
    """Return whether a schedule takes namespaces that nobody named to it."""
    names = [str(name) for name in included]
    return not names or any(is_pattern(name) for name in names)
