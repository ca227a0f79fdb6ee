"""What the target cluster has of the things a restore needs, asked once each.

In: the cluster. Out: names; None where we may not ask, with the finding that says so.
"""

from collections.abc import Iterable

from drills import objects
from drills.errors import DrillError, Forbidden, NotServed
from drills.findings import Finding, Severity
from drills.objects import KubeObject
from drills.ports import Cluster, Kind
from drills.restorability.needs import DEFAULT, NeedKind

IS_DEFAULT = (
    "storageclass.kubernetes.io/is-default-class",
    "storageclass.beta.kubernetes.io/is-default-class",
)
NODE = Kind("v1", "Node")
CLASSES: dict[NeedKind, Kind] = {
    NeedKind.STORAGE_CLASS: Kind("storage.k8s.io/v1", "StorageClass"),
    NeedKind.INGRESS_CLASS: Kind("networking.k8s.io/v1", "IngressClass"),
    NeedKind.PRIORITY_CLASS: Kind("scheduling.k8s.io/v1", "PriorityClass"),
    NeedKind.RUNTIME_CLASS: Kind("node.k8s.io/v1", "RuntimeClass"),
}


class Present:
    """Answers from one cluster; `findings` gathers what could not be asked."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.findings: list[Finding] = []

    def classes(self, kind: NeedKind) -> frozenset[str] | None:
        """Return the names of a kind of class, with DEFAULT where one is the default."""
        found = self._listed(CLASSES[kind])
        if found is None:
            return None
        default = {DEFAULT} if any(_is_default(one) for one in found) else set()
        return frozenset({objects.name(one) for one in found} | default)

    def images(self) -> frozenset[str] | None:
        """Return the image names that nodes hold; a node tells of its 50 largest only."""
        try:
            nodes = self.cluster.list(NODE)
        except (Forbidden, NotServed):
            return None
        return frozenset(_images(nodes))

    def _listed(self, kind: Kind) -> tuple[KubeObject, ...] | None:
        try:
            return tuple(self.cluster.list(kind, metadata_only=True))
        except NotServed:
            return ()
        except Forbidden as error:
            self.findings.append(_not_asked(kind, error))
            return None


def _is_default(obj: KubeObject) -> bool:
    return any(objects.text(obj, "metadata", "annotations", key) == "true" for key in IS_DEFAULT)


def _images(nodes: Iterable[KubeObject]) -> Iterable[str]:
    for node in nodes:
        for image in objects.items(node, "status", "images"):
            yield from (name for name in objects.items(image, "names") if isinstance(name, str))


def _not_asked(kind: Kind, error: DrillError) -> Finding:
    return Finding(
        code="references-not-asked",
        severity=Severity.WARNING,
        cause=error.cause,
        subject=kind.kind,
        message=f"Whether each {kind.kind} that the backup needs is there is unknown: {error}.",
        remedy=f"Give the account this runs as the right to list {kind.kind} objects.",
        unanswered=True,
    )
