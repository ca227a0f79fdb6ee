"""Reads one backup wholly: archive, lists, volumes, repository.

In: the Backup and the namespaces in scope. Out: an Inspection. Damage becomes a critical finding,
what kept us from reading becomes an unanswered one; neither is raised.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from drills import objects
from drills.backups import BackedUpObject, BackedUpVolume, Backup, Inventory
from drills.engine import Inspection
from drills.engines.velero.contents import Contents, read_contents
from drills.engines.velero.documents import rows
from drills.engines.velero.gaps import volume_findings
from drills.engines.velero.judgement import DATA_UPLOADS
from drills.engines.velero.kinds import BACKUP
from drills.engines.velero.listed import compare_with_list
from drills.engines.velero.reading import (
    Document,
    Source,
    pod_volume_backups,
    small_documents,
    small_files,
    source_of,
)
from drills.engines.velero.remarks import damage, refused, unasked, warning
from drills.engines.velero.repository import check_objects, check_store, saved_in
from drills.engines.velero.requests import Target
from drills.engines.velero.results import messages
from drills.engines.velero.scope import scope_of
from drills.engines.velero.site import Site
from drills.engines.velero.volumes import VolumeSources, volumes_of
from drills.errors import BackupUnreadable, DrillError, Interrupted, Missing
from drills.findings import Cause, Finding
from drills.objects import KubeObject

CLUSTER_VERSION = "velero.io/source-cluster-k8s-gitversion"
MOST_ERRORS = 5

Documents = Mapping[Target, Document]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """All that was read of one backup."""

    backup: Backup
    custom: KubeObject
    source: Source
    contents: Contents
    documents: Documents
    """Those that can tell something."""

    def document(self, target: Target) -> Document:
        """Return a small file; one that was not asked for counts as absent."""
        return self.documents.get(target, Document(absent=True))


def inspect(site: Site, backup: Backup, namespaces: Collection[str]) -> Inspection:
    """Read `backup` to its end; only Interrupted is raised."""
    subject = f"backup {backup.name}"
    try:
        custom = site.ports.cluster.get(BACKUP, site.namespace, backup.name)
        if custom is None:
            why = f"Backup {backup.name} vanished from namespace {site.namespace} meanwhile."
            return _unread(unasked("backup-gone", subject, why, "Drill again."))
        return _read(site, backup, custom, namespaces)
    except Interrupted:
        raise
    except DrillError as error:
        return _unread(refused("backup-not-read", subject, error, "The backup could not be read"))


def _unread(*findings: Finding) -> Inspection:
    return Inspection(inventory=None, findings=findings)


def _read(
    site: Site, backup: Backup, custom: KubeObject, namespaces: Collection[str]
) -> Inspection:
    subject = f"archive of backup {backup.name}"
    small = small_files(custom)
    source = source_of(site, backup, (Target.BACKUP_CONTENTS, *small))
    with small_documents(source, small) as waiting:
        try:
            with source.files.open(Target.BACKUP_CONTENTS) as body:
                contents = read_contents(body, source.site.check_stop, namespaces)
        except Missing:
            why = "The backup's archive is not in the store; nothing can be restored."
            return _unread(*source.findings, damage("archive-missing", subject, why))
        except BackupUnreadable as error:
            why = f"Nothing can be restored: {error}."
            return _unread(*source.findings, damage("archive-damaged", subject, why))
        documents = {target: future.result() for target, future in waiting.items()}
    return _judge(
        Reading(
            backup=backup, custom=custom, source=source, contents=contents, documents=documents
        ),
        tuple(namespaces),
    )


def _judge(reading: Reading, namespaces: tuple[str, ...]) -> Inspection:
    found = tuple(reading.contents.found.values())
    backups, notes = pod_volume_backups(reading.source)
    info = reading.document(Target.BACKUP_VOLUME_INFO)
    sources = VolumeSources(
        info=None if info.absent else rows(info.value),
        pod_volume_backups=backups,
        native_snapshots=rows(reading.document(Target.BACKUP_VOLUME_SNAPSHOTS).value),
        data_uploads=tuple(o.body for o in found if o.key.resource == DATA_UPLOADS and o.body),
    )
    volumes = volumes_of(
        (o for o in found if o.key.resource == "persistentvolumeclaims"),
        (o for o in found if o.key.resource == "persistentvolumes"),
        sources,
    )
    in_scope = tuple(volume for volume in volumes if volume.namespace in namespaces)
    inventory = _inventory(reading, volumes, in_scope, backups)
    return Inspection(
        inventory=inventory,
        findings=(
            *reading.source.findings,
            *notes,
            *reading.contents.damaged,
            *(d.finding for d in reading.documents.values() if d.finding),
            *_against_list(reading, found, namespaces),
            *_absent(reading.backup, namespaces, inventory.namespaces),
            *_errors(reading),
            *volume_findings(in_scope, namespaces),
            *_repositories(reading, in_scope, sources),
        ),
    )


def _inventory(
    reading: Reading,
    volumes: Sequence[BackedUpVolume],
    in_scope: Sequence[BackedUpVolume],
    backups: Sequence[object],
) -> Inventory:
    contents = reading.contents
    found = contents.found.values()
    return Inventory(
        objects=tuple(sorted(found, key=lambda obj: obj.key)),
        volumes=tuple(volumes),
        namespaces=frozenset(o.key.namespace for o in found if o.key.namespace),
        recovery_point=_recovery_point(reading.backup.started_at, in_scope),
        bytes=contents.bytes,
        filled_pods=frozenset(
            (objects.text(b, "spec", "pod", "namespace"), objects.text(b, "spec", "pod", "name"))
            for b in backups
        ),
        reaches=tuple(contents.reaches),
        named=tuple(contents.named),
        address_uses=tuple(contents.address_uses),
        addresses=contents.addresses,
        bindings=tuple(contents.bindings),
        operated=tuple(contents.operated),
        versions={kind: frozenset(held) for kind, held in contents.versions.items()},
        scope=scope_of(reading.custom),
        cluster_version=objects.text(reading.custom, "metadata", "annotations", CLUSTER_VERSION),
    )


def _recovery_point(started: datetime | None, volumes: Iterable[BackedUpVolume]) -> datetime | None:
    """Return the earliest instant that any of the restored data is from."""
    instants = [volume.data_instant for volume in volumes if volume.data_instant]
    return min([started, *instants]) if started else min(instants, default=None)


def _against_list(
    reading: Reading, found: Iterable[BackedUpObject], namespaces: tuple[str, ...]
) -> Iterator[Finding]:
    listed = reading.document(Target.BACKUP_RESOURCE_LIST)
    if listed.absent:
        yield warning(
            "list-missing",
            f"backup {reading.backup.name}",
            "The backup has no resource list, so its archive could not be checked against one.",
            "See whether something removed files from the backup's folder in the bucket.",
            cause=Cause.BACKUP,
        )
    elif listed.finding is None:
        damaged = frozenset(f.subject.rpartition(" ")[2] for f in reading.contents.damaged)
        scope = frozenset(namespaces) if reading.backup.partially_failed else None
        yield from compare_with_list(listed.value, found, damaged, scope)


def _absent(
    backup: Backup, namespaces: Iterable[str], present: frozenset[str]
) -> Iterator[Finding]:
    for namespace in namespaces:
        if namespace not in present:
            yield damage(
                "namespace-not-in-backup",
                f"namespace {namespace}",
                f"Backup {backup.name} holds nothing of namespace {namespace}; "
                "Velero would restore nothing and call it Completed.",
                "Include the namespace in the backup schedule and take a new backup.",
            )


def _errors(reading: Reading) -> Iterator[Finding]:
    """Say why a partially failed backup failed; its status holds counts only."""
    errors = messages(reading.document(Target.BACKUP_RESULTS).value, "errors")
    if errors:
        more = f" (and {len(errors) - MOST_ERRORS} more)" if len(errors) > MOST_ERRORS else ""
        yield warning(
            "backup-had-errors",
            f"backup {reading.backup.name}",
            f"The backup recorded {len(errors)} errors: {'; '.join(errors[:MOST_ERRORS])}{more}.",
            "Mend what they name; what they are about may be missing from the backup.",
            cause=Cause.BACKUP,
        )


def _repositories(
    reading: Reading, volumes: Iterable[BackedUpVolume], sources: VolumeSources
) -> tuple[Finding, ...]:
    saved = tuple(saved_in(volumes, sources.info or ()))
    store = reading.source.site.ports.store
    if store is not None and reading.source.stored is not None:
        return check_store(store, reading.source.prefix, saved)
    return check_objects(reading.source.site, reading.backup.location or "", saved)
