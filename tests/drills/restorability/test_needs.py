"""What objects need, and what image references say."""

import pytest

from drills.restorability.images import image_findings, parse_image
from drills.restorability.needs import DEFAULT, Need, NeedKind, needs_of
from tests.fakes.engine import manifest

SPEC = {
    "priorityClassName": "gold",
    "runtimeClassName": "gvisor",
    "serviceAccountName": "shop",
    "imagePullSecrets": [{"name": "registry"}],
    "initContainers": [{"image": "a:1"}],
    "containers": [{"image": "b:2"}, {"name": "no image"}],
}
POD_NEEDS = {
    Need(NeedKind.PRIORITY_CLASS, "", "gold"),
    Need(NeedKind.RUNTIME_CLASS, "", "gvisor"),
    Need(NeedKind.SERVICE_ACCOUNT, "", "shop"),
    Need(NeedKind.PULL_SECRET, "", "registry"),
    Need(NeedKind.IMAGE, "", "a:1"),
    Need(NeedKind.IMAGE, "", "b:2"),
}


@pytest.mark.parametrize(
    ("kind", "spec"),
    [
        ("Pod", SPEC),
        ("Deployment", {"template": {"spec": SPEC}}),
        ("Job", {"template": {"spec": SPEC}}),
        ("CronJob", {"jobTemplate": {"spec": {"template": {"spec": SPEC}}}}),
    ],
)
def test_workloads(kind: str, spec: dict[str, object]) -> None:
    assert set(needs_of(manifest("v1", kind, "x", spec=spec))) == POD_NEEDS


@pytest.mark.parametrize(
    ("spec", "wanted"),
    [
        ({}, [Need(NeedKind.STORAGE_CLASS, "", DEFAULT)]),
        ({"storageClassName": "fast"}, [Need(NeedKind.STORAGE_CLASS, "", "fast")]),
        ({"storageClassName": ""}, []),
        ({"storageClassName": "fast", "volumeName": "pv"}, []),
    ],
)
def test_claims(spec: dict[str, str], wanted: list[Need]) -> None:
    assert list(needs_of(manifest("v1", "PersistentVolumeClaim", "x", spec=spec))) == wanted


def test_claim_templates_and_ingresses() -> None:
    template = {"spec": {"storageClassName": "fast"}}
    stateful = manifest("apps/v1", "StatefulSet", "x", spec={"volumeClaimTemplates": [template]})
    assert list(needs_of(stateful)) == [Need(NeedKind.STORAGE_CLASS, "", "fast")]
    ingress = manifest("networking.k8s.io/v1", "Ingress", "x", spec={"ingressClassName": "nginx"})
    assert list(needs_of(ingress)) == [Need(NeedKind.INGRESS_CLASS, "", "nginx")]


@pytest.mark.parametrize("obj", [None, [], {"kind": "Pod"}, {"kind": "Pod", "spec": "odd"}])
def test_odd_objects_need_nothing(obj: object) -> None:
    assert list(needs_of(obj)) == []


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("busybox", ("docker.io", "busybox", "latest", "")),
        ("shop/api:1.2", ("docker.io", "shop/api", "1.2", "")),
        ("registry.test:5000/a/b", ("registry.test:5000", "a/b", "latest", "")),
        ("localhost/a:2", ("localhost", "a", "2", "")),
        ("ghcr.io/a/b@sha256:00", ("ghcr.io", "a/b", "", "sha256:00")),
        ("ghcr.io/a/b:1@sha256:00", ("ghcr.io", "a/b", "1", "sha256:00")),
    ],
)
def test_image_references(text: str, parts: tuple[str, str, str, str]) -> None:
    found = parse_image(text)
    assert (found.registry, found.repository, found.tag, found.digest) == parts


def test_what_images_leave_open() -> None:
    images = ["a", "b:1", "c@sha256:00", "a"]
    found = {f.code: f for f in image_findings(images, frozenset({"b:1"}))}
    assert set(found) == {"images-needed", "image-latest", "image-not-pinned"}
    assert "3 images" in found["images-needed"].message
    assert "1 of them" in found["images-needed"].message
    assert found["image-latest"].severity == "warning"
    assert image_findings([], None) == ()
    assert "could not be asked" in image_findings(["a:1"], None)[0].message
