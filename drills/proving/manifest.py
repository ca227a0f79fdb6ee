"""The prober's pod as a manifest. Pure."""

from collections.abc import Mapping

from drills.objects import KubeObject
from drills.proving.script import PORT, environment, listen_command
from scenarios.model import ProberSpec

CONTAINER = "prober"
USER = 65532
"""Not root; the same as in our own image."""


def prober_pod(
    name: str,
    namespace: str,
    labels: Mapping[str, str],
    spec: ProberSpec,
    *,
    lifetime: float,
) -> KubeObject:
    """Return a pod that waits to be asked, as restricted as Pod Security knows.

    It ends by itself after `lifetime` seconds, whatever becomes of the drill.
    """
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace, "labels": dict(labels)},
        "spec": {
            "restartPolicy": "Never",
            "activeDeadlineSeconds": max(1, int(lifetime)),
            "terminationGracePeriodSeconds": 0,
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "securityContext": {
                "runAsNonRoot": True,
                "runAsUser": USER,
                "runAsGroup": USER,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "containers": [_container(spec)],
        },
    }


def _container(spec: ProberSpec) -> KubeObject:
    return {
        "name": CONTAINER,
        "image": spec.image,
        "imagePullPolicy": spec.pull_policy,
        "command": listen_command(),
        "env": [{"name": key, "value": word} for key, word in environment().items()],
        "ports": [{"containerPort": PORT, "protocol": "TCP"}],
        "resources": {
            "requests": {"cpu": "10m", "memory": "16Mi"},
            "limits": {"cpu": "500m", "memory": "64Mi"},
        },
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
    }
