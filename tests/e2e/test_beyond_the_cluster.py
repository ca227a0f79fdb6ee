"""What the target cluster cannot do is said before the restore, and never blamed on the backup."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from runner.cli import main
from tests.e2e.archives import Entries, archive, change_volume, put, take
from tests.e2e.buckets import BACKUP, Bucket
from tests.e2e.conftest import Drilled

Drill = Callable[..., Drilled]
Write = Callable[..., Path]
THERE = """\
    - name: configuration came back
      resource: {apiVersion: v1, kind: ConfigMap, name: shop-config}
"""
NEEDY = {
    "http": "http: {service: shop, port: 80, path: /}",
    "tcp": "tcp: {service: shop, port: 80}",
    "exec": "exec: {workload: statefulset/ledger, command: [date]}",
    "logs": "logs: {workload: deployment/shop, tail: 5}\n      expect: {contains: ok}",
    "sql": "sql: {engine: postgresql, service: shop, database: d, user: u, query: select 1}",
    "checksum": 'checksum: {workload: statefulset/ledger, path: /data}\n      expect: {tree: "'
    + "0" * 64
    + '"}',
    "job": 'job: {image: "example.com/x:1", command: [date]}',
}


def mark_claim(entries: Entries, **annotations: str) -> None:
    """Annotate the archived claim as Velero's CSI action does."""
    claim: Any = take(entries, "persistentvolumeclaims", "v1", "production", "data-ledger-0")
    claim["metadata"].setdefault("annotations", {}).update(annotations)
    put(entries, "persistentvolumeclaims", claim)


def csi_snapshot(bucket: Bucket) -> None:
    """Have the volume's data in a CSI snapshot that stayed in the storage."""

    def change(row: dict[str, Any]) -> None:
        info = {"snapshotHandle": "h", "driver": "csi.example.com", "vscName": "content"}
        row.update(backupMethod="CSISnapshot", csiSnapshotInfo=info | {"ReadyToUse": True})

    change_volume(bucket, change)
    head = {"labels": {"velero.io/backup-name": BACKUP}}
    with archive(bucket) as entries:
        mark_claim(entries, **{"velero.io/volume-snapshot-name": "velero-ledger"})
        snapshot = {"name": "velero-ledger", "namespace": "production", **head}
        put(
            entries,
            "volumesnapshots.snapshot.storage.k8s.io",
            {
                "apiVersion": "snapshot.storage.k8s.io/v1",
                "kind": "VolumeSnapshot",
                "metadata": snapshot,
                "spec": {"source": {"persistentVolumeClaimName": "data-ledger-0"}},
                "status": {"boundVolumeSnapshotContentName": "content", "readyToUse": True},
            },
        )
        put(
            entries,
            "volumesnapshotcontents.snapshot.storage.k8s.io",
            {
                "apiVersion": "snapshot.storage.k8s.io/v1",
                "kind": "VolumeSnapshotContent",
                "metadata": {"name": "content", **head},
                "spec": {"volumeSnapshotRef": {"name": "velero-ledger"}},
                "status": {"snapshotHandle": "h"},
            },
        )


def moved_data(bucket: Bucket) -> None:
    """Have the volume's data moved out of a CSI snapshot into the bucket."""

    def change(row: dict[str, Any]) -> None:
        info = {"dataMover": "velero", "snapshotHandle": "s", "operationID": "du-1", "size": 9}
        row.update(backupMethod="CSISnapshot", snapshotDataMoved=True)
        row["snapshotDataMovementInfo"] = info | {"Phase": "Completed", "uploaderType": "kopia"}

    change_volume(bucket, change)
    labels = {"velero.io/async-operation-id": "du-1", "velero.io/backup-name": BACKUP}
    operation = {"spec": {"operationID": "du-1"}, "status": {"phase": "Completed"}}
    path = bucket.file(f"{BACKUP}-itemoperations.json.gz")
    path.write_bytes(gzip.compress(json.dumps([operation]).encode()))
    bucket.change_status(backupItemOperationsAttempted=1, backupItemOperationsCompleted=1)
    marks = {"velero.io/volume-snapshot-name": "s", "velero.io/data-upload-name": "du-1"}
    with archive(bucket) as entries:
        mark_claim(entries, **marks)
        put(
            entries,
            "datauploads.velero.io",
            {
                "apiVersion": "velero.io/v2alpha1",
                "kind": "DataUpload",
                "metadata": {"name": "du-1", "namespace": "velero", "labels": labels},
                "spec": {"sourcePVC": "data-ledger-0", "sourceNamespace": "production"},
                "status": {"phase": "Completed", "snapshotID": "s"},
            },
        )


def native_snapshot(bucket: Bucket) -> None:
    """Have the volume's data in a snapshot of the cloud's."""
    names: list[str] = []

    def change(row: dict[str, Any]) -> None:
        names.append(str(row["pvName"]))
        info = {"snapshotHandle": "snap-1", "volumeType": "gp3", "Phase": "Completed"}
        row.update(backupMethod="NativeSnapshot", nativeSnapshotInfo=info)

    change_volume(bucket, change)
    snapshot = {
        "spec": {"location": "cloud", "persistentVolumeName": names[0], "backupName": BACKUP},
        "status": {"providerSnapshotID": "snap-1", "phase": "Completed"},
    }
    path = bucket.file(f"{BACKUP}-volumesnapshots.json.gz")
    path.write_bytes(gzip.compress(json.dumps([snapshot]).encode()))
    bucket.change_status(volumeSnapshotsAttempted=1, volumeSnapshotsCompleted=1)


METHODS = {
    "CSI snapshot": csi_snapshot,
    "snapshot data movement": moved_data,
    "native snapshot": native_snapshot,
}


@pytest.mark.parametrize(("means", "change"), METHODS.items(), ids=METHODS)
def test_a_volume_that_the_embedded_cluster_cannot_bring_back(
    drill: Drill, write: Write, bucket: Bucket, means: str, change: Callable[[Bucket], None]
) -> None:
    """Said before the restore; the rest is restored and asked all the same."""
    change(bucket)
    scenario = write(probes=THERE, cluster="{embedded: true}")
    done = drill(scenario, "--embedded", "--store", bucket.folder)
    assert (done.code, done.verdict) == (3, "inconclusive")
    said = done.findings("warning")["volume-not-drillable-here"]
    assert said["cause"] == "environment"
    assert means in said["message"]
    assert "The embedded cluster" in said["message"]
    assert "production/data-ledger-0" in said["message"]
    assert "real cluster" in said["remedy"]
    assert done.document["reasons"][0]["cause"] == "environment"
    assert "backup" not in {r["cause"] for r in done.document["reasons"]}
    assert done.findings() == {}
    assert [v["outcome"] for v in done.document["volumes"]] == ["unknown"]
    assert [p["outcome"] for p in done.document["probes"]] == ["passed"]
    assert done.document["completeness"]["missing"] == []
    assert main(["plan", "--embedded", "--store", str(bucket.folder), str(scenario)]) == 3


@pytest.mark.parametrize("kind", NEEDY)
def test_a_probe_that_nobody_answers_is_said_before_and_not_asked(
    drill: Drill, write: Write, bucket: Bucket, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = f"{THERE}    - name: the question\n      {NEEDY[kind]}\n"
    scenario = write(probes=asked, cluster="{embedded: true}")
    done = drill(scenario, "--embedded", "--store", bucket.folder)
    assert (done.code, done.verdict) == (3, "inconclusive")
    there, question = done.document["probes"]
    assert (there["outcome"], question["outcome"]) == ("passed", "inconclusive")
    assert question["attempts"] == 0
    said = done.findings("warning")["probe-not-answerable-here"]
    assert f'"the question" ({kind})' in said["message"]
    assert said["message"].startswith("The embedded cluster")
    assert "stand-in" in said["remedy"]
    told = json.dumps([said, done.document["reasons"], question])
    assert "grant" not in told
    assert {r["cause"] for r in done.document["reasons"]} == {"environment"}
    assert main(["plan", "--embedded", "--store", str(bucket.folder), str(scenario)]) == 3
    assert "the question" in capsys.readouterr().out


def test_an_optional_probe_that_nobody_answers_spoils_nothing(
    drill: Drill, write: Write, bucket: Bucket
) -> None:
    asked = f"{THERE}    - name: nice\n      required: false\n      {NEEDY['http']}\n"
    scenario = write(probes=asked, cluster="{embedded: true}")
    done = drill(scenario, "--embedded", "--store", bucket.folder)
    assert (done.code, done.verdict) == (0, "warned")
    assert "probe-not-answerable-here" in done.findings("info")


def test_a_stand_in_that_answers_for_others_only_gets_no_advice_about_rights(
    drill: Drill, write: Write, bucket: Bucket
) -> None:
    """The shop's stand-in knows nothing of the ledger: that shows only when it is asked."""
    asked = f"{THERE}    - name: q\n      http: {{service: ledger, port: 80}}\n      retries: 0\n"
    done = drill(write(probes=asked), "--embedded", "--store", bucket.folder)
    (_, question) = done.document["probes"]
    assert question["outcome"] in {"inconclusive", "failed"}
    assert "grant" not in question["message"]


def older(bucket: Bucket, *which: tuple[str, str, str, str]) -> None:
    """Have each (resource, version, name, older apiVersion) archived in the older version."""
    with archive(bucket) as entries:
        for resource, version, name, api_version in which:
            obj = take(entries, resource, version, "production", name)
            put(entries, resource, {**obj, "apiVersion": api_version})


def test_a_removed_version_is_named_with_what_takes_its_place(
    drill: Drill, write: Write, bucket: Bucket
) -> None:
    older(
        bucket,
        ("cronjobs.batch", "v1", "billing", "batch/v1beta1"),
        ("deployments.apps", "v1", "shop", "apps/v1beta2"),
    )
    asked = THERE + (
        "    - name: billing is there\n"
        "      resource: {apiVersion: batch/v1, kind: CronJob, name: billing}\n"
    )
    scenario = write(probes=asked, cluster="{embedded: true}")
    done = drill(scenario, "--embedded", "--store", bucket.folder)
    assert (done.code, done.verdict) == (3, "inconclusive")
    said = {f["subject"]: f for f in done.document["findings"] if f["code"] == "version-not-served"}
    assert set(said) == {"batch/v1beta1 CronJob", "apps/v1beta2 Deployment"}
    cron, deployment = said["batch/v1beta1 CronJob"], said["apps/v1beta2 Deployment"]
    assert "removed it in 1.25, batch/v1 takes its place" in cron["message"]
    assert "removed it in 1.16, apps/v1 takes its place" in deployment["message"]
    assert "EnableAPIGroupVersions" in cron["remedy"]
    assert "production/billing" in json.dumps(done.document["completeness"]["missing"])
    assert "backup" not in {r["cause"] for r in done.document["reasons"]}


def test_a_custom_kind_without_its_definition_is_no_failure(
    drill: Drill, write: Write, bucket: Bucket
) -> None:
    with archive(bucket) as entries:
        crawler = {"name": "one", "namespace": "production"}
        put(
            entries,
            "crawlers.example.com",
            {"apiVersion": "example.com/v1", "kind": "Crawler", "metadata": crawler, "spec": {}},
        )
    scenario = write(probes=THERE, cluster="{embedded: true}")
    done = drill(scenario, "--embedded", "--store", bucket.folder)
    assert (done.code, done.verdict) == (3, "inconclusive")
    (said,) = [f for f in done.document["findings"] if f["subject"] == "example.com/v1 Crawler"]
    assert (said["code"], said["cause"]) == ("kind-not-served", "environment")
    assert "neither in the cluster nor in the backup" in said["message"]
    assert "crawlers.example.com" in said["remedy"]


def test_an_object_that_is_held_in_a_version_that_is_served_comes_back_in_it(
    drill: Drill, write: Write, bucket: Bucket
) -> None:
    """As EnableAPIGroupVersions archives it: the source preferred a version that is gone."""
    with archive(bucket) as entries:
        obj = take(entries, "cronjobs.batch", "v1", "production", "billing")
        put(entries, "cronjobs.batch", {**obj, "apiVersion": "batch/v1beta1"})
        path = "resources/cronjobs.batch/v1/namespaces/production/billing.json"
        entries[path] = json.dumps(obj).encode()
    done = drill(
        write(probes=THERE, cluster="{embedded: true}"), "--embedded", "--store", bucket.folder
    )
    assert done.verdict == "passed"
    assert done.document["completeness"]["missing"] == []
    assert "batch/v1beta1 CronJob" in {f["subject"] for f in done.document["findings"]}
