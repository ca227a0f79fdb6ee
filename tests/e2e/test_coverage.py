"""Whole drills that compare the backup with what lives in the source."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from embedded.cluster import EmbeddedCluster
from embedded.faults import Rule
from runner.cli import main
from tests.e2e.conftest import Drilled
from tests.e2e.living import SHORT_CLUSTER, On, things

COMPARED = "{engine: velero, schedule: production-daily, maxAge: 26h, compareWithSource: true}"
AUTO = "{engine: velero, schedule: production-daily, maxAge: 26h}"
WEEK = timedelta(days=7)
TOY: dict[str, Any] = {
    "metadata": {"name": "toys.example.org"},
    "spec": {
        "group": "example.org",
        "scope": "Namespaced",
        "names": {"plural": "toys", "kind": "Toy", "singular": "toy", "listKind": "ToyList"},
        "versions": [{"name": "v1", "served": True, "storage": True}],
    },
}


def about(drilled: Drilled, code: str) -> dict[str, dict[str, Any]]:
    """Return the findings of one code by subject."""
    return {one["subject"]: one for one in drilled.document["findings"] if one["code"] == code}


def held(drilled: Drilled) -> tuple[int, int]:
    """Return how many of how many live objects are in the backup, as stage verify says."""
    stages = {stage["name"]: stage["message"] for stage in drilled.document["stages"]}
    words = stages["verify"].partition("; ")[2].split()
    return int(words[0]), int(words[2])


def live(cluster: EmbeddedCluster, resource: str, name: str, **more: object) -> None:
    metadata = {"name": name, "namespace": "production", **more}
    cluster.objects.create(resource, {"metadata": metadata})


def test_a_backup_that_holds_everything_passes(cluster: EmbeddedCluster, on: On) -> None:
    before = things(cluster)
    live(cluster, "configmaps", "made-since")
    drilled = on(backup=COMPARED)
    assert drilled.verdict == "passed", drilled.document["reasons"]
    found, asked = held(drilled)
    assert found == asked > 10
    cluster.storage.delete(cluster.objects.type("configmaps"), "production", "made-since")
    assert things(cluster) == before


def test_an_object_that_the_backup_passed_over_fails_the_drill(
    cluster: EmbeddedCluster, on: On
) -> None:
    with cluster.earlier(WEEK):
        live(cluster, "configmaps", "passed-over")
    drilled = on(backup=COMPARED)
    assert (drilled.code, drilled.verdict) == (1, "failed")
    lost = about(drilled, "not-in-backup")["configmaps production"]
    assert "passed-over" in lost["message"]
    assert lost["cause"] == "backup"
    found, asked = held(drilled)
    assert found == asked - 1


def test_a_kind_that_the_engine_did_not_know_yet_fails_the_drill(
    cluster: EmbeddedCluster, on: On
) -> None:
    """A CRD younger than Velero's last discovery: its own inventory lacks nothing."""
    with cluster.earlier(WEEK):
        cluster.objects.create("customresourcedefinitions.apiextensions.k8s.io", TOY)
        toy = {"apiVersion": "example.org/v1", "kind": "Toy"}
        teddy = {"metadata": {"name": "teddy", "namespace": "production"}}
        cluster.objects.create("toys.example.org", {**toy, **teddy})
    lost = about(on(backup=COMPARED), "not-in-backup")["toys.example.org production"]
    assert "It holds none" in lost["message"]
    assert "teddy" in lost["message"]


def test_what_nobody_wants_backed_up_is_a_note(cluster: EmbeddedCluster, on: On) -> None:
    with cluster.earlier(WEEK):
        label = {"velero.io/exclude-from-backup": "true"}
        live(cluster, "configmaps", "a-cache", labels=label)
    drilled = on(backup=COMPARED)
    assert drilled.verdict == "passed", drilled.document["reasons"]
    (note,) = about(drilled, "left-out-of-backup").values()
    assert "labelled velero.io/exclude-from-backup=true (a-cache)" in note["message"]


def test_a_kind_that_may_not_be_listed_leaves_the_question_open(
    cluster: EmbeddedCluster, on: On
) -> None:
    cluster.faults.deny(Rule(verb="list", resource="secrets", namespace="production"))
    drilled = on(backup=COMPARED)
    assert (drilled.code, drilled.verdict) == (3, "inconclusive")
    assert "secrets production" in about(drilled, "source-not-read")
    assert drilled.document["completeness"]["restored"] > 0


def test_a_kind_that_shall_not_be_listed_is_not(cluster: EmbeddedCluster, on: On) -> None:
    cluster.faults.deny(Rule(verb="list", resource="secrets", namespace="production"))
    backup = COMPARED.replace("Source: true", "Source: {except: [secrets]}")
    drilled = on(backup=backup)
    assert drilled.verdict == "passed", drilled.document["reasons"]
    assert held(drilled)[0] > 0


def test_a_source_that_is_gone_leaves_the_question_open(cluster: EmbeddedCluster, on: On) -> None:
    """As after a disaster: the drill goes on, and says that it could not compare."""
    cluster.storage.delete(cluster.objects.type("namespaces"), None, "production")
    cluster.settle()
    drilled = on(backup=COMPARED)
    assert drilled.verdict == "inconclusive"
    (open_question,) = about(drilled, "source-not-read").values()
    assert "namespace production is not in the source's cluster" in open_question["message"]
    assert all(probe["outcome"] == "passed" for probe in drilled.document["probes"])


def test_nothing_is_compared_where_the_scenario_says_so(cluster: EmbeddedCluster, on: On) -> None:
    with cluster.earlier(WEEK):
        live(cluster, "configmaps", "passed-over")
    drilled = on(backup=COMPARED.replace("true", "false"))
    assert drilled.verdict == "passed", drilled.document["reasons"]
    assert about(drilled, "not-in-backup") == {}


@pytest.mark.parametrize("backup", [AUTO, AUTO.replace("}", ", compareWithSource: auto}")])
def test_it_is_compared_without_being_asked(cluster: EmbeddedCluster, on: On, backup: str) -> None:
    """Nobody knows beforehand that a kind was younger than Velero's discovery."""
    with cluster.earlier(WEEK):
        live(cluster, "serviceaccounts", "passed-over", labels={"a": "b"})
    drilled = on(backup=backup)
    assert drilled.verdict == "failed"
    assert "passed-over" in about(drilled, "not-in-backup")["serviceaccounts production"]["message"]


def test_a_right_that_is_missing_is_a_note_where_nobody_demanded_it(
    cluster: EmbeddedCluster, on: On
) -> None:
    """Secrets are not even asked for: what is refused stands in the audit log of a cluster."""
    for resource in ("secrets", "roles"):
        cluster.faults.deny(Rule(verb="list", resource=resource, namespace="production"))
    drilled = on(backup=AUTO)
    assert drilled.verdict == "passed", drilled.document["reasons"]
    (note,) = about(drilled, "source-not-compared").values()
    assert "roles.rbac.authorization.k8s.io production, secrets production" in note["message"]
    assert note["severity"] == "info"
    stages = {stage["name"]: stage["message"] for stage in drilled.document["stages"]}
    assert "(but " in stages["verify"]


def test_without_any_right_it_is_said_once(cluster: EmbeddedCluster, on: On) -> None:
    cluster.faults.deny(Rule(verb="list", resource="*", namespace="production"))
    drilled = on(backup=AUTO)
    assert drilled.verdict == "passed", drilled.document["reasons"]
    (note,) = about(drilled, "source-not-compared").values()
    assert "no right to list what lives in production" in note["message"]
    stages = {stage["name"]: stage["message"] for stage in drilled.document["stages"]}
    assert stages["verify"].endswith("not compared with the source")


def test_a_source_that_is_gone_is_a_note_where_nobody_demanded_it(
    cluster: EmbeddedCluster, on: On
) -> None:
    cluster.storage.delete(cluster.objects.type("namespaces"), None, "production")
    cluster.settle()
    drilled = on(backup=AUTO)
    assert drilled.verdict == "passed", drilled.document["reasons"]
    (note,) = about(drilled, "source-not-compared").values()
    assert "namespace production is not in the source's cluster" in note["message"]


@pytest.mark.parametrize(
    ("backup", "code", "verdict"),
    [(AUTO, "source-not-compared", "passed"), (COMPARED, "source-not-read", "inconclusive")],
)
def test_another_namespace_of_that_name_is_not_the_source(
    cluster: EmbeddedCluster, on: On, backup: str, code: str, verdict: str
) -> None:
    """In a standby cluster, or made anew: its objects were never to be in this backup."""
    cluster.storage.delete(cluster.objects.type("namespaces"), None, "production")
    cluster.settle()
    with cluster.earlier(WEEK):
        cluster.objects.create("namespaces", {"metadata": {"name": "production"}})
        live(cluster, "configmaps", "of-the-standby")
    drilled = on(backup=backup)
    assert about(drilled, "not-in-backup") == {}
    (said,) = about(drilled, code).values()
    assert "is not the one that was backed up" in said["message"]
    assert drilled.verdict == verdict


def test_verify_compares_too(
    cluster: EmbeddedCluster,
    write: Callable[..., Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Without a restore, and without a sandbox."""
    with cluster.earlier(WEEK):
        live(cluster, "configmaps", "passed-over")
    kubeconfig = str(cluster.kubeconfig(tmp_path / "kubeconfig"))
    scenario = write(cluster=SHORT_CLUSTER, backup=COMPARED)
    assert main(["verify", str(scenario), "--kubeconfig", kubeconfig]) == 1
    said = capsys.readouterr().out
    assert "live objects that are older" in said
    assert "configmaps production: 1 that lived before the backup began" in said
