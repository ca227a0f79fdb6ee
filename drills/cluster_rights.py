"""Cluster-wide rights that the copy's ServiceAccounts lack: no drill brings or makes such bindings.

In: the backup's ClusterRoleBindings, the workloads that are restored. Out: who loses what, told in
the plan, and once more beside whatever failed, since a refused request looks like a bad backup.
Pure.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from drills import objects
from drills.backups import BackedUpObject, ClusterBinding, Inventory, ObjectKey
from drills.findings import Cause, Finding, Severity
from drills.objects import KubeObject
from drills.pod_specs import POD_SPECS, pod_spec
from scenarios.model import ProbeSpec

BINDINGS = "clusterrolebindings.rbac.authorization.k8s.io"
SHOWN = 5
AT_REST = frozenset({"sql", "checksum", "canary"})
"""Kinds of probes that ask for stored data."""
_ALL_OF = "system:serviceaccounts:"
_OF_THE_CLUSTER = "system:"
"""Bindings of the cluster itself; those that name groups of all accounts hold for copies too."""


def binding_of(key: ObjectKey, obj: KubeObject) -> ClusterBinding | None:
    """Return whom a ClusterRoleBinding gives its role, None where it is none or the cluster's."""
    if key.resource != BINDINGS or key.name.startswith(_OF_THE_CLUSTER):
        return None
    accounts: dict[tuple[str, str], None] = {}
    for subject in objects.items(obj, "subjects"):
        kind, name = objects.text(subject, "kind"), objects.text(subject, "name")
        if kind == "ServiceAccount":
            accounts[objects.text(subject, "namespace"), name] = None
        elif kind == "Group" and name.startswith(_ALL_OF):
            accounts[name.removeprefix(_ALL_OF), ""] = None
    role = objects.text(obj, "roleRef", "name")
    return ClusterBinding(name=key.name, role=role, accounts=tuple(accounts)) if accounts else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """One role that an account in use has in production and lacks in its copy."""

    namespace: str
    """The source namespace."""
    account: str
    role: str
    binding: str

    def __str__(self) -> str:
        """Return `api/web loses ClusterRole view (ClusterRoleBinding web-views)`."""
        return (
            f"{self.namespace}/{self.account} loses ClusterRole {self.role} "
            f"(ClusterRoleBinding {self.binding})"
        )


def rights_left(inventory: Inventory, namespaces: Collection[str]) -> tuple[Loss, ...]:
    """Return each account in use with each role that stays behind with its binding."""
    used = sorted(set(_accounts(inventory.objects, namespaces)))
    return tuple(
        Loss(namespace=namespace, account=name, role=binding.role, binding=binding.name)
        for namespace, name in used
        for binding in inventory.bindings
        if (namespace, name) in binding.accounts or (namespace, "") in binding.accounts
    )


def _accounts(
    found: Iterable[BackedUpObject], namespaces: Collection[str]
) -> Iterator[tuple[str, str]]:
    for obj in found:
        if obj.key.resource in POD_SPECS and obj.key.namespace in namespaces and obj.body:
            spec = pod_spec(obj.key.resource, obj.body)
            yield obj.key.namespace, objects.text(spec, "serviceAccountName") or "default"


def rights_note(left: tuple[Loss, ...]) -> tuple[Finding, ...]:
    """Return the note for the plan and the report; none where nobody loses anything."""
    if not left:
        return ()
    return (
        Finding(
            code="cluster-rights-left-out",
            severity=Severity.INFO,
            cause=Cause.CONFIGURATION,
            subject="serviceaccounts in the backup",
            message=f"A drill brings no cluster-wide bindings: {_some(left)}.",
            remedy="Where the application needs only its own namespace, a RoleBinding comes along.",
        ),
    )


def concerned(probe: ProbeSpec, sources: tuple[str, ...]) -> tuple[str, ...]:
    """Return the source namespaces whose rights a wrong answer may be put down to.

    Stored data is as it is, whatever the copy's accounts may do.
    """
    if probe.kind in AT_REST:
        return ()
    named = objects.text(probe.question, "namespace")
    return (named,) if named else sources


def rights_doubt(
    left: Iterable[Loss], failed: Mapping[str, Collection[str]]
) -> tuple[Finding, ...]:
    """Return the finding that connects what failed with the rights that the copy lacks.

    `failed` is what failed, with the source namespaces that it is about: what is wrong in one
    namespace is not put down to an account of another.
    """
    lost = tuple(loss for loss in left if any(loss.namespace in about for about in failed.values()))
    touched = {loss.namespace for loss in lost}
    subjects = sorted(what for what, about in failed.items() if touched.intersection(about))
    if not lost:
        return ()
    return (
        Finding(
            code="cluster-rights-missing",
            severity=Severity.WARNING,
            cause=Cause.CONFIGURATION,
            subject=", ".join(subjects[:SHOWN]),
            message=(
                f"It failed in a copy with fewer rights than production has: {_some(lost)}. "
                "That may be why, and the backup may be good."
            ),
            remedy=(
                "Look for `forbidden` in the copy's log. Probe what needs no such rights, or use "
                "a RoleBinding, which comes along; a drill makes no cluster-wide binding."
            ),
        ),
    )


def _some(left: tuple[Loss, ...]) -> str:
    more = f", and {len(left) - SHOWN} more" if len(left) > SHOWN else ""
    return f"{', '.join(map(str, left[:SHOWN]))}{more}"
