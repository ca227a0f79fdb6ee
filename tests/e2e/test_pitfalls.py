"""Whole drills of backups that would reach for production: refused, or told."""

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from runner.cli import main
from tests.e2e.buckets import BACKUP, Bucket
from tests.e2e.conftest import Drilled

Drill = Callable[..., Drilled]
Write = Callable[..., Path]
LEDGER_PORT = "10.96.7.7:80"
CONFIG = "/configmaps/namespaces/production/shop-config.json"
SHOP = "/deployments.apps/namespaces/production/shop.json"


def rewrite(bucket: Bucket, path: str, change: Callable[[dict[str, Any]], None]) -> None:
    """Change one object of the backup's archive."""
    bucket.change_archive({path: change}, {})


def add(bucket: Bucket, path: str, obj: dict[str, Any], listed: tuple[str, str]) -> None:
    """Put one more object into the backup's archive and its list."""
    bucket.change_archive({}, {path: obj})

    def note(document: object) -> None:
        assert isinstance(document, dict)
        document.setdefault(listed[0], []).append(listed[1])

    bucket.change_json(f"{BACKUP}-resource-list.json.gz", note)


def mount_share(obj: dict[str, Any]) -> None:
    pod = obj["spec"]["template"]["spec"]
    share = {"server": "files.example.com", "path": "/orders"}
    pod.setdefault("volumes", []).append({"name": "orders", "nfs": share})
    mounts = pod["containers"][0].setdefault("volumeMounts", [])
    mounts.append({"name": "orders", "mountPath": "/orders"})


def test_a_share_of_production_is_never_mounted(drill: Drill, write: Write, bucket: Bucket) -> None:
    """Inconclusive, and no namespace was made for it."""
    rewrite(bucket, SHOP, mount_share)
    done = drill(write(), "--embedded", "--store", bucket.folder)
    assert (done.code, done.verdict) == (3, "inconclusive")
    found = done.findings("warning")["storage-shared-with-production"]
    assert (found["cause"], found["subject"]) == ("isolation", "deployments.apps production/shop")
    assert "isolate" not in {stage["name"] for stage in done.document["stages"]}
    assert done.document["cleanup"]["outcome"] == "clean"


def test_settings_that_lead_to_production_are_named(
    drill: Drill, write: Write, bucket: Bucket
) -> None:
    """A note, where the network is closed: the drill goes on and passes."""

    def point(obj: dict[str, Any]) -> None:
        obj["data"]["LEDGER_HOST"] = "ledger.production.svc.cluster.local"

    rewrite(bucket, CONFIG, point)
    done = drill(write(), "--embedded", "--store", bucket.folder)
    assert (done.code, done.verdict) == (0, "passed")
    message = done.findings("info")["points-at-production"]["message"]
    assert "configmaps production/shop-config key LEDGER_HOST (ledger.production.svc)" in message


def test_addresses_of_production_are_named(drill: Drill, write: Write, bucket: Bucket) -> None:
    """By whom they belonged to when the backup was made; a secret's only by its key."""

    def point(obj: dict[str, Any]) -> None:
        obj["data"]["PEER"] = LEDGER_PORT

    def hide(obj: dict[str, Any]) -> None:
        obj["data"]["dsn"] = base64.b64encode(f"x://u:pw@{LEDGER_PORT}/".encode()).decode()

    def place(obj: dict[str, Any]) -> None:
        obj["spec"] |= {"clusterIP": "10.96.7.7", "clusterIPs": ["10.96.7.7"]}

    rewrite(bucket, "/services/namespaces/production/ledger.json", place)
    rewrite(bucket, CONFIG, point)
    rewrite(bucket, "/secrets/namespaces/production/shop-credentials.json", hide)
    done = drill(write(), "--embedded", "--store", bucket.folder)
    assert (done.code, done.verdict) == (0, "passed")
    message = done.findings("info")["address-of-production"]["message"]
    assert "shop-config key PEER (10.96.7.7, Service production/ledger)" in message
    assert "secrets production/shop-credentials key dsn." in message


CLASS_PROBES = """\
    - name: the claim has the drill's class
      resource: {apiVersion: v1, kind: PersistentVolumeClaim, name: data-ledger-0}
      expect: {jsonPath: "{.spec.storageClassName}", value: standard}
    - name: claims to come would have it too
      resource: {apiVersion: apps/v1, kind: StatefulSet, name: ledger}
      expect:
        jsonPath: "{.spec.volumeClaimTemplates[0].spec.storageClassName}"
        value: standard
"""


def test_a_claim_gets_another_class_and_its_data(
    drill: Drill, write: Write, bucket: Bucket
) -> None:
    """For this drill alone: nothing but the sandbox's own objects changes."""
    mapped = "namespaces: {production: backup-test}, storageClasses: {local: standard}"
    scenario = write(restore=f"{{{mapped}, deadline: 60s}}", probes=CLASS_PROBES)
    done = drill(scenario, "--embedded", "--store", bucket.folder)
    assert (done.code, done.verdict) == (0, "passed"), done.document["reasons"]
    assert done.document["volumes"][0]["outcome"] == "restored"
    message = done.findings("info")["storage-class-mapped"]["message"]
    assert "production/data-ledger-0 (local to standard)" in message
    assert "storage-class-not-mapped" not in done.findings("warning")


BINDING = {
    "apiVersion": "rbac.authorization.k8s.io/v1",
    "kind": "ClusterRoleBinding",
    "metadata": {"name": "shop-reads"},
    "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"},
    "subjects": [{"kind": "ServiceAccount", "namespace": "production", "name": "shop"}],
}
WRONG_PROBE = """\
    - name: shop answers
      http: {service: shop, port: 80, path: /healthz}
      expect: {status: 200, body: {contains: welcome}}
      retries: 0
"""


def test_a_failed_probe_stands_beside_the_rights_that_the_copy_lacks(
    drill: Drill, write: Write, bucket: Bucket
) -> None:
    """The verdict is failed all the same: nobody knows that this was why."""
    path = "clusterrolebindings.rbac.authorization.k8s.io/cluster/shop-reads"
    add(bucket, path, BINDING, ("rbac.authorization.k8s.io/v1/ClusterRoleBinding", "shop-reads"))
    done = drill(write(probes=WRONG_PROBE), "--embedded", "--store", bucket.folder)
    assert (done.code, done.verdict) == (1, "failed")
    assert "cluster-rights-left-out" in done.findings("info")
    doubt = done.findings("warning")["cluster-rights-missing"]
    assert doubt["subject"] == "probe shop answers"
    assert "production/shop loses ClusterRole view" in doubt["message"]


WIDGET = {
    "apiVersion": "example.org/v1",
    "kind": "Widget",
    "metadata": {"name": "w", "namespace": "production", "finalizers": ["example.org/cleanup"]},
    "status": {"ready": True},
}


def plan(scenario: Path, bucket: Bucket, capsys: pytest.CaptureFixture[str]) -> list[str]:
    main(["plan", str(scenario), "--embedded", "--store", str(bucket.folder)])
    return capsys.readouterr().out.splitlines()


def test_a_kind_that_an_operator_works_on_is_told_in_the_plan(
    write: Write, bucket: Bucket, capsys: pytest.CaptureFixture[str]
) -> None:
    """Until the scenario says that its copy is harmless, or leaves it out."""
    path = "widgets.example.org/namespaces/production/w"
    add(bucket, path, WIDGET, ("example.org/v1/Widget", "production/w"))
    told = plan(write(), bucket, capsys)
    risk = [line for line in told if line.startswith("warning  widgets.example.org: An operator")]
    assert len(risk) == 1
    assert "production/w" in risk[0]
    for word in ("allow", "exclude"):
        mapped = f"namespaces: {{production: backup-test}}, {word}: ['*.example.org']"
        lines = plan(write(restore=f"{{{mapped}, deadline: 60s}}"), bucket, capsys)
        assert not [line for line in lines if "An operator works on" in line]
