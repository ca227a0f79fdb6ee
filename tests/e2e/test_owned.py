"""What a left-out kind owns stays out with it, whatever owns it and whatever it is."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.archive_objects import Body, Place, nothing, owned_by, rewrite, running_pod, thing
from tests.e2e.buckets import Bucket
from tests.e2e.conftest import PROBES, Drilled

Drill = Callable[..., Drilled]
Write = Callable[..., Path]
COUNT = """\
    - name: {name} {count}
      resource: {{apiVersion: {version}, kind: {kind}, name: {name}}}
      expect: {{count: {count}}}
"""
WORKER = owned_by("example.org/v1", "Worker", "w")
TIMED = {
    ("cronjobs.batch", "production", "purge"): thing(
        "batch/v1", "CronJob", "purge", spec={"schedule": "0 3 * * *"}
    ),
    ("jobs.batch", "production", "purge-1"): thing(
        "batch/v1",
        "Job",
        "purge-1",
        metadata={"ownerReferences": owned_by("batch/v1", "CronJob", "purge")},
        spec={},
    ),
    ("pods", "production", "purge-1-x"): running_pod(
        "purge-1-x",
        labels={"job-name": "purge-1", "app": "shop"},
        ownerReferences=owned_by("batch/v1", "Job", "purge-1"),
    ),
}
CUSTOM = {
    ("workers.example.org", "production", "w"): thing("example.org/v1", "Worker", "w"),
    ("pods", "production", "w-0"): running_pod("w-0", ownerReferences=WORKER),
    ("configmaps", "production", "w-state"): thing(
        "v1",
        "ConfigMap",
        "w-state",
        metadata={"ownerReferences": owned_by("example.org/v1", "Worker", "w", controller=False)},
    ),
}
ORPHANED = {
    ("pods", "production", "gone-1-x"): running_pod(
        "gone-1-x",
        labels={"app": "gone"},
        ownerReferences=owned_by("batch/v1", "Job", "gone-1"),
    )
}
LEFT_OUT: dict[str, tuple[dict[Place, Body], str, tuple[tuple[str, str, str], ...]]] = {
    "a Job of a CronJob": (TIMED, "", (("v1", "Pod", "purge-1-x"),)),
    "a CronJob that the scenario leaves out": (
        TIMED,
        "cronjobs.batch",
        (("v1", "Pod", "purge-1-x"), ("batch/v1", "Job", "purge-1")),
    ),
    "a custom kind, its things without a label of their own": (
        CUSTOM,
        "workers.example.org",
        (("v1", "Pod", "w-0"), ("v1", "ConfigMap", "w-state")),
    ),
    "an owner that the backup does not hold": (ORPHANED, "", (("v1", "Pod", "gone-1-x"),)),
    "a StatefulSet": (
        {},
        "statefulsets.apps",
        (("v1", "Pod", "ledger-0"), ("apps/v1", "StatefulSet", "ledger")),
    ),
}


def restoring(exclude: str = "", allow: str = "") -> str:
    return (
        f"{{namespaces: {{production: backup-test}}, deadline: 60s, "
        f"exclude: [{exclude}], allow: [{allow}]}}"
    )


def counting(things: tuple[tuple[str, str, str], ...], count: int) -> str:
    return "".join(
        COUNT.format(version=version, kind=kind, name=name, count=count)
        for version, kind, name in things
    )


@pytest.mark.parametrize(("put", "exclude", "absent"), LEFT_OUT.values(), ids=LEFT_OUT)
def test_what_is_owned_stays_out(
    drill: Drill,
    write: Write,
    bucket: Bucket,
    put: dict[Place, Body],
    exclude: str,
    absent: tuple[tuple[str, str, str], ...],
) -> None:
    rewrite(bucket, put=put, change=nothing)
    scenario = write(restore=restoring(exclude), probes=PROBES + counting(absent, 0))
    done = drill(scenario, "--embedded", "--store", bucket.folder)
    assert done.verdict in {"passed", "warned"}, done.document["findings"]
    rows = {
        (r["resource"], n): w
        for r in done.document["completeness"]["rows"]
        for n, w in r["leftOut"].items()
    }
    for _, kind, name in absent:
        assert rows[next(key for key in rows if key[1] == name)], kind
    assert done.document["completeness"]["missing"] == []


def test_an_allowed_job_brings_its_pod(drill: Drill, write: Write, bucket: Bucket) -> None:
    rewrite(bucket, put=TIMED, change=nothing)
    things = (("v1", "Pod", "purge-1-x"),)
    scenario = write(restore=restoring(allow="jobs.batch"), probes=counting(things, 1))
    done = drill(scenario, "--embedded", "--store", bucket.folder)
    assert done.verdict == "passed"


def test_data_that_only_a_left_out_pod_would_bring_is_not_called_lost(
    drill: Drill, write: Write, bucket: Bucket
) -> None:
    """The claim of a left-out StatefulSet is in the backup whole; nobody asked for it here."""
    rewrite(bucket, put={}, change=nothing)
    done = drill(
        write(restore=restoring("statefulsets.apps")), "--embedded", "--store", bucket.folder
    )
    assert done.findings() == {}
    assert done.document["volumes"][0]["outcome"] == "left-out"
    assert "data-ledger-0" in done.findings("info")["volume-left-out"]["message"]
