"""Versions that Kubernetes removed, and what takes their place."""

import pytest

from drills.api_versions import REMOVED, removal_of
from drills.cluster import Kind


@pytest.mark.parametrize(
    ("version", "kind", "release", "instead"),
    [
        ("extensions/v1beta1", "Deployment", "1.16", "apps/v1"),
        ("extensions/v1beta1", "Ingress", "1.22", "networking.k8s.io/v1"),
        ("apps/v1beta2", "StatefulSet", "1.16", "apps/v1"),
        ("batch/v1beta1", "CronJob", "1.25", "batch/v1"),
        ("policy/v1beta1", "PodDisruptionBudget", "1.25", "policy/v1"),
        ("policy/v1beta1", "PodSecurityPolicy", "1.25", ""),
        ("autoscaling/v2beta2", "HorizontalPodAutoscaler", "1.26", "autoscaling/v2"),
        ("rbac.authorization.k8s.io/v1beta1", "Role", "1.22", "rbac.authorization.k8s.io/v1"),
    ],
)
def test_when_it_went_and_what_replaces_it(
    version: str, kind: str, release: str, instead: str
) -> None:
    removal = removal_of(Kind(version, kind))
    assert removal is not None
    assert (removal.release, removal.instead) == (release, instead)


@pytest.mark.parametrize(
    ("version", "kind"),
    [("apps/v1", "Deployment"), ("batch/v1beta1", "Job"), ("example.com/v1beta1", "CronJob")],
)
def test_what_was_never_removed(version: str, kind: str) -> None:
    assert removal_of(Kind(version, kind)) is None


def test_nothing_is_replaced_by_what_is_removed_itself() -> None:
    gone = {kind.api_version for kind in REMOVED}
    assert {removal.instead for removal in REMOVED.values()}.isdisjoint(gone)
