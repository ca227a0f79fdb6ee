"""What a sandbox namespace takes over from the one it stands for. Pure.

Velero leaves a namespace that exists as it is, so labels and annotations of the source do not come
along. What decides whether pods are admitted does: the Pod Security level, and the ranges of users
that OpenShift gave the source, which its pods name. Injection of a mesh does not: a sidecar of the
copy would have to reach the mesh's control plane, which the closed network forbids.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from drills import objects
from drills.backups import BackedUpObject
from drills.findings import Cause, Finding, Severity

POD_SECURITY = "pod-security.kubernetes.io/"
USER_RANGES = "openshift.io/sa.scc."
MESHES = ("istio-injection", "istio.io/rev", "linkerd.io/inject", "kuma.io/sidecar-injection")
"""Labels (linkerd's also an annotation) by which a mesh adds a container to each new pod."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """Labels and annotations that a sandbox namespace gets besides the drill's own."""

    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)


def carried(source: object, wanted: Collection[str] = ()) -> Carried:
    """Return what the sandbox takes over from a source namespace; `wanted` are more keys."""
    annotations = objects.mapping(source, "metadata", "annotations")
    return Carried(
        labels={
            key: value
            for key, value in objects.labels(source).items()
            if key.startswith(POD_SECURITY) or key in wanted
        },
        annotations={
            key: value
            for key, value in annotations.items()
            if (key.startswith(USER_RANGES) or key in wanted) and isinstance(value, str)
        },
    )


def mesh_notes(
    found: Iterable[BackedUpObject], namespaces: Collection[str], wanted: Collection[str]
) -> tuple[Finding, ...]:
    """Return a note for each source namespace whose mesh leaves new pods of the copy alone."""
    return tuple(
        _note(obj.key.name, key)
        for obj in found
        if obj.key.resource == "namespaces" and obj.key.name in namespaces
        for key in _injects(obj)
        if key not in wanted
    )


def _injects(obj: BackedUpObject) -> tuple[str, ...]:
    known = {**objects.mapping(obj.body, "metadata", "annotations"), **objects.labels(obj.body)}
    return tuple(key for key in MESHES if known.get(key) not in {None, "disabled", "false"})


def _note(namespace: str, key: str) -> Finding:
    return Finding(
        code="mesh-left-out",
        severity=Severity.INFO,
        cause=Cause.CONFIGURATION,
        subject=f"namespace {namespace}",
        message=(
            f"A mesh injects containers there ({key}), and not into the sandbox. Restored pods "
            "bring the sidecar that they had, which finds no control plane in a closed network; "
            "new ones get none."
        ),
        remedy=f"Where the copy needs it, say restore.namespaceLabels: [{key}].",
    )
