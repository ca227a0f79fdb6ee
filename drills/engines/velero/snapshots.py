"""Whether the storage still has the snapshots that a restore was to make volumes of.

In: the order and the Restore's name. Out: for each claim whose data is a CSI snapshot what became
of it, and findings. Velero calls a restore Completed before anybody asked the storage: it makes a
VolumeSnapshotContent that names the snapshot (v1.18 `pkg/restore/actions/csi/
volumesnapshotcontent_action.go`), and the driver's sidecar looks for it later, where the driver can
list (external-snapshotter v8.2 `pkg/snapshotter/snapshotter.go`, GetSnapshotStatus).

| the content says           | production's volume is of the driver | outcome     | blames      |
|----------------------------|--------------------------------------|-------------|-------------|
| ready                      | any                                  | restored    | nobody      |
| error: no such snapshot    | yes                                  | failed      | the backup  |
| error: no such snapshot    | no, or unknown                       | interrupted | environment |
| another error, or nothing  | any                                  | interrupted | environment |
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from drills import objects
from drills.backups import BackedUpVolume
from drills.cluster import ChangeType
from drills.engine import RestoreOrder
from drills.engines.velero.kinds import made_for
from drills.engines.velero.manifest import restore_name
from drills.engines.velero.orphans import CONTENT, VOLUME
from drills.engines.velero.remarks import damage, unasked
from drills.engines.velero.site import Site
from drills.engines.velero.volumes import CSI
from drills.engines.velero.waiting import IDLE_SECONDS
from drills.errors import BackupUnreadable, DrillError, Interrupted
from drills.findings import Finding
from drills.objects import KubeObject
from drills.ports import Deadline, Kind

CLAIM = Kind("v1", "PersistentVolumeClaim")
PATIENCE_SECONDS = 60.0
"""How long the storage's first answer is waited for, after the restore's end."""
LATE_SECONDS = 10.0
"""How long the storage is asked once the drill's deadline has passed."""
GONE = re.compile(
    r"snapshot.*(not ?found|not exist|no longer exists|gone)|can ?not find snapshot|NotFound.*snap",
    re.IGNORECASE | re.DOTALL,
)
"""Words of a driver or its sidecar for a snapshot that is not there: external-snapshotter v8.2 says
`can not find snapshot for snapshotID`, drivers answer CreateVolume with code NotFound."""

Place = tuple[str, str]
"""Namespace and name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshots:
    """What the storage said; claims by their namespace in the sandbox and name."""

    outcomes: Mapping[Place, str] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()


def look_for_snapshots(
    site: Site, order: RestoreOrder, restore: str, deadline: Deadline
) -> Snapshots:
    """Wait for the storage's answer about each snapshot that was restored; raises Interrupted.

    Where it cannot be asked there are no outcomes, and readiness decides.
    """
    volumes = tuple(_of_snapshots(order))
    if not volumes:
        return Snapshots()
    try:
        sources = _sources(site, order, volumes)
        contents = _answers(site, restore, set(sources.values()), deadline)
    except Interrupted:
        raise
    except DrillError:
        return Snapshots()
    outcomes: dict[Place, str] = {}
    findings: list[Finding] = []
    for volume in volumes:
        place = (order.namespaces[volume.namespace], volume.claim)
        content = contents.get(sources.get(place, place))
        if content is None:
            continue
        finding = _finding(site, volume, content)
        findings += [finding] if finding else []
        outcomes[place] = _outcome(finding)
    return Snapshots(outcomes=outcomes, findings=tuple(findings))


def check_snapshots(site: Site, order: RestoreOrder) -> None:
    """Raise BackupUnreadable where a restore did not end because a snapshot is gone.

    Of a class that binds at once Velero waits for the claim to be bound, for ten minutes (v1.18
    `restore_finalizer_controller.go`, patchDynamicPVWithVolumeInfo).
    """
    clock = site.ports.clock
    deadline = Deadline(clock=clock, at=clock.monotonic() + LATE_SECONDS)
    said = look_for_snapshots(site, order, restore_name(order.drill_id), deadline)
    for finding in said.findings:
        if not finding.unanswered:
            raise BackupUnreadable(finding.message, hint=finding.remedy)


def _of_snapshots(order: RestoreOrder) -> Iterator[BackedUpVolume]:
    for volume in order.inventory.volumes:
        if volume.namespace in order.namespaces and volume.method == CSI and volume.has_data:
            yield volume


def _sources(
    site: Site, order: RestoreOrder, volumes: Collection[BackedUpVolume]
) -> Mapping[Place, Place]:
    """Return which VolumeSnapshot each restored claim is to be made of."""
    found: dict[Place, Place] = {}
    for namespace in sorted({order.namespaces[volume.namespace] for volume in volumes}):
        for claim in site.ports.cluster.list(CLAIM, namespace):
            source = objects.mapping(claim, "spec", "dataSource")
            if objects.text(source, "kind") == "VolumeSnapshot":
                found[namespace, objects.name(claim)] = (namespace, objects.text(source, "name"))
    return found


def _answers(
    site: Site, restore: str, wanted: set[Place], deadline: Deadline
) -> Mapping[Place, KubeObject]:
    """Return the contents by the VolumeSnapshot they are for, as soon as each says something."""
    clock = site.ports.clock
    patience = Deadline(
        clock=clock, at=min(clock.monotonic() + PATIENCE_SECONDS, clock.monotonic() + deadline.left)
    )
    found: dict[Place, KubeObject] = {}
    changes = site.ports.cluster.watch(
        CONTENT,
        labels=made_for(restore),
        stop=lambda: patience.passed or deadline.passed or site.ports.stop(),
        idle=IDLE_SECONDS,
    )
    for change in changes:
        site.check_stop()
        if change is not None and change.type not in {ChangeType.SYNCED, ChangeType.DELETED}:
            found[_for(change.object)] = change.object
        synced = change is not None and change.type is ChangeType.SYNCED
        if _all_said(found, wanted) or (synced and not wanted & found.keys()):
            break
    return found


def _for(content: KubeObject) -> Place:
    reference = objects.mapping(content, "spec", "volumeSnapshotRef")
    return objects.text(reference, "namespace"), objects.text(reference, "name")


def _all_said(found: Mapping[Place, KubeObject], wanted: set[Place]) -> bool:
    return all(place in found and _says(found[place]) for place in wanted)


def _says(content: KubeObject) -> bool:
    return _ready(content) or bool(_error(content))


def _ready(content: KubeObject) -> bool:
    return objects.mapping(content, "status").get("readyToUse") is True


def _error(content: KubeObject) -> str:
    return objects.text(content, "status", "error", "message")


def _finding(site: Site, volume: BackedUpVolume, content: KubeObject) -> Finding | None:
    if _ready(content):
        return None
    said, handle = _error(content), objects.text(content, "spec", "source", "snapshotHandle")
    driver = objects.text(content, "spec", "driver")
    subject = f"persistentvolumeclaim {volume.namespace}/{volume.claim}"
    what = f"The storage ({driver}) has no snapshot {handle}, which is all its data"
    if not GONE.search(said):
        return unasked(
            "snapshot-not-ready",
            subject,
            f"The storage ({driver}) does not say that snapshot {handle} can be used: "
            f"{said or 'nobody has answered'}.",
            "See that the driver's csi-snapshotter and the snapshot-controller run, and what they"
            " log, then drill again.",
        )
    if _of_this_storage(site, volume, driver):
        return damage(
            "snapshot-gone",
            subject,
            f"{what}: {said}. The backup names it, and a restore would wait for it for ever.",
            "Find out what deletes snapshots behind Velero's back (a retention rule of the storage,"
            " somebody's clean-up); take a new backup, and move snapshot data to the bucket"
            " (snapshotMoveData) where the storage cannot be trusted to keep it.",
        )
    return unasked(
        "snapshot-not-here",
        subject,
        f"{what}: {said}. It may be in the storage of the cluster that was backed up.",
        "Drill where the storage has the snapshot, or move snapshot data to the bucket"
        " (snapshotMoveData), which any cluster can restore.",
    )


def _of_this_storage(site: Site, volume: BackedUpVolume, driver: str) -> bool:
    """Return whether the volume that was backed up is here, so that its snapshot should be, too."""
    try:
        original = site.ports.cluster.get(VOLUME, "", volume.volume)
    except Interrupted:
        raise
    except DrillError:
        return False
    return objects.text(original, "spec", "csi", "driver") == driver != ""


def _outcome(finding: Finding | None) -> str:
    if finding is None:
        return "restored"
    return "interrupted" if finding.unanswered else "failed"
