"""The namespaces that a restore needs.

In: a namespace of the backup and where it is to be restored. Out: that namespace, waited for while
an older one of the name goes away, created as the backup has it if it is not there, and left just
as it is if it is (velero v1.18, pkg/util/kube/utils.go EnsureNamespaceExistsAndIsReady).
"""

from embedded.api_errors import ApiError
from embedded.json_objects import JsonObject, section
from embedded.velero.knobs import WaitedTooLong
from embedded.velero.restore_job import RestoreJob
from embedded.velero.results import CREATED, Outcome


def ensure_namespace(job: RestoreJob, source: str, target: str) -> bool:
    """Return whether the target namespace is there now; otherwise an error is noted."""
    try:
        job.knobs.wait_until(
            lambda: not _is_going(job, target), job.life, seconds=job.terminating_seconds
        )
    except WaitedTooLong:
        job.results.errors.velero.append(
            f"timed out waiting for terminating namespace {target} to disappear before restoring: "
            "context deadline exceeded"
        )
        return False
    if job.objects.peek("namespaces", "", target) is not None:
        return True
    try:
        job.objects.create("namespaces", _namespace(job, source, target))
    except ApiError as refusal:
        job.results.errors.velero.append(f"error creating namespace {target}: {refusal.message}")
        return False
    job.results.items["v1/Namespace", "", target] = Outcome(action=CREATED, exists=True)
    return True


def _is_going(job: RestoreJob, name: str) -> bool:
    found = job.objects.peek("namespaces", "", name)
    return found is not None and "deletionTimestamp" in found["metadata"]


def _namespace(job: RestoreJob, source: str, target: str) -> JsonObject:
    made: JsonObject = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": target}}
    if not job.archive.has("namespaces", "", source):
        return made
    original = job.archive.item("namespaces", "", source)
    for key in ("labels", "annotations"):
        made["metadata"][key] = section(original, "metadata", key)
    # Kubernetes sets this label itself; the source's name in it would be refused.
    made["metadata"]["labels"].pop("kubernetes.io/metadata.name", None)
    made["spec"] = section(original, "spec")
    return made
