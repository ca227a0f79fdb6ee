"""In what order Velero restores kinds.

Source: Velero v1.18 `pkg/cmd/server/config/config.go`, the default `--restore-resource-priorities`.
"""

from collections.abc import Iterable

FIRST = (
    "customresourcedefinitions.apiextensions.k8s.io",
    "namespaces",
    "storageclasses.storage.k8s.io",
    "volumesnapshotclass.snapshot.storage.k8s.io",
    "volumesnapshotcontents.snapshot.storage.k8s.io",
    "volumesnapshots.snapshot.storage.k8s.io",
    "datauploads.velero.io",
    "persistentvolumes",
    "persistentvolumeclaims",
    "clusterroles.rbac.authorization.k8s.io",
    "roles.rbac.authorization.k8s.io",
    "serviceaccounts",
    "clusterrolebindings.rbac.authorization.k8s.io",
    "rolebindings.rbac.authorization.k8s.io",
    "secrets",
    "configmaps",
    "limitranges",
    "priorityclasses.scheduling.k8s.io",
    "pods",
    "replicasets.apps",
    "clusterclasses.cluster.x-k8s.io",
    "endpoints",
    "services",
)
LAST = (
    "clusterbootstraps.run.tanzu.vmware.com",
    "clusters.cluster.x-k8s.io",
    "clusterresourcesets.addons.cluster.x-k8s.io",
    "apps.kappctrl.k14s.io",
    "packageinstalls.packaging.carvel.dev",
)


def in_order(resources: Iterable[str]) -> tuple[str, ...]:
    """Return the kinds (`plural.group`): high priorities, the rest by the alphabet, low ones."""
    present = set(resources)
    rest = sorted(present.difference(FIRST, LAST))
    return (
        *(one for one in FIRST if one in present),
        *rest,
        *(one for one in LAST if one in present),
    )
