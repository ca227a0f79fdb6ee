"""The resource types that the embedded API server serves.

In: nothing. Out: `ResourceType`, the built-in types of Kubernetes 1.34 that backups hold, the
Velero types, and `TypeRegistry`, which finds a type by any of its names.
"""

import threading
from collections.abc import Iterable
from dataclasses import dataclass

_RAW = frozenset({"controllerrevisions.apps", "customresourcedefinitions.apiextensions.k8s.io"})
"""Built-in types that hold JSON as it is given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceType:
    """One resource type at one version.

    Attributes:
        group: API group, empty for the core group.
        version: API version, such as `v1`.
        plural: name in paths, such as `deployments`.
        kind: name in objects, such as `Deployment`.
        namespaced: whether its objects live in namespaces.
        has_status: whether `/status` exists (then the main path ignores status).
        singular: name for people, such as `deployment`.
        short_names: abbreviations that kubectl understands.
        custom: whether a CustomResourceDefinition defines it.
        has_generation: whether metadata.generation counts changes of the specification.
        has_scale: whether `/scale` exists.
        stored: False for types that only answer questions, such as SelfSubjectAccessReview.
    """

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool
    has_status: bool
    singular: str
    short_names: tuple[str, ...] = ()
    custom: bool = False
    has_generation: bool = False
    has_scale: bool = False
    stored: bool = True

    @property
    def api_version(self) -> str:
        """Return the apiVersion that objects carry, such as `apps/v1` or `v1`."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def untyped(self) -> bool:
        """Return whether the server keeps nulls: it has no Go type for all that is inside."""
        return self.custom or self.group_resource in _RAW

    @property
    def group_resource(self) -> str:
        """Return `plural.group`, or only the plural for the core group."""
        return f"{self.plural}.{self.group}" if self.group else self.plural


class TypeRegistry:
    """Finds resource types; custom ones come and go while the server runs."""

    def __init__(self, types: Iterable[ResourceType] = ()) -> None:
        self._lock = threading.Lock()
        self._by_plural: dict[tuple[str, str, str], ResourceType] = {}
        self._by_kind: dict[tuple[str, str], ResourceType] = {}
        self._by_group_resource: dict[str, ResourceType] = {}
        for one in types:
            self.add(one)

    def add(self, t: ResourceType) -> None:
        """Serve the type from now on; the first version added is the preferred one."""
        with self._lock:
            self._by_plural[t.group, t.version, t.plural] = t
            self._by_kind[t.api_version, t.kind] = t
            known = self._by_group_resource.get(t.group_resource)
            if known is None or known.version == t.version:
                self._by_group_resource[t.group_resource] = t

    def remove(self, t: ResourceType) -> None:
        """Serve the type no longer; nothing happens if it was not served."""
        with self._lock:
            self._by_plural.pop((t.group, t.version, t.plural), None)
            self._by_kind.pop((t.api_version, t.kind), None)
            left = [
                one for one in self._by_plural.values() if one.group_resource == t.group_resource
            ]
            self._by_group_resource.pop(t.group_resource, None)
            if left:
                self._by_group_resource[t.group_resource] = left[0]

    def by_plural(self, group: str, version: str, plural: str) -> ResourceType | None:
        """Return the type that answers under this path, or None."""
        return self._by_plural.get((group, version, plural))

    def by_kind(self, api_version: str, kind: str) -> ResourceType | None:
        """Return the type of objects with this apiVersion and kind, or None."""
        return self._by_kind.get((api_version, kind))

    def by_group_resource(self, name: str) -> ResourceType | None:
        """Return the preferred version of `plural.group` (core group: `plural`), or None."""
        return self._by_group_resource.get(name)

    def all(self) -> tuple[ResourceType, ...]:
        """Return every served type at every version, in the order they were added."""
        with self._lock:
            return tuple(self._by_plural.values())


# Columns: kind, plural, flags, short names. Flags: N namespaced, S status subresource,
# G metadata.generation, C scale subresource, Q answers questions and stores nothing.
_TABLE = """
v1
 Namespace namespaces S ns
 Node nodes S no
 PersistentVolume persistentvolumes S pv
 Pod pods NSG po
 Service services NS svc
 ConfigMap configmaps N cm
 Secret secrets N -
 ServiceAccount serviceaccounts N sa
 PersistentVolumeClaim persistentvolumeclaims NS pvc
 Endpoints endpoints N ep
 Event events N ev
 LimitRange limitranges N limits
 PodTemplate podtemplates N -
 ReplicationController replicationcontrollers NSGC rc
 ResourceQuota resourcequotas NS quota
apps/v1
 Deployment deployments NSGC deploy
 ReplicaSet replicasets NSGC rs
 StatefulSet statefulsets NSGC sts
 DaemonSet daemonsets NSG ds
 ControllerRevision controllerrevisions N -
batch/v1
 Job jobs NSG -
 CronJob cronjobs NSG cj
autoscaling/v2
 HorizontalPodAutoscaler horizontalpodautoscalers NS hpa
networking.k8s.io/v1
 Ingress ingresses NSG ing
 IngressClass ingressclasses G -
 NetworkPolicy networkpolicies NG netpol
policy/v1
 PodDisruptionBudget poddisruptionbudgets NSG pdb
rbac.authorization.k8s.io/v1
 Role roles N -
 RoleBinding rolebindings N -
 ClusterRole clusterroles - -
 ClusterRoleBinding clusterrolebindings - -
discovery.k8s.io/v1
 EndpointSlice endpointslices NG -
storage.k8s.io/v1
 StorageClass storageclasses - sc
 VolumeAttachment volumeattachments S -
 CSIDriver csidrivers - -
 CSINode csinodes - -
 CSIStorageCapacity csistoragecapacities N -
coordination.k8s.io/v1
 Lease leases N -
scheduling.k8s.io/v1
 PriorityClass priorityclasses G pc
node.k8s.io/v1
 RuntimeClass runtimeclasses - -
apiextensions.k8s.io/v1
 CustomResourceDefinition customresourcedefinitions SG crd,crds
admissionregistration.k8s.io/v1
 ValidatingWebhookConfiguration validatingwebhookconfigurations G -
 MutatingWebhookConfiguration mutatingwebhookconfigurations G -
 ValidatingAdmissionPolicy validatingadmissionpolicies SG -
 ValidatingAdmissionPolicyBinding validatingadmissionpolicybindings G -
apiregistration.k8s.io/v1
 APIService apiservices S -
certificates.k8s.io/v1
 CertificateSigningRequest certificatesigningrequests S csr
events.k8s.io/v1
 Event events N ev
authorization.k8s.io/v1
 SelfSubjectAccessReview selfsubjectaccessreviews Q -
 SelfSubjectRulesReview selfsubjectrulesreviews Q -
 SubjectAccessReview subjectaccessreviews Q -
 LocalSubjectAccessReview localsubjectaccessreviews NQ -
authentication.k8s.io/v1
 SelfSubjectReview selfsubjectreviews Q -
 TokenReview tokenreviews Q -
"""

_VELERO = {
    "v1": (
        "Backup Restore Schedule BackupStorageLocation:bsl VolumeSnapshotLocation:vsl "
        "DeleteBackupRequest DownloadRequest ServerStatusRequest:ssr PodVolumeBackup "
        "PodVolumeRestore BackupRepository/backuprepositories"
    ),
    "v2alpha1": "DataUpload DataDownload",
}


def _rows(table: str) -> Iterable[ResourceType]:
    group, version = "", ""
    for line in table.strip().splitlines():
        if not line.startswith(" "):
            group, _, version = line.rpartition("/")
            continue
        kind, plural, flags, shorts = line.split()
        yield ResourceType(
            group=group,
            version=version,
            plural=plural,
            kind=kind,
            singular=kind.lower(),
            namespaced="N" in flags,
            has_status="S" in flags,
            has_generation="G" in flags,
            has_scale="C" in flags,
            stored="Q" not in flags,
            short_names=() if shorts == "-" else tuple(shorts.split(",")),
        )


def _velero(version: str, word: str) -> ResourceType:
    word, _, plural = word.partition("/")
    kind, _, short = word.partition(":")
    return ResourceType(
        group="velero.io",
        version=version,
        plural=plural or f"{kind.lower()}s",
        kind=kind,
        singular=kind.lower(),
        namespaced=True,
        has_status=False,
        has_generation=True,
        custom=True,
        short_names=(short,) if short else (),
    )


BUILTIN: tuple[ResourceType, ...] = tuple(_rows(_TABLE))
"""The built-in types, core group first (Kubernetes 1.34, `kubectl api-resources`)."""

VELERO_TYPES: tuple[ResourceType, ...] = tuple(
    _velero(version, word) for version, words in _VELERO.items() for word in words.split()
)
"""The 13 Velero types; none has a status subresource (velero v1.18.2 config/crd)."""
