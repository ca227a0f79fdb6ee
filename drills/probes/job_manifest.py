"""The Job of a `job` probe as a manifest. Pure."""

import math
from collections.abc import Mapping

from drills import objects
from drills.objects import KubeObject
from drills.probes.contract import ProbeContext
from scenarios.model import ProbeSpec

CONTAINER = "probe"
CPU, MEMORY = "250m", "256Mi"
NAME = "restore-drill/probe"
"""Annotation with the probe's name."""


def job_manifest(
    spec: ProbeSpec, name: str, namespace: str, context: ProbeContext, seconds: float
) -> KubeObject:
    """Return the Job: one try, `seconds` at most, as restricted as Pod Security knows."""
    labels, note = dict(context.labels), {NAME: spec.name}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "labels": labels,
            "annotations": note,
        },
        "spec": {
            "backoffLimit": 0,
            "activeDeadlineSeconds": math.ceil(seconds),
            "template": {
                "metadata": {"labels": labels, "annotations": note},
                "spec": _pod(spec.question, namespace, context),
            },
        },
    }


def _pod(question: Mapping[str, object], namespace: str, context: ProbeContext) -> KubeObject:
    claims = objects.mapping(question, "claims")
    user = question.get("runAsUser")
    identity = {} if user is None else {"runAsUser": user, "runAsGroup": user, "fsGroup": user}
    return {
        "restartPolicy": "Never",
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": 0,
        "securityContext": {
            "runAsNonRoot": True,
            "seccompProfile": {"type": "RuntimeDefault"},
            **identity,
        },
        "imagePullSecrets": [{"name": each} for each in objects.items(question, "pullSecrets")],
        "volumes": [
            {"name": f"claim-{at}", "persistentVolumeClaim": {"claimName": claim}}
            for at, claim in enumerate(claims)
        ],
        "containers": [_container(question, namespace, context)],
    }


def _container(question: Mapping[str, object], namespace: str, context: ProbeContext) -> KubeObject:
    own = {"DRILL_ID": context.drill_id, "DRILL_SANDBOX_NAMESPACE": namespace}
    given = {key: str(value) for key, value in objects.mapping(question, "env").items()}
    sizes = {
        "cpu": objects.text(question, "cpu") or CPU,
        "memory": objects.text(question, "memory") or MEMORY,
    }
    words = {
        word: [str(each) for each in objects.items(question, word)]
        for word in ("command", "args")
        if word in question
    }
    return {
        "name": CONTAINER,
        "image": objects.text(question, "image"),
        **words,
        "env": [{"name": key, "value": value} for key, value in (own | given).items()],
        "envFrom": [{"secretRef": {"name": each}} for each in objects.items(question, "secrets")],
        "resources": {"requests": sizes, "limits": sizes},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [
            {"name": f"claim-{at}", "mountPath": path, "readOnly": True}
            for at, path in enumerate(objects.mapping(question, "claims").values())
        ],
    }
