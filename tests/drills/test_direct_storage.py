"""Storage that pods name themselves is production's own, in the copy as well."""

import pytest

from drills.backups import BackedUpObject
from drills.direct_storage import storage_findings
from drills.engine import Inspection, LeftOutRule
from drills.findings import Cause, Finding, Severity
from drills.stages.verify import verify
from tests.fakes.cluster import FakeCluster
from tests.fakes.drilling import scenario
from tests.fakes.engine import SHOP, SOURCE, FakeEngine, backed, backup, inventory, manifest

NFS = {"server": "files.example.com", "path": "/orders"}


def workload(
    volume: dict[str, object],
    *,
    kind: str = "Deployment",
    read_only: bool = False,
    owner: str | None = None,
) -> BackedUpObject:
    pod = {
        "volumes": [{"name": "files", **volume}],
        "containers": [{"volumeMounts": [{"name": "files", "readOnly": read_only}]}],
    }
    spec = {
        "Pod": pod,
        "CronJob": {"jobTemplate": {"spec": {"template": {"spec": pod}}}},
    }.get(kind, {"template": {"spec": pod}})
    version = {"Pod": "v1", "CronJob": "batch/v1"}.get(kind, "apps/v1")
    return backed(manifest(version, kind, "shop", spec=spec), owner=owner)


def told(*found: BackedUpObject, left_out: tuple[LeftOutRule, ...] = ()) -> tuple[Finding, ...]:
    return storage_findings(found, [SOURCE], left_out)


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet", "DaemonSet", "Pod", "CronJob"])
def test_a_workload_that_mounts_a_share_itself_is_not_restored(kind: str) -> None:
    (finding,) = told(workload({"nfs": NFS}, kind=kind))
    assert (finding.code, finding.cause) == ("storage-shared-with-production", Cause.ISOLATION)
    assert finding.unanswered
    assert "files.example.com:/orders" in finding.message


@pytest.mark.parametrize(
    "volume",
    [
        {"iscsi": {"targetPortal": "10.0.0.1:3260", "iqn": "iqn.2026-01.com.example:disk"}},
        {"cephfs": {"monitors": ["10.0.0.1:6789", "10.0.0.2:6789"]}},
        {"awsElasticBlockStore": {"volumeID": "vol-1"}},
    ],
    ids=["iscsi", "cephfs", "ebs"],
)
def test_other_storage_counts_too(volume: dict[str, object]) -> None:
    assert [f.code for f in told(workload(volume))] == ["storage-shared-with-production"]


@pytest.mark.parametrize(
    ("volume", "read_only"), [({"nfs": NFS}, True), ({"nfs": {**NFS, "readOnly": True}}, False)]
)
def test_what_is_only_read_is_a_note(volume: dict[str, object], *, read_only: bool) -> None:
    (finding,) = told(workload(volume, read_only=read_only))
    assert (finding.code, finding.severity) == ("storage-read-from-production", Severity.INFO)


def test_a_path_of_the_node_warns() -> None:
    (finding,) = told(workload({"hostPath": {"path": "/srv/data"}}))
    assert (finding.code, finding.severity) == ("host-path-shared", Severity.WARNING)
    assert not finding.unanswered
    assert told(workload({"hostPath": {"path": "/etc/ssl"}}, read_only=True)) == ()


def test_what_is_made_for_the_pod_is_no_matter() -> None:
    volumes: tuple[dict[str, object], ...] = (
        {"emptyDir": {}},
        {"csi": {"driver": "secrets-store.csi.k8s.io"}},
        {"persistentVolumeClaim": {"claimName": "data"}},
    )
    assert [told(workload(volume)) for volume in volumes] == [(), (), ()]


def test_the_owner_speaks_for_its_pods() -> None:
    """A pod whose owner is left out speaks for itself: Velero restores it all the same."""
    deployment = workload({"nfs": NFS})
    pod = workload({"nfs": NFS}, kind="Pod", owner="Deployment/shop")
    assert [f.subject for f in told(deployment, pod)] == ["deployments.apps production/shop"]
    rule = LeftOutRule(resource="deployments.apps", reason="unwanted")
    assert [f.subject for f in told(deployment, pod, left_out=(rule,))] == ["pods production/shop"]


def test_what_is_out_of_scope_is_no_matter() -> None:
    assert storage_findings([workload({"nfs": NFS})], ["staging"], ()) == ()


def test_the_drill_refuses_before_it_touches_anything() -> None:
    engine = FakeEngine(FakeCluster())
    whole = Inspection(inventory=inventory(*SHOP, workload({"nfs": NFS})))
    engine.on_inspect = lambda _: whole
    assert not verify(engine, scenario(), backup()).restorable
