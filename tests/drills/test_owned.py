"""What stays out because what owns it does."""

from dataclasses import replace

import pytest

from drills.backups import BackedUpObject, BackedUpVolume, Inventory, ObjectKey
from drills.engines.velero.judgement import backed_up
from drills.owned import owned_out, unfilled_claims

NAMESPACES = ("production",)
PLURALS = {"Job": "jobs.batch", "Pod": "pods", "ReplicaSet": "replicasets.apps"}
PLURALS |= {"Deployment": "deployments.apps", "CronJob": "cronjobs.batch", "Secret": "secrets"}
PLURALS |= {"Foo": "foos.example.org", "PersistentVolumeClaim": "persistentvolumeclaims"}
GROUPS = {"Job": "batch/v1", "CronJob": "batch/v1", "Foo": "example.org/v1"}
GROUPS |= {"ReplicaSet": "apps/v1", "Deployment": "apps/v1"}


def thing(
    kind: str, name: str, *owners: str, controls: bool = True, **parts: object
) -> BackedUpObject:
    references = [
        {
            "apiVersion": GROUPS.get(owner.partition("/")[0], "v1"),
            "kind": owner.partition("/")[0],
            "name": owner.partition("/")[2],
            "controller": controls,
        }
        for owner in owners
    ]
    metadata = {"name": name, "namespace": "production", "ownerReferences": references}
    key = ObjectKey(resource=PLURALS[kind], namespace="production", name=name)
    body = {"apiVersion": GROUPS.get(kind, "v1"), "kind": kind, "metadata": metadata, **parts}
    return backed_up(key, body)


def inventory(*found: BackedUpObject, volumes: tuple[BackedUpVolume, ...] = ()) -> Inventory:
    return Inventory(
        objects=found, volumes=volumes, namespaces=frozenset(NAMESPACES), recovery_point=None
    )


def out(
    *found: BackedUpObject, rules: tuple[str, ...], volumes: tuple[BackedUpVolume, ...] = ()
) -> set[str]:
    why = dict.fromkeys(rules, "because")
    return {key.name for key in owned_out(inventory(*found, volumes=volumes), NAMESPACES, why.get)}


JOB, JOBS_POD = thing("Job", "j", "CronJob/c"), thing("Pod", "p", "Job/j")
DEPLOYMENT, SET = thing("Deployment", "d"), thing("ReplicaSet", "r", "Deployment/d")
SETS_POD = thing("Pod", "p", "ReplicaSet/r")
NAMING = {"containers": [{"name": "c", "envFrom": [{"secretRef": {"name": "s"}}]}]}
OWNED_SECRET = thing("Secret", "s", "Foo/f")
ROWS: dict[str, tuple[tuple[BackedUpObject, ...], tuple[str, ...], set[str]]] = {
    "nothing left out": ((JOB, JOBS_POD), (), set()),
    "a Job's pod": ((JOB, JOBS_POD), ("jobs.batch",), {"p"}),
    "a CronJob's Job and its pod": (
        (thing("CronJob", "c"), JOB, JOBS_POD),
        ("cronjobs.batch",),
        {"j", "p"},
    ),
    "an owner that is not in the backup": ((JOBS_POD,), ("jobs.batch",), {"p"}),
    "a Deployment's set and its pod": (
        (DEPLOYMENT, SET, SETS_POD),
        ("deployments.apps",),
        {"r", "p"},
    ),
    "a set that its Deployment makes anew": (
        (DEPLOYMENT, SET, SETS_POD),
        ("replicasets.apps",),
        set(),
    ),
    "a set of nobody": ((thing("ReplicaSet", "r"), SETS_POD), ("replicasets.apps",), {"p"}),
    "one of two owners stays": (
        (thing("Secret", "s", "Foo/f", "Job/j", controls=False),),
        ("jobs.batch",),
        set(),
    ),
    "both owners go": (
        (thing("Secret", "s", "Foo/f", "Job/j", controls=False),),
        ("jobs.batch", "foos.example.org"),
        {"s"},
    ),
    "a Secret that nobody else names": ((OWNED_SECRET,), ("foos.example.org",), {"s"}),
    "a Secret that a restored workload names": (
        (OWNED_SECRET, thing("Pod", "q", spec=NAMING)),
        ("foos.example.org",),
        set(),
    ),
    "a Secret that only a left-out pod names": (
        (OWNED_SECRET, thing("Pod", "q", "Foo/f", spec=NAMING)),
        ("foos.example.org",),
        {"s", "q"},
    ),
    "an owner of the whole cluster": (
        (thing("Secret", "s", "ClusterRole/r"),),
        ("clusterroles",),
        {"s"},
    ),
    "owners in a circle": ((thing("Foo", "a", "Foo/b"), thing("Foo", "b", "Foo/a")), (), set()),
}


@pytest.mark.parametrize(("found", "rules", "expected"), ROWS.values(), ids=ROWS)
def test_stays_out(
    found: tuple[BackedUpObject, ...], rules: tuple[str, ...], expected: set[str]
) -> None:
    assert out(*found, rules=rules) == expected


def volume(method: str) -> BackedUpVolume:
    return BackedUpVolume(
        claim="v", namespace="production", volume="pv", method=method, bytes=1, has_data=True
    )


@pytest.mark.parametrize(
    ("method", "expected"),
    [("PodVolumeBackup", {"v"}), ("CSISnapshot", set()), ("DataMover", set())],
)
def test_a_claim_whose_data_needs_no_pod_comes_back(method: str, expected: set[str]) -> None:
    """A snapshot can be proven without what owns its claim."""
    claim = thing("PersistentVolumeClaim", "v", "Foo/f")
    assert out(claim, rules=("foos.example.org",), volumes=(volume(method),)) == expected


def test_a_claim_is_unfilled_only_where_every_pod_that_fills_it_stays_out() -> None:
    spec = {"volumes": [{"name": "d", "persistentVolumeClaim": {"claimName": "v"}}]}
    gone, back = thing("Pod", "gone", "Job/j", spec=spec), thing("Pod", "back", spec=spec)
    left = {gone.key: "its Job is left out"}
    pods = frozenset({("production", "gone")})
    alone = replace(inventory(gone), filled_pods=pods)
    both = replace(inventory(gone, back), filled_pods=pods | {("production", "back")})
    assert [key.name for key in unfilled_claims(alone, NAMESPACES, left)] == ["v"]
    assert unfilled_claims(both, NAMESPACES, left) == {}


def test_a_reason_may_say_nothing_of_what_is_owned() -> None:
    """Some give a ClusterRole for an owner, only so that all goes with it."""
    found = inventory(thing("Secret", "s", "ClusterRole/r"))
    reasons = {"clusterroles": "it reaches the whole cluster"}
    assert owned_out(found, NAMESPACES, reasons.get, kept_to_itself=reasons.values()) == {}
