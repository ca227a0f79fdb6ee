"""Which labels are worn before the restore: those that restored pods will wear, and no others."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drills.backups import BackedUpObject, ObjectKey
from drills.engine import LeftOutRule
from drills.plan import DEFAULT_RULES
from drills.pod_specs import POD_SPECS
from drills.proving.guises import Guise, guises

RULES = tuple(LeftOutRule(resource=each, reason=why) for each, why in DEFAULT_RULES)
NAMESPACES = {"production": "shop-test", "billing": "billing-test"}


def workload(
    resource: str = "deployments.apps",
    name: str = "shop",
    labels: object = None,
    *,
    kind: str = "Deployment",
    namespace: str = "production",
    owner: str | None = None,
    **spec: object,
) -> BackedUpObject:
    """Return a backed-up workload whose pods have `labels`."""
    meta = {"metadata": {"labels": {"app": name} if labels is None else labels}}
    body: dict[str, object] = {"spec": spec}
    if resource == "pods":
        body |= meta
    elif resource == "cronjobs.batch":
        body["spec"] = {"jobTemplate": {"spec": {"template": meta}}}
    else:
        body["spec"] = {"template": meta, **spec}
    return BackedUpObject(
        key=ObjectKey(resource=resource, namespace=namespace, name=name),
        api_version="v1",
        kind=kind,
        owner=owner,
        body=body,
    )


def worn(*found: BackedUpObject) -> dict[str, dict[str, str]]:
    return {each.workload: dict(each.labels) for each in guises(found, NAMESPACES, RULES)}


OF_DEPLOYMENT = (
    workload(),
    workload("replicasets.apps", "shop-1", kind="ReplicaSet", owner="Deployment/shop"),
    workload("pods", "shop-1-a", kind="Pod", owner="ReplicaSet/shop-1"),
)
FOUND = {
    "a Deployment speaks for its pods": (OF_DEPLOYMENT, {"deployments.apps shop"}),
    "each kind of workload": (
        (
            workload("statefulsets.apps", "db"),
            workload("daemonsets.apps", "logs"),
            workload("replicasets.apps", "bare"),
            workload("replicationcontrollers", "old"),
            workload("pods", "alone"),
        ),
        {
            "statefulsets.apps db",
            "daemonsets.apps logs",
            "replicasets.apps bare",
            "replicationcontrollers old",
            "pods alone",
        },
    ),
    "pods whose owner does not come back": (
        (workload("pods", "db-1", kind="Pod", owner="Cluster/db"),),
        {"pods db-1"},
    ),
    "a Job is left out": ((workload("jobs.batch", "migrate"),), set()),
    "a CronJob comes back suspended": ((workload("cronjobs.batch", "bill"),), set()),
    "a pod that had ended": (
        (replace(workload("pods", "done"), explanation="the pod had ended"),),
        set(),
    ),
    "no replicas, no pods": ((workload(replicas=0),), set()),
    "another namespace": ((workload(namespace="elsewhere"),), set()),
    "no labels": ((workload(labels={}),), set()),
    "labels of controllers only": (
        (workload("pods", "x", {"job-name": "x", "batch.kubernetes.io/job-name": "x"}),),
        set(),
    ),
    "no body": ((replace(workload(), body=None),), set()),
    "the same labels twice": (
        (workload(), workload(name="twin", labels={"app": "shop"})),
        {"deployments.apps shop"},
    ),
    "the same labels in two namespaces": (
        (workload(), workload(name="bill", labels={"app": "shop"}, namespace="billing")),
        {"deployments.apps shop", "deployments.apps bill"},
    ),
}


@pytest.mark.parametrize(("found", "workloads"), FOUND.values(), ids=FOUND)
def test_who_is_tried(found: tuple[BackedUpObject, ...], workloads: set[str]) -> None:
    assert set(worn(*found)) == workloads


NOT_WORN = (
    "pod-template-hash",
    "controller-revision-hash",
    "pod-template-generation",
    "statefulset.kubernetes.io/pod-name",
    "apps.kubernetes.io/pod-index",
    "batch.kubernetes.io/controller-uid",
    "controller-uid",
    "job-name",
    "app.kubernetes.io/managed-by",
    "restore-drill/drill-id",
    "restore-drill/kept",
    "argocd.argoproj.io/instance",
    "sidecar.istio.io/inject",
)


@pytest.mark.parametrize("key", NOT_WORN)
def test_labels_that_are_not_worn(key: str) -> None:
    """They are a controller's, the drill's own, or would change the pod."""
    labels = {"app": "shop", "app.kubernetes.io/instance": "shop", key: "x"}
    (found,) = guises([workload(labels=labels)], NAMESPACES, RULES)
    assert dict(found.labels) == {"app": "shop", "app.kubernetes.io/instance": "shop"}
    assert found.namespace == "shop-test"


def test_namespaces_take_turns() -> None:
    """So that the first few come from each."""
    many = [workload(name=f"shop-{at}") for at in range(8)]
    found = guises([*many, workload(name="bill", namespace="billing")], NAMESPACES, RULES)
    assert [each.namespace for each in found[:3]] == ["billing-test", "shop-test", "shop-test"]
    assert [each.workload for each in found[1:4]] == [
        "deployments.apps shop-0",
        "deployments.apps shop-1",
        "deployments.apps shop-2",
    ]


HOSTILE = st.dictionaries(
    st.sampled_from(["app", "tier", *NOT_WORN]) | st.text(max_size=5),
    st.sampled_from(["", "a", "b"]) | st.none() | st.integers(),
    max_size=4,
)
OBJECTS = st.builds(
    workload,
    st.sampled_from([*POD_SPECS, "configmaps", "services"]),
    st.sampled_from(["shop", "db", "x"]),
    HOSTILE | st.text(max_size=3) | st.integers(),
    kind=st.sampled_from(["Deployment", "ReplicaSet", "Pod"]),
    namespace=st.sampled_from([*NAMESPACES, "elsewhere"]),
    owner=st.none() | st.sampled_from(["Deployment/shop", "Cluster/db"]),
)


@given(st.lists(OBJECTS, max_size=10), st.randoms())
def test_every_set_of_labels_once_and_always_in_the_same_order(
    found: list[BackedUpObject], chance: object
) -> None:
    said = guises(found, NAMESPACES, RULES)
    sets = [(each.namespace, each.labels) for each in said]
    assert len(sets) == len(set(sets))
    assert all(each.labels for each in said)
    assert not any(key in NOT_WORN for each in said for key, _ in each.labels)
    assert {each.namespace for each in said} <= set(NAMESPACES.values())
    mixed = list(found)
    chance.shuffle(mixed)  # type: ignore[attr-defined]
    assert _sorted(guises(mixed, NAMESPACES, RULES)) == _sorted(said)


def _sorted(found: tuple[Guise, ...]) -> list[tuple[str, tuple[tuple[str, str], ...]]]:
    return sorted((each.namespace, each.labels) for each in found)
