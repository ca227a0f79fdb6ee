"""When a workload is up: a truth table per kind."""

from collections.abc import Mapping

import pytest

from drills.objects import KubeObject
from drills.readiness import waiting_for
from tests.fakes.probing import deployment, pod, thing

SEEN = {"observedGeneration": 1}
STATEFUL_READY = {**SEEN, "readyReplicas": 2, "currentRevision": "a", "updateRevision": "a"}
ROLLING = {**SEEN, "readyReplicas": 2, "currentRevision": "a", "updateRevision": "b"}


def status(kind: str, spec: Mapping[str, object], state: Mapping[str, object]) -> KubeObject:
    """Return an object of `kind` with spec and status."""
    return thing("v1", kind, "x", spec=spec, status=state)


def condition(kind: str, value: str = "True") -> Mapping[str, object]:
    """Return a status with one condition."""
    return {"conditions": [{"type": kind, "status": value}]}


UP: list[tuple[str, KubeObject]] = [
    ("Deployment", deployment()),
    ("Deployment", deployment(wanted=0, available=0)),
    (
        "Deployment",
        status("Deployment", {"paused": True}, {**SEEN, "availableReplicas": 1}),
    ),
    ("StatefulSet", status("StatefulSet", {"replicas": 2}, STATEFUL_READY)),
    ("StatefulSet", status("StatefulSet", {"replicas": 0}, SEEN)),
    ("StatefulSet", status("StatefulSet", {}, {**SEEN, "readyReplicas": 1})),
    (
        "StatefulSet",
        status("StatefulSet", {"replicas": 2, "updateStrategy": {"type": "OnDelete"}}, ROLLING),
    ),
    (
        "StatefulSet",
        status(
            "StatefulSet",
            {"replicas": 2, "updateStrategy": {"rollingUpdate": {"partition": 1}}},
            {**ROLLING, "updatedReplicas": 1},
        ),
    ),
    ("DaemonSet", status("DaemonSet", {}, SEEN)),
    (
        "DaemonSet",
        status(
            "DaemonSet",
            {},
            {
                **SEEN,
                "desiredNumberScheduled": 3,
                "numberAvailable": 3,
                "updatedNumberScheduled": 3,
            },
        ),
    ),
    ("ReplicaSet", status("ReplicaSet", {"replicas": 1}, {**SEEN, "availableReplicas": 1})),
    ("Pod", pod("p", owner="")),
    ("Pod", pod("p", owner="", ready=False, status={"phase": "Succeeded"})),
    ("Pod", pod("p", ready=False)),
    ("Job", status("Job", {}, condition("Complete"))),
    ("Job", status("Job", {}, condition("Failed"))),
    ("Job", status("Job", {"suspend": True}, {})),
    ("Job", status("Job", {}, {"active": 1, "ready": 1})),
    ("PersistentVolumeClaim", status("PersistentVolumeClaim", {}, {"phase": "Bound"})),
    ("CronJob", status("CronJob", {"suspend": True}, {})),
    ("ConfigMap", status("ConfigMap", {}, {})),
]
NOT_UP: list[tuple[str, KubeObject, bool]] = [
    ("Deployment", deployment(available=1), True),
    ("Deployment", thing("apps/v1", "Deployment", "x", spec={"replicas": 0}), False),
    ("Deployment", status("Deployment", {}, {**SEEN, "availableReplicas": 1}), False),
    (
        "Deployment",
        status(
            "Deployment",
            {},
            {**SEEN, "availableReplicas": 1, "updatedReplicas": 1, "replicas": 2},
        ),
        False,
    ),
    ("Deployment", status("Deployment", {"paused": True}, SEEN), True),
    ("StatefulSet", status("StatefulSet", {"replicas": 2}, {**SEEN, "readyReplicas": 1}), True),
    ("StatefulSet", status("StatefulSet", {"replicas": 2}, ROLLING), False),
    ("StatefulSet", status("StatefulSet", {}, {"readyReplicas": 1}), False),
    (
        "StatefulSet",
        status("StatefulSet", {"replicas": 2, "minReadySeconds": 5}, STATEFUL_READY),
        True,
    ),
    ("DaemonSet", status("DaemonSet", {}, {**SEEN, "desiredNumberScheduled": 1}), True),
    ("DaemonSet", status("DaemonSet", {}, {}), False),
    ("ReplicaSet", status("ReplicaSet", {"replicas": 1}, SEEN), True),
    ("Pod", pod("p", owner="", ready=False), True),
    ("Pod", pod("p", owner="", ready=False, status={"phase": "Failed"}), True),
    ("Job", status("Job", {}, {}), False),
    ("Job", status("Job", {}, {"active": 2, "ready": 1}), False),
    ("PersistentVolumeClaim", status("PersistentVolumeClaim", {}, {"phase": "Pending"}), True),
    ("PersistentVolumeClaim", status("PersistentVolumeClaim", {}, {}), True),
]


@pytest.mark.parametrize(("kind", "obj"), UP)
def test_is_up(kind: str, obj: KubeObject) -> None:
    assert waiting_for(kind, obj) is None


@pytest.mark.parametrize(("kind", "obj", "down"), NOT_UP)
def test_waits(kind: str, obj: KubeObject, down: bool) -> None:
    """What is merely not seen or not rolled out yet is told apart from what is down."""
    found = waiting_for(kind, obj)
    assert found is not None
    assert found.down is down


def test_a_generation_not_yet_seen_waits() -> None:
    """A status from before the last change says nothing about the present spec."""
    stale = {**deployment(), "metadata": {"name": "shop", "namespace": "x", "generation": 2}}
    found = waiting_for("Deployment", stale)
    assert found is not None
    assert str(found) == "deployment x/shop: its controller has not looked at it yet"


def test_what_is_being_deleted_is_not_waited_for() -> None:
    leaving = {**deployment(available=0)}
    leaving["metadata"] = {"name": "shop", "deletionTimestamp": "2026-11-21T09:00:00Z"}
    assert waiting_for("Deployment", leaving) is None
