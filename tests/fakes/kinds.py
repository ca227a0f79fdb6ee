"""The kinds a FakeCluster serves unless a test says otherwise."""

from drills.cluster import ServedKind

VERBS = frozenset({"create", "delete", "get", "list", "patch", "update", "watch"})

_NAMESPACED = """
v1 ConfigMap configmaps
v1 Endpoints endpoints
v1 Event events
v1 LimitRange limitranges
v1 PersistentVolumeClaim persistentvolumeclaims
v1 Pod pods
v1 ResourceQuota resourcequotas
v1 Secret secrets
v1 Service services
v1 ServiceAccount serviceaccounts
apps/v1 ControllerRevision controllerrevisions
apps/v1 DaemonSet daemonsets
apps/v1 Deployment deployments
apps/v1 ReplicaSet replicasets
apps/v1 StatefulSet statefulsets
autoscaling/v2 HorizontalPodAutoscaler horizontalpodautoscalers
batch/v1 CronJob cronjobs
batch/v1 Job jobs
coordination.k8s.io/v1 Lease leases
discovery.k8s.io/v1 EndpointSlice endpointslices
networking.k8s.io/v1 Ingress ingresses
networking.k8s.io/v1 NetworkPolicy networkpolicies
policy/v1 PodDisruptionBudget poddisruptionbudgets
rbac.authorization.k8s.io/v1 Role roles
rbac.authorization.k8s.io/v1 RoleBinding rolebindings
velero.io/v1 Backup backups
velero.io/v1 BackupRepository backuprepositories
velero.io/v1 BackupStorageLocation backupstoragelocations
velero.io/v1 DownloadRequest downloadrequests
velero.io/v1 PodVolumeBackup podvolumebackups
velero.io/v1 PodVolumeRestore podvolumerestores
velero.io/v1 Restore restores
velero.io/v1 Schedule schedules
velero.io/v1 ServerStatusRequest serverstatusrequests
velero.io/v2alpha1 DataDownload datadownloads
"""

_CLUSTER_WIDE = """
v1 Namespace namespaces
v1 Node nodes
v1 PersistentVolume persistentvolumes
rbac.authorization.k8s.io/v1 ClusterRole clusterroles
rbac.authorization.k8s.io/v1 ClusterRoleBinding clusterrolebindings
storage.k8s.io/v1 StorageClass storageclasses
"""


def _read(table: str, *, namespaced: bool) -> tuple[ServedKind, ...]:
    rows = (line.split() for line in table.splitlines() if line)
    return tuple(
        ServedKind(
            api_version=version, kind=kind, plural=plural, namespaced=namespaced, verbs=VERBS
        )
        for version, kind, plural in rows
    )


SERVED = (*_read(_NAMESPACED, namespaced=True), *_read(_CLUSTER_WIDE, namespaced=False))
