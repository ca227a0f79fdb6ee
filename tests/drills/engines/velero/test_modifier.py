"""The generated resource modifier: exact rules, one for each object that could act outside."""

import json
import re
from dataclasses import replace

import pytest
import yaml

from drills import objects
from drills.backups import BackedUpObject
from drills.engines.velero.modifier import rules, service_patch
from drills.engines.velero.rule import rendered
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


@pytest.mark.parametrize("kind", ["NodePort", "LoadBalancer"])
def test_a_service_reachable_from_outside_becomes_cluster_ip(kind: str) -> None:
    """The ports are written out without nodePort: with it, the API server refuses the patch."""
    spec = {**NODE_PORT, "type": kind, "loadBalancerIP": "1.2.3.4", "externalIPs": ["5.6.7.8"]}
    patch = patch_of(held("services", "shop", spec=spec))
    assert objects.mapping(merged({"spec": spec}, patch), "spec") == {
        "type": "ClusterIP",
        "ports": [{"name": "http", "port": 80, "targetPort": 8080}],
    }


def test_a_plain_service_is_left_alone() -> None:
    assert service_patch(held("services", "shop", spec={"type": "ClusterIP"})) is None
    assert rules(order_of(held("services", "shop", spec={"ports": [{"port": 80}]}))) == ()


def test_external_addresses_and_published_names_are_taken_away() -> None:
    dns = "external-dns.alpha.kubernetes.io/hostname"
    service = held(
        "services",
        "shop",
        metadata={"annotations": {dns: "shop.example.org", "kept": "1"}},
        spec={"type": "ClusterIP", "externalIPs": ["1.2.3.4"]},
    )
    result = merged(service.body, patch_of(service))
    assert objects.mapping(result, "metadata", "annotations") == {"kept": "1"}
    assert "externalIPs" not in objects.mapping(result, "spec")


def test_an_external_name_leads_nowhere() -> None:
    service = held(
        "services", "db", spec={"type": "ExternalName", "externalName": "db.example.org"}
    )
    spec = objects.mapping(merged(service.body, patch_of(service)), "spec")
    assert spec == {"type": "ClusterIP", "clusterIP": "None"}


def test_a_services_rule_fits_that_service_only() -> None:
    (rule,) = rules(order_of(held("services", "shop.v1", spec=NODE_PORT)))
    conditions = objects.mapping(rule, "conditions")
    pattern = objects.text(conditions, "resourceNameRegex")
    assert re.search(pattern, "shop.v1")
    assert not re.search(pattern, "shop-v1")
    assert not re.search(pattern, "shop.v1-b")
    assert objects.items(conditions, "namespaces") == ["production"]
    assert objects.text(conditions, "groupResource") == "services"


def test_cron_jobs_are_suspended() -> None:
    cron = held("cronjobs.batch", "billing", spec={"suspend": False})
    assert patch_of(cron) == {"spec": {"suspend": True}}


def test_replicas_are_capped_one_workload_at_a_time() -> None:
    large = held("deployments.apps", "shop.v1", spec={"replicas": 5})
    small = held("deployments.apps", "small", spec={"replicas": 2})
    (rule,) = rules(replace(order_of(large, small), most_replicas=2))
    assert objects.text(rule, "conditions", "resourceNameRegex") == r"^shop\.v1$"
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
    }
