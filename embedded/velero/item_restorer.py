"""Restoring one item, with the items that it wants before it.

In: an object from the archive. Out: the object in the cluster, or a remark why not (velero v1.18,
pkg/restore/restore.go restoreItem).
"""

from embedded.api_errors import ApiError, no_such_resource
from embedded.json_objects import JsonObject, copied_object, name_of, namespace_of, section
from embedded.velero.existing import compare_with_existing
from embedded.velero.item_actions import Case, Discarded, Item, actions_for
from embedded.velero.labels import add_restore_labels
from embedded.velero.modifier_patches import Patcher
from embedded.velero.namespaces import ensure_namespace
from embedded.velero.pod_actions import volume_backups
from embedded.velero.pod_volumes import order_pod_volumes
from embedded.velero.restore_job import RestoreJob
from embedded.velero.results import CREATED, FAILED, SKIPPED, Outcome
from embedded.velero.statuses import restore_status
from embedded.velero.volumes import VolumeRefused, restored_claim, restored_volume

_MIRROR = "kubernetes.io/config.mirror"
_STRIPPED = (
    "generateName",
    "selfLink",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "ownerReferences",
)


class ItemRestorer:
    """Restores items of one job."""

    def __init__(self, job: RestoreJob) -> None:
        self._job = job

    def restore(self, resource: str, obj: JsonObject, target: str) -> bool:
        """Restore an item into a namespace (empty: cluster-scoped); return whether it exists."""
        job, source = self._job, namespace_of(obj)
        if not job.filters.single(resource, source if target else ""):
            job.lines.info(f"Not restoring {resource} {name_of(obj)} because it is excluded")
            return False
        if target and not ensure_namespace(job, source, target):
            return False
        if _is_completed(resource, obj):
            job.lines.info(f"{source}/{name_of(obj)} is complete - skipping")
            return False
        key = (f"{obj.get('apiVersion')}/{obj.get('kind')}", target, name_of(obj))
        if key in job.results.items:
            return job.results.items[key].exists
        outcome = job.results.items[key] = Outcome()
        before = self._remarks()
        self._restore(resource, obj, target, outcome)
        if not outcome.action:
            outcome.action = SKIPPED if self._remarks() == before else FAILED
        return outcome.exists

    def _remarks(self) -> int:
        return len(self._job.results.warnings) + len(self._job.results.errors)

    def _restore(self, resource: str, obj: JsonObject, target: str, outcome: Outcome) -> None:
        if resource == "pods" and _MIRROR in section(obj, "metadata", "annotations"):
            return
        prepared = self._prepared(resource, obj, target)
        if prepared is None:
            return
        status = obj.get("status")
        prepared = self._modified(resource, prepared, target)
        if target:
            prepared["metadata"]["namespace"] = target
        add_restore_labels(prepared, self._job.name, str(self._job.spec.get("backupName")))
        self._put(resource, prepared, target, outcome)
        if outcome.action == CREATED:
            self._after(resource, prepared, status, namespace_of(obj))

    def _prepared(self, resource: str, obj: JsonObject, target: str) -> JsonObject | None:
        """Return the object after all item actions, None where it is not to be created."""
        made: JsonObject | None = copied_object(obj)
        place = f"{resource}/{target}/{name_of(obj)}" if target else f"{resource}/{name_of(obj)}"
        errors = self._job.results.errors
        try:
            if resource == "persistentvolumes" and made is not None:
                made = restored_volume(self._job, made)
            if made is None:
                return None
            _strip(made)
            self._act(resource, made, obj)
        except Discarded:
            return None
        except VolumeRefused as problem:
            errors.add(target, str(problem))
            return None
        except (ValueError, TypeError, KeyError, AttributeError) as problem:
            errors.add(target, f"error preparing {place}: {problem}")
            return None
        if resource == "persistentvolumeclaims":
            restored_claim(self._job, made)
        return made

    def _act(self, resource: str, obj: JsonObject, original: JsonObject) -> None:
        case = Case(
            objects=self._job.objects,
            restore=self._job.restore,
            original=original,
            backups=self._job.volume_backups,
        )
        for action in actions_for(resource):
            for wanted in action(case, obj):
                self._also(wanted)

    def _also(self, wanted: Item) -> None:
        """Restore an item that another one wants first."""
        archive, results = self._job.archive, self._job.results
        if not archive.has(wanted.resource, wanted.namespace, wanted.name):
            path = archive.path(wanted.resource, wanted.namespace, wanted.name)
            text = f"stat /tmp/backup/{path}: no such file or directory"
            results.warnings.add(wanted.namespace, text)
            return
        obj = archive.item(wanted.resource, wanted.namespace, wanted.name)
        target = self._job.mapped(wanted.namespace) if wanted.namespace else ""
        self.restore(wanted.resource, obj, target)

    def _modified(self, resource: str, obj: JsonObject, target: str) -> JsonObject:
        if self._job.modifiers is None:
            return obj
        patcher = Patcher(self._job.objects.storage.types)
        made, problems = self._job.modifiers.apply(obj, resource, patcher)
        for problem in problems:
            self._job.results.errors.add(target, problem)
        return copied_object(made)

    def _put(self, resource: str, obj: JsonObject, target: str, outcome: Outcome) -> None:
        job, name = self._job, name_of(obj)
        place = f"{resource}/{target}/{name}" if target else f"{resource}/{name}"
        t = job.objects.storage.types.by_kind(str(obj.get("apiVersion")), str(obj.get("kind")))
        if t is None:
            # The dynamic client asks for any version, and the API server knows no such path.
            problem = no_such_resource().message
            job.results.errors.add(target, f"error restoring {place}: {problem}")
            return
        job.lines.info(f"Attempting to restore {t.kind}: {name}.")
        fault = job.knobs.item_fault(resource, target, name)
        if job.objects.peek(t.group_resource, target, name) is None:
            problem = fault or self._created(t.group_resource, obj)
            if not problem:
                outcome.action, outcome.exists = CREATED, True
                return
            if job.objects.peek(t.group_resource, target, name) is None:
                job.lines.error(f"error restoring {name}: {problem}")
                job.results.errors.add(target, f"error restoring {place}: {problem}")
                return
        outcome.exists = True
        compare_with_existing(job, t.group_resource, obj, outcome)

    def _created(self, group_resource: str, obj: JsonObject) -> str:
        """Create the object; return why it was refused, or an empty string."""
        try:
            self._job.objects.create(group_resource, obj)
        except ApiError as refusal:
            return refusal.message
        return ""

    def _after(self, resource: str, obj: JsonObject, status: object, source: str) -> None:
        """Do what follows the creation: status, volume data."""
        restore_status(self._job, resource, obj, status)
        if resource == "pods" and volume_backups(self._job.volume_backups, obj, source):
            order_pod_volumes(self._job, obj, source)


def _strip(obj: JsonObject) -> None:
    """Take off what belongs to the object's former life, in place; finalizers stay."""
    for key in _STRIPPED:
        obj["metadata"].pop(key, None)
    obj.pop("status", None)


def _is_completed(resource: str, obj: JsonObject) -> bool:
    status = section(obj, "status")
    if resource == "pods":
        return status.get("phase") in {"Succeeded", "Failed"}
    return resource == "jobs.batch" and bool(status.get("completionTime"))
