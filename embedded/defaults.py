"""Fields that the API server fills in when a client leaves them out.

In: new objects. Out: the same objects, completed in place. Only what backups, probes and
controllers look at; values follow the v1 defaulting functions of Kubernetes 1.34.
"""

import base64
from collections.abc import Callable, Mapping

from embedded.json_objects import JsonObject, items
from embedded.namespaces import complete_namespace


def apply_defaults(body: JsonObject) -> None:
    """Complete a new object in place."""
    complete = _BY_KIND.get(body["kind"])
    if complete is not None and _is_builtin(body):
        complete(body)


def _is_builtin(body: JsonObject) -> bool:
    group = str(body["apiVersion"]).partition("/")[0]
    return "." not in group or group.endswith(".k8s.io")


def _secret(body: JsonObject) -> None:
    body.setdefault("type", "Opaque")
    plain = body.pop("stringData", None)
    if plain:
        data = body["data"] = dict(body.get("data") or {})
        for key, value in plain.items():
            data[key] = base64.b64encode(str(value).encode()).decode()


def _pod_spec(spec: JsonObject) -> None:
    spec.setdefault("restartPolicy", "Always")
    spec.setdefault("terminationGracePeriodSeconds", 30)
    spec.setdefault("dnsPolicy", "ClusterFirst")
    spec.setdefault("securityContext", {})
    spec.setdefault("schedulerName", "default-scheduler")
    for container in [*items(spec, "containers"), *items(spec, "initContainers")]:
        container.setdefault("resources", {})
        for port in items(container, "ports"):
            port.setdefault("protocol", "TCP")


def _pod(body: JsonObject) -> None:
    spec = body.setdefault("spec", {})
    _pod_spec(spec)
    spec.setdefault("serviceAccountName", "default")
    spec.setdefault("serviceAccount", spec["serviceAccountName"])
    body["status"] = {"phase": "Pending", "qosClass": "BestEffort"}


def _template(spec: JsonObject) -> None:
    template = spec.get("template")
    if isinstance(template, dict):
        _pod_spec(template.setdefault("spec", {}))


def _deployment(body: JsonObject) -> None:
    spec = body.setdefault("spec", {})
    spec.setdefault("replicas", 1)
    spec.setdefault("progressDeadlineSeconds", 600)
    spec.setdefault("revisionHistoryLimit", 10)
    rolling = {"maxUnavailable": "25%", "maxSurge": "25%"}
    spec.setdefault("strategy", {"type": "RollingUpdate", "rollingUpdate": rolling})
    _template(spec)


def _replicated(body: JsonObject) -> None:
    spec = body.setdefault("spec", {})
    spec.setdefault("replicas", 1)
    _template(spec)


def _stateful_set(body: JsonObject) -> None:
    spec = body.setdefault("spec", {})
    spec.setdefault("podManagementPolicy", "OrderedReady")
    spec.setdefault("updateStrategy", {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}})
    spec.setdefault("revisionHistoryLimit", 10)
    _replicated(body)


def _daemon_set(body: JsonObject) -> None:
    spec = body.setdefault("spec", {})
    rolling = {"maxUnavailable": 1, "maxSurge": 0}
    spec.setdefault("updateStrategy", {"type": "RollingUpdate", "rollingUpdate": rolling})
    _template(spec)


def _job(body: JsonObject) -> None:
    spec = body.setdefault("spec", {})
    spec.setdefault("parallelism", 1)
    spec.setdefault("completions", 1)
    spec.setdefault("backoffLimit", 6)
    spec.setdefault("completionMode", "NonIndexed")
    spec.setdefault("suspend", False)
    _template(spec)


def _cron_job(body: JsonObject) -> None:
    spec = body.setdefault("spec", {})
    spec.setdefault("concurrencyPolicy", "Allow")
    spec.setdefault("suspend", False)
    spec.setdefault("successfulJobsHistoryLimit", 3)
    spec.setdefault("failedJobsHistoryLimit", 1)


def _claim(body: JsonObject) -> None:
    body.setdefault("spec", {}).setdefault("volumeMode", "Filesystem")
    body["status"] = {"phase": "Pending"}


def _volume(body: JsonObject) -> None:
    spec = body.setdefault("spec", {})
    spec.setdefault("persistentVolumeReclaimPolicy", "Retain")
    spec.setdefault("volumeMode", "Filesystem")
    body["status"] = {"phase": "Pending"}


def _storage_class(body: JsonObject) -> None:
    body.setdefault("reclaimPolicy", "Delete")
    body.setdefault("volumeBindingMode", "Immediate")


def _service(body: JsonObject) -> None:
    spec = body.setdefault("spec", {})
    spec.setdefault("type", "ClusterIP")
    spec.setdefault("sessionAffinity", "None")
    for port in items(spec, "ports"):
        port.setdefault("protocol", "TCP")
        port.setdefault("targetPort", port.get("port"))
    body["status"] = {"loadBalancer": {}}


_BY_KIND: Mapping[str, Callable[[JsonObject], None]] = {
    "Namespace": complete_namespace,
    "Secret": _secret,
    "Pod": _pod,
    "Deployment": _deployment,
    "ReplicaSet": _replicated,
    "ReplicationController": _replicated,
    "StatefulSet": _stateful_set,
    "DaemonSet": _daemon_set,
    "Job": _job,
    "CronJob": _cron_job,
    "PersistentVolumeClaim": _claim,
    "PersistentVolume": _volume,
    "StorageClass": _storage_class,
    "Service": _service,
}
