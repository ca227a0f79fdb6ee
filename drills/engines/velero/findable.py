"""Would a restore find the data that Velero says it saved? Pure: the archive's objects in.

Out: a Miss, None where everything that a restore looks up is there. What was not looked at is
None and decides nothing. Each rule is Velero's own way to the data:

| method        | what a restore looks up                                               |
|---------------|-----------------------------------------------------------------------|
| data movement | exactly one DataUpload of the claim, from all namespaces (1);         |
|               | `velero.io/data-upload-name` on the claim, else it comes back empty   |
| CSI snapshot  | `velero.io/volume-snapshot-name` on the claim (1), that               |
|               | VolumeSnapshot, its bound content, the content's handle (2)           |
| native        | a completed entry of the volume in the list of snapshots (3)          |
| file-system   | a PodVolumeBackup with a snapshot, and its pod in the archive (4)     |

(1) v1.14 to v1.18 `pkg/restore/actions/csi/pvc_action.go` and `dataupload_retrieve_action.go`
(1.12 and 1.13: the same in velero-plugin-for-csi): each DataUpload of the archive, whatever its
namespace and its backup (`resourceMustHave` in `pkg/restore/restore.go`), becomes a ConfigMap with
the label `velero.io/pvc-namespace-name`; none or several of a claim end in an error (velero#7057,
#9235, #9472). (2) since v1.16 `volumesnapshot_action.go` and `volumesnapshotcontent_action.go`;
v1.18 needs no class. (3) `pkg/restore/pv_restorer.go`. (4) `pkg/podvolume/util.go` skips what has
no snapshot ID; the volumes are filled by the pods' own init containers.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from drills import objects
from drills.backups import BackedUpObject
from drills.engines.velero.pod_volumes import Claim, PodVolumes
from drills.objects import KubeObject

SNAPSHOT_ANNOTATION = "velero.io/volume-snapshot-name"
UPLOAD_ANNOTATION = "velero.io/data-upload-name"
SHOWN = 4


@dataclass(frozen=True, slots=True)
class Miss:
    """Why a restore would not find the data, and what to do."""

    why: str
    remedy: str
    sure: bool = True
    """False where Velero would have had to break off to leave things so."""


def of_data_movement(
    claim: BackedUpObject, uploads: tuple[KubeObject, ...] | None, *, moved: bool
) -> Miss | None:
    """Return why no DataDownload would be made; `uploads` are the claim's, None if not looked at.

    `moved` says that there was something to move: of an empty volume there is no snapshot.
    """
    if uploads is None:
        return None
    if not uploads:
        return Miss(
            "the archive holds no DataUpload for it, so a restore fails with “no DataUpload result "
            "cm found”",
            "Take a new backup, and see that nothing keeps datauploads.velero.io of Velero's "
            "namespace out of it.",
        )
    if len(uploads) > 1:
        names = sorted(f"{objects.namespace(one)}/{objects.name(one)}" for one in uploads)
        shown = ", ".join(names[:SHOWN]) + (" …" if len(names) > SHOWN else "")
        return Miss(
            f"the archive holds {len(uploads)} DataUploads for it ({shown}), so a restore fails "
            "with “multiple DataUpload result cms found”",
            "Keep Velero's own namespace out of the backup (excludedNamespaces), so that it holds "
            "no other backup's DataUploads; then take a new backup.",
        )
    if SNAPSHOT_ANNOTATION in _annotations(claim) and UPLOAD_ANNOTATION not in _annotations(claim):
        return Miss(
            f"the archived claim lacks the annotation {UPLOAD_ANNOTATION}, so a restore makes an "
            "empty volume and calls it Completed",
            "Take a new backup; see what changes claims while they are backed up.",
        )
    return _ended(uploads[0], moved=moved)


def _ended(upload: KubeObject, *, moved: bool) -> Miss | None:
    phase = objects.text(upload, "status", "phase")
    again = "See why it did not end well (the node-agent's log), then take a new backup."
    if phase != "Completed":
        return Miss(f"its DataUpload is {phase or 'New'}", again)
    empty = "volume was empty" in objects.text(upload, "status", "message")
    if moved and not empty and not objects.text(upload, "status", "snapshotID"):
        return Miss("its DataUpload names no snapshot", again)
    return None


def unmarked(claim: BackedUpObject) -> str:
    """Return what speaks against a claim whose data was moved and that does not say so itself."""
    if SNAPSHOT_ANNOTATION in _annotations(claim):
        return ""
    return (
        f"the archived claim has neither {SNAPSHOT_ANNOTATION} nor {UPLOAD_ANNOTATION}, by which "
        "Velero knows that its data was moved; a restore may make an empty volume"
    )


def _annotations(claim: BackedUpObject) -> KubeObject:
    return objects.mapping(claim.body, "metadata", "annotations")


def of_csi_snapshot(
    claim: BackedUpObject,
    snapshots: Mapping[Claim, KubeObject] | None,
    contents: Mapping[str, KubeObject] | None,
) -> Miss | None:
    """Return why the claim would not get its snapshot for a source."""
    if snapshots is None or contents is None:
        return None
    again = "Take a new backup; see what keeps snapshot.storage.k8s.io objects out of it."
    name = objects.text(_annotations(claim), SNAPSHOT_ANNOTATION)
    if not name:
        return Miss(
            f"the archived claim lacks the annotation {SNAPSHOT_ANNOTATION}, so a restore makes an "
            "empty volume and calls it Completed",
            "Take a new backup; see what changes claims while they are backed up.",
        )
    snapshot = snapshots.get((claim.key.namespace, name))
    if snapshot is None:
        return Miss(
            f"the archive lacks its VolumeSnapshot {name}, so the restored claim waits for ever",
            again,
        )
    bound = objects.text(snapshot, "status", "boundVolumeSnapshotContentName")
    content = contents.get(bound)
    if not bound or content is None:
        which = f"the archive lacks VolumeSnapshotContent {bound}" if bound else "it is not bound"
        return Miss(
            f"its VolumeSnapshot {name} cannot be restored: {which}, so the restored claim waits "
            "for ever",
            again,
        )
    if not objects.text(content, "status", "snapshotHandle"):
        return Miss(
            f"its VolumeSnapshotContent {bound} names no snapshot in the storage system",
            "See why the snapshot was not taken (the driver's log), then take a new backup.",
        )
    return None


def of_native_snapshot(volume: str, taken: Mapping[str, KubeObject] | None) -> Miss | None:
    """Return why the volume would not be made from its snapshot; `taken` is by volume's name."""
    if taken is None:
        return None
    found = taken.get(volume)
    again = "See the backup's log for why the snapshot failed, then take a new backup."
    if found is None:
        return Miss(
            f"no list of the backup has a snapshot of its volume {volume}, so a restore would "
            "attach the volume itself",
            "Bring <backup>-volumesnapshots.json.gz back from the bucket's versions, or take a "
            "new backup.",
        )
    phase = objects.text(found, "status", "phase") or "New"
    if phase != "Completed":
        return Miss(f"its snapshot is {phase}", again)
    if not objects.text(found, "status", "providerSnapshotID"):
        return Miss("its snapshot has no ID at the provider", again)
    return None


@dataclass(frozen=True, slots=True)
class Pods:
    """The archived pods."""

    known: Mapping[Claim, PodVolumes]
    """By namespace and name."""
    peopled: frozenset[str]
    """Namespaces of which there are any."""


def of_pod_volume(backups: Iterable[KubeObject], pods: Pods | None) -> Miss | None:
    """Return why no restored pod would fill the volume; one good PodVolumeBackup is enough."""
    first: Miss | None = None
    for backup in backups:
        miss = _filled(backup, pods)
        if miss is None:
            return None
        first = first or miss
    return first


def _filled(backup: KubeObject, pods: Pods | None) -> Miss | None:
    """Judge one PodVolumeBackup.

    Velero archives a pod right after it ordered the backup of its volumes. So a backup without
    any pod of the namespace leaves pods out, and one that lacks this pod alone is only strange.
    """
    name = objects.text(backup, "spec", "pod", "name")
    if pods is None or not name:
        return None
    where = objects.text(backup, "spec", "pod", "namespace")
    pod = pods.known.get((where, name))
    only = "a restore fills a volume only through its restored pod, so it comes back empty"
    if pod is None:
        return Miss(
            f"its data was saved through pod {name}, which the archive lacks; {only}",
            "Have the backup include pods, with the labels that it selects by; drill it with a "
            "probe of the data.",
            sure=where not in pods.peopled,
        )
    if not pod.comes_back:
        return Miss(
            f"its data was saved through pod {name}, which had ended ({pod.phase or 'mirror'}) and "
            f"is not restored; {only}",
            "Have a running pod mount it while backups are taken, or save it by snapshots.",
        )
    return None


def uploads_by_claim(uploads: Iterable[KubeObject]) -> Mapping[Claim, tuple[KubeObject, ...]]:
    """Return the DataUploads of each claim, whatever namespace and backup they are of."""
    found: dict[Claim, list[KubeObject]] = defaultdict(list)
    for upload in uploads:
        where = objects.text(upload, "spec", "sourceNamespace")
        found[where, objects.text(upload, "spec", "sourcePVC")].append(upload)
    return {claim: tuple(members) for claim, members in found.items()}
