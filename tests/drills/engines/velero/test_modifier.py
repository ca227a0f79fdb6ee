"""The generated resource modifier: exact rules, one for each object that could act outside."""

import json
import re
from dataclasses import replace

import pytest
import yaml

from drills import objects
from drills.backups import BackedUpObject
from drills.engines.velero.modifier import rules
from drills.engines.velero.rule import rendered
from embedded.resource_types import BUILTIN, VELERO_TYPES, TypeRegistry
from embedded.velero.modifier_patches import Patcher
from embedded.velero.modifiers import parse_modifiers
from tests.drills.engines.velero.orders import held, order_of
from tests.fakes.cluster import merged

NODE_PORT: dict[str, object] = {
    "type": "NodePort",
    "externalTrafficPolicy": "Cluster",
    "ports": [{"name": "http", "port": 80, "targetPort": 8080, "nodePort": 30080}],
}


def patch_of(obj: BackedUpObject, *, left_out: tuple[str, ...] = ()) -> object:
    found = rules(order_of(obj, left_out=left_out))
    assert len(found) == 1
    (patch,) = objects.items(found[0], "mergePatches")
    return json.loads(objects.text(patch, "patchData"))


def restored(obj: BackedUpObject, *others: BackedUpObject) -> dict[str, object]:
    """Return what Velero's modifier makes of the first of these Services; it meets no trouble."""
    data = {"rules.yaml": rendered(rules(order_of(obj, *others)))}
    modifiers = parse_modifiers({"metadata": {"name": "m", "namespace": "velero"}, "data": data})
    patcher = Patcher(TypeRegistry((*BUILTIN, *VELERO_TYPES)))
    whole = {"apiVersion": "v1", "kind": "Service", **(obj.body or {})}
    made, problems = modifiers.apply(whole, obj.key.resource, patcher)
    assert problems == []
    return made


def port(number: int, node_port: int = 0) -> dict[str, object]:
    chosen = {"nodePort": node_port} if node_port else {}
    return {"name": f"p{number}", "port": number, "protocol": "TCP", **chosen}


@pytest.mark.parametrize("kind", ["NodePort", "LoadBalancer"])
def test_a_service_reachable_from_outside_becomes_cluster_ip(kind: str) -> None:
    """Its ports lose their nodePort: with one, the API server refuses a ClusterIP Service."""
    spec = {**NODE_PORT, "type": kind, "loadBalancerIP": "1.2.3.4", "externalIPs": ["5.6.7.8"]}
    assert restored(held("services", "shop", spec=spec))["spec"] == {
        "type": "ClusterIP",
        "ports": [{"name": "http", "port": 80, "targetPort": 8080}],
    }


@pytest.mark.parametrize("count", [1, 2, 3, 6])
@pytest.mark.parametrize("chosen", [True, False])
def test_every_node_port_goes_however_many_ports_there_are(count: int, *, chosen: bool) -> None:
    """Velero keeps those that somebody chose, and takes the others away before the modifier."""
    ports = [port(80 + i, 30000 + i if chosen else 0) for i in range(count)]
    service = held("services", "shop", spec={"type": "NodePort", "ports": ports})
    others = [held("services", f"o{i}", spec={**NODE_PORT, "ports": ports[:1]}) for i in range(3)]
    made = restored(service, *others)
    assert objects.items(made, "spec", "ports") == [port(80 + i) for i in range(count)]


def test_a_service_without_ports_meets_no_rule_about_them() -> None:
    """A patch of a port that is not there would be an error of the whole restore."""
    bare = held("services", "bare", spec={"type": "NodePort"})
    exposed = held("services", "shop", spec=NODE_PORT)
    assert restored(bare, exposed)["spec"] == {"type": "ClusterIP"}
    ports = objects.items(restored(exposed, bare), "spec", "ports")
    assert ports == [{"name": "http", "port": 80, "targetPort": 8080}]


def test_a_plain_service_is_left_alone() -> None:
    for spec in ({"type": "ClusterIP"}, {"ports": [{"port": 80}]}):
        assert rules(order_of(held("services", "shop", spec=spec))) == ()


def test_a_plain_service_beside_others_stays_as_it_is() -> None:
    spec = {"type": "ClusterIP", "clusterIP": "None", "ports": [port(80)]}
    plain = held("services", "plain", spec=spec)
    exposed = held("services", "shop", spec=NODE_PORT)
    alias = held("services", "db", spec={"type": "ExternalName", "externalName": "db.example"})
    assert restored(plain, exposed, alias)["spec"] == spec


def test_external_addresses_and_published_names_are_taken_away() -> None:
    dns = "external-dns.alpha.kubernetes.io/hostname"
    service = held(
        "services",
        "shop",
        metadata={"annotations": {dns: "shop.example.org", "kept": "1"}},
        spec={"type": "ClusterIP", "externalIPs": ["1.2.3.4"]},
    )
    result = restored(service)
    assert objects.mapping(result, "metadata", "annotations") == {"kept": "1"}
    assert "externalIPs" not in objects.mapping(result, "spec")


def test_an_external_name_leads_nowhere() -> None:
    spec = {"type": "ExternalName", "externalName": "db.example.org"}
    made = restored(held("services", "db", spec=spec))
    assert made["spec"] == {"type": "ClusterIP", "clusterIP": "None"}


def test_rules_do_not_grow_with_the_services() -> None:
    """Velero tries every rule on every object, and all rules must fit into one ConfigMap."""
    ports = [[port(80, 30000 + i % 2768), port(81)] for i in range(5000)]
    many = [
        held("services", f"web-{i}", spec={"type": kind, "ports": ports[i], "externalIPs": ["1"]})
        for i, kind in enumerate(["NodePort", "LoadBalancer", "ClusterIP", "ExternalName"] * 1250)
    ]
    found = rules(order_of(*many))
    assert len(found) < 10
    assert len(rendered(found)) < 10_000


def test_alike_workloads_share_a_rule() -> None:
    many = [held("deployments.apps", f"app-{i}", spec={"replicas": 3 + i % 2}) for i in range(500)]
    found = rules(replace(order_of(*many), most_replicas=2))
    assert len(found) == 2
    kept = held("deployments.apps", "kept", spec={"replicas": 3, "volumeClaimTemplates": [{}]})
    (first, second) = rules(replace(order_of(*many, kept), most_replicas=2))
    by_name = second if objects.text(second, "conditions", "resourceNameRegex") else first
    pattern = objects.text(by_name, "conditions", "resourceNameRegex")
    assert re.search(pattern, "app-0")
    assert not re.search(pattern, "kept")
    assert not re.search(pattern, "app-1")


def test_names_in_one_rule_are_whole_names() -> None:
    held_back = held("deployments.apps", "z", spec={"replicas": 5, "volumeClaimTemplates": [{}]})
    large = [held("deployments.apps", name, spec={"replicas": 5}) for name in ("a.b", "c")]
    (rule,) = rules(replace(order_of(*large, held_back), most_replicas=2))
    pattern = objects.text(rule, "conditions", "resourceNameRegex")
    assert [n for n in ("a.b", "c", "a-b", "xa.b", "cc", "a.bc") if re.search(pattern, n)] == [
        "a.b",
        "c",
    ]
    assert objects.items(rule, "conditions", "namespaces") == ["production"]


def test_cron_jobs_are_suspended() -> None:
    cron = held("cronjobs.batch", "billing", spec={"suspend": False})
    assert patch_of(cron) == {"spec": {"suspend": True}}


def test_replicas_are_capped_by_size() -> None:
    large = held("deployments.apps", "shop.v1", spec={"replicas": 5})
    small = held("deployments.apps", "small", spec={"replicas": 2})
    (rule,) = rules(replace(order_of(large, small), most_replicas=2))
    assert objects.items(rule, "conditions", "matches") == [
        {"path": "/spec/replicas", "value": "5"}
    ]
    (patch,) = objects.items(rule, "mergePatches")
    assert json.loads(objects.text(patch, "patchData")) == {"spec": {"replicas": 2}}
    assert rules(order_of(large, small)) == ()


def test_foreign_finalizers_go_and_those_of_kubernetes_stay() -> None:
    widget = held("widgets.example.org", "w", metadata={"finalizers": ["example.org/cleanup"]})
    assert patch_of(widget) == {"metadata": {"finalizers": None}}
    claim = held(
        "persistentvolumeclaims", "c", metadata={"finalizers": ["kubernetes.io/pvc-protection"]}
    )
    assert rules(order_of(claim)) == ()


def test_git_ops_tools_no_longer_know_the_copy() -> None:
    tracked = held(
        "configmaps",
        "c",
        metadata={
            "labels": {"kustomize.toolkit.fluxcd.io/name": "shop", "app": "shop"},
            "annotations": {"argocd.argoproj.io/tracking-id": "shop:/ConfigMap:c"},
        },
    )
    assert patch_of(tracked) == {
        "metadata": {
            "labels": {"kustomize.toolkit.fluxcd.io/name": None},
            "annotations": {"argocd.argoproj.io/tracking-id": None},
        }
    }


@pytest.mark.parametrize(
    ("resource", "spec"),
    [
        ("pods", {"priorityClassName": "high"}),
        ("deployments.apps", {"template": {"spec": {"priorityClassName": "high"}}}),
    ],
)
def test_a_copy_cannot_push_production_from_a_node(resource: str, spec: dict[str, object]) -> None:
    obj = held(resource, "shop", spec=spec)
    assert "priorityClassName" not in json.dumps(merged(obj.body, patch_of(obj)))


def revision_of(kind: str, name: str, number: int, spec: object) -> BackedUpObject:
    owner = {"apiVersion": "apps/v1", "kind": kind, "name": name, "controller": True}
    return held(
        "controllerrevisions.apps",
        f"{name}-{number}",
        metadata={"ownerReferences": [owner]},
        data={"spec": {"template": {"spec": spec}}},
        revision=number,
    )


def made_of(obj: BackedUpObject, body: object, *all_of_it: BackedUpObject) -> object:
    """What Velero's modifier makes of one object of any kind."""
    data = {"rules.yaml": rendered(rules(order_of(*all_of_it)))}
    modifiers = parse_modifiers({"metadata": {"name": "m", "namespace": "velero"}, "data": data})
    patcher = Patcher(TypeRegistry((*BUILTIN, *VELERO_TYPES)))
    assert isinstance(body, dict)
    metadata = {"name": obj.key.name, "namespace": obj.key.namespace}
    whole = {"apiVersion": "apps/v1", "kind": obj.kind, "metadata": metadata, **body}
    made, problems = modifiers.apply(whole, obj.key.resource, patcher)
    assert problems == []
    return made


@pytest.mark.parametrize("kind", ["StatefulSet", "DaemonSet"])
def test_no_controller_takes_the_restored_pods_for_old_ones(kind: str) -> None:
    """The template in the revision stays that of the workload, whatever is taken from it."""
    resource = f"{kind.lower()}s.apps"
    spec = {"priorityClassName": "high", "containers": [{"name": "a", "image": "b"}]}
    template: dict[str, object] = {"spec": {"template": {"spec": spec}}}
    workload = replace(held(resource, "db", **template), kind=kind)
    revision = replace(revision_of(kind, "db", 1, spec), kind="ControllerRevision")
    foreign = replace(held("controllerrevisions.apps", "vm"), kind="ControllerRevision")
    everything = (workload, revision, foreign)
    new = made_of(workload, template, *everything)
    kept = made_of(revision, {"data": template}, *everything)
    assert objects.mapping(new, "spec", "template") == objects.mapping(
        kept, "data", "spec", "template"
    )
    assert "priorityClassName" not in json.dumps(new)
    assert "updateStrategy" not in json.dumps(new)
    assert not objects.mapping(made_of(foreign, {"revision": 1}, *everything), "data")


def test_a_workload_without_its_revision_leaves_its_pods_alone() -> None:
    template = {"spec": {"priorityClassName": "high"}}
    spec = {"updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}}}
    body: dict[str, object] = {"spec": {**spec, "template": template}}
    workload = replace(held("statefulsets.apps", "db", **body), kind="StatefulSet")
    made = made_of(workload, body, workload)
    assert objects.mapping(made, "spec", "updateStrategy") == {"type": "OnDelete"}


def test_an_allowed_database_cluster_archives_nothing() -> None:
    """Its log would go into production's archive, between production's own."""
    cluster = held("clusters.postgresql.cnpg.io", "db")
    spec = {"instances": 1, "backup": {"barmanObjectStore": {}}, "plugins": [{"name": "barman"}]}
    assert merged({"spec": spec}, patch_of(cluster)) == {"spec": {"instances": 1}}


def test_what_is_left_out_or_out_of_scope_gets_no_rule() -> None:
    service = held("services", "shop", spec=NODE_PORT)
    assert rules(order_of(service, left_out=("services",))) == ()
    assert rules(order_of(service, namespaces={"other": "x"})) == ()


def test_the_document_is_what_velero_parses_strictly() -> None:
    found = yaml.safe_load(rendered(rules(order_of(held("services", "a", spec=NODE_PORT)))))
    assert set(found) == {"version", "resourceModifierRules"}
    assert found["version"] == "v1"
    assert {key for rule in found["resourceModifierRules"] for key in rule} == {
        "conditions",
        "mergePatches",
        "patches",
    }
