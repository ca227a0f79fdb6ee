"""What a restore of ours made outside the sandbox: cluster-scoped objects that carry its name.

Velero labels every object it restores with its Restore's name (v1.18 `pkg/restore/restore.go`,
addRestoreLabels); volumes and snapshot contents outlive the namespace they served.

A snapshot content that a restore made names the backup's own snapshot, and is set to Retain
(`pkg/restore/actions/csi/volumesnapshotcontent_action.go`): then deleting it deletes an entry and
no data. With any other policy the backup's snapshot would go along, so it is named, not touched.
"""

from collections.abc import Iterator

from drills import objects
from drills.cluster import ChangeType
from drills.engines.velero.kinds import made_for
from drills.engines.velero.manifest import restore_name
from drills.engines.velero.site import Site
from drills.engines.velero.waiting import IDLE_SECONDS
from drills.errors import DrillError, Forbidden, NotServed
from drills.objects import KubeObject
from drills.ports import Deadline, Kind

VOLUME = Kind("v1", "PersistentVolume")
CONTENT = Kind("snapshot.storage.k8s.io/v1", "VolumeSnapshotContent")
NAMESPACE = Kind("v1", "Namespace")
RETAIN = "Retain"


def orphans(site: Site, drill_id: str, deadline: Deadline) -> Iterator[str]:
    """Delete the snapshot contents of the drill's restore where that is safe; yield what is left.

    Raises Unreachable, OutsideRefused.
    """
    label = made_for(restore_name(drill_id))
    for kind in (VOLUME, CONTENT):
        try:
            found = site.ports.cluster.list(kind, labels=label)
        except NotServed:
            continue
        except Forbidden as error:
            yield f"{kind.kind} objects of the restore may be left: {error}"
            continue
        for obj in found:
            if kind == VOLUME:
                yield f"{kind.kind} {objects.name(obj)} carries {label}"
            elif why := _kept(site, obj, deadline):
                yield f"{kind.kind} {objects.name(obj)} carries {label}: {why}"


def danger_of(content: KubeObject) -> str:
    """Return why a snapshot content must not be deleted by us, '' where it may be."""
    policy = objects.text(content, "spec", "deletionPolicy")
    if policy != RETAIN:
        return f"its deletionPolicy is {policy or 'unknown'}, so the backup's snapshot would go too"
    source = objects.mapping(content, "spec", "source")
    if not source.get("snapshotHandle") or source.get("volumeHandle"):
        return "it was not made from a snapshot that the backup holds"
    return ""


def _kept(site: Site, content: KubeObject, deadline: Deadline) -> str:
    """Delete one content and wait until it is gone; return why it is still there, or ''."""
    if danger := danger_of(content):
        return danger
    namespace = objects.text(content, "spec", "volumeSnapshotRef", "namespace")
    where = f"{CONTENT.kind} {objects.name(content)}"
    try:
        if namespace and site.ports.cluster.get(NAMESPACE, "", namespace) is not None:
            return f"namespace {namespace}, where it is used, is still there"
        # The version too: whoever sets it to Delete in this moment keeps us from deleting it.
        site.ports.cluster.delete(
            CONTENT,
            "",
            objects.name(content),
            uid=objects.uid(content),
            version=objects.text(content, "metadata", "resourceVersion"),
        )
        gone = _gone(site, content, deadline)
    except DrillError as error:
        site.ports.listener.action("delete", where, "failed", {"error": str(error)})
        return f"it could not be deleted: {error}"
    site.ports.listener.action("delete", where, "gone" if gone else "accepted", {})
    return "" if gone else "it is still going away"


def _gone(site: Site, content: KubeObject, deadline: Deadline) -> bool:
    name, uid = objects.name(content), objects.uid(content)
    changes = site.ports.cluster.watch(
        CONTENT, name=name, stop=lambda: deadline.passed, idle=IDLE_SECONDS
    )
    for change in changes:
        if change is None:
            continue
        if change.type is ChangeType.DELETED or objects.uid(change.object) not in {"", uid}:
            return True
        if change.type is ChangeType.SYNCED:
            present = site.ports.cluster.get(CONTENT, "", name)
            if present is None or objects.uid(present) != uid:
                return True
    return False
