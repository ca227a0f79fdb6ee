"""Which objects a restore rightly leaves out, and what is kept of the others."""

import pytest

from drills import objects
from drills.backups import ObjectKey
from drills.engines.velero.judgement import backed_up, explanation

KEY = {"namespace": "production", "name": "x"}


def made(resource: str, **parts: object) -> str | None:
    metadata = {"name": "x", "namespace": "production", **objects.mapping(parts, "metadata")}
    return explanation(ObjectKey(resource=resource, **KEY), {**parts, "metadata": metadata})


@pytest.mark.parametrize(
    ("resource", "parts"),
    [
        ("events", {}),
        ("events.events.k8s.io", {}),
        ("nodes", {}),
        ("pods", {"status": {"phase": "Succeeded"}}),
        ("pods", {"status": {"phase": "Failed"}}),
        ("pods", {"metadata": {"annotations": {"kubernetes.io/config.mirror": "a"}}}),
        ("jobs.batch", {"status": {"completionTime": "2026-11-21T08:50:10Z"}}),
        (
            "secrets",
            {
                "type": "kubernetes.io/service-account-token",
                "metadata": {
                    "name": "shop-token-x",
                    "annotations": {"kubernetes.io/service-account.name": "shop"},
                },
            },
        ),
        (
            "endpointslices.discovery.k8s.io",
            {
                "metadata": {
                    "labels": {
                        "endpointslice.kubernetes.io/managed-by": (
                            "endpointslice-controller.k8s.io"
                        )
                    }
                }
            },
        ),
    ],
)
def test_rightly_left_out(resource: str, parts: dict[str, object]) -> None:
    assert made(resource, **parts)


@pytest.mark.parametrize(
    ("resource", "parts"),
    [
        ("pods", {"status": {"phase": "Running"}}),
        ("pods", {}),
        ("jobs.batch", {"status": {"failed": 3}}),
        ("secrets", {"type": "Opaque"}),
        ("secrets", {"type": "kubernetes.io/service-account-token"}),
        ("configmaps", {}),
        ("endpoints", {}),
        ("endpointslices.discovery.k8s.io", {"metadata": {"labels": {"mine": "1"}}}),
        ("events.example.org", {}),
    ],
)
def test_must_come_back(resource: str, parts: dict[str, object]) -> None:
    assert made(resource, **parts) is None


def test_published_certificates_are_made_anew() -> None:
    key = ObjectKey(resource="configmaps", namespace="a", name="kube-root-ca.crt")
    assert explanation(key, {}) is not None


def test_a_secret_leaves_nothing_but_its_name_in_memory() -> None:
    key = ObjectKey(resource="secrets", namespace="production", name="x")
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "x", "namespace": "production"},
        "data": {"password": "aHVudGVyMg=="},
    }
    assert "aHVudGVyMg==" not in repr(backed_up(key, secret))


def test_the_controlling_owner_is_kept() -> None:
    key = ObjectKey(resource="pods", namespace="production", name="x")
    owners = [{"kind": "Node", "name": "n"}, {"kind": "Job", "name": "j", "controller": True}]
    pod = {"kind": "Pod", "metadata": {"name": "x", "ownerReferences": owners}}
    assert backed_up(key, pod).owner == "Job/j"


def test_a_finalizer_keeps_the_metadata_of_any_kind() -> None:
    key = ObjectKey(resource="widgets.example.org", namespace="production", name="x")
    widget = {"metadata": {"name": "x", "finalizers": ["example.org/f"]}, "spec": {"a": 1}}
    body = backed_up(key, widget).body
    assert objects.items(body, "metadata", "finalizers") == ["example.org/f"]
    assert "spec" not in (body or {})
