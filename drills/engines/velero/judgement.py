"""What is known of one backed-up object without its neighbours: owner, explanation, slim body.

In: the object as archived. Out: BackedUpObject. The explanations follow Velero v1.18
`pkg/restore/restore.go` (nonRestorable list, isCompleted, mirror pods, token secrets). Pure.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace

from drills import objects
from drills.backups import BackedUpObject, ObjectKey, OwnerReference
from drills.name_places import REVISIONS
from drills.objects import KubeObject
from drills.tracking import TRACKED_BY

NEVER_RESTORED = frozenset(
    {
        "nodes",
        "events",
        "events.events.k8s.io",
        "backups.velero.io",
        "restores.velero.io",
        "resticrepositories.velero.io",
        "csinodes.storage.k8s.io",
        "volumeattachments.storage.k8s.io",
        "backuprepositories.velero.io",
    }
)

DATA_UPLOADS = "datauploads.velero.io"
SNAPSHOTS = "volumesnapshots.snapshot.storage.k8s.io"
SNAPSHOT_CONTENTS = "volumesnapshotcontents.snapshot.storage.k8s.io"
KEPT_BODIES = frozenset(
    {
        "namespaces",
        "services",
        "cronjobs.batch",
        "jobs.batch",
        "deployments.apps",
        "statefulsets.apps",
        "daemonsets.apps",
        "replicasets.apps",
        "replicationcontrollers",
        "pods",
        "persistentvolumeclaims",
        "persistentvolumes",
        "ingresses.networking.k8s.io",
        DATA_UPLOADS,
        SNAPSHOTS,
        SNAPSHOT_CONTENTS,
    }
)
"""Kinds that are rewritten or looked at."""
KEPT_STATUS: Mapping[str, tuple[str, ...]] = {
    DATA_UPLOADS: ("phase", "message", "snapshotID"),
    SNAPSHOTS: ("boundVolumeSnapshotContentName",),
    SNAPSHOT_CONTENTS: ("snapshotHandle",),
}
"""What is kept of their status; of every other kind the phase alone."""

PUBLISHED_CAS = frozenset({"kube-root-ca.crt", "openshift-service-ca.crt"})
"""ConfigMaps that a controller puts into every namespace."""

LONGEST_DATA = 65_536
"""Characters of a ConfigMap that may go into a rule; the ConfigMap of all rules takes 1 MiB."""
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
MIRROR = "kubernetes.io/config.mirror"
SLICE_CONTROLLER = "endpointslice.kubernetes.io/managed-by"
TOKEN_TYPE = "kubernetes.io/service-account-token"  # noqa: S105 - a Secret's type, no secret


def backed_up(key: ObjectKey, obj: KubeObject) -> BackedUpObject:
    """Return the object as the inventory keeps it."""
    return BackedUpObject(
        key=key,
        api_version=objects.text(obj, "apiVersion"),
        kind=objects.text(obj, "kind"),
        owner=_owner(obj),
        explanation=explanation(key, obj),
        body=_body(key, obj),
        owners=tuple(map(_reference, objects.items(obj, "metadata", "ownerReferences"))),
        labels=objects.labels(obj),
    )


def with_data(known: BackedUpObject, obj: KubeObject, keys: Collection[str]) -> BackedUpObject:
    """Return the object with the data whose names may have to be rewritten.

    A Secret's never stays in memory, nor what is too long for a rule: both are read once more.
    """
    data = objects.mapping(obj, "data")
    if known.key.resource == "configmaps":
        data = {key: data[key] for key in keys if key in data}
        if sum(len(text) for text in data.values() if isinstance(text, str)) > LONGEST_DATA:
            return known
    elif known.key.resource != REVISIONS:
        return known
    return replace(known, body={**(known.body or {"metadata": _metadata(obj)}), "data": data})


def explanation(key: ObjectKey, obj: KubeObject) -> str | None:
    """Return why a restore rightly leaves the object out, None where it must come back."""
    if key.resource in NEVER_RESTORED:
        return "Velero never restores this kind"
    ask = _BY_RESOURCE.get(key.resource)
    return ask(key, obj) if ask else None


def _pod(_: ObjectKey, obj: KubeObject) -> str | None:
    if MIRROR in objects.mapping(obj, "metadata", "annotations"):
        return "a mirror pod, made by its node"
    phase = objects.text(obj, "status", "phase")
    return f"the pod had ended ({phase})" if phase in {"Succeeded", "Failed"} else None


def _job(_: ObjectKey, obj: KubeObject) -> str | None:
    ended = objects.text(obj, "status", "completionTime")
    return "the Job had completed" if ended else None


def _secret(_: ObjectKey, obj: KubeObject) -> str | None:
    account = objects.text(obj, "metadata", "annotations", "kubernetes.io/service-account.name")
    automatic = bool(account) and objects.name(obj).startswith(f"{account}-token-")
    if objects.text(obj, "type") == TOKEN_TYPE and automatic:
        return "a service account's automatic token, issued anew"
    return None


def _config_map(key: ObjectKey, _: KubeObject) -> str | None:
    return "published into every namespace by a controller" if key.name in PUBLISHED_CAS else None


def _slice(_: ObjectKey, obj: KubeObject) -> str | None:
    managed = objects.labels(obj).get(SLICE_CONTROLLER, "")
    return "made from its Service by a controller" if managed.endswith("k8s.io") else None


def _endpoints(_: ObjectKey, obj: KubeObject) -> str | None:
    mark = "endpoints.kubernetes.io/last-change-trigger-time"
    managed = mark in objects.mapping(obj, "metadata", "annotations") or (
        objects.labels(obj).get("endpoints.kubernetes.io/managed-by") == "endpoint-controller"
    )
    return "made from its Service by a controller" if managed else None


def _snapshot(_: ObjectKey, obj: KubeObject) -> str | None:
    made = "velero.io/backup-name" in objects.labels(obj)
    return "made by Velero for the backup itself" if made else None


def _api_service(_: ObjectKey, obj: KubeObject) -> str | None:
    automatic = "kube-aggregator.kubernetes.io/automanaged" in objects.labels(obj)
    return "managed by the API server itself" if automatic else None


_BY_RESOURCE = {
    "pods": _pod,
    "jobs.batch": _job,
    "secrets": _secret,
    "configmaps": _config_map,
    "endpointslices.discovery.k8s.io": _slice,
    "endpoints": _endpoints,
    SNAPSHOTS: _snapshot,
    "apiservices.apiregistration.k8s.io": _api_service,
}


def _owner(obj: KubeObject) -> str | None:
    for reference in objects.items(obj, "metadata", "ownerReferences"):
        if objects.mapping(reference).get("controller") is True:
            return f"{objects.text(reference, 'kind')}/{objects.text(reference, 'name')}"
    return None


def _reference(owner: object) -> OwnerReference:
    group, slash, _ = objects.text(owner, "apiVersion").partition("/")
    return OwnerReference(
        group=group if slash else "",
        kind=objects.text(owner, "kind"),
        name=objects.text(owner, "name"),
        controls=objects.dig(owner, "controller") is True,
    )


def _body(key: ObjectKey, obj: KubeObject) -> Mapping[str, object] | None:
    meta = _metadata(obj)
    if key.resource in KEPT_BODIES:
        words = KEPT_STATUS.get(key.resource, ("phase",))
        said = {word: found for word in words if (found := objects.text(obj, "status", word))}
        kept = {word: obj[word] for word in ("apiVersion", "kind", "spec") if word in obj}
        return {**kept, "metadata": meta, **({"status": said} if said else {})}
    tracked = any(key.startswith(TRACKED_BY) for key in tracking_keys(obj))
    return {"metadata": meta} if tracked or "finalizers" in meta else None


def tracking_keys(obj: object) -> tuple[str, ...]:
    """Return the labels and annotations by which a GitOps tool would claim the object."""
    words = (*objects.labels(obj), *objects.mapping(obj, "metadata", "annotations"))
    return tuple(word for word in words if word.startswith(TRACKED_BY))


def _metadata(obj: KubeObject) -> Mapping[str, object]:
    kept = ("name", "namespace", "labels", "annotations", "finalizers", "ownerReferences", "uid")
    found = {key: value for key, value in objects.mapping(obj, "metadata").items() if key in kept}
    annotations = objects.mapping(found, "annotations")
    if LAST_APPLIED in annotations:
        found["annotations"] = {k: v for k, v in annotations.items() if k != LAST_APPLIED}
    return found
