"""The sandbox as manifests: the namespace, its closed network, its quota. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from drills.carried import Carried
from drills.ports import Kind
from drills.proving.facts import Proof, ProofState
from scenarios.model import LimitsSpec, NetworkIsolation

NAMESPACE = Kind("v1", "Namespace")
NETWORK_POLICY = Kind("networking.k8s.io/v1", "NetworkPolicy")
QUOTA = Kind("v1", "ResourceQuota")
LEASE = Kind("coordination.k8s.io/v1", "Lease")

ROLE_BINDING = Kind("rbac.authorization.k8s.io/v1", "RoleBinding")

POLICY_NAME = "restore-drill-closed"
QUOTA_NAME = "restore-drill-closed"
BINDING_NAME = "restore-drill-runner"
LEAST = {"cpu": "10m", "memory": "16Mi"}
"""What a container requests that says nothing, where the sandbox has limits."""


def namespace_manifest(name: str, labels: Mapping[str, str], source: Carried) -> dict[str, object]:
    """Return the sandbox namespace; our labels win over what comes from its source."""
    annotations = {"annotations": dict(source.annotations)} if source.annotations else {}
    return {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {
            "name": name,
            "labels": {**source.labels, **labels},
            **annotations,
        },
    }


def policy_manifest(
    namespace: str, siblings: tuple[str, ...], labels: Mapping[str, str]
) -> dict[str, object]:
    """Return the default-deny policy: DNS, and traffic inside the drill's own namespaces, only."""
    inside = [
        {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": name}}}
        for name in siblings
    ]
    dns_ports = [{"protocol": protocol, "port": 53} for protocol in ("UDP", "TCP")]
    cluster_dns = {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}}
    }
    node_local_dns = {"ipBlock": {"cidr": "169.254.20.10/32"}}
    return {
        "apiVersion": NETWORK_POLICY.api_version,
        "kind": NETWORK_POLICY.kind,
        "metadata": {"name": POLICY_NAME, "namespace": namespace, "labels": dict(labels)},
        "spec": {
            "podSelector": {},
            "policyTypes": ["Ingress", "Egress"],
            "ingress": [{"from": inside}],
            "egress": [
                {"to": inside},
                {"to": [cluster_dns, node_local_dns], "ports": dns_ports},
            ],
        },
    }


def quota_manifest(
    namespace: str, labels: Mapping[str, str], limits: LimitsSpec | None = None
) -> dict[str, object]:
    """Return the quota that forbids load balancers and node ports, and keeps the limits."""
    return {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": QUOTA_NAME, "namespace": namespace, "labels": dict(labels)},
        "spec": {
            "hard": {
                "services.loadbalancers": "0",
                "services.nodeports": "0",
                **_hard(limits or LimitsSpec()),
            }
        },
    }


def _hard(limits: LimitsSpec) -> dict[str, str]:
    wanted = {
        "requests.cpu": limits.cpu,
        "requests.memory": limits.memory,
        "pods": str(limits.pods) if limits.pods else None,
    }
    return {key: value for key, value in wanted.items() if value}


def limit_range_manifest(
    namespace: str, labels: Mapping[str, str], limits: LimitsSpec
) -> dict[str, object] | None:
    """Return the LimitRange for containers that say nothing, None where none is needed.

    A quota of requests refuses every pod with a container that requests nothing, so each gets a
    little; and no container may use more than the whole sandbox.
    """
    wanted = {"cpu": limits.cpu, "memory": limits.memory}
    most = {key: value for key, value in wanted.items() if value}
    if not most:
        return None
    limit = {
        "type": "Container",
        "default": most,
        "defaultRequest": {key: LEAST[key] for key in most},
    }
    return {
        "apiVersion": "v1",
        "kind": "LimitRange",
        "metadata": {"name": QUOTA_NAME, "namespace": namespace, "labels": dict(labels)},
        "spec": {"limits": [limit]},
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxRights:
    """What a runner with few rights binds to itself inside its sandbox, and only there."""

    cluster_role: str
    account_namespace: str
    account_name: str


def binding_manifest(
    namespace: str, rights: SandboxRights, labels: Mapping[str, str]
) -> dict[str, object]:
    """Return the RoleBinding that gives the runner its rights inside one sandbox."""
    return {
        "apiVersion": ROLE_BINDING.api_version,
        "kind": ROLE_BINDING.kind,
        "metadata": {"name": BINDING_NAME, "namespace": namespace, "labels": dict(labels)},
        "roleRef": {
            "apiGroup": "rbac.authorization.k8s.io",
            "kind": "ClusterRole",
            "name": rights.cluster_role,
        },
        "subjects": [
            {
                "kind": "ServiceAccount",
                "name": rights.account_name,
                "namespace": rights.account_namespace,
            }
        ],
    }


def isolation_words(
    network: NetworkIsolation,
    *,
    embedded: bool,
    proof: Proof | None = None,
    limits: LimitsSpec | None = None,
) -> dict[str, str]:
    """Return the measures and their state, for the report."""
    hard = _hard(limits or LimitsSpec())
    capped = f"; at most {', '.join(f'{k} {v}' for k, v in hard.items())}" if hard else ""
    return {
        "networkPolicy": _policy_words(network, embedded=embedded, proof=proof),
        "resourceQuota": f"no load balancers, no node ports{capped}",
        "backups": "kept out of the engine's own backups",
    }


def _policy_words(network: NetworkIsolation, *, embedded: bool, proof: Proof | None) -> str:
    if network is NetworkIsolation.NONE:
        return "none, as the scenario asks"
    tried = proof is not None and bool(proof.tried)
    if embedded and not tried:
        return "default deny created; the embedded cluster has no network to enforce it on"
    by = "; a stand-in answered (simulated)" if proof is not None and proof.simulated else ""
    if proof is not None and proof.state is ProofState.PROVEN:
        return f"default deny created and seen to be enforced{by}"
    if proof is not None and proof.let_through:
        return (
            f"default deny created and seen to be overridden for {', '.join(proof.let_through)}{by}"
        )
    if proof is not None and proof.state is ProofState.OPEN:
        return f"default deny created and seen NOT to be enforced{by}"
    return f"default deny created; enforcement was not proven by this drill{by}"
