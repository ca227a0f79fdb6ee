"""The preview holds what the Restore would create: stripped, modified, mapped, in order."""

import json
from dataclasses import replace

import pytest

from drills import objects
from drills.engine import LeftOutRule, RestoreOrder
from drills.engines import engine_factory
from drills.engines.velero.kinds import CONFIG_MAP
from drills.engines.velero.preview.services import APPLIED
from drills.errors import BackupUnreadable, Forbidden, Interrupted
from drills.objects import KubeObject
from tests.drills.engines.benches import NAMESPACES
from tests.drills.engines.velero.archives import tarball
from tests.fakes.velero import MARKS, PRODUCTION, FakeVelero

ARCHIVE = f"backups/{PRODUCTION}/{PRODUCTION}.tar.gz"


def order_of(velero: FakeVelero, *left_out: str) -> RestoreOrder:
    engine = engine_factory("velero")(velero.ports(), namespace=None, options={})
    backup = next(b for b in engine.list_backups() if b.name == PRODUCTION)
    inventory = engine.inspect(backup, NAMESPACES).inventory
    assert inventory is not None
    return RestoreOrder(
        drill_id="d1",
        backup=backup,
        inventory=inventory,
        namespaces=NAMESPACES,
        left_out=tuple(LeftOutRule(resource=r, reason="test") for r in left_out),
        labels=MARKS,
    )


def previewed(velero: FakeVelero, *left_out: str) -> list[KubeObject]:
    engine = engine_factory("velero")(velero.ports(), namespace=None, options={})
    return list(engine.preview(order_of(velero, *left_out)))


def holding(velero: FakeVelero, resource: str, obj: dict[str, object]) -> list[KubeObject]:
    """Return the preview of a backup that holds one object of namespace production."""
    name = objects.name(obj)
    path = f"resources/{resource}/namespaces/production/{name}.json"
    body = json.dumps(obj).encode()
    velero.store.files[ARCHIVE] = tarball({"metadata/version": b"1.1.0\n", path: body})
    return previewed(velero)


def archived(api_version: str, kind: str, name: str, **parts: object) -> dict[str, object]:
    metadata = parts.pop("metadata", {})
    assert isinstance(metadata, dict)
    meta = {"name": name, "namespace": "production", "uid": "u", "resourceVersion": "7", **metadata}
    return {"apiVersion": api_version, "kind": kind, "metadata": meta, **parts}


def test_a_genuine_backup() -> None:
    """Every object of the namespace is there once, in Velero's order, in the sandbox."""
    found = previewed(FakeVelero(), "ingresses.networking.k8s.io", "jobs.batch")
    kinds = [objects.text(obj, "kind") for obj in found]
    assert "Ingress" not in kinds
    assert kinds.index("PersistentVolumeClaim") < kinds.index("Secret") < kinds.index("Pod")
    assert kinds.index("Pod") < kinds.index("Service") < kinds.index("Deployment")
    assert {objects.namespace(obj) for obj in found} == {"backup-test"}
    for obj in found:
        assert objects.labels(obj)["velero.io/backup-name"] == PRODUCTION
        assert objects.labels(obj)["velero.io/restore-name"] == "drill-d1"
        metadata = objects.mapping(obj, "metadata")
        assert not {"uid", "resourceVersion", "ownerReferences", "managedFields"} & set(metadata)
        assert "status" not in obj


def test_what_is_explained_is_not_created() -> None:
    names = {(objects.text(o, "kind"), objects.name(o)) for o in previewed(FakeVelero())}
    assert ("ConfigMap", "shop-config") in names
    assert ("ConfigMap", "kube-root-ca.crt") not in names


def test_the_modifier_has_worked() -> None:
    """No Service reaches out and no CronJob fires, as the generated rules say."""
    found = previewed(FakeVelero())
    services = [o for o in found if objects.text(o, "kind") == "Service"]
    cron_jobs = [o for o in found if objects.text(o, "kind") == "CronJob"]
    assert services
    assert cron_jobs
    assert {objects.text(o, "spec", "type") for o in services} <= {"ClusterIP", ""}
    assert not [p for o in services for p in objects.items(o, "spec", "ports") if "nodePort" in p]  # type: ignore[operator]
    assert all(objects.dig(o, "spec", "suspend") is True for o in cron_jobs)


def test_a_claim_gets_a_volume_of_its_own() -> None:
    claims = [o for o in previewed(FakeVelero()) if objects.text(o, "kind").endswith("Claim")]
    assert claims
    assert all("volumeName" not in objects.mapping(o, "spec") for o in claims)
    assert all(
        not objects.text(o, "metadata", "annotations", "pv.kubernetes.io/bind-completed")
        for o in claims
    )


def test_a_pod_loses_its_node_and_its_old_token() -> None:
    spec = {
        "nodeName": "n1",
        "priority": 7,
        "serviceAccountName": "shop",
        "volumes": [{"name": "shop-token-x"}, {"name": "data"}],
        "containers": [{"name": "a", "volumeMounts": [{"name": "shop-token-x"}]}],
    }
    (pod,) = holding(FakeVelero(), "pods", archived("v1", "Pod", "shop-1", spec=spec))
    made = objects.mapping(pod, "spec")
    assert not {"nodeName", "priority"} & set(made)
    assert made["volumes"] == [{"name": "data"}]
    assert made["containers"] == [{"name": "a", "volumeMounts": []}]


def test_role_bindings_follow_the_mapping() -> None:
    subjects = [
        {"kind": "ServiceAccount", "name": "a", "namespace": "production"},
        {"kind": "ServiceAccount", "name": "b", "namespace": "monitoring"},
    ]
    binding = archived("rbac.authorization.k8s.io/v1", "RoleBinding", "r", subjects=subjects)
    (made,) = holding(FakeVelero(), "rolebindings.rbac.authorization.k8s.io", binding)
    named = [objects.text(s, "namespace") for s in objects.items(made, "subjects")]
    assert named == ["backup-test", "monitoring"]


@pytest.mark.parametrize(
    ("annotations", "managed", "kept"),
    [
        ({}, [], False),
        (
            {},
            [
                {
                    "fieldsV1": {
                        "f:spec": {
                            "f:ports": {'k:{"port":80,"protocol":"TCP"}': {"f:nodePort": {}}}
                        }
                    }
                }
            ],
            True,
        ),
        (
            {APPLIED: '{"spec":{"ports":[{"nodePort":30080}]}}'},
            [],
            True,
        ),
        ({APPLIED: "no json"}, [], False),
    ],
    ids=["nobody asked", "a manager did", "applied", "unreadable"],
)
def test_a_node_port_is_kept_where_it_was_asked_for(
    annotations: dict[str, str], managed: list[object], *, kept: bool
) -> None:
    """On a ClusterIP Service no rule rewrites the ports, so Velero's own clearing shows."""
    service = archived(
        "v1",
        "Service",
        "shop",
        metadata={"annotations": annotations, "managedFields": managed},
        spec={
            "type": "ClusterIP",
            "clusterIP": "10.0.0.1",
            "ports": [{"port": 80, "protocol": "TCP", "nodePort": 30080}],
        },
    )
    (made,) = holding(FakeVelero(), "services", service)
    (port,) = objects.items(made, "spec", "ports")
    assert ("nodePort" in objects.mapping(port)) is kept
    assert "clusterIP" not in objects.mapping(made, "spec")


def plugin_map(word: str, data: dict[str, str]) -> KubeObject:
    labels = {"velero.io/plugin-config": "", f"velero.io/{word}": "RestoreItemAction"}
    meta = {"name": word, "namespace": "velero", "labels": labels}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": data}


def test_plugin_maps_are_followed() -> None:
    """Storage classes and images are those that this Velero puts in."""
    velero = FakeVelero()
    velero.cluster.put(plugin_map("change-storage-class", {"fast": "slow"}))
    velero.cluster.put(plugin_map("change-image-name", {"one": "old.example,new.example"}))
    claim = archived("v1", "PersistentVolumeClaim", "d", spec={"storageClassName": "fast"})
    (made,) = holding(velero, "persistentvolumeclaims", claim)
    assert objects.text(made, "spec", "storageClassName") == "slow"
    pod = archived("v1", "Pod", "p", spec={"containers": [{"image": "old.example/shop:1"}]})
    (made,) = holding(velero, "pods", pod)
    (container,) = objects.items(made, "spec", "containers")
    assert objects.text(container, "image") == "new.example/shop:1"


def test_plugin_maps_that_may_not_be_read_change_nothing() -> None:
    velero = FakeVelero()
    velero.cluster.refuse("list", CONFIG_MAP, Forbidden("no"), times=2)
    assert previewed(velero)


def test_damage_is_raised() -> None:
    velero = FakeVelero()
    order = order_of(velero)
    engine = engine_factory("velero")(velero.ports(), namespace=None, options={})
    velero.store.files[ARCHIVE] = velero.store.files[ARCHIVE][:-50]
    with pytest.raises(BackupUnreadable):
        list(engine.preview(order))


def test_a_stop_is_heeded() -> None:
    velero = FakeVelero()
    order = replace(order_of(velero))
    engine = engine_factory("velero")(velero.ports(), namespace=None, options={})
    velero.stopped = True
    with pytest.raises(Interrupted):
        list(engine.preview(order))
