"""Bystanders: objects in the sandbox that neither the drill made nor the restore brought.

Operators and admission controllers put policies, quotas, bindings and settings into every new
namespace. They are told apart by a look before the restore and by the engine's own list of what it
created, judged by what they allow, named with who made them, and never touched. Pure.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from drills import objects
from drills.engine import EngineItem, ItemOutcome
from drills.findings import Cause, Finding, Severity
from drills.hazards import Hazard
from drills.objects import KubeObject

POLICIES = "networkpolicies.networking.k8s.io"
OTHER_POLICIES = frozenset(
    {
        "ciliumnetworkpolicies.cilium.io",
        "networkpolicies.crd.projectcalico.org",
        "networkpolicies.projectcalico.org",
        "networkpolicies.crd.antrea.io",
    }
)
"""Their peers are written in ways of their own; any rule that does not deny counts as open."""
NOT_CREATED = frozenset({ItemOutcome.FAILED, ItemOutcome.SKIPPED})
NAME_LABEL = "kubernetes.io/metadata.name"
DNS = 53
OUT, IN = "egress", "ingress"


@dataclass(frozen=True, kw_only=True)
class Origin:
    """What is known of where an object in the sandbox comes from."""

    before: frozenset[str] = frozenset()
    """The uids of what was there before the restore."""
    items: tuple[EngineItem, ...] | None = None
    """What the engine says it restored, None where its list could not be had."""

    def restored(self, kind: str, obj: KubeObject) -> bool:
        """Return whether the restore may have brought `obj`; in doubt it did."""
        if objects.uid(obj) in self.before:
            return False
        if self.items is None:
            return True
        return (kind, objects.namespace(obj), objects.name(obj)) in self._created

    @cached_property
    def _created(self) -> frozenset[tuple[str, str, str]]:
        return frozenset(
            (item.kind, item.namespace, item.name)
            for item in self.items or ()
            if item.outcome not in NOT_CREATED
        )


def opens(policy: KubeObject, inside: Iterable[str], direction: str) -> bool:
    """Return whether a NetworkPolicy lets traffic through that the sandbox's own does not.

    Policies add up, so one that only denies changes nothing. Inside the sandbox and DNS are
    allowed anyway. `direction` is `egress` or `ingress`.
    """
    types = objects.items(policy, "spec", "policyTypes")
    if types and direction not in {str(word).lower() for word in types}:
        return False
    known = frozenset(inside)
    return any(
        not (direction == OUT and _only_dns(rule)) and not _stays(rule, known, direction)
        for rule in objects.items(policy, "spec", direction)
    )


def opens_somehow(policy: KubeObject, direction: str) -> bool:
    """Return whether a policy of Cilium or Calico has a rule in this direction that allows."""
    parts = (objects.mapping(policy, "spec"), *objects.items(policy, "specs"))
    return any(
        objects.text(rule, "action") not in {"Deny", "Log"}
        for part in parts
        for rule in objects.items(part, direction)
    )


def _only_dns(rule: object) -> bool:
    ports = objects.items(rule, "ports")
    return bool(ports) and all(
        objects.dig(port, "port") == DNS and objects.dig(port, "endPort") is None for port in ports
    )


def _stays(rule: object, inside: frozenset[str], direction: str) -> bool:
    """Return whether a rule names only peers inside the sandbox; no peers at all means all."""
    peers = objects.items(rule, "to" if direction == OUT else "from")
    return bool(peers) and all(_within(peer, inside) for peer in peers)


def _within(peer: object, inside: frozenset[str]) -> bool:
    if objects.dig(peer, "ipBlock") is not None:
        return False
    if objects.dig(peer, "namespaceSelector") is None:
        return True
    selector = objects.mapping(peer, "namespaceSelector")
    return objects.text(selector, "matchLabels", NAME_LABEL) in inside


def made_by(obj: KubeObject) -> str:
    """Return who wrote the object, by its managedFields or its label; '' where nobody says."""
    writers = {
        objects.text(entry, "manager")
        for entry in objects.items(obj, "metadata", "managedFields")
        if not objects.text(entry, "subresource")
    } - {""}
    return ", ".join(sorted(writers)) or objects.labels(obj).get("app.kubernetes.io/managed-by", "")


def bystander_findings(
    found: Iterable[tuple[Hazard, KubeObject]], inside: Iterable[str], *, closed: bool
) -> Iterator[Finding]:
    """Yield what each hazard that is somebody else's means; the objects come whole.

    `inside` are the sandbox's namespaces, `closed` says whether the drill closed their network.
    """
    known = tuple(inside)
    for hazard, whole in found:
        if hazard.resource == POLICIES or hazard.resource in OTHER_POLICIES:
            yield _policy(hazard, whole, known, closed=closed)
        else:
            yield _warning(
                "sandbox-bystander",
                hazard,
                f"{_by(whole)} put it into the sandbox. It is not from the backup and was left as "
                f"it is, but {hazard.danger}.",
                "Have whatever puts it into new namespaces leave out those labelled "
                "app.kubernetes.io/managed-by=restore-drill-runner.",
            )


def opened(findings: Iterable[Finding]) -> bool:
    """Return whether the sandbox leads out, so that nothing may run in it."""
    return any(finding.code == "sandbox-opened" for finding in findings)


def _policy(
    hazard: Hazard, policy: KubeObject, inside: tuple[str, ...], *, closed: bool
) -> Finding:
    who = _by(policy)
    ways = {
        way
        for way in (OUT, IN)
        if (
            opens(policy, inside, way)
            if hazard.resource == POLICIES
            else opens_somehow(policy, way)
        )
    }
    if not closed or not ways:
        return Finding(
            code="sandbox-policy-added",
            severity=Severity.INFO,
            cause=Cause.ISOLATION,
            subject=_subject(hazard),
            message=f"{who} put it into the sandbox; it opens nothing that the drill had closed.",
            remedy="Nothing to do.",
        )
    remedy = (
        "Have it leave out namespaces labelled app.kubernetes.io/managed-by=restore-drill-runner; "
        "network policies add up, so no policy of ours can take this back."
    )
    if OUT not in ways:
        message = f"{who} put it into the sandbox; it lets others in."
        return _warning("sandbox-entered", hazard, message, remedy)
    return Finding(
        code="sandbox-opened",
        severity=Severity.WARNING,
        cause=Cause.ISOLATION,
        subject=_subject(hazard),
        message=f"{who} put it into the sandbox; it lets the restored copy get out.",
        remedy=remedy,
        unanswered=True,
    )


def _warning(code: str, hazard: Hazard, message: str, remedy: str) -> Finding:
    return Finding(
        code=code,
        severity=Severity.WARNING,
        cause=Cause.ISOLATION,
        subject=_subject(hazard),
        message=message,
        remedy=remedy,
    )


def _by(obj: KubeObject) -> str:
    who = made_by(obj)
    return f"Somebody else ({who})" if who else "Somebody else"


def _subject(hazard: Hazard) -> str:
    return f"{hazard.resource} {objects.namespace(hazard.obj)}/{objects.name(hazard.obj)}"
