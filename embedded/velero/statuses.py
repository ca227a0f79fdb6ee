"""Statuses that are restored, which is the exception.

In: an object just created and the status it had in the backup. Out: that status written, where the
Restore or an annotation on the object asks for it (velero v1.18, determineRestoreStatus).
"""

from embedded.api_errors import ApiError
from embedded.json_objects import JsonObject, name_of, namespace_of, section
from embedded.velero.filters import Choice, resolved_resource
from embedded.velero.restore_job import RestoreJob

_ANNOTATION = "velero.io/restore-status"


def restore_status(job: RestoreJob, resource: str, obj: JsonObject, status: object) -> None:
    """Write the status if it is wanted; a refusal is a warning."""
    if not isinstance(status, dict) or not _is_wanted(job, resource, obj):
        return
    try:
        job.objects.set_status(resource, namespace_of(obj), name_of(obj), status)
    except ApiError as refusal:
        job.results.warnings.add(namespace_of(obj), refusal.message)


def _is_wanted(job: RestoreJob, resource: str, obj: JsonObject) -> bool:
    mark = section(obj, "metadata", "annotations").get(_ANNOTATION)
    if mark is not None:
        return str(mark).lower() == "true"
    asked = job.spec.get("restoreStatus")
    if not isinstance(asked, dict):
        return False
    types = job.objects.storage.types
    included = [resolved_resource(types, one) for one in asked.get("includedResources") or ()]
    excluded = [resolved_resource(types, one) for one in asked.get("excludedResources") or ()]
    return Choice(included=tuple(included), excluded=tuple(excluded)).has(resource)
