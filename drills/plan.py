"""The plan: what a drill will restore and leave out. Pure.

The default rules keep a restored copy from acting on the world: naive restores were seen to bring
back live load balancers, ingress hosts, autoscalers and open network policies.
"""

from collections.abc import Collection
from fnmatch import fnmatchcase

from drills.backups import Backup, Inventory, ObjectKey
from drills.engine import LeftOutRule, RestoreOrder
from drills.marks import marks
from drills.names import NameMap
from drills.owned import owned_out
from scenarios.model import Scenario

TRAFFIC = "would route real traffic to the sandbox"
NETWORK = "would open the sandbox: network policies add up"
SCALING = "would change the size of the restored workloads"
CLUSTER_WIDE = "acts on the whole cluster, production included"
MONITORING = "would page on-call for the sandbox"
SHARED = "its operator would act on things shared with production"
REBUILT = "rebuilt from the Services; the backup's own point at production pods"
RUNS_AGAIN = "a restored Job would do its work a second time"
EXCLUDED = "the scenario leaves it out (restore.exclude)"

DEFAULT_RULES: tuple[tuple[str, str], ...] = (
    ("ingresses.networking.k8s.io", TRAFFIC),
    ("ingresses.extensions", TRAFFIC),
    ("gateways.gateway.networking.k8s.io", TRAFFIC),
    ("httproutes.gateway.networking.k8s.io", TRAFFIC),
    ("grpcroutes.gateway.networking.k8s.io", TRAFFIC),
    ("tcproutes.gateway.networking.k8s.io", TRAFFIC),
    ("tlsroutes.gateway.networking.k8s.io", TRAFFIC),
    ("udproutes.gateway.networking.k8s.io", TRAFFIC),
    ("gateways.networking.istio.io", TRAFFIC),
    ("virtualservices.networking.istio.io", TRAFFIC),
    ("serviceentries.networking.istio.io", TRAFFIC),
    ("ingressroutes.traefik.io", TRAFFIC),
    ("routes.route.openshift.io", TRAFFIC),
    ("dnsendpoints.externaldns.k8s.io", TRAFFIC),
    ("targetgroupbindings.elbv2.k8s.aws", TRAFFIC),
    ("networkpolicies.networking.k8s.io", NETWORK),
    ("ciliumnetworkpolicies.cilium.io", NETWORK),
    ("networkpolicies.crd.projectcalico.org", NETWORK),
    ("networkpolicies.projectcalico.org", NETWORK),
    ("networkpolicies.crd.antrea.io", NETWORK),
    ("authorizationpolicies.security.istio.io", NETWORK),
    ("horizontalpodautoscalers.autoscaling", SCALING),
    ("verticalpodautoscalers.autoscaling.k8s.io", SCALING),
    ("scaledobjects.keda.sh", SCALING),
    ("scaledjobs.keda.sh", SCALING),
    ("mutatingwebhookconfigurations.admissionregistration.k8s.io", CLUSTER_WIDE),
    ("validatingwebhookconfigurations.admissionregistration.k8s.io", CLUSTER_WIDE),
    ("validatingadmissionpolicies.admissionregistration.k8s.io", CLUSTER_WIDE),
    ("validatingadmissionpolicybindings.admissionregistration.k8s.io", CLUSTER_WIDE),
    ("apiservices.apiregistration.k8s.io", CLUSTER_WIDE),
    ("clusterroles.rbac.authorization.k8s.io", CLUSTER_WIDE),
    ("clusterrolebindings.rbac.authorization.k8s.io", CLUSTER_WIDE),
    ("customresourcedefinitions.apiextensions.k8s.io", CLUSTER_WIDE),
    ("priorityclasses.scheduling.k8s.io", CLUSTER_WIDE),
    ("storageclasses.storage.k8s.io", CLUSTER_WIDE),
    ("servicemonitors.monitoring.coreos.com", MONITORING),
    ("podmonitors.monitoring.coreos.com", MONITORING),
    ("probes.monitoring.coreos.com", MONITORING),
    ("prometheusrules.monitoring.coreos.com", MONITORING),
    ("alertmanagerconfigs.monitoring.coreos.com", MONITORING),
    ("certificates.cert-manager.io", SHARED),
    ("certificaterequests.cert-manager.io", SHARED),
    ("orders.acme.cert-manager.io", SHARED),
    ("challenges.acme.cert-manager.io", SHARED),
    ("pushsecrets.external-secrets.io", SHARED),
    ("applications.argoproj.io", SHARED),
    ("clusters.postgresql.cnpg.io", SHARED),
    ("scheduledbackups.postgresql.cnpg.io", SHARED),
    ("postgresqls.acid.zalan.do", SHARED),
    ("*.crossplane.io", SHARED),
    ("*.upbound.io", SHARED),
    ("*.services.k8s.aws", SHARED),
    ("*.cnrm.cloud.google.com", SHARED),
    ("*.cluster.x-k8s.io", SHARED),
    ("endpoints", REBUILT),
    ("endpointslices.discovery.k8s.io", REBUILT),
    ("jobs.batch", RUNS_AGAIN),
)


def left_out_rules(scenario: Scenario) -> tuple[LeftOutRule, ...]:
    """Return the default rules less what the scenario allows, and the scenario's own."""
    allowed = set(scenario.restore.allow)
    rules = [
        LeftOutRule(resource=resource, reason=reason)
        for resource, reason in DEFAULT_RULES
        if resource not in allowed
    ]
    known = {rule.resource for rule in rules}
    own = (
        LeftOutRule(resource=resource, reason=EXCLUDED)
        for resource in scenario.restore.exclude
        if resource not in known
    )
    return (*rules, *own)


def rule_for(rules: tuple[LeftOutRule, ...], resource: str) -> LeftOutRule | None:
    """Return the first rule that leaves `resource` (`plural.group`) out."""
    return next((rule for rule in rules if _fits(resource, rule.resource)), None)


def owned_by_left_out(
    inventory: Inventory, namespaces: Collection[str], rules: tuple[LeftOutRule, ...]
) -> dict[ObjectKey, str]:
    """Return the objects that stay out with what owns them, and why."""
    known: dict[str, str | None] = {}

    def ruled(resource: str) -> str | None:
        if resource not in known:
            rule = rule_for(rules, resource)
            known[resource] = rule.reason if rule else None
        return known[resource]

    return owned_out(inventory, namespaces, ruled, kept_to_itself={CLUSTER_WIDE})


def _fits(resource: str, pattern: str) -> bool:
    # Asked for each object and each rule, and few rules are patterns.
    return resource == pattern or (
        any(sign in pattern for sign in "*?[") and fnmatchcase(resource, pattern)
    )


def names_of(scenario: Scenario, inventory: Inventory) -> NameMap | None:
    """Return the names of all restored Services, None where the scenario rewrites none."""
    namespaces = scenario.restore.namespaces
    if not scenario.restore.rewrite_names:
        return None
    left_out = rule_for(left_out_rules(scenario), "services") is not None
    services = (obj.key for obj in inventory.objects if obj.key.resource == "services")
    return NameMap(
        namespaces=dict(namespaces),
        services=frozenset(
            (key.namespace, key.name)
            for key in services
            if key.namespace in namespaces and not left_out
        ),
    )


def restore_order(
    scenario: Scenario, drill_id: str, backup: Backup, inventory: Inventory
) -> RestoreOrder:
    """Return what the engine shall restore."""
    rules = left_out_rules(scenario)
    return RestoreOrder(
        drill_id=drill_id,
        backup=backup,
        inventory=inventory,
        namespaces=dict(scenario.restore.namespaces),
        left_out=rules,
        owned_out=owned_by_left_out(inventory, scenario.restore.namespaces, rules),
        labels=marks(drill_id, scenario.name, scenario.backup.engine),
        deadline_seconds=scenario.restore.deadline.total_seconds(),
        gives_way=scenario.restore.gives_way,
        most_replicas=scenario.restore.most_replicas,
        runs_hooks=scenario.restore.runs_hooks,
        names=names_of(scenario, inventory),
        storage_classes=dict(scenario.restore.storage_classes),
    )
