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


def _fill(holder: JsonObject, key: str, value: object) -> None:
    """Set a field that is absent, null or an empty text: the server takes all three for unset.

    Zero and False are values of their own; the few fields whose empty text means something
    (`storageClassName`) are never filled in here.
    """
    if holder.get(key) in (None, ""):
        holder[key] = value


def _secret(body: JsonObject) -> None:
    _fill(body, "type", "Opaque")
    plain = body.pop("stringData", None)
    if plain:
        data = body["data"] = dict(body.get("data") or {})
        for key, value in plain.items():
            data[key] = base64.b64encode(str(value).encode()).decode()


def _pod_spec(spec: JsonObject) -> None:
    _fill(spec, "restartPolicy", "Always")
    _fill(spec, "terminationGracePeriodSeconds", 30)
    _fill(spec, "dnsPolicy", "ClusterFirst")
    _fill(spec, "securityContext", {})
    _fill(spec, "schedulerName", "default-scheduler")
    for container in [*items(spec, "containers"), *items(spec, "initContainers")]:
        _fill(container, "resources", {})
        for port in items(container, "ports"):
            _fill(port, "protocol", "TCP")


def _pod(body: JsonObject) -> None:
    spec = body.setdefault("spec", {})
    _pod_spec(spec)
    _fill(spec, "serviceAccountName", spec.get("serviceAccount") or "default")
    spec["serviceAccount"] = spec["serviceAccountName"]
    body["status"] = {"phase": "Pending", "qosClass": "BestEffort"}


def _template(spec: JsonObject) -> None:
    template = spec.get("template")
    if isinstance(template, dict):
        _pod_spec(template.setdefault("spec", {}))


def _deployment(body: JsonObject) -> None:
    spec = body.setdefault("spec", {})
    _fill(spec, "replicas", 1)
    _fill(spec, "progressDeadlineSeconds", 600)
    _fill(spec, "revisionHistoryLimit", 10)
    rolling = {"maxUnavailable": "25%", "maxSurge": "25%"}
    _fill(spec, "strategy", {"type": "RollingUpdate", "rollingUpdate": rolling})
    _template(spec)


def _replicated(body: JsonObject) -> None:
    spec = body.setdefault("spec", {})
    _fill(spec, "replicas", 1)
    _template(spec)


def _stateful_set(body: JsonObject) -> None:
    spec = body.setdefault("spec", {})
    _fill(spec, "podManagementPolicy", "OrderedReady")
    _fill(spec, "updateStrategy", {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}})
    _fill(spec, "revisionHistoryLimit", 10)
    _replicated(body)


def _daemon_set(body: JsonObject) -> None:
    spec = body.setdefault("spec", {})
    rolling = {"maxUnavailable": 1, "maxSurge": 0}
    _fill(spec, "updateStrategy", {"type": "RollingUpdate", "rollingUpdate": rolling})
    _template(spec)


def _job(body: JsonObject) -> None:
    spec = body.setdefault("spec", {})
    if spec.get("parallelism") is None:
        # A Job with parallelism alone works until its pods say that nothing is left.
        _fill(spec, "completions", 1)
    _fill(spec, "parallelism", 1)
    _fill(spec, "backoffLimit", 6)
    _fill(spec, "completionMode", "NonIndexed")
    _fill(spec, "suspend", value=False)
    _template(spec)


def _cron_job(body: JsonObject) -> None:
    spec = body.setdefault("spec", {})
    _fill(spec, "concurrencyPolicy", "Allow")
    _fill(spec, "suspend", value=False)
    _fill(spec, "successfulJobsHistoryLimit", 3)
    _fill(spec, "failedJobsHistoryLimit", 1)


def _claim(body: JsonObject) -> None:
    _fill(body.setdefault("spec", {}), "volumeMode", "Filesystem")
    body["status"] = {"phase": "Pending"}


def _volume(body: JsonObject) -> None:
    spec = body.setdefault("spec", {})
    _fill(spec, "persistentVolumeReclaimPolicy", "Retain")
    _fill(spec, "volumeMode", "Filesystem")
    body["status"] = {"phase": "Pending"}


def _storage_class(body: JsonObject) -> None:
    _fill(body, "reclaimPolicy", "Delete")
    _fill(body, "volumeBindingMode", "Immediate")


def _service(body: JsonObject) -> None:
    spec = body.setdefault("spec", {})
    _fill(spec, "type", "ClusterIP")
    _fill(spec, "sessionAffinity", "None")
    for port in items(spec, "ports"):
        _fill(port, "protocol", "TCP")
        _fill(port, "targetPort", port.get("port"))
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
