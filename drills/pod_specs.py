"""Where each kind of workload keeps its pod's spec. Pure."""

from collections.abc import Mapping

from drills import objects
from drills.objects import KubeObject

POD_SPECS: Mapping[str, tuple[str, ...]] = {
    "pods": ("spec",),
    "deployments.apps": ("spec", "template", "spec"),
    "statefulsets.apps": ("spec", "template", "spec"),
    "daemonsets.apps": ("spec", "template", "spec"),
    "replicasets.apps": ("spec", "template", "spec"),
    "replicationcontrollers": ("spec", "template", "spec"),
    "jobs.batch": ("spec", "template", "spec"),
    "cronjobs.batch": ("spec", "jobTemplate", "spec", "template", "spec"),
}
"""The path to the pod's spec, by `plural.group`."""
POD_SPECS_BY_KIND: Mapping[str, tuple[str, ...]] = {
    "Pod": POD_SPECS["pods"],
    "Deployment": POD_SPECS["deployments.apps"],
    "StatefulSet": POD_SPECS["statefulsets.apps"],
    "DaemonSet": POD_SPECS["daemonsets.apps"],
    "ReplicaSet": POD_SPECS["replicasets.apps"],
    "ReplicationController": POD_SPECS["replicationcontrollers"],
    "Job": POD_SPECS["jobs.batch"],
    "CronJob": POD_SPECS["cronjobs.batch"],
}


def pod_spec(resource: str, obj: object) -> KubeObject:
    """Return the pod's spec of a workload of kind `resource`, empty for any other kind."""
    path = POD_SPECS.get(resource)
    return objects.mapping(obj, *path) if path else {}
