"""Items whose object is in the cluster already.

In: the object as it would have been created, and the policy of the Restore. Out: nothing where
both are the same; a warning, an update, or merged ServiceAccounts where they are not (velero
v1.18, pkg/restore/restore.go restoreItem, merge_service_account.go).
"""

from embedded.api_errors import ApiError
from embedded.json_objects import JsonObject, copied_object, name_of, namespace_of, section
from embedded.velero.labels import BACKUP_NAME, RESTORE_NAME
from embedded.velero.restore_job import RestoreJob
from embedded.velero.results import UPDATED, Outcome

_KEPT_METADATA = ("name", "namespace", "labels", "annotations", "finalizers")


def compare_with_existing(
    job: RestoreJob, group_resource: str, obj: JsonObject, outcome: Outcome
) -> None:
    """Do with an existing object what the Restore's policy says, and note remarks."""
    place, name = namespace_of(obj), name_of(obj)
    known = job.objects.get(group_resource, place, name)
    policy = str(job.spec.get("existingResourcePolicy") or "")
    if known is not None and _comparable(known, obj) == _comparable(obj, obj):
        job.lines.info(f"Restore of {name} skipped: it already exists and is the same")
        if policy == "update":
            _patch(job, group_resource, obj, {"metadata": {"labels": _marks(obj)}})
    elif known is not None and group_resource == "serviceaccounts":
        _merge_account(job, known, obj, outcome)
    elif policy == "update":
        if _patch(job, group_resource, obj, _substance(obj)):
            outcome.action = UPDATED
    else:
        kind = obj.get("kind")
        named = f'{kind} "{name}"' if policy else f"{kind}:{name}"
        job.results.warnings.add(
            place,
            f"could not restore, {named} already exists. Warning: the in-cluster version is "
            "different than the backed-up version",
        )


def _marks(obj: JsonObject) -> JsonObject:
    labels = section(obj, "metadata", "labels")
    return {key: labels[key] for key in (BACKUP_NAME, RESTORE_NAME)}


def _substance(obj: JsonObject) -> JsonObject:
    made = {key: value for key, value in obj.items() if key not in {"metadata", "status"}}
    metadata = {key: obj["metadata"][key] for key in _KEPT_METADATA if key in obj["metadata"]}
    return copied_object({**made, "metadata": metadata})


def _comparable(obj: JsonObject, labelled: JsonObject) -> JsonObject:
    """Return the object's substance with the restore labels of `labelled`."""
    made = _substance(obj)
    metadata = made["metadata"]
    metadata["labels"] = {**(metadata.get("labels") or {}), **_marks(labelled)}
    made["metadata"] = {key: value for key, value in metadata.items() if value}
    return {key: value for key, value in made.items() if value not in (None, {}, [])}


def _merge_account(job: RestoreJob, known: JsonObject, obj: JsonObject, outcome: Outcome) -> None:
    change: JsonObject = {}
    for key in ("secrets", "imagePullSecrets"):
        have, wanted = known.get(key) or [], obj.get(key) or []
        missing = [one for one in wanted if one not in have]
        if missing:
            change[key] = [*have, *missing]
    for key in ("labels", "annotations"):
        have = section(known, "metadata", key)
        added = {k: v for k, v in section(obj, "metadata", key).items() if k not in have}
        if key == "labels":
            added = {k: v for k, v in added.items() if k not in {BACKUP_NAME, RESTORE_NAME}}
        if added:
            change.setdefault("metadata", {})[key] = added
    if change and _patch(job, "serviceaccounts", obj, change):
        outcome.action = UPDATED


def _patch(job: RestoreJob, group_resource: str, obj: JsonObject, change: JsonObject) -> bool:
    """Patch the existing object; return whether it worked, with a warning where it did not."""
    try:
        job.objects.patch(group_resource, namespace_of(obj), name_of(obj), change)
    except ApiError as refusal:
        job.results.warnings.add(namespace_of(obj), refusal.message)
        return False
    return True
