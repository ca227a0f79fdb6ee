"""Words for kinds, understood the way Velero and kubectl understand them. Pure.

`configmap`, `ConfigMap`, `cm` and `configmaps` mean one kind, `deploy`, `Deployment` and
`deployments.apps` another: Velero asks discovery for each word of a filter
(`pkg/discovery/helper.go` ResourceFor, v1.18), which takes plural, singular and short name in any
case, and a group by its name or how that begins. Everything below works with `plural.group`.

A word without a group that is none of Kubernetes' own is refused here. A custom kind has its group
with it, and what it is in full only the backup tells (`known_as`).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from scenarios.problems import nearest

_TABLE = """
core: Namespace=ns Node=no PersistentVolume=pv Pod=po Service=svc ConfigMap=cm Secret
core: ServiceAccount=sa PersistentVolumeClaim=pvc Endpoints/endpoints=ep Event=ev
core: LimitRange=limits PodTemplate ReplicationController=rc ResourceQuota=quota
apps: Deployment=deploy ReplicaSet=rs StatefulSet=sts DaemonSet=ds ControllerRevision
batch: Job CronJob=cj
autoscaling: HorizontalPodAutoscaler=hpa
networking.k8s.io: Ingress/ingresses=ing IngressClass/ingressclasses
networking.k8s.io: NetworkPolicy/networkpolicies=netpol
policy: PodDisruptionBudget=pdb
rbac.authorization.k8s.io: Role RoleBinding ClusterRole ClusterRoleBinding
discovery.k8s.io: EndpointSlice
storage.k8s.io: StorageClass/storageclasses=sc VolumeAttachment CSIDriver CSINode
storage.k8s.io: CSIStorageCapacity/csistoragecapacities
coordination.k8s.io: Lease
scheduling.k8s.io: PriorityClass/priorityclasses=pc
node.k8s.io: RuntimeClass/runtimeclasses
apiextensions.k8s.io: CustomResourceDefinition=crd,crds
admissionregistration.k8s.io: ValidatingWebhookConfiguration MutatingWebhookConfiguration
admissionregistration.k8s.io: ValidatingAdmissionPolicy/validatingadmissionpolicies
admissionregistration.k8s.io: ValidatingAdmissionPolicyBinding
apiregistration.k8s.io: APIService
certificates.k8s.io: CertificateSigningRequest=csr
events.k8s.io: Event
extensions: Ingress/ingresses
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownKind:
    """One kind with the words that mean it."""

    plural: str
    group: str
    words: frozenset[str]
    """Plural, singular and short names, in small letters."""

    @property
    def resource(self) -> str:
        """Return `plural.group`, core without a dot."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    def meant_by(self, head: str, group: str) -> bool:
        """Return whether `head.group` means it; an empty group is any."""
        return head in self.words and self.group.startswith(group)


def kind_of_backup(resource: str, kind: str) -> KnownKind:
    """Return a kind that a backup holds: `plural.group` and its name."""
    plural, _, group = resource.partition(".")
    return KnownKind(plural=plural, group=group, words=frozenset({plural, kind.lower()}))


def known_as(word: str, also: Iterable[KnownKind] = ()) -> str | None:
    """Return `plural.group` for the word, None where no known kind is meant by it."""
    head, _, group = word.lower().partition(".")
    every = [kind for kind in (*BUILTIN, *also) if kind.meant_by(head, group)]
    exact = [kind for kind in every if kind.group == group]
    return next((kind.resource for kind in (*exact, *every)), None)


def full_name(word: str) -> str:
    """Return `plural.group` for a well-known kind; other words in small letters."""
    return word.lower() if is_pattern(word) else known_as(word) or word.lower()


def is_pattern(word: str) -> bool:
    """Return whether the word means every kind of a group."""
    return "*" in word


def unknown_word(word: str) -> str | None:
    """Return why no kind can be meant, with what might be; None where one is or may be."""
    head, _, group = word.lower().partition(".")
    if is_pattern(word) or known_as(word) or (group and group not in GROUPS):
        return None
    members = [kind for kind in BUILTIN if not group or kind.group == group]
    meant = nearest(head, [name for kind in members for name in kind.words])
    kind = next((kind for kind in members if meant in kind.words), None)
    if kind is not None:
        return f"did you mean {kind.resource!r}?"
    return "" if group else f"a custom kind needs its group: {head}.example.com"


def _kinds(table: str) -> Iterator[KnownKind]:
    for line in table.strip().splitlines():
        group, _, entries = line.partition(": ")
        for entry in entries.split():
            names, _, shorts = entry.partition("=")
            kind, _, plural = names.partition("/")
            many = plural or f"{kind.lower()}s"
            words = {many, kind.lower(), *(shorts.split(",") if shorts else ())}
            yield KnownKind(
                plural=many, group="" if group == "core" else group, words=frozenset(words)
            )


BUILTIN: tuple[KnownKind, ...] = tuple(_kinds(_TABLE))
"""Kubernetes' own (1.34, `kubectl api-resources`), the one that a bare word means first."""
GROUPS = frozenset(kind.group for kind in BUILTIN if kind.group)
