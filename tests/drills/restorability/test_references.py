"""What the target cluster lacks is found before a restore finds it."""

from dataclasses import replace

import pytest

from drills import objects
from drills.backups import BackedUpObject, ObjectKey
from drills.cluster import ServedKind
from drills.engine import LeftOutRule, RestoreOrder
from drills.errors import Forbidden
from drills.findings import Cause, Finding, Severity
from drills.objects import KubeObject
from drills.restorability.needs import NeedKind
from drills.restorability.present import CLASSES, NODE
from drills.restorability.references import references
from tests.drills.engines.velero.orders import order_of
from tests.fakes.cluster import FakeCluster
from tests.fakes.engine import backed, manifest
from tests.fakes.kinds import VERBS

CLASS_KINDS = (
    ("networking.k8s.io/v1", "IngressClass", "ingressclasses"),
    ("scheduling.k8s.io/v1", "PriorityClass", "priorityclasses"),
    ("node.k8s.io/v1", "RuntimeClass", "runtimeclasses"),
)


def cluster_with(*present: KubeObject) -> FakeCluster:
    cluster = FakeCluster()
    cluster.kinds += [
        ServedKind(api_version=v, kind=k, plural=p, namespaced=False, verbs=VERBS)
        for v, k, p in CLASS_KINDS
    ]
    for obj in present:
        cluster.put(obj)
    return cluster


def order(*held: BackedUpObject, left_out: tuple[str, ...] = ()) -> RestoreOrder:
    plain = order_of(*held)
    rules = tuple(LeftOutRule(resource=r, reason="test") for r in left_out)
    return replace(plain, left_out=rules)


def created(*held: BackedUpObject) -> list[KubeObject]:
    """Return the held objects as a preview would show them."""
    return [
        {
            **(held_one.body or {}),
            "metadata": {"name": held_one.key.name, "namespace": "backup-test"},
        }
        for held_one in held
    ]


def asked(
    cluster: FakeCluster, *held: BackedUpObject, left_out: tuple[str, ...] = ()
) -> dict[str, Finding]:
    wanted = order(*held, left_out=left_out)
    return {f.code: f for f in references(cluster, wanted, created(*held))}


def storage_class(name: str, *, default: bool = False) -> KubeObject:
    mark = {"storageclass.kubernetes.io/is-default-class": "true"} if default else {}
    return manifest("storage.k8s.io/v1", "StorageClass", name, metadata={"annotations": mark})


def claim(**spec: str) -> BackedUpObject:
    return backed(manifest("v1", "PersistentVolumeClaim", "data", spec=spec))


def pod(**spec: object) -> BackedUpObject:
    return backed(manifest("v1", "Pod", "shop", spec=spec))


def cluster_scoped(resource: str, name: str) -> BackedUpObject:
    key = ObjectKey(resource=resource, namespace="", name=name)
    return BackedUpObject(key=key, api_version="v1", kind="Any")


def test_nothing_missing() -> None:
    cluster = cluster_with(storage_class("fast", default=True))
    assert asked(cluster, claim(), claim(storageClassName="fast"), pod()) == {}


@pytest.mark.parametrize(
    ("present", "spec", "named"),
    [
        ([], {"storageClassName": "fast"}, "StorageClass fast"),
        ([storage_class("slow")], {}, "default StorageClass"),
    ],
)
def test_storage_class(present: list[KubeObject], spec: dict[str, str], named: str) -> None:
    """Without its class a claim stays pending for ever."""
    found = asked(cluster_with(*present), claim(**spec))
    assert found["storage-class-missing"].severity is Severity.CRITICAL
    assert found["storage-class-missing"].cause is Cause.ENVIRONMENT
    assert named in found["storage-class-missing"].message


def test_a_class_in_the_backup_stays_out_of_a_restore() -> None:
    held = cluster_scoped("storageclasses.storage.k8s.io", "fast")
    found = asked(cluster_with(), claim(storageClassName="fast"), held)
    assert "it is in the backup" in found["storage-class-missing"].message


def test_what_a_drill_takes_away_is_a_warning() -> None:
    """A drill runs without priorities and ingresses; a real restore would not."""
    ingress = backed(
        manifest("networking.k8s.io/v1", "Ingress", "web", spec={"ingressClassName": "nginx"})
    )
    ingress = replace(ingress, key=replace(ingress.key, resource="ingresses.networking.k8s.io"))
    found = asked(
        cluster_with(),
        pod(priorityClassName="gold"),
        ingress,
        left_out=("ingresses.networking.k8s.io",),
    )
    assert found["priority-class-missing"].severity is Severity.WARNING
    assert found["ingress-class-missing"].severity is Severity.WARNING


def test_accounts_and_pull_secrets_must_come_along() -> None:
    needy = pod(serviceAccountName="shop", imagePullSecrets=[{"name": "registry"}])
    found = asked(cluster_with(), needy)
    assert found["service-account-missing"].severity is Severity.CRITICAL
    assert found["pull-secret-missing"].severity is Severity.WARNING
    account = backed(manifest("v1", "ServiceAccount", "shop"))
    secret = backed(manifest("v1", "Secret", "registry"))
    assert asked(cluster_with(), needy, account, secret) == {}
    assert "pull-secret-missing" in asked(
        cluster_with(), needy, account, secret, left_out=("secrets",)
    )


def test_every_namespace_has_a_default_account() -> None:
    assert asked(cluster_with(), pod(serviceAccountName="default")) == {}


def custom(version: str = "shop.example/v1") -> BackedUpObject:
    return backed(manifest(version, "Shop", "s"))


def test_an_api_that_is_not_served() -> None:
    found = asked(cluster_with(), custom())["api-not-served"]
    assert found.unanswered
    assert "shop.example/v1 Shop" in found.message


def test_an_api_that_a_drill_leaves_out_is_a_warning() -> None:
    found = asked(cluster_with(), custom(), left_out=("shops.shop.example",))["api-not-served"]
    assert found.severity is Severity.WARNING


def test_a_definition_in_the_backup_is_named() -> None:
    name = "customresourcedefinitions.apiextensions.k8s.io"
    held = cluster_scoped(name, "shops.shop.example")
    found = asked(cluster_with(), custom(), held)["api-not-served"]
    assert "CustomResourceDefinition" in found.remedy


def test_an_api_in_another_version_is_named() -> None:
    cluster = cluster_with()
    cluster.kinds.append(
        ServedKind(
            api_version="shop.example/v2",
            kind="Shop",
            plural="shops",
            namespaced=True,
            verbs=VERBS,
        )
    )
    assert "shop.example/v2" in asked(cluster, custom())["api-not-served"].remedy


def test_what_may_not_be_listed_is_unanswered() -> None:
    cluster = cluster_with()
    cluster.refuse("list", CLASSES[NeedKind.STORAGE_CLASS], Forbidden("no right"))
    found = asked(cluster, claim())["references-not-asked"]
    assert found.unanswered
    assert "list StorageClass" in found.remedy


def test_images_on_nodes() -> None:
    status = {"images": [{"names": ["busybox:1", "busybox@sha256:00"]}]}
    cluster = cluster_with(manifest("v1", "Node", "n1", status=status))
    found = asked(cluster, pod(containers=[{"image": "busybox:1"}]))
    assert "1 of them are on a node" in found["images-needed"].message
    cluster.refuse("list", NODE, Forbidden("no right"))
    found = asked(cluster, pod(containers=[{"image": "busybox:1"}]))
    assert "could not be asked" in found["images-needed"].message


def test_who_needs_it_is_named_but_not_everybody() -> None:
    many = [
        replace(
            claim(storageClassName="fast"),
            key=ObjectKey(resource="persistentvolumeclaims", namespace="production", name=f"d{n}"),
        )
        for n in range(9)
    ]
    found = asked(cluster_with(), *many)["storage-class-missing"]
    assert "and 6 more" in found.message
    assert objects.text({"kind": found.subject}, "kind") == "StorageClass fast"
