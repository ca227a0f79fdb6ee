"""API versions that Kubernetes served once and no more, and what takes their place. Pure.

In: a Kind. Out: its Removal. Source: Kubernetes' "Deprecated API Migration Guide"
(`content/en/docs/reference/using-api/deprecation-guide.md` of kubernetes/website, as of 1.34) and,
for the alpha versions, the release notes of the releases named.
"""

from dataclasses import dataclass

from drills.cluster import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """When a version went, and what to use."""

    release: str
    """The first Kubernetes release that does not serve it, `1.25`."""
    instead: str
    """The apiVersion that takes its place; empty where nothing does."""


# Columns: release, version, what takes its place (- for nothing), kinds.
_TABLE = """
1.16 extensions/v1beta1 apps/v1 DaemonSet Deployment ReplicaSet
1.16 extensions/v1beta1 networking.k8s.io/v1 NetworkPolicy
1.16 extensions/v1beta1 - PodSecurityPolicy
1.16 apps/v1beta1 apps/v1 ControllerRevision Deployment StatefulSet
1.16 apps/v1beta2 apps/v1 ControllerRevision DaemonSet Deployment ReplicaSet StatefulSet
1.20 settings.k8s.io/v1alpha1 - PodPreset
1.21 batch/v2alpha1 batch/v1 CronJob
1.22 admissionregistration.k8s.io/v1beta1 admissionregistration.k8s.io/v1 \
MutatingWebhookConfiguration ValidatingWebhookConfiguration
1.22 apiextensions.k8s.io/v1beta1 apiextensions.k8s.io/v1 CustomResourceDefinition
1.22 apiregistration.k8s.io/v1beta1 apiregistration.k8s.io/v1 APIService
1.22 certificates.k8s.io/v1beta1 certificates.k8s.io/v1 CertificateSigningRequest
1.22 coordination.k8s.io/v1beta1 coordination.k8s.io/v1 Lease
1.22 extensions/v1beta1 networking.k8s.io/v1 Ingress
1.22 networking.k8s.io/v1beta1 networking.k8s.io/v1 Ingress IngressClass
1.22 rbac.authorization.k8s.io/v1beta1 rbac.authorization.k8s.io/v1 \
ClusterRole ClusterRoleBinding Role RoleBinding
1.22 scheduling.k8s.io/v1beta1 scheduling.k8s.io/v1 PriorityClass
1.22 storage.k8s.io/v1beta1 storage.k8s.io/v1 CSIDriver CSINode StorageClass VolumeAttachment
1.25 autoscaling/v2beta1 autoscaling/v2 HorizontalPodAutoscaler
1.25 batch/v1beta1 batch/v1 CronJob
1.25 discovery.k8s.io/v1beta1 discovery.k8s.io/v1 EndpointSlice
1.25 events.k8s.io/v1beta1 events.k8s.io/v1 Event
1.25 node.k8s.io/v1beta1 node.k8s.io/v1 RuntimeClass
1.25 policy/v1beta1 policy/v1 PodDisruptionBudget
1.25 policy/v1beta1 - PodSecurityPolicy
1.26 autoscaling/v2beta2 autoscaling/v2 HorizontalPodAutoscaler
1.26 flowcontrol.apiserver.k8s.io/v1beta1 flowcontrol.apiserver.k8s.io/v1 \
FlowSchema PriorityLevelConfiguration
1.27 storage.k8s.io/v1beta1 storage.k8s.io/v1 CSIStorageCapacity
1.29 flowcontrol.apiserver.k8s.io/v1beta2 flowcontrol.apiserver.k8s.io/v1 \
FlowSchema PriorityLevelConfiguration
1.32 flowcontrol.apiserver.k8s.io/v1beta3 flowcontrol.apiserver.k8s.io/v1 \
FlowSchema PriorityLevelConfiguration
"""


def _read(table: str) -> dict[Kind, Removal]:
    found: dict[Kind, Removal] = {}
    for line in table.strip().splitlines():
        release, version, instead, *kinds = line.split()
        for kind in kinds:
            found[Kind(version, kind)] = Removal(
                release=release, instead="" if instead == "-" else instead
            )
    return found


REMOVED = _read(_TABLE)
"""Every removed kind that a backup may hold."""


def removal_of(kind: Kind) -> Removal | None:
    """Return how Kubernetes removed the version of this kind, None where it never did."""
    return REMOVED.get(kind)
