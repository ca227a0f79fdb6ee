"""Trouble that waiting cannot mend is told at once, with whose it is."""

from collections.abc import Callable
from pathlib import Path

from tests.e2e.archive_objects import Body, Place, nothing, rewrite, thing
from tests.e2e.buckets import Bucket
from tests.e2e.conftest import Drilled

Drill = Callable[..., Drilled]
Write = Callable[..., Path]
WORKLOADS = frozenset({"deployments.apps", "replicasets.apps", "statefulsets.apps"})
LONG = "{namespaces: {production: backup-test}, deadline: 15m, cleanupDeadline: 1s}"
"""A test that waited for this deadline would not end in time."""


def pods_of(workload: str, alter: Callable[[Body], None]) -> Callable[[Place, Body], None]:
    """Return what alters the pods' spec of a workload wherever the archive holds it."""

    def change(place: Place, body: Body) -> None:
        resource, _, name = place
        if resource == "pods" and name.startswith(f"{workload}-"):
            alter(body["spec"])
        elif resource in WORKLOADS and f"{name}-".startswith(f"{workload}-"):
            alter(body["spec"]["template"]["spec"])

    return change


def mount_map(spec: Body) -> None:
    spec.setdefault("volumes", []).append({"name": "m", "configMap": {"name": "shop-config"}})


def mount_secret(spec: Body) -> None:
    spec.setdefault("volumes", []).append({"name": "s", "secret": {"secretName": "db-main"}})


def spoil_image(spec: Body) -> None:
    spec["containers"][0]["image"] = "registry.example/Shop:1:2"


PLACE = ("externalsecrets.external-secrets.io", "production", "db")
MADE = thing("external-secrets.io/v1", "ExternalSecret", "db", spec={"target": {"name": "db-main"}})
"""What would make the Secret that `mount_secret` names, were it served."""


def drilled(drill: Drill, write: Write, bucket: Bucket, *exclude: str) -> Drilled:
    restore = LONG.replace("15m", f"15m, exclude: [{', '.join(exclude)}]")
    return drill(write(restore=restore), "--embedded", "--store", bucket.folder)


def test_what_the_scenario_leaves_out_and_a_pod_mounts(
    drill: Drill, write: Write, bucket: Bucket
) -> None:
    rewrite(bucket, put={}, change=pods_of("shop", mount_map))
    done = drilled(drill, write, bucket, "configmaps")
    assert done.verdict == "inconclusive"
    found = done.findings("warning")["exclude-keeps-pods-waiting"]
    assert (found["cause"], found["subject"]) == ("configuration", "restore.exclude")
    assert "shop-config" in found["message"]
    assert done.document["restore"] is None, "told before anything is restored"
    assert done.findings() == {}


def test_a_secret_that_a_resource_of_the_backup_would_make_blames_nobody(
    drill: Drill, write: Write, bucket: Bucket
) -> None:
    """The embedded cluster serves no ExternalSecrets, so nothing makes it here."""
    rewrite(bucket, put={PLACE: MADE}, change=pods_of("shop", mount_secret))
    done = drilled(drill, write, bucket)
    found = done.findings("warning")["reference-awaited"]
    assert found["cause"] == "environment"
    assert "externalsecrets.external-secrets.io backup-test/db" in found["message"]
    assert "reference-missing" not in done.findings()


def test_a_malformed_image_is_no_fault_of_the_backup(
    drill: Drill, write: Write, bucket: Bucket
) -> None:
    rewrite(bucket, put={}, change=pods_of("shop", spoil_image))
    done = drilled(drill, write, bucket)
    assert done.verdict == "inconclusive"
    assert done.findings("warning")["image-name-invalid"]["cause"] == "registry"
    assert done.findings() == {}


def test_an_init_container_that_waits_for_a_job_that_does_not_come_back(
    drill: Drill, write: Write, bucket: Bucket
) -> None:
    def wait(spec: Body) -> None:
        command = ["kubectl", "wait", "--for=condition=complete", "job/migrate"]
        spec["initContainers"] = [{"name": "wait", "image": "kubectl:1", "command": command}]

    rewrite(bucket, put={}, change=pods_of("shop", wait))
    done = drilled(drill, write, bucket)
    assert done.verdict == "inconclusive"
    found = done.findings("warning")["waits-for-left-out"]
    assert found["cause"] == "configuration"
    assert "Job migrate" in found["message"]


def test_a_restore_that_waits_for_a_pod_that_can_never_start_is_given_up(
    drill: Drill, write: Write, bucket: Bucket
) -> None:
    """Its volumes are filled once it starts, so the engine would wait for as long as it may."""
    rewrite(bucket, put={PLACE: MADE}, change=pods_of("ledger", mount_secret))
    done = drilled(drill, write, bucket)
    assert done.verdict == "inconclusive"
    found = done.findings("warning")
    assert "restore-given-up" in found, found
    assert found["reference-awaited"]["subject"] == "statefulset backup-test/ledger"
    assert done.document["cleanup"]["outcome"] == "leftovers"


def test_an_untouched_backup_meets_none_of_this(drill: Drill, write: Write, bucket: Bucket) -> None:
    rewrite(bucket, put={}, change=nothing)
    assert drilled(drill, write, bucket).verdict == "passed"
