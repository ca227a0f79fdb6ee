"""Whose trouble it is that workloads do not come up: a truth table."""

import pytest

from drills.assessment import assess, not_ready
from drills.findings import Cause, Finding, Severity
from drills.objects import KubeObject
from drills.readiness import Waiting
from tests.fakes.probing import SANDBOX, container, deployment, pod, thing

MISSING = 'MountVolume.SetUp failed for volume "tls" : secret "tls" not found'


def waiting_pod(*containers: KubeObject, **more: object) -> KubeObject:
    """Return a pod of Deployment shop that is not ready."""
    return pod("shop-abc-1", ready=False, containers=containers, **more)


def unschedulable(message: str) -> KubeObject:
    """Return a pod that no node takes."""
    said = {
        "type": "PodScheduled",
        "status": "False",
        "reason": "Unschedulable",
        "message": message,
    }
    return waiting_pod(status={"phase": "Pending", "conditions": [said]})


def event(reason: str, message: str, kind: str = "Deployment", name: str = "shop") -> KubeObject:
    """Return an Event about an object in the sandbox."""
    about = {"kind": kind, "namespace": SANDBOX, "name": name}
    return thing("v1", "Event", "e", involvedObject=about, reason=reason, message=message)


def assessed(
    *pods: KubeObject,
    events: tuple[KubeObject, ...] = (),
    left_out: frozenset[tuple[str, str]] = frozenset(),
) -> tuple[Finding, ...]:
    """Return the troubles of a Deployment that is down, with these pods."""
    seen = {"Deployment": [deployment(available=0)], "Pod": pods, "Event": events}
    readiness = assess(seen, left_out)
    assert not readiness.ready
    return readiness.troubles


PODS: list[tuple[KubeObject, str, Cause]] = [
    (waiting_pod(container("ImagePullBackOff")), "image-not-pullable", Cause.REGISTRY),
    (waiting_pod(container("ErrImagePull", "denied")), "image-not-pullable", Cause.REGISTRY),
    (waiting_pod(container("InvalidImageName")), "image-name-invalid", Cause.REGISTRY),
    (unschedulable("0/3 nodes: 3 Insufficient cpu."), "unschedulable", Cause.CAPACITY),
    (
        unschedulable("0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims."),
        "claim-unbound",
        Cause.ENVIRONMENT,
    ),
    (
        unschedulable('persistentvolumeclaim "data" not found'),
        "reference-missing",
        Cause.BACKUP,
    ),
    (
        waiting_pod(container("CreateContainerConfigError", 'secret "tls" not found')),
        "reference-missing",
        Cause.BACKUP,
    ),
    (
        waiting_pod(
            container("CreateContainerConfigError", "couldn't find key k in Secret backup-test/tls")
        ),
        "reference-missing",
        Cause.BACKUP,
    ),
    (
        waiting_pod(container("CreateContainerConfigError", "image will run as root")),
        "container-not-created",
        Cause.ENVIRONMENT,
    ),
    (waiting_pod(container("RunContainerError")), "container-not-created", Cause.ENVIRONMENT),
    (waiting_pod(container("CrashLoopBackOff", restarts=4)), "crash-loop", Cause.BACKUP),
    (
        waiting_pod({"name": "main", "ready": False, "restartCount": 5, "state": {"running": {}}}),
        "crash-loop",
        Cause.BACKUP,
    ),
    (
        waiting_pod(
            {
                **container("CrashLoopBackOff"),
                "lastState": {"terminated": {"reason": "OOMKilled", "exitCode": 137}},
            }
        ),
        "out-of-memory",
        Cause.BACKUP,
    ),
    (
        waiting_pod(
            status={
                "initContainerStatuses": [
                    {"name": "restore-wait", "ready": False, "state": {"running": {}}}
                ]
            }
        ),
        "volume-data-awaited",
        Cause.ENVIRONMENT,
    ),
    (
        pod("lone", owner="", ready=False, status={"phase": "Failed", "reason": "Evicted"}),
        "pod-evicted",
        Cause.CAPACITY,
    ),
    (
        pod("lone", owner="", ready=False, status={"phase": "Failed", "reason": "Error"}),
        "pod-failed",
        Cause.BACKUP,
    ),
]


@pytest.mark.parametrize(("obj", "code", "cause"), PODS)
def test_a_pod_says_whose_trouble_it_is(obj: KubeObject, code: str, cause: Cause) -> None:
    """Only what would really have broken a restore is critical; the rest is unanswered."""
    (finding,) = assessed(obj)
    assert (finding.code, finding.cause) == (code, cause)
    assert (finding.severity is Severity.CRITICAL) is (cause is Cause.BACKUP)
    assert finding.unanswered is (cause is not Cause.BACKUP)


EVENTS: list[tuple[KubeObject, str, Cause]] = [
    (event("FailedCreate", "forbidden: exceeded quota: q"), "quota-exceeded", Cause.CAPACITY),
    (
        event("FailedCreate", 'admission webhook "w" denied the request: no'),
        "admission-denied",
        Cause.ENVIRONMENT,
    ),
    (
        event("FailedCreate", 'pods "x" is forbidden: violates PodSecurity "restricted"'),
        "pod-security-denied",
        Cause.ENVIRONMENT,
    ),
    (
        event("FailedCreate", 'error looking up service account: serviceaccount "web" not found'),
        "reference-missing",
        Cause.BACKUP,
    ),
    (event("FailedCreate", "odd"), "pods-not-created", Cause.ENVIRONMENT),
    (event("FailedMount", MISSING, "Pod", "shop-abc-1"), "reference-missing", Cause.BACKUP),
    (
        event("FailedMount", "timed out waiting", "Pod", "shop-abc-1"),
        "volume-not-mounted",
        Cause.ENVIRONMENT,
    ),
    (event("FailedScheduling", "no nodes", "Pod", "shop-abc-1"), "unschedulable", Cause.CAPACITY),
]  # fmt: skip


@pytest.mark.parametrize(("happened", "code", "cause"), EVENTS)
def test_an_event_says_whose_trouble_it_is(happened: KubeObject, code: str, cause: Cause) -> None:
    (finding,) = assessed(waiting_pod(), events=(happened,))
    assert (finding.code, finding.cause) == (code, cause)


def test_events_about_what_is_up_are_history() -> None:
    """A pod that could not be scheduled at first and now runs has no trouble."""
    old = event("FailedScheduling", "no nodes", "Pod", "shop-abc-1")
    seen = {"Deployment": [deployment()], "Pod": [pod("shop-abc-1")], "Event": [old]}
    assert assess(seen).troubles == ()
    assert assess(seen).ready


def test_what_was_left_out_on_purpose_is_configuration() -> None:
    """The drill's own rules must not make the backup look bad."""
    happened = event("FailedMount", MISSING, "Pod", "shop-abc-1")
    (finding,) = assessed(
        waiting_pod(), events=(happened,), left_out=frozenset({("secrets", "tls")})
    )
    assert (finding.code, finding.cause) == ("left-out-but-needed", Cause.CONFIGURATION)
    assert finding.unanswered


def test_replica_failure_condition_counts() -> None:
    said = {"type": "ReplicaFailure", "status": "True", "message": "exceeded quota: q"}
    down = thing("apps/v1", "Deployment", "shop", status={"conditions": [said]})
    (finding,) = assess({"Deployment": [down]}).troubles
    assert (finding.code, finding.subject) == ("quota-exceeded", "deployment backup-test/shop")


def test_replicas_share_one_finding() -> None:
    stuck = [
        pod(f"shop-abc-{n}", ready=False, containers=(container("ErrImagePull"),)) for n in "12"
    ]
    (finding,) = assessed(*stuck)
    assert finding.subject == "deployment backup-test/shop"


def test_a_crash_beside_other_trouble_is_not_blamed_on_the_backup() -> None:
    """An application without its database crashes, however good its backup is."""
    crash = pod("shop-abc-1", ready=False, containers=(container("CrashLoopBackOff"),))
    database = pod(
        "db-0", owner="StatefulSet/db", ready=False, containers=(container("ImagePullBackOff"),)
    )
    found = {finding.code: finding for finding in assessed(crash, database)}
    assert found["crash-loop"].cause is Cause.REGISTRY
    assert found["crash-loop"].unanswered
    assert found["crash-loop"].severity is Severity.WARNING


def claim(phase: str, storage: str = "late") -> KubeObject:
    """Return a claim of a storage class."""
    return thing(
        "v1",
        "PersistentVolumeClaim",
        "data",
        spec={"storageClassName": storage},
        status={"phase": phase},
    )


LATE = {"metadata": {"name": "late"}, "volumeBindingMode": "WaitForFirstConsumer"}
USER = pod("p", spec={"volumes": [{"persistentVolumeClaim": {"claimName": "data"}}]})


@pytest.mark.parametrize(
    ("pods", "storage", "ready"),
    [
        ((), "late", True),
        ((USER,), "late", False),
        ((), "gone", False),
        ((pod("p"),), "late", True),
    ],
)
def test_a_claim_nobody_uses_may_stay_pending(
    pods: tuple[KubeObject, ...], storage: str, ready: bool
) -> None:
    seen = {
        "PersistentVolumeClaim": [claim("Pending", storage)],
        "StorageClass": [LATE],
        "Pod": pods,
    }
    assert assess(seen).ready is ready


def test_a_claim_of_an_absent_class_is_the_environment() -> None:
    seen = {"PersistentVolumeClaim": [claim("Pending", "gone")], "StorageClass": [LATE]}
    (finding,) = assess(seen).troubles
    assert (finding.code, finding.cause) == ("storage-class-missing", Cause.ENVIRONMENT)


def test_unread_classes_excuse_and_accuse_nothing() -> None:
    readiness = assess({"PersistentVolumeClaim": [claim("Pending")]})
    assert not readiness.ready
    assert readiness.troubles == ()


def test_a_lost_claim_is_critical() -> None:
    (finding,) = assess({"PersistentVolumeClaim": [claim("Lost")]}).troubles
    assert (finding.code, finding.severity) == ("claim-lost", Severity.CRITICAL)


def test_a_failed_job_warns() -> None:
    """Isolation may well be behind it, so it neither fails the drill nor leaves it open."""
    failed = thing(
        "batch/v1", "Job", "j", status={"conditions": [{"type": "Failed", "status": "True"}]}
    )
    readiness = assess({"Job": [failed]})
    assert readiness.ready
    (finding,) = readiness.troubles
    assert (finding.severity, finding.unanswered) == (Severity.WARNING, False)


def test_an_unexplained_wait_is_unanswered() -> None:
    (finding,) = not_ready((Waiting(subject="pod x/y", why="z", down=True),), "in time")
    assert finding.unanswered
    assert finding.cause is Cause.ENVIRONMENT
