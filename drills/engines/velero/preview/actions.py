"""What Velero changes in an object before it creates it: its built-in restore item actions.

In: one object as archived, a fresh copy. Out: the same object, changed in place. Source: Velero
v1.18 `pkg/restore/actions` and `resetMetadata` in `pkg/restore/restore.go`. Left aside: the init
container that waits for volume data, whose image only the server knows. Pure.
"""

from collections.abc import Callable, Iterator, Mapping

from drills import objects
from drills.engines.velero.preview.services import without_addresses

Body = dict[str, object]

STRIPPED = (
    "generateName",
    "selfLink",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "ownerReferences",
    "managedFields",
)
"""managedFields are put back by a patch after the creation, so the creation does without."""

CLAIM_MARKS = (
    "pv.kubernetes.io/bind-completed",
    "pv.kubernetes.io/bound-by-controller",
    "volume.kubernetes.io/storage-provisioner",
    "volume.beta.kubernetes.io/storage-provisioner",
    "volume.kubernetes.io/selected-node",
    "velero.io/volume-snapshot-name",
    "velero.io/data-upload-name",
)
CONTROLLER_UIDS = ("batch.kubernetes.io/controller-uid", "controller-uid")
TOKEN_SECRET = "kubernetes.io/service-account-token"  # noqa: S105 - a Secret's type, no secret


def act(resource: str, obj: Body) -> None:
    """Change `obj` as the actions on its kind do."""
    action = ACTIONS.get(resource)
    if action is not None:
        action(obj)


def strip(obj: Body) -> None:
    """Take off what belongs to the object's former life; finalizers, labels, annotations stay."""
    for key in STRIPPED:
        table(obj, "metadata").pop(key, None)
    obj.pop("status", None)


def table(obj: object, *path: str) -> Body:
    """Return the very mapping at `path`, to be changed in place; a throw-away one where absent."""
    found = objects.dig(obj, *path)
    return found if isinstance(found, dict) else {}


def rows(obj: object, *path: str) -> Iterator[Body]:
    """Yield the mappings of the list at `path`, to be changed in place."""
    yield from (row for row in objects.items(obj, *path) if isinstance(row, dict))


def _claim(obj: Body) -> None:
    for mark in CLAIM_MARKS:
        table(obj, "metadata", "annotations").pop(mark, None)


def _pod(obj: Body) -> None:
    spec = table(obj, "spec")
    spec.pop("nodeName", None)
    spec.pop("priority", None)
    token = f"{objects.text(spec, 'serviceAccountName')}-token-"
    _drop(spec, "volumes", token)
    for kind in ("containers", "initContainers"):
        for container in rows(spec, kind):
            _drop(container, "volumeMounts", token)


def _drop(holder: Body, key: str, prefix: str) -> None:
    if key in holder:
        kept = [o for o in objects.items(holder, key) if not _called(o).startswith(prefix)]
        holder[key] = kept


def _called(found: object) -> str:
    return objects.text(found, "name")


def _job(obj: Body) -> None:
    for path in (("selector", "matchLabels"), ("template", "metadata", "labels")):
        for label in CONTROLLER_UIDS:
            table(obj, "spec", *path).pop(label, None)


def _account(obj: Body) -> None:
    _drop(obj, "secrets", f"{objects.name(obj)}-token-")


def _secret(obj: Body) -> None:
    if objects.text(obj, "type") == TOKEN_SECRET:
        table(obj, "metadata", "annotations").pop("kubernetes.io/service-account.uid", None)
        for key in ("token", "ca.crt"):
            table(obj, "data").pop(key, None)


ACTIONS: Mapping[str, Callable[[Body], None]] = {
    "persistentvolumeclaims": _claim,
    "pods": _pod,
    "jobs.batch": _job,
    "serviceaccounts": _account,
    "secrets": _secret,
    "services": without_addresses,
}
"""Actions by `plural.group`; mapping of namespaces in role bindings is in `previewing`."""
