"""What a cluster cannot do for a drill is known before the restore, and blames nobody."""

from dataclasses import replace

import pytest

from drills.backups import BackedUpObject, BackedUpVolume, ObjectKey
from drills.cluster import Abilities, ServedKind, VolumeMeans, Way
from drills.engine import LeftOutRule, RestoreOrder, Unfillable
from drills.engines.velero.site import Site
from drills.engines.velero.unfillable import unfillable
from drills.findings import Cause, Finding, Severity
from drills.foreseen import Foreseen, probe_findings
from drills.probes.ways import WAYS, ways_of
from drills.unserved import finding_of, removed_notes, unserved_keys, unserved_kinds
from scenarios.model import ProbeSpec, ProofLevel
from tests.drills.engines.velero.orders import held, order_of
from tests.fakes.cluster import FakeCluster
from tests.fakes.kinds import VERBS
from tests.fakes.velero import FakeVelero

LIMITED = Abilities(
    name="the embedded cluster",
    ways=frozenset({Way.HTTP}),
    volumes=frozenset({VolumeMeans.FILES}),
)


def cron(name: str = "billing", version: str = "batch/v1beta1") -> BackedUpObject:
    return held("cronjobs.batch", name, apiVersion=version, kind="CronJob")


def said(cluster: FakeCluster, order: RestoreOrder) -> list[Finding]:
    found = unserved_kinds(cluster, order)
    return [finding_of(one, order.inventory, cluster.version()) for one in found]


def test_kinds_are_compared_by_version() -> None:
    order = order_of(cron(), cron("other"), cron("new", "batch/v1"))
    (finding,) = said(FakeCluster(), order)
    assert (finding.code, finding.cause) == ("version-not-served", Cause.ENVIRONMENT)
    assert finding.unanswered
    assert "2 cronjobs.batch (billing, other)" in finding.message
    assert "1.25, batch/v1 takes its place" in finding.message


def test_the_cluster_of_the_source_is_named_as_the_way_out() -> None:
    order = order_of(cron())
    order = replace(order, inventory=replace(order.inventory, cluster_version="v1.24.17"))
    assert "v1.24.17" in said(FakeCluster(), order)[0].remedy


def test_a_custom_kind_in_another_version_is_named() -> None:
    cluster = FakeCluster()
    cluster.kinds.append(
        ServedKind(
            api_version="example.com/v2", kind="Shop", plural="shops", namespaced=True, verbs=VERBS
        )
    )
    shop = held("shops.example.com", "s", apiVersion="example.com/v1", kind="Shop")
    (finding,) = said(cluster, order_of(shop))
    assert finding.code == "version-not-served"
    assert "example.com/v2" in finding.message


@pytest.mark.parametrize("in_backup", [True, False])
def test_a_custom_kind_that_is_unknown_here(in_backup: bool) -> None:
    shop = held("shops.example.com", "s", apiVersion="example.com/v1", kind="Shop")
    key = ObjectKey(
        resource="customresourcedefinitions.apiextensions.k8s.io",
        namespace="",
        name="shops.example.com",
    )
    definition = replace(shop, key=key, api_version="apiextensions.k8s.io/v1", kind="X")
    order = order_of(shop, *((definition,) if in_backup else ()))
    (finding,) = said(FakeCluster(), order)
    assert (finding.code, finding.unanswered) == ("kind-not-served", True)
    assert ("neither in the cluster nor" in finding.message) is not in_backup
    assert "shops.example.com" in finding.remedy


def test_a_version_that_is_served_and_held_beside_it_leaves_nothing_open() -> None:
    order = order_of(cron())
    versions = {"cronjobs.batch": frozenset({"batch/v1", "batch/v1beta1"})}
    order = replace(order, inventory=replace(order.inventory, versions=versions))
    (finding,) = said(FakeCluster(), order)
    assert (finding.severity, finding.unanswered) == (Severity.INFO, False)
    assert unserved_keys(unserved_kinds(FakeCluster(), order)), "it may still not come back"


def test_what_is_left_out_or_made_anew_by_its_owner_need_not_be_served() -> None:
    made = held(
        "replicasets.apps",
        "r",
        apiVersion="extensions/v1beta1",
        kind="ReplicaSet",
        metadata={"ownerReferences": [{"kind": "Deployment", "name": "d", "controller": True}]},
    )
    rule = LeftOutRule(resource="cronjobs.batch", reason="test")
    order = replace(order_of(cron(), made), left_out=(rule,))
    assert said(FakeCluster(), order) == []
    (note,) = removed_notes(FakeCluster(), order)
    assert (note.severity, note.unanswered) == (Severity.INFO, False)
    assert "batch/v1 takes its place; a drill leaves them out" in note.message


def volume(method: str, *, has_data: bool = True, namespace: str = "production") -> BackedUpVolume:
    return BackedUpVolume(
        claim=f"claim-{method}",
        namespace=namespace,
        volume="pv",
        method=method,
        bytes=1,
        has_data=has_data,
    )


def beyond(cluster: FakeCluster, *volumes: BackedUpVolume) -> dict[str, Unfillable]:
    velero = FakeVelero()
    site = Site(ports=replace(velero.ports(), cluster=cluster), namespace="velero")
    return {one.means: one for one in unfillable(site, order_of(volumes=volumes))}


def test_a_cluster_without_storage_fills_by_files_only() -> None:
    cluster = FakeCluster()
    cluster.can = LIMITED
    methods = ("PodVolumeBackup", "CSISnapshot", "NativeSnapshot", "DataMover")
    found = beyond(cluster, *map(volume, methods))
    assert set(found) == {"CSI snapshot", "native snapshot", "snapshot data movement"}
    assert all("The embedded cluster" in one.why for one in found.values())
    assert all("real cluster" in one.remedy for one in found.values())


def test_volumes_without_data_and_out_of_scope_are_not_spoken_of() -> None:
    cluster = FakeCluster()
    cluster.can = LIMITED
    other = volume("NativeSnapshot", namespace="elsewhere")
    assert beyond(cluster, volume("CSISnapshot", has_data=False), other) == {}


def test_a_real_cluster_lacks_the_snapshot_api_or_a_location() -> None:
    cluster = FakeCluster()
    found = beyond(cluster, volume("CSISnapshot"), volume("DataMover"))
    assert set(found) == {"CSI snapshot"}
    assert "snapshot.storage.k8s.io/v1" in found["CSI snapshot"].why
    cluster.kinds.append(
        ServedKind(
            api_version="snapshot.storage.k8s.io/v1",
            kind="VolumeSnapshot",
            plural="volumesnapshots",
            namespaced=True,
            verbs=VERBS,
        )
    )
    assert beyond(cluster, volume("CSISnapshot")) == {}


def probe(kind: str, *, required: bool = True, name: str = "q") -> ProbeSpec:
    return ProbeSpec(
        name=name, kind=kind, question={}, expect={}, required=required, proves=ProofLevel.SERVICE
    )


def test_only_required_probes_leave_a_question_open() -> None:
    mute = (probe("exec"), probe("sql", required=False, name="nice"))
    required, optional = probe_findings(mute, LIMITED)
    assert (required.unanswered, required.severity) == (True, Severity.WARNING)
    assert (optional.unanswered, optional.severity) == (False, Severity.INFO)
    assert '"q" (exec)' in required.message
    assert "The embedded cluster" in required.message


@pytest.mark.parametrize("kind", [*WAYS, "resource", "script", "somebody-elses"])
def test_a_real_cluster_answers_every_kind(kind: str) -> None:
    assert Abilities().answers_probe(ways_of(probe(kind)))


def test_ways_decide_what_is_answered() -> None:
    answered = {kind for kind in (*WAYS, "resource") if LIMITED.answers_probe(ways_of(probe(kind)))}
    assert answered == {"http", "prometheus", "tcp", "resource"}
    row = replace(probe("canary"), question={"sql": {}})
    assert ways_of(row) == WAYS["sql"]


def test_what_was_foreseen_is_not_said_again() -> None:
    foreseen = Foreseen(volumes=frozenset({("production", "data")}))
    again = Finding(
        code="volume-unknown",
        severity=Severity.WARNING,
        cause=Cause.ENVIRONMENT,
        subject="persistentvolumeclaim production/data",
        message="m",
        remedy="r",
        unanswered=True,
    )
    assert foreseen.told(again)
    assert not foreseen.told(replace(again, subject="persistentvolumeclaim production/other"))
    assert not foreseen.told(replace(again, code="volume-empty"))
