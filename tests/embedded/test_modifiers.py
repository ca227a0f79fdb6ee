"""Resource modifiers: parsed strictly, applied in order, and no protection when they fail."""

from typing import Any

import pytest
import yaml

from embedded.cluster import EmbeddedCluster
from embedded.resource_types import BUILTIN, VELERO_TYPES, TypeRegistry
from embedded.velero.modifier_patches import Patcher
from embedded.velero.modifiers import ModifiersRefused, parse_modifiers
from tests.embedded.clusters import errors_of, restored

TYPES = TypeRegistry((*BUILTIN, *VELERO_TYPES))
MAPPING = {"production": "backup-test"}
SERVICE: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "web", "namespace": "app", "labels": {"tier": "web"}},
    "spec": {"type": "NodePort", "ports": [{"port": 80, "nodePort": 31000}]},
}

_HEAD = "version: v1\nresourceModifierRules:\n- conditions: {groupResource: pods}\n"


def _config_map(text: str) -> dict[str, Any]:
    return {"metadata": {"namespace": "velero", "name": "m"}, "data": {"any": text}}


def _rules(*rules: dict[str, Any]) -> dict[str, Any]:
    return _config_map(yaml.safe_dump({"version": "v1", "resourceModifierRules": list(rules)}))


def _rule(conditions: dict[str, Any] | None = None, **patches: Any) -> dict[str, Any]:  # noqa: ANN401  # any patches
    return {"conditions": {"groupResource": "services", **(conditions or {})}, **patches}


def _apply(*rules: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    return parse_modifiers(_rules(*rules)).apply(SERVICE, "services", Patcher(TYPES))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("version: v1\nrules: []", 'unknown field "rules"'),
        ("version: v2\nresourceModifierRules: [{conditions: {groupResource: a}}]", "version v2"),
        ("version: v1\nresourceModifierRules: []", "rules cannot be empty"),
        ("version: v1\nresourceModifierRules: [{conditions: {}}]", "cannot be empty"),
        (
            _HEAD + "  patches: [{operation: replace, path: /spec/replicas, value: 3}]",
            "of type string",
        ),
        (
            _HEAD + "  patches: [{op: remove, path: /spec}]",
            'unknown field "op"',
        ),
        (
            _HEAD + "  patches: [{operation: erase, path: /spec}]",
            "unsupported operation erase",
        ),
        (
            _HEAD
            + "  patches: [{operation: remove, path: /a}]\n  mergePatches: [{patchData: '{}'}]",
            "only one of",
        ),
        ("- not\n- a mapping", "cannot unmarshal"),
        ("a: [", "error converting YAML"),
    ],
)
def test_refused(text: str, words: str) -> None:
    with pytest.raises(ModifiersRefused, match=words):
        parse_modifiers(_config_map(text))


def test_more_than_one_key_is_refused() -> None:
    with pytest.raises(ModifiersRefused, match="illegal resource modifiers"):
        parse_modifiers({**_config_map("version: v1"), "data": {"a": "", "b": ""}})


@pytest.mark.parametrize(
    ("conditions", "hits"),
    [
        ({}, True),
        ({"groupResource": "*"}, True),
        ({"groupResource": "*.apps"}, False),
        ({"groupResource": "serv?ces"}, True),
        ({"namespaces": ["app"]}, True),
        ({"namespaces": ["sandbox"]}, False),
        ({"resourceNameRegex": "^web$"}, True),
        ({"resourceNameRegex": "^eb"}, False),
        ({"labelSelector": {"matchLabels": {"tier": "web"}}}, True),
        ({"labelSelector": {"matchLabels": {"tier": "db"}}}, False),
        ({"matches": [{"path": "/spec/type", "value": "NodePort"}]}, True),
        ({"matches": [{"path": "/spec/ports/0/port", "value": "80"}]}, True),
        ({"matches": [{"path": "/spec/type", "value": "ClusterIP"}]}, False),
        ({"matches": [{"path": "/no/such", "value": "x"}]}, False),
    ],
)
def test_conditions(conditions: dict[str, Any], hits: bool) -> None:
    patch = {"patchData": '{"metadata": {"annotations": {"hit": "yes"}}}'}
    made, problems = _apply(_rule(conditions, mergePatches=[patch]))
    assert problems == []
    assert ("annotations" in made["metadata"]) is hits


@pytest.mark.parametrize(
    ("value", "becomes"),
    [
        ("3", 3),
        ("1.5", 1.5),
        ("true", True),
        ("null", None),
        ('"3"', "3"),
        ("word", "word"),
        ('{"a": [1]}', {"a": [1]}),
        ("", ""),
    ],
)
def test_values_are_typed_by_their_looks(value: str, becomes: object) -> None:
    patch = {"operation": "add", "path": "/spec/extra", "value": value}
    made, problems = _apply(_rule(patches=[patch]))
    assert problems == []
    assert made["spec"]["extra"] == becomes


def test_a_test_that_does_not_hold_is_no_error() -> None:
    patches = [
        {"operation": "test", "path": "/spec/type", "value": "ClusterIP"},
        {"operation": "remove", "path": "/spec"},
    ]
    assert _apply(_rule(patches=patches)) == (SERVICE, [])


def test_removing_what_is_not_there_is_an_error_and_changes_nothing() -> None:
    made, problems = _apply(_rule(patches=[{"operation": "remove", "path": "/spec/nothing"}]))
    assert made == SERVICE
    assert "error in applying patch" in problems[0]


def test_rules_add_up_and_are_matched_against_the_original() -> None:
    first = _rule(mergePatches=[{"patchData": "spec: {type: ClusterIP}"}])
    second = _rule(
        {"matches": [{"path": "/spec/type", "value": "NodePort"}]},
        mergePatches=[{"patchData": "spec: {externalIPs: null, note: both}"}],
    )
    made, problems = _apply(first, second)
    assert problems == []
    assert made["spec"]["type"] == "ClusterIP"
    assert made["spec"]["note"] == "both"


def test_strategic_patches_merge_lists_by_key() -> None:
    patch = "spec: {ports: [{port: 80, name: http}]}"
    made, _ = _apply(_rule(strategicPatches=[{"patchData": patch}]))
    assert made["spec"]["ports"] == [{"port": 80, "nodePort": 31000, "name": "http"}]


def test_strategic_patches_need_a_type_with_a_schema() -> None:
    widget = {"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "w"}}
    rules = _rules(
        {
            "conditions": {"groupResource": "widgets.example.com"},
            "strategicPatches": [{"patchData": "{}"}],
        }
    )
    made, problems = parse_modifiers(rules).apply(widget, "widgets.example.com", Patcher(TYPES))
    assert made == widget
    assert 'no kind "Widget" is registered' in problems[0]


def _store(cluster: EmbeddedCluster, *rules: dict[str, Any]) -> dict[str, str]:
    body = _rules(*rules)
    body |= {"apiVersion": "v1", "kind": "ConfigMap"}
    cluster.objects.create("configmaps", body)
    return {"kind": "ConfigMap", "name": "m"}


def test_a_failing_modifier_leaves_the_object_as_it_was() -> None:
    """So isolation must not depend on modifiers alone."""
    with EmbeddedCluster() as cluster:
        rule = {
            "conditions": {"groupResource": "cronjobs.batch"},
            "patches": [
                {"operation": "replace", "path": "/spec/suspend", "value": "true"},
                {"operation": "remove", "path": "/spec/nothing"},
            ],
        }
        restore = restored(cluster, mapping=MAPPING, resourceModifier=_store(cluster, rule))
        assert restore["status"]["phase"] == "PartiallyFailed"
        assert any("error in applying patch" in text for text in errors_of(cluster))
        job = cluster.objects.peek("cronjobs.batch", "backup-test", "billing")
        assert job is not None
        assert job["spec"]["suspend"] is False


def test_only_the_type_of_a_service_changed_is_refused_for_its_explicit_node_port() -> None:
    with EmbeddedCluster() as cluster:
        rule = _rule(mergePatches=[{"patchData": "spec: {type: ClusterIP}"}])
        restored(cluster, mapping=MAPPING, resourceModifier=_store(cluster, rule))
        assert any("may not be used when `type` is 'ClusterIP'" in e for e in errors_of(cluster))
        assert cluster.objects.peek("services", "backup-test", "shop-nodeport") is None


def test_ports_written_out_make_it_pass() -> None:
    with EmbeddedCluster() as cluster:
        patch = "spec: {type: ClusterIP, ports: [{port: 80, targetPort: 8080}]}"
        one = _rule({"resourceNameRegex": "^shop-nodeport$"}, mergePatches=[{"patchData": patch}])
        restore = restored(cluster, mapping=MAPPING, resourceModifier=_store(cluster, one))
        assert restore["status"]["phase"] == "Completed"
        assert restore["status"]["warnings"] == 1


@pytest.mark.parametrize("given", ["missing", "wrong"])
def test_modifiers_that_cannot_be_used_fail_validation(given: str) -> None:
    with EmbeddedCluster() as cluster:
        if given == "wrong":
            body = {"apiVersion": "v1", "kind": "ConfigMap", **_config_map("version: v9")}
            cluster.objects.create("configmaps", body)
        reference = {"kind": "ConfigMap", "name": "m"}
        restore = restored(cluster, mapping=MAPPING, resourceModifier=reference)
        assert restore["status"]["phase"] == "FailedValidation"
        assert "velero/m" in restore["status"]["validationErrors"][0]
        assert "startTimestamp" not in restore["status"]
