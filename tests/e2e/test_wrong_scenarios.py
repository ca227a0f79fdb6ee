"""The scenario is checked against the real backup before the backup is blamed."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from runner.cli import main
from tests.e2e.buckets import BACKUP, Bucket
from tests.e2e.conftest import Drilled

Drill = Callable[..., Drilled]
Write = Callable[..., Path]

PROBE = """\
    - name: settings came back
      resource: {apiVersion: v1, kind: ConfigMap, name: shop-config}
"""
RESTORE = "{namespaces: {production: backup-test}, deadline: 60s, exclude: [%s]}"
PART = "deploy, sts, DaemonSet, replicaset, cronjob, pods, pvc"
"""As `scenarios/config-only.yaml` says it, in other words for the same kinds."""

WRONG = {
    "schedule": ({"backup": "{engine: velero, schedule: production-dialy}"}, "production-daily"),
    "name": ({"backup": "{engine: velero, name: production-daily}"}, BACKUP),
    "location": (
        {"backup": f"{{engine: velero, name: {BACKUP}, location: defualt}}"},
        "'default'",
    ),
    "namespace": (
        {"restore": "{namespaces: {prodution: backup-test}, deadline: 60s}"},
        "'production'",
    ),
    "pods": ({"restore": RESTORE % "pods"}, "data-ledger-0"),
    "claims": ({"restore": RESTORE % "PersistentVolumeClaim"}, "data-ledger-0"),
    "service": (
        {"probes": "    - name: shop answers\n      http: {service: shpo, port: 80}\n"},
        "'shop'",
    ),
    "workload": (
        {
            "probes": "    - name: ledger\n      exec: {workload: statefulset/leger, "
            "command: [tail, /data/x]}\n"
        },
        "'ledger'",
    ),
}


@pytest.mark.parametrize(("parts", "named"), WRONG.values(), ids=WRONG)
def test_wrong(
    drill: Drill,
    write: Write,
    bucket: Bucket,
    capsys: pytest.CaptureFixture[str],
    parts: dict[str, str],
    named: str,
) -> None:
    """A drill reports it and leaves the question open; plan and verify refuse the scenario."""
    scenario = write(**{"probes": PROBE, **parts})
    done = drill(scenario, "--embedded", "--store", bucket.folder)
    assert (done.code, done.verdict) == (3, "inconclusive")
    opened = [f for f in done.document["findings"] if f["severity"] != "info"]
    assert {f["cause"] for f in opened} == {"configuration"}
    assert any(named in f"{f['subject']} {f['message']}" for f in opened)
    assert all(f["remedy"] for f in opened)
    assert done.document["restore"] is None
    for command in ("plan", "verify"):
        code = main([command, str(scenario), "--embedded", "--store", str(bucket.folder)])
        assert (command, code) == (command, 2)
        assert named in capsys.readouterr().err


def test_a_part_on_purpose(drill: Drill, write: Write, bucket: Bucket) -> None:
    """Claims left out with all that mounts them: the rest is a good drill, proven as objects."""
    done = drill(
        write(restore=RESTORE % PART, probes=PROBE), "--embedded", "--store", bucket.folder
    )
    assert (done.code, done.verdict) == (0, "passed")
    assert done.document["volumes"][0]["outcome"] == "left-out"
    assert done.document["proofLevel"] == "objects"


@pytest.mark.parametrize(
    ("included", "excluded"),
    [
        (["prod*"], []),
        (["[a-p]roduction"], ["other"]),
        (["?roduction"], ["productio[a-m]"]),
        (["*"], ["kube-*", "prod"]),
    ],
)
def test_patterns_of_namespaces(
    drill: Drill,
    write: Write,
    bucket: Bucket,
    capsys: pytest.CaptureFixture[str],
    included: list[str],
    excluded: list[str],
) -> None:
    """A backup whose order names its namespaces by patterns is as good as any."""

    def order(document: object) -> None:
        assert isinstance(document, dict)
        document["spec"].update(includedNamespaces=included, excludedNamespaces=excluded)

    bucket.change_json("velero-backup.json", order)
    done = drill(write(probes=PROBE), "--embedded", "--store", bucket.folder)
    assert (done.code, done.verdict) == (0, "passed")
    args = ["--bucket", str(bucket.folder), "--backup", BACKUP, "--no-state"]
    assert main(["verify", *args, "--namespace", "production"]) == 0
    assert "namespace-not-in-backup" not in capsys.readouterr().out


def test_a_pattern_that_excludes_it(drill: Drill, write: Write, bucket: Bucket) -> None:
    """What an exclude pattern takes away the backup does not cover, and its order is to blame."""

    def order(document: object) -> None:
        assert isinstance(document, dict)
        document["spec"].update(includedNamespaces=["*"], excludedNamespaces=["prod*"])

    bucket.change_json("velero-backup.json", order)
    done = drill(write(probes=PROBE), "--embedded", "--store", bucket.folder)
    assert (done.code, done.verdict) == (1, "failed")
    assert "does not contain namespace production" in json.dumps(done.document["reasons"])


def test_a_newer_backup_of_something_else(drill: Drill, write: Write, bucket: Bucket) -> None:
    """Chosen by namespaces, a backup that turns out to hold others is passed over in silence."""

    def order(document: object) -> None:
        assert isinstance(document, dict)
        document["spec"].update(includedNamespaces=["*"])
        document["status"].update(startTimestamp="2026-11-22T00:00:00Z")
        document["status"].update(completionTimestamp="2026-11-22T00:01:00Z")

    bulk = bucket.folder / "backups" / "bulk-1" / "velero-backup.json"
    document = json.loads(bulk.read_text())
    order(document)
    bulk.write_text(json.dumps(document))
    done = drill(
        write(probes=PROBE, backup="{engine: velero, namespaces: [production]}"),
        "--embedded",
        "--store",
        bucket.folder,
    )
    assert (done.code, done.verdict) == (0, "passed")
    assert done.document["backup"]["name"] == BACKUP
    assert [over["name"] for over in done.document["passedOver"]] == ["bulk-1"]
    assert "namespace production" in done.document["passedOver"][0]["reason"]


@pytest.mark.parametrize(
    ("ends", "code"),
    [("2099-01-01T01:00:00Z", "backup-from-future"), ("2098-01-01T00:00:00Z", "backup-ends")],
)
def test_a_backup_from_the_future(
    drill: Drill,
    write: Write,
    bucket: Bucket,
    capsys: pytest.CaptureFixture[str],
    ends: str,
    code: str,
) -> None:
    """Its age is unknown: no limit on it is kept, and a clock is named instead of the backup."""
    bucket.change_status(
        startTimestamp="2099-01-01T00:00:00Z",
        completionTimestamp=ends,
        expiration="2099-02-01T00:00:00Z",
    )
    aged = f"{{engine: velero, name: {BACKUP}, maxAge: 26h}}"
    done = drill(write(probes=PROBE, backup=aged), "--embedded", "--store", bucket.folder)
    assert (done.code, done.verdict) == (3, "inconclusive")
    assert {r["cause"] for r in done.document["reasons"]} <= {"environment", "runner"}
    done = drill(write(probes=PROBE), "--embedded", "--store", bucket.folder)
    assert (done.code, done.verdict) == (0, "warned")
    assert done.document["objectives"]["rpo"]["achievedSeconds"] is None
    assert main(["verify", "--bucket", str(bucket.folder), "--backup", BACKUP, "--no-state"]) == 0
    out = capsys.readouterr().out
    assert code in out
    assert "clock" in out


def test_a_backup_from_the_future_is_told_once_and_its_schedule_is_not_missed(
    drill: Drill, write: Write, bucket: Bucket
) -> None:
    """A copied bucket's Schedule is at work somewhere else, whatever a wrong clock says."""
    bucket.change_status(
        startTimestamp="2099-01-01T00:00:00Z",
        completionTimestamp="2099-01-01T01:00:00Z",
        expiration="2099-02-01T00:00:00Z",
    )
    backup = "{engine: velero, schedule: production-daily}"
    scenario = write(probes=PROBE, backup=backup)
    scenario.write_text(scenario.read_text().replace("objectives: {", "objectives: {rpo: 24h, "))
    done = drill(scenario, "--embedded", "--store", bucket.folder)
    assert (done.code, done.verdict) == (3, "inconclusive")
    told = [f["code"] for f in done.document["findings"]]
    assert told.count("backup-from-future") == 1
    assert "schedule-gone" not in told
