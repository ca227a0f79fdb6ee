"""Do the claims of a backup have their data, and is it still in the bucket?

In: what the archive and the records say. Out: findings, each naming the claims that would suffer.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from drills import objects
from drills.backups import Absence, BackedUpObject, BackedUpVolume
from drills.engines.velero.gaps import claim_findings, doubt_findings
from drills.engines.velero.holdings import archived_volumes, sources_of
from drills.engines.velero.namespace_patterns import covers
from drills.engines.velero.pod_volumes import PodVolumes
from drills.engines.velero.reader.metadata import Metadata
from drills.engines.velero.reader.records import Records
from drills.engines.velero.reader.tally import plain
from drills.engines.velero.remarks import damage, warned
from drills.engines.velero.repository import RESTIC, Saved, saved_in
from drills.engines.velero.volumes import CLAIM_ANNOTATION
from drills.findings import Finding, Severity
from drills.objects import KubeObject

CLAIMS = frozenset({"*", "pvc", "persistentvolumeclaim", "persistentvolumeclaims"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Volumes:
    """The claims of a backup."""

    claims: tuple[BackedUpVolume, ...]
    saved: tuple[Saved, ...]
    """What of them lies in a repository."""


def volumes_in(
    archived: Iterable[BackedUpObject],
    pods: Iterable[PodVolumes],
    records: Records,
    backup: KubeObject | None,
) -> Volumes:
    """Return the claims with their volumes, and what of them lies in a repository."""
    archived = tuple(archived)
    sources = sources_of(
        archived,
        pods=pods,
        backup=backup,
        info=records.info,
        pod_volume_backups=tuple(_pod_volume_backups(records)),
        native_snapshots=records.snapshots,
    )
    claims = archived_volumes(archived, sources)
    return Volumes(claims=claims, saved=tuple(saved_in(claims, _uploads(records))))


def _pod_volume_backups(records: Records) -> Iterable[KubeObject]:
    """Return the PodVolumeBackups; where they were not read, what volumeinfo says of them."""
    if records.pod_volume_backups is not None or records.info is None:
        return records.pod_volume_backups or ()
    return tuple(
        {
            "metadata": {"annotations": {CLAIM_ANNOTATION: objects.text(row, "pvcName")}},
            "spec": {
                "pod": {
                    "namespace": objects.text(row, "pvcNamespace"),
                    "name": objects.text(details, "podName"),
                },
                "volume": objects.text(details, "volumeName"),
            },
            "status": {
                "phase": "Completed",
                "snapshotID": objects.text(details, "snapshotHandle"),
            },
        }
        for row in records.info
        if (details := objects.mapping(row, "pvbInfo"))
    )


def _uploads(records: Records) -> Iterable[KubeObject]:
    """Return what says which uploader saved a claim: volumeinfo, before 1.13 PodVolumeBackups.

    Before 1.10 those name none: restic was the only one.
    """
    if records.info is not None:
        return records.info
    return tuple(
        {
            "pvcNamespace": objects.text(backup, "spec", "pod", "namespace"),
            "pvcName": objects.mapping(backup, "metadata", "annotations").get(CLAIM_ANNOTATION),
            "pvbInfo": {
                "snapshotHandle": objects.text(backup, "status", "snapshotID"),
                "uploaderType": objects.text(backup, "spec", "uploaderType") or RESTIC,
            },
        }
        for backup in records.pod_volume_backups or ()
    )


def volume_check(volumes: Iterable[BackedUpVolume]) -> Iterator[Finding]:
    """Yield what is wrong with claims; what was left out on purpose is only a warning here.

    So is a claim that had no volume in the source: the backup is as good as what it was taken of.
    """
    volumes = tuple(volumes)
    yield from doubt_findings(volumes)
    for volume in volumes:
        for finding in claim_findings(volume):
            if volume.absence is Absence.CHOSEN:
                yield replace(finding, code="volume-skipped", severity=Severity.WARNING)
            elif volume.absence is Absence.NOTHING:
                yield replace(finding, severity=Severity.WARNING)
            else:
                yield finding


def restic_findings(saved: Iterable[Saved]) -> Iterator[Finding]:
    """Yield a warning for claims whose data restic saved.

    Velero 1.17 and 1.18 still restore it. After 1.18 restic is no uploader any more: a
    PodVolumeRestore of that type is passed over (main, `pkg/uploader/types.go`,
    `pkg/controller/pod_volume_restore_controller.go`), so a restore waits for it in vain.
    """
    claims = [f"persistentvolumeclaim {o.namespace}/{o.claim}" for o in saved if _by_restic(o)]
    if claims:
        yield warned(
            "saved-by-restic",
            plain(", ".join(claims)),
            f"The data of {len(claims)} claim(s) was saved by restic: Velero 1.18 is the last "
            "version that restores it, 1.19 will refuse it.",
            "Back up with kopia (`uploader-type`) before you upgrade to 1.19, and keep a Velero "
            "1.18 for as long as this backup must be restorable.",
        )


def _by_restic(one: Saved) -> bool:
    return one.uploader == RESTIC


def unknown_claims(
    meta: Metadata, archived: Iterable[BackedUpObject], records: Records
) -> Iterator[Finding]:
    """Yield a finding when volumeinfo speaks of claims that the archive does not hold.

    A backup with every cluster-scoped object takes the volumes of all namespaces, and volumeinfo
    names their claims; those of namespaces it does not include are not in it (seen with 1.18.3).
    """
    if not _takes_claims(meta):
        return
    held = {(o.key.namespace, o.key.name) for o in archived}
    strange = [
        f"{objects.text(row, 'pvcNamespace')}/{objects.text(row, 'pvcName')}"
        for row in records.info or ()
        if objects.text(row, "pvcName")
        and (objects.text(row, "pvcNamespace"), objects.text(row, "pvcName")) not in held
        and _includes(meta, objects.text(row, "pvcNamespace"))
    ]
    if strange:
        yield damage(
            "volume-records-differ",
            f"backup {meta.name}",
            f"volumeinfo names {len(strange)} claim(s) that the archive lacks: "
            f"{plain(', '.join(strange[:5]))}.",
            "Bring the right files back from the bucket's versions, or take a new backup.",
        )


def _includes(meta: Metadata, namespace: str) -> bool:
    spec = objects.mapping(meta.obj, "spec")
    taken, left_out = (
        [str(one) for one in objects.items(spec, word)]
        for word in ("includedNamespaces", "excludedNamespaces")
    )
    return covers(taken, left_out, namespace)


def _takes_claims(meta: Metadata) -> bool:
    spec = objects.mapping(meta.obj, "spec")
    for word in ("includedResources", "includedNamespaceScopedResources"):
        named = {str(one) for one in objects.items(spec, word)}
        if named and not named & CLAIMS:
            return False
    left_out = {
        str(one)
        for word in ("excludedResources", "excludedNamespaceScopedResources")
        for one in objects.items(spec, word)
    }
    selected = "labelSelector" in spec or "orLabelSelectors" in spec
    return not left_out & CLAIMS and not selected
